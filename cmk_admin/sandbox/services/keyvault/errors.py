"""The error answers of a vault's data plane, in Azure's words.

Codes, inner codes and the beginnings of the messages are as users of Azure quote them in public threads about its SDKs.
Where none quotes a message the wording is this sandbox's own: of a key that is not yet valid, of deletions and recoveries
under way, of a restore over a name in use, and of most bad parameters.
"""

from cmk_admin.sandbox.state import Document, World
from cmk_admin.sandbox.wire import AzureError, Caller


def forbidden_by_rbac(world: World, caller: Caller, vault: Document, action: str, resource: str) -> AzureError:
    """No role assignment grants the action; resource is the ARM id that was asked for."""
    return AzureError(
        403,
        "Forbidden",
        "Caller is not authorized to perform action on resource.\r\n"
        "If role assignments, deny assignments or role definitions were changed recently, "
        "please observe propagation time.\r\n"
        f"Caller: {_caller(world, caller)}\r\n"
        f"Action: '{action}'\r\n"
        f"Resource: '{resource.lower()}'\r\n"
        "Assignment: (not found)\r\n"
        "DenyAssignmentId: null\r\n"
        "DecisionReason: 'DeniedWithNoValidRBAC'\r\n"
        f"Vault: {_vault(vault)}\r\n",
        inner="ForbiddenByRbac",
    )


def on_no_policy(world: World, caller: Caller, vault: Document) -> AzureError:
    """The vault's access policies name neither the caller nor any group of theirs."""
    return AzureError(
        403,
        "Forbidden",
        "Access denied. Caller was not found on any access policy.\r\n"
        f"Caller: {_caller(world, caller)}\r\nVault: {_vault(vault)}\r\n",
        inner="AccessDenied",
    )


def forbidden_by_policy(  # noqa: PLR0917
    world: World, caller: Caller, vault: Document, permission: str, groups: int, kind: str = "keys"
) -> AzureError:
    """An access policy names the caller, but not with this permission; groups is how many the caller is in."""
    who = f"appid={caller.client_id};oid={caller.object_id};numgroups={groups};iss={_issuer(world)}"
    return AzureError(
        403,
        "Forbidden",
        f"The user, group or application '{who}' does not have {kind} {permission} permission on key vault "
        f"'{_vault(vault)}'. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125287",
        inner="ForbiddenByPolicy",
    )


def forbidden_by_firewall(world: World, caller: Caller, vault: Document) -> AzureError:
    """The network rules of the vault do not let this address in."""
    return AzureError(
        403,
        "Forbidden",
        "Client address is not authorized and caller is not a trusted service.\r\n"
        f"Client address: {caller.address}\r\nCaller: {_caller(world, caller)}\r\nVault: {_vault(vault)}\r\n",
        inner="ForbiddenByFirewall",
    )


def forbidden_by_connection(world: World, caller: Caller, vault: Document, *, bypass: bool) -> AzureError:
    """Public access is off; bypass says whether trusted services are let through."""
    reason = (
        "Public network access is disabled and request is not from a trusted service nor via an approved private link."
        if bypass
        else "Connection is not an approved private link and caller was ignored because bypass is not set to "
        "'AzureServices' and PublicNetworkAccess is set to 'Disabled'."
    )
    return AzureError(
        403,
        "Forbidden",
        f"{reason}\r\nCaller: {_caller(world, caller)}\r\nVault: {_vault(vault)}\r\n",
        inner="ForbiddenByConnection",
    )


def key_not_found(key: str) -> AzureError:
    """No such key or version here."""
    return AzureError(
        404,
        "KeyNotFound",
        f"A key with (name/id) {key} was not found in this key vault. If you recently deleted this key you may be able to "
        "recover it using the correct recovery command. For help resolving this issue, please see "
        "https://go.microsoft.com/fwlink/?linkid=2125182",
    )


def deleted_key_not_found(name: str) -> AzureError:
    """No such key among the deleted ones."""
    return AzureError(404, "KeyNotFound", f"Deleted Key not found: {name}")


def deleted_but_recoverable(name: str) -> AzureError:
    """The name belongs to a deleted key."""
    return AzureError(
        409,
        "Conflict",
        f"Key {name} is currently in a deleted but recoverable state, and its name cannot be reused; in this state, the "
        "key can only be recovered or purged.",
        inner="ObjectIsDeletedButRecoverable",
    )


def foreign_issuer(world: World, trusted: str) -> AzureError:
    """A token of another tenant than the one that the vault trusts."""
    return AzureError(
        401,
        "Unauthorized",
        f"AKV10032: Invalid issuer. Expected one of https://sts.windows.net/{trusted}/, found "
        f"https://sts.windows.net/{world.tenant_id}/.",
    )


def being_deleted(name: str) -> AzureError:
    """The deletion is still under way."""
    return AzureError(
        409, "Conflict", f"Key {name} is currently being deleted, retry later.", inner="ObjectIsBeingDeleted"
    )


def being_recovered(name: str) -> AzureError:
    """The recovery is still under way."""
    return AzureError(
        409,
        "Conflict",
        f"Key {name} is currently being recovered, and is not usable until it is; retry later.",
        inner="ObjectIsBeingRecovered",
    )


def key_disabled(operation: str) -> AzureError:
    """A version that is not enabled."""
    return AzureError(403, "Forbidden", f"Operation {operation} is not allowed on a disabled key.", inner="KeyDisabled")


def key_expired(operation: str) -> AzureError:
    """A version past its exp."""
    return AzureError(403, "Forbidden", f"Operation {operation} isn't allowed on an expired key", inner="KeyExpired")


def key_not_yet_valid(operation: str) -> AzureError:
    """A version before its nbf."""
    return AzureError(
        403, "Forbidden", f"Operation {operation} isn't allowed on a key that is not yet valid", inner="KeyNotYetValid"
    )


def operation_not_permitted(operation: str) -> AzureError:
    """An operation that key_ops does not list."""
    return AzureError(
        403, "Forbidden", f"Operation {operation} is not permitted on this key.", inner="KeyOperationForbidden"
    )


def managed_by_certificate(operation: str) -> AzureError:
    """A key that goes with its certificate, and not by itself."""
    return AzureError(
        403,
        "Forbidden",
        f"Operation {operation} is not allowed on this key, since it is associated with a certificate.",
        inner="KeyManagedByCertificate",
    )


def purge_protected(vault: Document) -> AzureError:
    """A purge before its time, in a vault with purge protection."""
    return AzureError(
        403,
        "Forbidden",
        'Operation "purge" is not allowed because purge protection is enabled for this vault. Key Vault service will '
        f"automatically purge it after the retention period has passed.\r\nVault: {_vault(vault)}",
        inner="ForbiddenByPolicy",
    )


def already_there(name: str) -> AzureError:
    """A restore under a name that is in use."""
    return AzureError(
        409, "Conflict", f"Key {name} already exists in this key vault; a backup cannot be restored over it."
    )


def hardware_not_allowed() -> AzureError:
    """A key in hardware wanted of a vault of SKU standard."""
    return bad_parameter("Hardware key operation not allowed on standard vault")


def bad_parameter(message: str, *, inner: str | None = None) -> AzureError:
    """A request that makes no sense."""
    return AzureError(400, "BadParameter", message, inner=inner)


def _issuer(world: World) -> str:
    return f"https://sts.windows.net/{world.tenant_id}/"


def _caller(world: World, caller: Caller) -> str:
    return f"appid={caller.client_id};oid={caller.object_id};iss={_issuer(world)}"


def _vault(vault: Document) -> str:
    return f"{vault['name']};location={vault['location']}"
