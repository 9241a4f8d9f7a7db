"""What stands before every handler: who calls, whether they may, and which locks forbid it."""

from . import access, entra, hosts
from .router import scope_of
from .state import Document, World
from .wire import AzureError, Caller, Route

AUTHORITY = "https://login.windows.net"
VAULT_AUTHORITY = "https://login.microsoftonline.com"
VAULT_RESOURCE = "https://vault.azure.net"
_LOCKS = "/providers/microsoft.authorization/locks"

_ARM_WORDS = {
    "signature": ("InvalidAuthenticationToken", "The access token is invalid."),
    "principal": ("InvalidAuthenticationToken", "The received access token is not valid: its subject was not found."),
    "tenant": (
        "InvalidAuthenticationTokenTenant",
        "The access token is from the wrong issuer '{detail}'. It must match the tenant '{issuer}' associated with this "
        "subscription. Please use the authority (URL) '" + AUTHORITY + "/{tenant}' to get the token.",
    ),
    "audience": (
        "InvalidAuthenticationTokenAudience",
        "The access token has been obtained for wrong audience or resource '{detail}'. It should exactly match with one of "
        "the allowed audiences " + ",".join(f"'{audience}'" for audience in entra.ARM_AUDIENCES) + ".",
    ),
    "expired": (
        "ExpiredAuthenticationToken",
        "The access token expiry UTC time '{detail}' is earlier than current UTC time. Please get a new token.",
    ),
}
_VAULT_WORDS = {
    "signature": "AKV10046: Unable to resolve the key used for signature validation.",
    "principal": "AKV10046: Unable to resolve the principal of the token.",
    "tenant": "AKV10032: Invalid issuer. Expected {issuer}, found {detail}.",
    "audience": "AKV10022: Invalid audience. Expected " + VAULT_RESOURCE + ", found: {detail}.",
    "expired": "[TokenExpired] Error validating token: 'S2S12005'.",
}
_GRAPH_WORDS = {
    "signature": "Invalid JWT access token.",
    "principal": "The identity of the calling application could not be established.",
    "tenant": "Access token validation failure. Invalid issuer.",
    "audience": "Access token validation failure. Invalid audience.",
    "expired": "Lifetime validation failed, the token is expired.",
}


def authenticate(world: World, plane: str, authorization: str | None) -> Caller:
    """Who calls a plane with this Authorization header. Raises AzureError 401 in the plane's words, never with the token."""
    kind, _, token = (authorization or "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise _missing(world, plane)
    try:
        return entra.caller_of(world, token.strip(), entra.AUDIENCES[plane])
    except entra.InvalidToken as invalid:
        facts = {"detail": invalid.detail, "issuer": entra.issuer(world.tenant_id), "tenant": world.tenant_id}
        if plane == "arm":
            code, words = _ARM_WORDS[invalid.reason]
            message = words.format(**facts)
            raise AzureError(401, code, message, headers=_arm_challenge(world, "invalid_token", message)) from invalid
        if plane == "vault":
            raise _vault_refusal(
                world, _VAULT_WORDS[invalid.reason].format(**facts), 'error="invalid_token", '
            ) from invalid
        raise AzureError(401, "InvalidAuthenticationToken", _GRAPH_WORDS[invalid.reason]) from invalid


def check_subscription(world: World, path: str) -> str | None:
    """The subscription of an ARM path as sent, or None. Raises AzureError where there is no such subscription."""
    parts = path.split("/", 3)
    if len(parts) < 3 or parts[1].lower() != "subscriptions":
        return None
    if not entra.is_guid(parts[2]):
        raise AzureError(
            400,
            "InvalidSubscriptionId",
            f"The provided subscription identifier '{parts[2]}' is malformed or invalid.",
        )
    if world.get("subscription", parts[2]) is None:
        raise AzureError(404, "SubscriptionNotFound", f"The subscription '{parts[2]}' could not be found.")
    return parts[2]


def authorise(world: World, caller: Caller, route: Route, path: str) -> None:
    """Raise ARM's AuthorizationFailed unless the caller may do the route's action at the path's scope."""
    if route.action is not None and not access.may(world, caller.object_id, route.action, scope := scope_of(path)):
        raise forbidden(caller, route.action, scope)


def forbidden(caller: Caller, action: str, scope: str) -> AzureError:
    """ARM's refusal of an action at a scope."""
    return AzureError(
        403,
        "AuthorizationFailed",
        f"The client '{caller.client_id}' with object id '{caller.object_id}' does not have authorization to perform "
        f"action '{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, please refresh "
        "your credentials.",
    )


def check_group(world: World, path: str) -> None:
    """Raise ARM's ResourceGroupNotFound where a path goes through a group that is not there."""
    parts = path.split("/", 6)
    if len(parts) > 5 and parts[3].lower() == "resourcegroups" and world.get("resource", "/".join(parts[:5])) is None:
        raise AzureError(404, "ResourceGroupNotFound", f"Resource group '{parts[4]}' could not be found.")


def check_locks(world: World, route: Route, path: str) -> None:
    """Raise ARM's ScopeLocked where a lock at or above the path's scope forbids the call; for a deletion, below it too.

    ReadOnly forbids writes and actions, both levels forbid deletion; locks themselves can always be changed.
    """
    method, folded = route.method, path.lower()
    if method == "GET" or _LOCKS in folded:
        return
    if method == "POST" and (route.action is None or route.action.lower().endswith("/read")):
        return
    scope = scope_of(folded) + "/"
    locked = [
        at
        for _, lock in world.items("lock")
        if (at := lock_scope(lock))
        and (method == "DELETE" or lock["properties"]["level"].lower() == "readonly")
        and (scope.startswith(at.lower() + "/") or (method == "DELETE" and (at.lower() + "/").startswith(scope)))
    ]
    if locked:
        verb = "delete" if method == "DELETE" else "write"
        raise AzureError(
            409,
            "ScopeLocked",
            f"The scope '{scope_of(path)}' cannot perform {verb} operation because following scope(s) are locked: "
            f"'{','.join(locked)}'. Please remove the lock and try again.",
        )


def lock_scope(lock: Document) -> str:
    """What a lock locks: its id without its own part."""
    at = lock["id"].lower().rfind(_LOCKS)
    return str(lock["id"])[:at]


def _missing(world: World, plane: str) -> AzureError:
    if plane == "arm":
        message = "Authentication failed. The 'Authorization' header is missing."
        challenge = "The authentication failed because of missing 'Authorization' header."
        return AzureError(
            401, "AuthenticationFailed", message, headers=_arm_challenge(world, "invalid_token", challenge)
        )
    if plane == "vault":
        return _vault_refusal(world, "AKV10000: Request is missing a Bearer or PoP token.", "")
    return AzureError(401, "InvalidAuthenticationToken", "Access token is empty.")


def _arm_challenge(world: World, error: str, words: str) -> dict[str, str]:
    uri = f"{AUTHORITY}/{world.tenant_id}"
    return {"WWW-Authenticate": f'Bearer authorization_uri="{uri}", error="{error}", error_description="{words}"'}


def _vault_refusal(world: World, message: str, extra: str) -> AzureError:
    challenge = f'Bearer {extra}authorization="{VAULT_AUTHORITY}/{world.tenant_id}", resource="{VAULT_RESOURCE}"'
    return AzureError(401, "Unauthorized", message, headers={"WWW-Authenticate": challenge})


def vault_name(host: str) -> str:
    """The vault's name in a vault host."""
    return host[: -len(hosts.VAULT_SUFFIX)]
