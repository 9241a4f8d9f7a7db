"""What went wrong, in words: every error of the SDK, of aiohttp and of Azure's answers becomes an AzureFailure."""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
    ServiceRequestTimeoutError,
    ServiceResponseTimeoutError,
)

from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.ids import last

READS = frozenset({"GET", "HEAD"})

_FIREWALL = {"ForbiddenByFirewall", "ForbiddenByConnection", "ForbiddenByNsp"}
_LOCKS = {"ScopeLocked", "ReadOnlyDisabledSubscription"}

# The least built-in role that allows an action (RBACD built-in-roles/security.md, general.md). First match counts.
_ROLES = (
    (r"Microsoft\.KeyVault/vaults/keys/(read|list)", "Key Vault Reader"),
    (r"Microsoft\.KeyVault/vaults/keys/", "Key Vault Crypto Officer"),
    (r"Microsoft\.Authorization/(roleAssignments|locks)/(write|delete)", "User Access Administrator"),
    (r"Microsoft\.KeyVault/.*/(write|delete|action)", "Key Vault Contributor"),
    (r".*/read", "Reader"),
    (r".*", "Contributor"),
)

# A GUID, or a key's version
_ID = re.compile(r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", re.IGNORECASE)
_ARM_DENIAL = re.compile(r"perform action '(?P<action>[^']+)' over scope '(?P<scope>[^']+)'")
_VAULT_DENIAL = re.compile(r"Action: '(?P<action>[^']+)'\s+Resource: '(?P<scope>[^']+)'")
_POLICY_DENIAL = re.compile(r"does not have (?P<what>\w+) (?P<permission>\w+) permission")


def role_for(action: str) -> str:
    """The least built-in role that allows an ARM action or a data action."""
    return next(role for pattern, role in _ROLES if re.match(pattern, action, re.IGNORECASE))


def subject_of(url: str) -> str:
    """What a URL is about, fit to be shown: no query, ARM ids without their host."""
    parts = urlsplit(url)
    return parts.path if (parts.hostname or "").startswith("management.") else f"https://{parts.hostname}{parts.path}"


def from_answer(
    method: str, url: str, status: int, headers: Mapping[str, str], body: Any, *, about: str | None = None
) -> AzureFailure:
    """The failure that an answer of 400 and above tells. `body` is parsed JSON, or None where it was none.

    `about` is the id of what it is about, where the address names something else.
    """
    code, message = _azure_words(body)
    subject = about or subject_of(url)
    kind, words, advice = _words(status, code, message, subject, method)
    return AzureFailure(
        kind,
        words,
        subject=subject,
        next=advice,
        status=status,
        azure_code=code,
        request_id=request_id_of(headers),
        retry_after=retry_after_of(headers),
    )


def of_command(address: str, body: Any) -> AzureFailure | None:
    """The failure that the result of a cluster's run command tells; None: it ended well, or is no such result.

    Of what the command printed nothing is told: that may be secrets.
    """
    if "/commandresults/" not in address.lower() or not isinstance(body, dict):
        return None
    facts = body.get("properties")
    code = facts.get("exitCode") if isinstance(facts, dict) else None
    if code == 0:
        return None
    ended = f"ended with code {code}" if isinstance(code, int) else "could not be run"
    return AzureFailure(
        FailureKind.FAILED,
        f"The command in the cluster {ended}.",
        subject=subject_of(address),
        next="What it said stands in the command's result, in Azure.",
        status=400,
    )


def request_id_of(headers: Mapping[str, str]) -> str | None:
    """Azure's id of the request, which its support asks for."""
    return headers.get("x-ms-request-id") or headers.get("request-id") or headers.get("x-ms-correlation-request-id")


def retry_after_of(headers: Mapping[str, str]) -> float | None:
    """Real seconds that Azure asks to wait (Retry-After as seconds; Resource Graph: hh:mm:ss of its quota header)."""
    text = headers.get("Retry-After")
    if text and text.isdigit():
        return float(text)
    quota = headers.get("x-ms-user-quota-resets-after", "")
    if headers.get("x-ms-user-quota-remaining") == "0" and re.fullmatch(r"\d+:\d\d:\d\d", quota):
        hours, minutes, seconds = (int(part) for part in quota.split(":"))
        return float(hours * 3600 + minutes * 60 + seconds)
    return None


def from_error(error: Exception, method: str, url: str, *, write: bool) -> AzureFailure:
    """The failure that an exception of azure-core or aiohttp tells.

    A write of which it is not certain that it never left this machine is LOST.
    """
    if isinstance(error, AzureFailure):
        return error
    subject = subject_of(url)
    host = urlsplit(url).hostname or url
    if isinstance(error, ClientAuthenticationError):
        return _sign_in(error)
    if isinstance(error, HttpResponseError) and error.status_code is not None and error.response is not None:
        return from_answer(method, url, error.status_code, _headers(error.response), _json(error.response))
    if write and not _never_sent(error):
        return AzureFailure(
            FailureKind.LOST,
            f"The request was sent to {host}, but no answer came back: it may or may not have been done.",
            subject=subject,
            next="Look how things stand before doing it again.",
        )
    if isinstance(error, (ServiceRequestTimeoutError, ServiceResponseTimeoutError, TimeoutError)):
        what = f"{host} did not answer in time."
    elif isinstance(_cause(error), aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        what = f"{host} could not prove who it is: its TLS certificate is not trusted here."
    elif isinstance(_cause(error), aiohttp.ClientHttpProxyError):
        what = f"The proxy does not let requests through to {host}."
    elif isinstance(_cause(error), aiohttp.ClientProxyConnectionError):
        what = f"The proxy on the way to {host} could not be reached."
    elif _never_sent(error):
        what = f"{host} could not be reached."
    else:
        what = f"The connection to {host} broke off."
    return AzureFailure(FailureKind.UNREACHABLE, what, subject=subject, next="Check the network and try again.")


def _never_sent(error: BaseException) -> bool:
    """True where the connection was never made, so that nothing can have been done."""
    cause = _cause(error)
    return isinstance(error, ServiceRequestTimeoutError) or isinstance(
        cause,
        (
            aiohttp.ClientConnectorError,
            aiohttp.ConnectionTimeoutError,
            aiohttp.ClientConnectorDNSError,
            aiohttp.ClientHttpProxyError,
        ),
    )


def _cause(error: BaseException) -> BaseException:
    if isinstance(error, (ServiceRequestError, AzureError)) and isinstance(error.inner_exception, BaseException):
        return error.inner_exception
    return error.__cause__ or error


def _sign_in(error: ClientAuthenticationError) -> AzureFailure:
    text = str(error.message or "")
    code = re.search(r"AADSTS\d+|invalid_client|unauthorized_client|invalid_scope", text)
    return AzureFailure(
        FailureKind.SIGN_IN,
        "Microsoft Entra refused the sign-in" + (f" ({code.group()})." if code else "."),
        next="Sign in again, or check the tenant and the account.",
        status=error.status_code,
        azure_code=code.group() if code else None,
        request_id=request_id_of(_headers(error.response)),
    )


def _azure_words(body: Any) -> tuple[str | None, str]:
    """Azure's innermost code and its message."""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return None, ""
    code, message = error.get("code"), str(error.get("message") or "")
    inner = error.get("innererror") or error.get("innerError")
    while isinstance(inner, dict):
        code = inner.get("code") or code
        inner = inner.get("innererror") or inner.get("innerError")
    details = error.get("details")
    if isinstance(details, list) and details and isinstance(details[0], dict) and details[0].get("message"):
        message = f"{message.rstrip('.')}: {details[0]['message']}" if message else str(details[0]["message"])
    return (str(code) if code else None), message


def _words(
    status: int, code: str | None, message: str, subject: str, method: str
) -> tuple[FailureKind, str, str | None]:
    """Kind, sentence and advice."""
    bare = _named(subject) if _ID.fullmatch(last(subject)) else last(subject)
    name = bare if bare == last(subject) else f"the {bare}"
    if code in _FIREWALL:
        host = urlsplit(subject).hostname or name
        return (
            FailureKind.UNREACHABLE,
            f"The firewall of {host} does not let this computer's address in.",
            "Let the address in at the vault's networking settings, or look from a network that it admits.",
        )
    if code in _LOCKS:
        return (FailureKind.LOCKED, f"A lock forbids the change to {name}.", "Remove the lock, or change it elsewhere.")
    if status == 401:
        return (FailureKind.SIGN_IN, f"The sign-in is not accepted for {name}.", "Sign in again.")
    if status == 403:
        return _forbidden(code, message, subject, method)
    if status == 404:
        return (FailureKind.NOT_FOUND, f"There is no {bare}, or it cannot be seen from here.", None)
    if status in (409, 412):
        return (FailureKind.CONFLICT, _sentence(f"{name} does not allow it as it stands", code, message), None)
    if status == 429:
        return (FailureKind.THROTTLED, f"Azure asks to slow down at {name}.", "Wait a little; it is tried again.")
    if status in (500, 502, 504) and method not in READS:
        return (
            FailureKind.LOST,
            _sentence(f"Azure failed while it worked on {name}; it may or may not have been done", code, message),
            "Look how things stand before doing it again.",
        )
    return (FailureKind.FAILED, _sentence(f"Azure answered {status} for {name}", code, message), None)


def _forbidden(code: str | None, message: str, subject: str, method: str) -> tuple[FailureKind, str, str | None]:
    denial = _ARM_DENIAL.search(message) or _VAULT_DENIAL.search(message)
    if denial:
        action, scope = denial["action"], denial["scope"]
        role, wish, at = role_for(action), _wish(method, subject), _named(scope)
        where = "there" if at in wish else f"on {at}"
        return (
            FailureKind.FORBIDDEN,
            f"The account may not {wish} ({action}): the role {role} is missing {where}.",
            f"Ask somebody who may assign roles on it for {role}; a new assignment counts within 10 minutes.",
        )
    policy = _POLICY_DENIAL.search(message)
    if policy or code in ("AccessDenied", "ForbiddenByPolicy"):
        host = urlsplit(subject).hostname or last(subject)
        wanted = f"“{policy['permission']}” for {policy['what']}" if policy else "any permission"
        return (
            FailureKind.FORBIDDEN,
            f"The access policies of {host} do not give the account {wanted}.",
            "Ask somebody who may change the vault for an access policy.",
        )
    if code == "Authorization_RequestDenied":
        return (
            FailureKind.FORBIDDEN,
            f"The account may not read {last(subject)} in the directory.",
            "Ask for the directory role Directory Readers.",
        )
    if code in ("KeyDisabled", "KeyExpired", "KeyNotYetValid"):
        state = {"KeyDisabled": "disabled", "KeyExpired": "expired", "KeyNotYetValid": "not valid yet"}[code]
        return (FailureKind.FORBIDDEN, f"The key is {state}.", None)
    sentence = _sentence(f"The account may not {_wish(method, subject)}", code, message)
    return FailureKind.FORBIDDEN, sentence, _lacks(method, code, subject)


_VERBS = {"GET": "read", "HEAD": "read", "PUT": "change", "PATCH": "change", "DELETE": "remove"}
_RIGHTS = {"read": "read", "change": "write", "remove": "delete"}
_OPERATIONS = frozenset(
    {"azureasyncoperation", "azureasyncoperations", "operationresults", "operations", "operationstatuses"}
)
"""What is asked how a long-running operation stands, folded: its name is an id that tells nobody anything."""
_DENIED = {"RequestDisallowedByPolicy", "DenyAssignmentAuthorizationFailed"}
"""Refusals that no role lifts."""


def _wish(method: str, subject: str) -> str:
    """What was wanted, in words: ``remove the role assignment on spare-key``."""
    types, _ = _parts(subject)
    verb = _VERBS.get(method) or (f"do “{types[-1]}” of" if len(types) > 1 else "do this with")
    return f"{verb} the {_named(subject)}"


def _lacks(method: str, code: str | None, subject: str) -> str | None:
    """Which role is wanting, as a rule; None where no role would help."""
    types, _ = _parts(subject)
    if code in _DENIED:
        return None
    if not types:
        return "Ask for a role that allows it."
    right = _RIGHTS.get(_VERBS.get(method, ""), "action")
    role = role_for("/".join((*types, right)))
    return (
        f"As a rule the role {role} is missing there: ask for it somebody who may assign roles; a new assignment counts "
        "within 10 minutes."
    )


def _parts(subject: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The provider with its types, as ARM names them, and the names; nothing of the first where it is none of ARM's."""
    if subject.startswith("https://"):
        names = tuple(urlsplit(subject).path.strip("/").split("/"))
        key = names[0] in ("keys", "deletedkeys")
        return (("Microsoft.KeyVault", "vaults", "keys") if key else ()), names[1:]
    if "/providers/" not in subject:
        rest = subject.strip("/").split("/")
        return ("Microsoft.Resources", *rest[::2]), tuple(rest[1::2])
    provider, *rest = subject.rpartition("/providers/")[2].strip("/").split("/")
    return (provider, *rest[::2]), tuple(rest[1::2])


def _named(subject: str) -> str:
    """What an id is about, in words: ``flexible server dcc-mysql``, ``role assignment on spare-key``."""
    types, names = _parts(subject)
    if not types or not names:
        return last(subject)
    if subject.startswith("https://"):
        return f"key {names[0]}"
    # An action stands behind the name that it is done with
    kind = types[-2] if len(types) > len(names) + 1 else types[-1]
    if kind.lower() in _OPERATIONS:
        return "operation that Azure had begun"
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind).lower()
    words = f"{words[:-3]}y" if words.endswith("ies") else words.removesuffix("s")
    scope = subject.rpartition("/providers/")[0]
    if _ID.fullmatch(names[-1]) and scope:
        return f"{words} on {_named(scope) if _ID.fullmatch(last(scope)) else last(scope)}"
    return f"{words} {names[-1]}"


def _sentence(ours: str, code: str | None, message: str) -> str:
    """Our words, then Azure's own first sentence where it has one."""
    theirs = re.split(r"[\r\n]", message.strip(), maxsplit=1)[0].strip()
    if theirs:
        return f"{ours}: {theirs[:300]}"
    return f"{ours} ({code})." if code else f"{ours}."


def _headers(response: Any) -> Mapping[str, str]:
    return getattr(response, "headers", None) or {}


def _json(response: Any) -> Any:
    try:
        return json.loads(response.body())
    except (ValueError, AttributeError, TypeError):
        return None
