"""Estates as a saved file tells them, drawn at random: who may do what with which key, by which route, and what runs on it."""

import uuid
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

Node = dict[str, Any]

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
TENANT = "22222222-2222-3333-4444-555555555555"
ADMINISTRATOR = "99999999-2222-3333-4444-555555555555"
_ROLES = "/providers/Microsoft.Authorization/roleDefinitions/"
_TOP = "/providers/Microsoft.Management/managementGroups/"
_GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/keys"
_CRYPTO_USER = "12338af0-0e69-4776-bea7-57ae8d297424"
_SERVICE_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"  # Key Vault Crypto Service Encryption User
_OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
_CRYPTO_OFFICER = "14b46e9e-c2b7-41b4-b07b-48a6ebf60603"
BUILT_IN = (
    _CRYPTO_USER,
    _SERVICE_USER,
    _CRYPTO_OFFICER,
    "b24988ac-6180-42a0-ab88-20f7382dd24c",  # Contributor: it can write a vault's policies
)
_UNWRAP = "Microsoft.KeyVault/vaults/keys/unwrap/action"
_WRAPS = "Microsoft.KeyVault/vaults/keys/*wrap/action"
# Whoever may unwrap may wrap as well: Azure asks both of a service that it gives its key back.
CUSTOM: tuple[Node, ...] = (
    {"data_actions": ["Microsoft.KeyVault/vaults/keys/*"], "not_data_actions": [_UNWRAP]},
    {"data_actions": ["Microsoft.KeyVault/*wrap/action"], "not_data_actions": []},
    {"data_actions": ["*"], "not_data_actions": ["Microsoft.KeyVault/vaults/keys/decrypt/action"]},
    {
        "data_actions": ["Microsoft.KeyVault/vaults/keys/read"],
        "not_data_actions": [_UNWRAP],
        "further": [{"data_actions": [_WRAPS]}],
    },
)
_CONDITIONS = (
    f"(ActionMatches{{'{_WRAPS}'}})",
    f"(!(ActionMatches{{'{_WRAPS}'}}))",
    "(@Resource[Microsoft.KeyVault/vaults/keys:name] StringEquals 'none')",  # not evaluated by the sandbox: it grants nothing
)
_OFFICER = ("get", "list", "update", "create", "delete", "recover", "backup", "restore", "encrypt", "wrapKey")
_PERMISSIONS = (["wrapKey", "unwrapKey"], ["get", "wrapKey", "unwrapKey"], ["decrypt"], ["get", "list"], ["all"])
_SERVICES = ("mysql-flexible", "mysql-flexible", "mysql-flexible", "mysql-single", "disk-encryption-set", "aks-etcd")
_SERVICE = ["get", "wrapKey", "unwrapKey"]
_ETCD = ["get", "encrypt", "decrypt"]
_VERSIONS = 15
"""At most so many in an estate: a sandbox has 16 key pairs, and two keys that share one are copies of each other."""


@dataclass(frozen=True)
class Drawn:
    """An estate, and what is done in its sandbox before anybody looks."""

    estate: Node
    restored: tuple[tuple[str, str, str], ...]
    """Backups that were restored elsewhere: vault, key, the other vault."""


def made(kind: str, number: int | str) -> str:
    """The object id, or the name, of something: the same at every run."""
    return str(uuid.uuid5(uuid.UUID(TENANT), f"{kind}-{number}"))


def vault_id(number: int) -> str:
    return f"{_GROUP}/providers/Microsoft.KeyVault/vaults/heart-vault-{number}"


def _identity_id(number: int) -> str:
    return f"{_GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/identity-{number}"


