"""Why a sign-in failed, in one sentence each, and what to do next."""

import re
from concurrent.futures import CancelledError

import aiohttp
from azure.core.exceptions import AzureError, ClientAuthenticationError, ServiceRequestError, ServiceResponseError
from azure.identity import AuthenticationRequiredError, CredentialUnavailableError

from cmk_admin.cloud.failures import from_error
from cmk_admin.cloud.in_thread import CANCELLED
from cmk_admin.cloud.names import CloudNames
from cmk_admin.domain.errors import AzureFailure, CmkError, FailureKind
from cmk_admin.domain.sign_in import WAY_WORDS, tenant_words

_NETWORK = (ServiceRequestError, ServiceResponseError, aiohttp.ClientError, TimeoutError, OSError)

RAISED = (AzureError, aiohttp.ClientError, TimeoutError, ValueError, LookupError, OSError, CancelledError)
"""What azure-identity's credentials raise."""

_OTHERWISE = "Or sign in another way: {}."
_AADSTS = re.compile(r"AADSTS\d+")
_CODES = {
    "AADSTS50020": "the account is not a member of the tenant",
    "AADSTS50034": "the account does not exist in the tenant",
    "AADSTS50076": "the tenant wants a second factor",
    "AADSTS50079": "the tenant wants a second factor to be set up",
    "AADSTS50105": "the account is not assigned to the application",
    "AADSTS53003": "a Conditional Access policy of the tenant forbids it",
    "AADSTS65001": "the tenant has not consented to the application",
    "AADSTS700016": "the application is not in the tenant",
    "AADSTS700082": "the refresh token has expired",
    "AADSTS7000215": "the client secret is wrong",
    "AADSTS7000222": "the client secret has expired",
    "AADSTS90002": "the tenant does not exist in this cloud",
}
"""Entra's error codes in words (learn.microsoft.com, Microsoft Entra authentication and authorization error codes)."""


def failure_of(error: Exception, way: str, names: CloudNames, tenant: str | None) -> CmkError:
    """What a credential raised, as a failure: sign_in, or unreachable where the sign-in host does not answer."""
    cause = error.__cause__
    if isinstance(error, ClientAuthenticationError) and isinstance(cause, (*_NETWORK, CmkError)):
        # azure-identity calls everything that happens on the way a refusal
        error = cause
    if isinstance(error, CmkError):
        return error
    text = str(getattr(error, "message", "") or error)
    if text == CANCELLED or isinstance(error, CancelledError):
        return _refused(CANCELLED, None)
    if isinstance(error, AuthenticationRequiredError):
        return _refused(
            f"The sign-in to {tenant_words(tenant)} has ended.",
            "Close the connection and open it again: then you are asked to sign in.",
        )
    if way == "cli":
        return _cli(error, text, names, tenant)
    if isinstance(error, CredentialUnavailableError):
        return _unavailable(way, text)
    if isinstance(error, ClientAuthenticationError):
        return _not_accepted(error, text, way, tenant)
    if isinstance(error, (ValueError, LookupError)) and way == "managed":
        return _unavailable(way, text)
    failure = from_error(error, "POST", f"https://{names.authority}/", write=False)
    return AzureFailure(
        failure.kind, failure.message, subject=names.authority, next=_network(failure.message), status=failure.status
    )


def environment_lacks(tenant: str | None) -> AzureFailure:
    """No service principal is named in the environment."""
    return _refused(
        "The environment names no service principal.",
        "Set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET (or AZURE_CLIENT_CERTIFICATE_PATH)"
        f" of one in {tenant_words(tenant)}.",
    )


def not_set_up(way: str) -> AzureFailure:
    """What a way needs is there and cannot be used."""
    if way == "environment":
        return _refused(
            "The service principal that the environment names cannot be used: its certificate cannot be read, or an id is"
            " none.",
            "Check AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_CERTIFICATE_PATH and the certificate's password.",
        )
    return _refused(f"It is not possible to sign in through {WAY_WORDS[way]} here.", None)


