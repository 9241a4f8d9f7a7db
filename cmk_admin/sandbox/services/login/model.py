"""Rules of the token endpoints: who gets a token for what, and Entra's words for those who do not."""

import base64
import hmac
import re
from collections.abc import Mapping
from urllib.parse import parse_qs, unquote_plus

from cmk_admin.sandbox import entra
from cmk_admin.sandbox.state import Document, World
from cmk_admin.sandbox.wire import AzureError

# A v2.0 scope names its audience before this; what is left of a double slash is part of the audience.
DEFAULT_SCOPE = "/.default"
_AUDIENCES = {audience for audiences in entra.AUDIENCES.values() for audience in audiences}
_CODE = re.compile(r"AADSTS(\d+)")


def refuse(status: int, error: str, message: str) -> AzureError:
    """An error of a token endpoint: the message begins with its AADSTS code."""
    return AzureError(status, error, message)


def check_tenant(world: World, tenant: str) -> None:
    """Raise AADSTS90002 unless this is the sandbox's tenant."""
    if tenant.lower() != world.tenant_id.lower():
        raise refuse(
            400,
            "invalid_request",
            f"AADSTS90002: Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing "
            "into the correct cloud. Check with your subscription administrator, this may happen if there are no active "
            "subscriptions for the tenant.",
        )


def client_credentials(world: World, body: bytes, headers: Mapping[str, str], *, v2: bool) -> tuple[Document, str]:
    """The principal that a token request proves itself to be, and the audience it asks for.

    Raises AzureError with an AADSTS message where either cannot be granted.
    """
    form = {
        name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True).items()
    }
    client_id, secret = _client(form, headers)
    grant = form.get("grant_type", "")
    if not grant:
        raise _missing("grant_type")
    if grant != "client_credentials":
        raise refuse(
            400, "unsupported_grant_type", f"AADSTS70003: The app requested an unsupported grant type '{grant}'."
        )
    if not client_id:
        raise _missing("client_id")
    audience = _audience(form, v2=v2)
    principal = entra.principal_of_client(world, client_id)
    if principal is None:
        raise refuse(
            400,
            "unauthorized_client",
            f"AADSTS700016: Application with identifier '{client_id}' was not found in the directory '{world.tenant_id}'. "
            "This can happen if the application has not been installed by the administrator of the tenant or consented to "
            "by any user in the tenant. You may have sent your authentication request to the wrong tenant.",
        )
    if not secret:
        raise refuse(
            401,
            "invalid_client",
            "AADSTS7000218: The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
        )
    if not hmac.compare_digest(secret.encode(), str(principal["secret"]).encode()):
        raise refuse(
            401,
            "invalid_client",
            "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client "
            f"secret value, not the client secret ID, for a secret added to app '{client_id}'.",
        )
    if audience not in _AUDIENCES:
        raise refuse(
            400,
            "invalid_resource" if not v2 else "invalid_scope",
            f"AADSTS500011: The resource principal named {audience} was not found in the tenant named {world.tenant_id}. "
            "This can happen if the application has not been installed by the administrator of the tenant or consented to "
            "by any user in the tenant. You might have sent your authentication request to the wrong tenant.",
        )
    return principal, audience


def code_of(message: str) -> int | None:
    """The number in an AADSTS message."""
    found = _CODE.match(message)
    return int(found[1]) if found else None


def _audience(form: Mapping[str, str], *, v2: bool) -> str:
    if not v2:
        resource = form.get("resource", "")
        if not resource:
            raise _missing("resource")
        return resource
    scope = form.get("scope", "")
    if not scope:
        raise _missing("scope")
    # MSAL adds the OpenID scopes of its own to flows with a user only; a client credential names one resource.
    if not scope.endswith(DEFAULT_SCOPE) or " " in scope.strip():
        raise refuse(
            400,
            "invalid_scope",
            f"AADSTS1002012: The provided value for scope {scope} is not valid. Client credential flows must have a scope "
            "value with /.default suffixed to the resource identifier (application ID URI).",
        )
    return scope[: -len(DEFAULT_SCOPE)]


def _client(form: Mapping[str, str], headers: Mapping[str, str]) -> tuple[str, str]:
    kind, _, value = headers.get("Authorization", "").partition(" ")
    if kind.lower() == "basic":
        try:
            user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
        except ValueError as error:
            raise refuse(
                401, "invalid_client", "AADSTS7000216: The 'Authorization' header could not be read."
            ) from error
        return unquote_plus(user), unquote_plus(password)
    return form.get("client_id", ""), form.get("client_secret", "")


def _missing(name: str) -> AzureError:
    return refuse(
        400, "invalid_request", f"AADSTS900144: The request body must contain the following parameter: '{name}'."
    )