@st.composite
def estates(draw: st.DrawFn) -> Drawn:
    """One estate: vaults by roles or by policies, keys of several versions and copies of them, services with identities of
    their own and shared ones, nested groups, custom roles, conditions, locks."""
    identities = [made("identity", n) for n in range(draw(st.integers(2, 4)))]
    groups = [made("group", n) for n in range(draw(st.sampled_from((1, 2, 0, 2))))]
    vaults = _vaults(draw, [*identities, *groups])
    consumers = [_consumer(draw, n, vaults, len(identities)) for n in range(draw(st.sampled_from((1, 2, 3, 2, 3, 0))))]
    assignments = _assignments(draw, vaults, [*identities, *groups], groups)
    own = {one["slots"][0]["identity"]["object_id"]: one for one in consumers if not one["carries"]}
    members = [_principal_group(draw, n, groups, [*identities, *own]) for n in range(len(groups))]
    _let_in(draw, consumers, vaults, assignments, members)
    carried = {one for consumer in consumers for one in consumer["carries"]}
    estate = {
        "account": {"object_id": ADMINISTRATOR, "name": "me", "tenant_id": TENANT},
        "subscriptions": [{"id": SUBSCRIPTION, "name": "one", "management_groups": ["heart"]}],
        "vaults": vaults,
        "consumers": consumers,
        "identities": [
            # Those that no service carries are applications.
            *(
                {"principal_id": one, "name": f"identity-{n}", "resource_id": _identity_id(n)}
                for n, one in enumerate(identities)
                if one in carried
            ),
            *(
                {"principal_id": who, "name": one["name"], "resource_id": one["id"], "system_assigned": True}
                for who, one in own.items()
            ),
        ],
        "principals": [
            *(
                {"object_id": one, "name": f"identity-{n}", "kind": "ServicePrincipal"}
                for n, one in enumerate(identities)
            ),
            *({"object_id": who, "name": one["name"], "kind": "ServicePrincipal"} for who, one in own.items()),
            *members,
        ],
        "role_definitions": [
            {"id": _ROLES + made("role", n), "name": f"role-{n}", "actions": [], "not_actions": [], **one}
            for n, one in enumerate(CUSTOM)
        ],
        "role_assignments": assignments,
        "locks": _locks(draw, vaults),
    }
    return Drawn(estate, _restored(draw, vaults))


def who_asks(estate: Node) -> tuple[str, ...]:
    """The object ids of everybody but the administrator and groups."""
    return tuple(one["object_id"] for one in estate["principals"] if one["kind"] != "group")


def _principal_group(draw: st.DrawFn, number: int, groups: list[str], identities: list[str]) -> Node:
    # Groups hold only later ones, so that none holds itself.
    within = draw(st.lists(st.sampled_from([*identities, *groups[number + 1 :]]), unique=True, min_size=1, max_size=3))
    return {"object_id": groups[number], "name": f"group-{number}", "kind": "group", "members": within}


def _vaults(draw: st.DrawFn, holders: list[str]) -> list[Node]:
    vaults = [_vault(draw, n, holders) for n in range(draw(st.integers(1, 3)))]
    left = _VERSIONS
    for vault in vaults:
        for key in vault["keys"]:
            key["versions"] = key["versions"][: max(1, min(left - 5, 3))]
            left -= len(key["versions"])
    if len(vaults) > 1 and _one_in(draw, 4):
        # Imported twice: the same material under two names
        for vault in vaults[:2]:
            vault["keys"][0]["thumbprint"] = "imported-twice"
    return vaults


def _vault(draw: st.DrawFn, number: int, holders: list[str]) -> Node:
    rbac = draw(st.booleans())
    held = [] if rbac else draw(st.lists(st.sampled_from(holders), unique=True, max_size=3))
    return {
        "id": vault_id(number),
        "name": f"heart-vault-{number}",
        "location": "westeurope",
        "premium": True,
        "rbac": rbac,
        "purge_protection": draw(st.booleans()),
        "access_policies": [
            *(_policy(draw, one) for one in held),
            # In a vault by policies no role lets the administrator at the keys.
            *([] if rbac else [{"object_id": ADMINISTRATOR, "keys": list(_OFFICER)}]),
        ],
        "keys": [_key(draw, number, n) for n in range(draw(st.integers(1, 2)))],
    }


def _policy(draw: st.DrawFn, holder: str) -> Node:
    policy = {"object_id": holder, "keys": draw(st.sampled_from(_PERMISSIONS))}
    return {**policy, "application_id": made("application", 0)} if _one_in(draw, 6) else policy


