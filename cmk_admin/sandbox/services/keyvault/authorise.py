"""Whether a caller may do something in a vault: network rules first, then roles or access policies."""

from ipaddress import ip_address, ip_network
from typing import Any

from cmk_admin.sandbox import access
from cmk_admin.sandbox.state import Document, World
from cmk_admin.sandbox.wire import Caller

from . import errors, private_link

# Key permissions of access policies, and the data action that stands for each where roles decide.
DATA_ACTIONS = {
    "get": "Microsoft.KeyVault/vaults/keys/read",
    "list": "Microsoft.KeyVault/vaults/keys/read",
    "create": "Microsoft.KeyVault/vaults/keys/create/action",
    "import": "Microsoft.KeyVault/vaults/keys/import/action",
    "update": "Microsoft.KeyVault/vaults/keys/update/action",
    "delete": "Microsoft.KeyVault/vaults/keys/delete",
    "backup": "Microsoft.KeyVault/vaults/keys/backup/action",
    "restore": "Microsoft.KeyVault/vaults/keys/restore/action",
    "recover": "Microsoft.KeyVault/vaults/keys/recover/action",
    "purge": "Microsoft.KeyVault/vaults/keys/purge/action",
    "encrypt": "Microsoft.KeyVault/vaults/keys/encrypt/action",
    "decrypt": "Microsoft.KeyVault/vaults/keys/decrypt/action",
    "wrapKey": "Microsoft.KeyVault/vaults/keys/wrap/action",
    "unwrapKey": "Microsoft.KeyVault/vaults/keys/unwrap/action",
    "sign": "Microsoft.KeyVault/vaults/keys/sign/action",
    "verify": "Microsoft.KeyVault/vaults/keys/verify/action",
    "release": "Microsoft.KeyVault/vaults/keys/release/action",
    "rotate": "Microsoft.KeyVault/vaults/keys/rotate/action",
    "getrotationpolicy": "Microsoft.KeyVault/vaults/keyrotationpolicies/read",
    "setrotationpolicy": "Microsoft.KeyVault/vaults/keyrotationpolicies/write",
}
# What lists of a vault's other contents ask for where roles decide.
_LISTING = {
    "secrets": "Microsoft.KeyVault/vaults/secrets/readMetadata/action",
    "certificates": "Microsoft.KeyVault/vaults/certificates/read",
}
# With the public half in hand anybody can do these: "can be performed by principals with read access" (RBACD
# built-in-roles/security.md, of keys/encrypt, keys/wrap and keys/verify).
_PUBLIC_HALF = ("encrypt", "wrapKey", "verify")


def authorise(world: World, caller: Caller, vault: Document, permission: str, key_name: str | None = None) -> None:
    """Return if the caller may, else raise the AzureError 403 that Azure would give.

    vault is the vault's resource; permission is spelt as in access policies ("unwrapKey"); a key's name narrows the scope.
    """
    check_tenant(world, vault)
    check_network(world, caller, vault)
    if vault["properties"].get("enableRbacAuthorization"):
        _by_roles(world, caller, vault, permission, key_name)
    else:
        _by_policies(world, caller, vault, permission)


def authorise_listing(world: World, caller: Caller, vault: Document, kind: str) -> None:
    """Like `authorise`, for listing a vault's ``secrets`` or ``certificates``."""
    check_tenant(world, vault)
    check_network(world, caller, vault)
    if not vault["properties"].get("enableRbacAuthorization"):
        _by_policies(world, caller, vault, "list", kind)
    elif not access.may(world, caller.object_id, _LISTING[kind], str(vault["id"]), data=True):
        raise errors.forbidden_by_rbac(world, caller, vault, _LISTING[kind], str(vault["id"]))


def check_tenant(world: World, vault: Document) -> None:
    """Return if the vault trusts this sandbox's tenant, from which all its callers are, else raise AzureError 401."""
    trusted = str(vault["properties"].get("tenantId") or world.tenant_id)
    if trusted.lower() != world.tenant_id.lower():
        raise errors.foreign_issuer(world, trusted)


def check_network(world: World, caller: Caller, vault: Document) -> None:
    """Return if the vault's network rules let the caller in, else raise AzureError 403."""
    if private_link.lets_in(world, vault, caller.address):
        return
    properties = vault["properties"]
    rules: dict[str, Any] = properties.get("networkAcls") or {}
    public = str(properties.get("publicNetworkAccess") or "Enabled").lower()
    # A network security perimeter overrides the bypass ; none is modelled that lets in.
    bypass = public != "securedbyperimeter" and str(rules.get("bypass", "AzureServices")).lower() == "azureservices"
    if bypass and caller.trusted:
        return
    if public != "enabled":
        raise errors.forbidden_by_connection(world, caller, vault, bypass=bypass)
    if str(rules.get("defaultAction", "Allow")).lower() == "deny" and not _allowed(rules, caller.address):
        raise errors.forbidden_by_firewall(world, caller, vault)


def _allowed(rules: dict[str, Any], address: str) -> bool:
    try:
        client = ip_address(address)
    except ValueError:
        return False
    return any(client in ip_network(rule["value"], strict=False) for rule in rules.get("ipRules") or ())


def _by_roles(world: World, caller: Caller, vault: Document, permission: str, key_name: str | None) -> None:
    scope = f"{vault['id']}/keys/{key_name}" if key_name else str(vault["id"])
    action = DATA_ACTIONS[permission]
    allowed = access.may(world, caller.object_id, action, scope, data=True) or (
        permission in _PUBLIC_HALF and access.may(world, caller.object_id, DATA_ACTIONS["get"], scope, data=True)
    )
    if not allowed:
        raise errors.forbidden_by_rbac(world, caller, vault, action, scope)


def _by_policies(world: World, caller: Caller, vault: Document, permission: str, kind: str = "keys") -> None:
    groups = access.groups_counted(world, caller.object_id)
    found = False
    for policy in vault["properties"].get("accessPolicies") or ():
        # An entry with an application id is for a user by way of that application; no such tokens are minted here.
        if policy["objectId"].lower() not in {caller.object_id.lower(), *groups} or policy.get("applicationId"):
            continue
        found = True
        held = {str(one).lower() for one in (policy.get("permissions") or {}).get(kind) or ()}
        if permission.lower() in held or ("all" in held and permission != "purge"):
            return
    if not found:
        raise errors.on_no_policy(world, caller, vault)
    raise errors.forbidden_by_policy(world, caller, vault, permission, len(groups), kind)
