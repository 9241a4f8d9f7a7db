"""How a consumer loses its key and gets it back: every documented cause, as an administrator brings it about by Azure's API."""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from cmk_admin.sandbox import life

from . import living
from .attaching import ENCRYPTION_USER, id_of
from .running import Running

VAULTS, ROLES, IDENTITIES = "2023-07-01", "2022-04-01", "2023-01-31"
GRANT_COUNTS = 300.0
"""Azure's seconds after which a change of roles counts in the sandbox."""
Give = Callable[[], None]
"""Undo what was done."""


def nothing_gives_it_back() -> None:
    """Of what Azure cannot undo."""
    raise AssertionError("Azure cannot give this back")


def _ok(answer: Any) -> Any:
    assert answer.status_code in (200, 201, 202, 204), answer.text
    return answer


def _vault(sandbox: Running, consumer: str) -> str:
    return str(living.row(sandbox, consumer)["vault"])


def _key(sandbox: Running, consumer: str) -> tuple[str, str]:
    """The vault's name and the path of the version that wrapped what the consumer holds."""
    key_url = life.key_of(sandbox.world, id_of(sandbox, consumer))
    return _vault(sandbox, consumer), "/".join(["", *key_url.split("/")[3:]])


def grants(sandbox: Running, consumer: str) -> Give:
    """Remove the role assignments at the key."""
    taken = living.take_grants(sandbox, consumer)
    return lambda: living.give_grants(sandbox, taken)


def disable(sandbox: Running, consumer: str) -> Give:
    """Disable the version."""
    return _attributes(sandbox, consumer, {"enabled": False}, {"enabled": True})


def _attributes(sandbox: Running, consumer: str, wanted: Mapping[str, Any], before: Mapping[str, Any]) -> Give:
    vault, path = _key(sandbox, consumer)
    _ok(sandbox.vault("PATCH", vault, path, json={"attributes": wanted}))
    return lambda: _ok(sandbox.vault("PATCH", vault, path, json={"attributes": before})) and None


def expire(sandbox: Running, consumer: str) -> Give:
    """Let the version's expiry be past."""
    return _attributes(sandbox, consumer, {"exp": int(sandbox.world.clock.now().timestamp()) - 1}, {"enabled": True})


def not_yet(sandbox: Running, consumer: str) -> Give:
    """Let the version's beginning be years ahead."""
    begin = int(sandbox.world.clock.now().timestamp()) + 10**8
    return _attributes(sandbox, consumer, {"nbf": begin}, {"enabled": True})


def operations(sandbox: Running, consumer: str) -> Give:
    """Take what opens data out of what the version may be used for."""
    vault, path = _key(sandbox, consumer)
    held = list(_ok(sandbox.vault("GET", vault, path)).json()["key"]["key_ops"])
    left = [one for one in held if one not in ("unwrapKey", "decrypt")]
    _ok(sandbox.vault("PATCH", vault, path, json={"key_ops": left}))
    return lambda: _ok(sandbox.vault("PATCH", vault, path, json={"key_ops": held})) and None


def delete_key(sandbox: Running, consumer: str) -> Give:
    """Delete the key softly."""
    vault, path = _key(sandbox, consumer)
    name = path.split("/")[2]
    _ok(sandbox.vault("DELETE", vault, f"/keys/{name}"))
    return lambda: _ok(sandbox.vault("POST", vault, f"/deletedkeys/{name}/recover")) and None


def delete_vault(sandbox: Running, consumer: str) -> Give:
    """Delete the vault softly; its keys come back with it, and no role assignments."""
    vault = id_of(sandbox, _vault(sandbox, consumer))
    old = _ok(sandbox.arm("GET", vault, VAULTS)).json()
    prefix = f"{vault}/".lower()
    gone = [
        one for _, one in sandbox.world.items("roleAssignment") if one["properties"]["scope"].lower().startswith(prefix)
    ]
    _ok(sandbox.arm("DELETE", vault, VAULTS))

    def recover() -> None:
        properties = {
            "tenantId": old["properties"]["tenantId"],
            "sku": old["properties"]["sku"],
            "createMode": "recover",
        }
        body = {"location": old["location"], "properties": properties}
        _ok(sandbox.arm("PUT", vault, VAULTS, json=body))
        living.give_grants(sandbox, gone)

    return recover


def _network(wanted: Mapping[str, Any]) -> Callable[[Running, str], Give]:
    def change(sandbox: Running, consumer: str) -> Give:
        vault = id_of(sandbox, _vault(sandbox, consumer))
        before = {
            "publicNetworkAccess": "Enabled",
            "networkAcls": {"defaultAction": "Allow", "bypass": "AzureServices"},
        }
        _ok(sandbox.arm("PATCH", vault, VAULTS, json={"properties": wanted}))
        return lambda: _ok(sandbox.arm("PATCH", vault, VAULTS, json={"properties": before})) and None

    return change