def another_tenant(there: str, wanted: str) -> AzureFailure:
    """The sign-in is for another tenant than was asked for."""
    return _refused(
        f"The sign-in is for tenant {there}, not for tenant {wanted} that was asked for; nothing was read.",
        "Sign in to the tenant that is meant, or leave the tenant out.",
    )


def none_at_hand(problems: list[AzureFailure], tenant: str | None) -> AzureFailure:
    """Neither Azure CLI nor the environment signs in."""
    return _refused(
        "Nobody is signed in here. " + " ".join(one.message for one in problems),
        f"Run “{_az_login(tenant)}”, or sign in through the web browser or with a device code.",
    )


def _cli(error: Exception, text: str, names: CloudNames, tenant: str | None) -> AzureFailure:
    login = _az_login(tenant)
    cloud = "" if names.name == "public" else f"“az cloud set --name {names.az_name}”, then "
    run = f"Run {cloud}“{login}”. " + _OTHERWISE.format("web browser, device code, environment or managed identity")
    if "not found on path" in text:
        return _refused("Azure CLI is not installed here: there is no “az” on the path.", f"Install it. {run}")
    if "az login" in text and not _AADSTS.search(text):
        return _refused("Azure CLI is not signed in.", run)
    if "Timed out" in text or isinstance(error, TimeoutError):
        return _refused("Azure CLI did not answer in time.", "Try again. " + run)
    reason = _reason(text)
    return _refused(f"Azure CLI could not give a token{reason}.", run, _code(text))


def _unavailable(way: str, text: str) -> AzureFailure:
    if way == "managed":
        return _refused(
            "This machine has no managed identity that answers.",
            "Give the machine one, or name the right one by AZURE_CLIENT_ID. "
            + _OTHERWISE.format("Azure CLI, environment, web browser or device code"),
        )
    if way == "browser":
        what = (
            "No web browser could be opened here." if "browser" in text else "The web browser's answer has no way back."
        )
        return _refused(what, "Sign in with a device code instead.")
    return not_set_up(way)


def _not_accepted(error: ClientAuthenticationError, text: str, way: str, tenant: str | None) -> AzureFailure:
    if "Timed out" in text or "expired_token" in text or "code has expired" in text:
        return _refused("Nobody signed in in time.", "Try again.")
    advice = {
        "environment": "Check AZURE_TENANT_ID, AZURE_CLIENT_ID and the secret or certificate.",
        "managed": "Check that the machine's identity is still there.",
    }.get(way, "Sign in again, or check the tenant and the account.")
    return _refused(
        f"Microsoft Entra refused the sign-in to {tenant_words(tenant)}{_reason(text)}.",
        advice,
        _code(text),
        getattr(error, "status_code", None),
    )


def _az_login(tenant: str | None) -> str:
    return "az login" + (f" --tenant {tenant}" if tenant else "")


def _reason(text: str) -> str:
    code = _code(text)
    if code is None:
        return ""
    return f": {_CODES[code]} ({code})" if code in _CODES else f" ({code})"


def _code(text: str) -> str | None:
    """Entra's code in an error's text, or OAuth's word. The text itself may hold what nobody should read."""
    found = _AADSTS.search(text) or re.search(r"invalid_client|unauthorized_client|invalid_scope|access_denied", text)
    return found.group() if found else None


def _network(message: str) -> str:
    if "certificate" in message:
        return "Where a proxy inspects TLS, name its authority's file in SSL_CERT_FILE or REQUESTS_CA_BUNDLE."
    return "Check the network, and whether HTTPS_PROXY names the proxy that is needed here."


def _refused(message: str, next: str | None, code: str | None = None, status: int | None = None) -> AzureFailure:
    return AzureFailure(FailureKind.SIGN_IN, message, next=next, azure_code=code, status=status)