def _key(draw: st.DrawFn, vault: int, number: int) -> Node:
    enabled = draw(st.lists(st.sampled_from((True, True, False)), min_size=1, max_size=3))
    versions = [
        {"version": uuid.UUID(made(f"version-{vault}-{number}", n)).hex, "enabled": one}
        for n, one in enumerate(enabled)
    ]
    # Each name once, so that a backup can be restored into every other vault.
    return {"name": f"key-{vault}-{number}", "key_type": "RSA-HSM", "key_size": 2048, "versions": versions}


def _consumer(draw: st.DrawFn, number: int, vaults: list[Node], identities: int) -> Node:
    """A database or a disk encryption set: as a user-assigned identity that others may share, or as its own."""
    service = draw(st.sampled_from(_SERVICES))
    own = service == "mysql-single" or (service == "disk-encryption-set" and draw(st.booleans()))
    kind = {
        "mysql-flexible": "Microsoft.DBforMySQL/flexibleServers",
        "mysql-single": "Microsoft.DBforMySQL/servers",
        "disk-encryption-set": "Microsoft.Compute/diskEncryptionSets",
        "aks-etcd": "Microsoft.ContainerService/managedClusters",
    }[service]
    name = f"heart-service-{number}"
    resource = f"{_GROUP}/providers/{kind}/{name}"
    if own:
        who = {"name": name, "object_id": made("system", number), "resource_id": resource}
    else:
        who = _user_assigned(draw(st.integers(0, identities - 1)))
    # The others need a version in their key's id.
    pinned = service != "aks-etcd" or draw(st.booleans())
    slots: list[Node] = [{"slot": "primary", "key_id": _named(draw, vaults, pinned=pinned), "identity": who}]
    if service == "mysql-flexible" and _one_in(draw, 4):
        other = _user_assigned(draw(st.integers(0, identities - 1)))
        slots.append({"slot": "geo", "key_id": _named(draw, vaults, pinned=True), "identity": other})
    carries = [] if own else list(dict.fromkeys(slot["identity"]["object_id"] for slot in slots))
    if service == "mysql-flexible" and _one_in(draw, 4):
        sibling = made("identity", draw(st.integers(0, identities - 1)))
        carries = list(dict.fromkeys([*carries, sibling]))
    return {
        "id": resource,
        "service": service,
        "name": name,
        "location": "westeurope",
        "subscription_id": SUBSCRIPTION,
        "carries": carries,
        "slots": slots,
    }


def _user_assigned(number: int) -> Node:
    return {
        "name": f"identity-{number}",
        "object_id": made("identity", number),
        "resource_id": _identity_id(number),
    }


def _named(draw: st.DrawFn, vaults: list[Node], *, pinned: bool) -> str:
    vault = draw(st.sampled_from(vaults))
    key = draw(st.sampled_from(vault["keys"]))
    url = f"https://{vault['name']}.vault.azure.net/keys/{key['name']}"
    return f"{url}/{draw(st.sampled_from(key['versions']))['version']}" if pinned else url


def _let_in(
    draw: st.DrawFn, consumers: list[Node], vaults: list[Node], assignments: list[Node], groups: list[Node]
) -> None:
    """Most services work when they are met: their identity, or a group of it, holds what it needs on the key or its vault.

    A geo-backup always does: Azure asks for it too before it gives a server its key back.
    """
    for consumer in consumers:
        for slot in consumer["slots"]:
            if slot["slot"] != "geo" and _one_in(draw, 4):
                continue
            vault, key, version = _found(vaults, slot["key_id"])
            if slot["slot"] == "geo":
                version["enabled"] = True
            who = slot["identity"]["object_id"]
            of = [group["object_id"] for group in groups if who in group["members"]]
            near = (f"{vault['id']}/keys/{key['name']}", vault["id"])
            # often by a group alone: of whom that is not seen, nothing would be left to remove
            alone = of[-1:] or [who]
            for holder in draw(st.sampled_from([alone, [who], [who, *of[:1]], alone])):
                etcd, kind = consumer["service"] == "aks-etcd", "Group" if holder in of else "ServicePrincipal"
                if vault["rbac"]:
                    role = _CRYPTO_USER if etcd else _SERVICE_USER
                    _assign(assignments, draw(st.sampled_from(near)), role, holder, kind=kind)
                else:
                    _allow(vault["access_policies"], holder, _ETCD if etcd else _SERVICE)