shut = _network({"networkAcls": {"defaultAction": "Deny", "bypass": "None"}})
shut_but_for_azure = _network({"networkAcls": {"defaultAction": "Deny", "bypass": "AzureServices"}})
private = _network({"publicNetworkAccess": "Disabled", "networkAcls": {"defaultAction": "Deny", "bypass": "None"}})
private_but_for_azure = _network(
    {"publicNetworkAccess": "Disabled", "networkAcls": {"defaultAction": "Deny", "bypass": "AzureServices"}}
)
perimeter = _network({"publicNetworkAccess": "SecuredByPerimeter"})


def delete_identity(sandbox: Running, consumer: str) -> Give:
    """Delete the user-assigned identity: one that is made again under its name is another principal."""
    _ok(sandbox.arm("DELETE", living.row(sandbox, consumer)["identity"]["resource_id"], IDENTITIES))
    return nothing_gives_it_back


def policy(sandbox: Running, consumer: str) -> Give:
    """Remove the access-policy entry."""
    facts = living.row(sandbox, consumer)
    vault = facts["role_assignment_scope"][0].removeprefix("access-policy:")
    entry = {"tenantId": sandbox.connection["tenant_id"], "objectId": facts["identity"]["object_id"]}
    permissions = {"keys": ["get", "list", "wrapKey", "unwrapKey"]}
    body = {"properties": {"accessPolicies": [{**entry, "permissions": permissions}]}}

    def put(kind: str) -> None:
        _ok(sandbox.arm("PUT", f"{vault}/accessPolicies/{kind}", VAULTS, json=body))

    put("remove")
    return lambda: put("add")


def roles_instead(sandbox: Running, consumer: str) -> Give:
    """Let roles decide in a vault of access policies, which stay stored and count for nothing."""
    vault = id_of(sandbox, _vault(sandbox, consumer))

    def put(wanted: bool) -> None:
        _ok(sandbox.arm("PATCH", vault, VAULTS, json={"properties": {"enableRbacAuthorization": wanted}}))

    put(True)
    return lambda: put(False)


def membership(sandbox: Running, consumer: str) -> Give:
    """Take the identity out of the group by which it has its grant."""
    identity = living.row(sandbox, consumer)["identity"]["object_id"]
    (group,) = [one for _, one in sandbox.world.items("principal") if identity in (one.get("members") or ())]

    def put(members: list[str]) -> None:
        sandbox.do(lambda world: world.put("principal", group["objectId"], {**group, "members": members}))

    put([one for one in group["members"] if one != identity])
    return lambda: put(list(group["members"]))


def _assigned(sandbox: Running, principal: str, scope: str, role: str) -> dict[str, Any]:
    properties = {
        "roleDefinitionId": f"/providers/Microsoft.Authorization/roleDefinitions/{role}",
        "principalId": principal,
        "principalType": "ServicePrincipal",
    }
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
    return dict(_ok(sandbox.arm("PUT", path, ROLES, json={"properties": properties})).json())


def only_at_the_management_group(sandbox: Running, consumer: str) -> None:
    """Before the test: the grant stands at the management group, and nowhere below."""
    identity = living.row(sandbox, consumer)["identity"]["object_id"]
    below = living.take_grants(sandbox, consumer)
    _assigned(sandbox, identity, "/providers/Microsoft.Management/managementGroups/dcc", ENCRYPTION_USER)
    # The one counts when the other ceases to
    sandbox.advance(GRANT_COUNTS)
    assert below


def at_the_management_group(sandbox: Running, consumer: str) -> Give:
    """Remove the role assignment at the management group."""
    identity = living.row(sandbox, consumer)["identity"]["object_id"]
    wide = [
        one
        for _, one in sandbox.world.items("roleAssignment")
        if one["properties"]["principalId"] == identity and "managementgroups" in one["properties"]["scope"].lower()
    ]
    assert wide
    for one in wide:
        _ok(sandbox.arm("DELETE", one["id"], ROLES))
    return lambda: living.give_grants(sandbox, wide)


def custom_role(sandbox: Running, consumer: str) -> Give:
    """Take unwrapping and decrypting out of the custom role that the identity holds."""
    (role,) = [
        one
        for _, one in sandbox.world.items("roleDefinition")
        if one["properties"]["roleName"] == "in-key-user" and one["properties"]["type"] == "CustomRole"
    ]
    (block,) = role["properties"]["permissions"]
    more = [f"Microsoft.KeyVault/vaults/keys/{one}/action" for one in ("unwrap", "decrypt")]

    def put(blocks: list[dict[str, Any]]) -> None:
        where = f"{role['properties']['assignableScopes'][0]}{role['id']}"
        names = ("roleName", "type", "description", "assignableScopes")
        properties = {name: role["properties"][name] for name in names} | {"permissions": blocks}
        _ok(sandbox.arm("PUT", where, ROLES, json={"properties": properties}))

    put([{**block, "notDataActions": [*block["notDataActions"], *more]}])
    return lambda: put([block])