def _found(vaults: list[Node], key_id: str) -> tuple[Node, Node, Node]:
    """The vault, the key and the version that an id names; without one, the newest."""
    parts = key_id.split("/")
    vault = next(one for one in vaults if parts[2].startswith(one["name"] + "."))
    key = next(one for one in vault["keys"] if one["name"] == parts[4])
    return vault, key, next((one for one in key["versions"] if one["version"] in parts), key["versions"][-1])


def _assign(assignments: list[Node], scope: str, role: str, holder: str, *, kind: str) -> None:
    """Add an assignment; in the place of one that has but a condition."""
    one = _assignment(f"{scope} {role} {holder}", scope, role, holder, kind=kind)
    what = ("scope", "role_definition_id", "principal_id")
    assignments[:] = [other for other in assignments if any(other[name] != one[name] for name in what)] + [one]


def _allow(policies: list[Node], who: str, rights: list[str]) -> None:
    own = next((one for one in policies if one["object_id"] == who and "application_id" not in one), None)
    if own is None:
        policies.append({"object_id": who, "keys": rights})
    else:
        own["keys"] = list(dict.fromkeys([*own["keys"], *rights]))


def _assignments(draw: st.DrawFn, vaults: list[Node], holders: list[str], groups: list[str]) -> list[Node]:
    keys = [f"{vault['id']}/keys/{key['name']}" for vault in vaults for key in vault["keys"]]
    near = [*keys, *(v["id"] for v in vaults)]
    wide = [_GROUP, f"/subscriptions/{SUBSCRIPTION}", f"{_TOP}heart", f"{_TOP}{TENANT}"]
    # A custom role with data actions cannot be assigned at a management group (RBACD custom-roles.md).
    custom = [made("role", n) for n in range(len(CUSTOM))]
    several = st.one_of(
        st.tuples(st.sampled_from([*near, *wide]), st.sampled_from(BUILT_IN), st.sampled_from(holders)),
        st.tuples(st.sampled_from([*near, *wide[:2]]), st.sampled_from(custom), st.sampled_from(holders)),
    )
    found = []
    for n, (scope, role, holder) in enumerate(draw(st.lists(several, unique=True, max_size=5))):
        one = _assignment(n, scope, role, holder, kind="Group" if holder in groups else "ServicePrincipal")
        if _one_in(draw, 6):
            one |= {"condition": draw(st.sampled_from(_CONDITIONS)), "condition_version": "2.0"}
        found.append(one)
    own = [(_OWNER, 90), (_CRYPTO_OFFICER, 91)]
    found += [_assignment(n, f"{_TOP}{TENANT}", role, ADMINISTRATOR, kind="ServicePrincipal") for role, n in own]
    return found


def _assignment(number: int | str, scope: str, role: str, holder: str, *, kind: str) -> Node:
    return {
        "id": f"{scope}/providers/Microsoft.Authorization/roleAssignments/{made('assignment', number)}",
        "scope": scope,
        "role_definition_id": _ROLES + role,
        "principal_id": holder,
        "principal_type": kind,
    }


def _locks(draw: st.DrawFn, vaults: list[Node]) -> list[Node]:
    if not _one_in(draw, 8):
        return []
    key = f"{vaults[0]['id']}/keys/{vaults[0]['keys'][0]['name']}"
    scope = draw(st.sampled_from((key, vaults[0]["id"], _GROUP, f"/subscriptions/{SUBSCRIPTION}")))
    name = f"{scope}/providers/Microsoft.Authorization/locks/held"
    return [{"id": name, "scope": scope, "level": draw(st.sampled_from(("CanNotDelete", "ReadOnly")))}]


def _restored(draw: st.DrawFn, vaults: list[Node]) -> tuple[tuple[str, str, str], ...]:
    if len(vaults) < 2 or not _one_in(draw, 3):
        return ()
    key = draw(st.sampled_from(vaults[0]["keys"]))
    return ((vaults[0]["name"], key["name"], draw(st.sampled_from(vaults[1:]))["name"]),)


def _one_in(draw: st.DrawFn, number: int) -> bool:
    # 0 is what a smaller example is made of: the unusual is left out first.
    return draw(st.integers(0, number - 1)) == number - 1
