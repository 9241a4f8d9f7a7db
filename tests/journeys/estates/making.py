"""Estates as a saved file tells them, drawn at random: who may do what with which key, by which route."""

import uuid
from typing import Any

from hypothesis import strategies as st

Node = dict[str, Any]

SUBSCRIPTION = "11111111-2222-3333-4444-555555555555"
TENANT = "22222222-2222-3333-4444-555555555555"
ADMINISTRATOR = "99999999-2222-3333-4444-555555555555"
_ROLES = "/providers/Microsoft.Authorization/roleDefinitions/"
_TOP = "/providers/Microsoft.Management/managementGroups/"
_GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/keys"
BUILT_IN = (
    "12338af0-0e69-4776-bea7-57ae8d297424",  # Key Vault Crypto User
    "e147488a-f6f5-4113-8e2d-b22465e65bf6",  # Key Vault Crypto Service Encryption User
    "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",  # Key Vault Crypto Officer
)
_UNWRAP = "Microsoft.KeyVault/vaults/keys/unwrap/action"
CUSTOM = (
    {"data_actions": ["Microsoft.KeyVault/vaults/keys/*"], "not_data_actions": [_UNWRAP]},
    {"data_actions": ["Microsoft.KeyVault/*/unwrap/action"], "not_data_actions": []},
    {"data_actions": ["*"], "not_data_actions": ["Microsoft.KeyVault/vaults/keys/decrypt/action"]},
)
_OFFICER = ("get", "list", "update", "create", "delete", "recover", "backup", "restore", "encrypt", "wrapKey")
_PERMISSIONS = (["get", "unwrapKey"], ["get", "wrapKey", "unwrapKey"], ["decrypt"], ["get", "list"])


def made(kind: str, number: int) -> str:
    """The object id, or the name, of something: the same at every run."""
    return str(uuid.uuid5(uuid.UUID(TENANT), f"{kind}-{number}"))


def vault_id(number: int) -> str:
    return f"{_GROUP}/providers/Microsoft.KeyVault/vaults/heart-vault-{number}"


@st.composite
def estates(draw: st.DrawFn) -> Node:
    """One estate: vaults by roles or by policies, keys of several versions, identities, nested groups, custom roles."""
    identities = [made("identity", n) for n in range(draw(st.integers(2, 4)))]
    groups = [made("group", n) for n in range(draw(st.integers(0, 2)))]
    vaults = [_vault(draw, n, [*identities, *groups]) for n in range(draw(st.integers(1, 3)))]
    return {
        "account": {"object_id": ADMINISTRATOR, "name": "me", "tenant_id": TENANT},
        "subscriptions": [{"id": SUBSCRIPTION, "name": "one", "management_groups": ["heart"]}],
        "vaults": vaults,
        "consumers": [],
        "principals": [
            *(
                {"object_id": one, "name": f"identity-{n}", "kind": "ServicePrincipal"}
                for n, one in enumerate(identities)
            ),
            *(_principal_group(draw, n, groups, identities) for n in range(len(groups))),
        ],
        "role_definitions": [
            {"id": _ROLES + made("role", n), "name": f"role-{n}", "actions": [], "not_actions": [], **one}
            for n, one in enumerate(CUSTOM)
        ],
        "role_assignments": _assignments(draw, vaults, [*identities, *groups]),
    }


def _principal_group(draw: st.DrawFn, number: int, groups: list[str], identities: list[str]) -> Node:
    # Groups hold only later ones, so that none holds itself.
    within = draw(st.lists(st.sampled_from([*identities, *groups[number + 1 :]]), unique=True, max_size=3))
    return {"object_id": groups[number], "name": f"group-{number}", "kind": "group", "members": within}


def _vault(draw: st.DrawFn, number: int, holders: list[str]) -> Node:
    rbac = draw(st.booleans())
    some = st.lists(st.sampled_from(holders), unique=True, max_size=3)
    held = [] if rbac else draw(some)
    return {
        "id": vault_id(number),
        "name": f"heart-vault-{number}",
        "location": "westeurope",
        "premium": True,
        "rbac": rbac,
        "purge_protection": draw(st.booleans()),
        "access_policies": [
            *({"object_id": one, "keys": draw(st.sampled_from(_PERMISSIONS))} for one in held),
            # In a vault by policies no role lets the administrator at the keys.
            *([] if rbac else [{"object_id": ADMINISTRATOR, "keys": list(_OFFICER)}]),
        ],
        "keys": [_key(draw, number, n) for n in range(draw(st.integers(1, 2)))],
    }


def _key(draw: st.DrawFn, vault: int, number: int) -> Node:
    enabled = draw(st.lists(st.booleans(), min_size=1, max_size=3))
    versions = [
        {"version": uuid.UUID(made(f"version-{vault}-{number}", n)).hex, "enabled": one}
        for n, one in enumerate(enabled)
    ]
    return {"name": f"key-{number}", "key_type": "RSA-HSM", "key_size": 2048, "versions": versions}


def _assignments(draw: st.DrawFn, vaults: list[Node], holders: list[str]) -> list[Node]:
    keys = [f"{vault['id']}/keys/{key['name']}" for vault in vaults for key in vault["keys"]]
    scopes = [
        *keys,
        *(v["id"] for v in vaults),
        _GROUP,
        f"/subscriptions/{SUBSCRIPTION}",
        f"{_TOP}heart",
        f"{_TOP}{TENANT}",
    ]
    roles = [*BUILT_IN, *(made("role", n) for n in range(len(CUSTOM)))]
    several = st.tuples(st.sampled_from(scopes), st.sampled_from(roles), st.sampled_from(holders))
    found = [
        _assignment(n, *one, kind="Group" if one[2] not in holders[:1] and _is_group(one[2]) else "ServicePrincipal")
        for n, one in enumerate(draw(st.lists(several, unique=True, min_size=1, max_size=6)))
    ]
    own = [("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", 90), (BUILT_IN[2], 91)]
    found += [_assignment(n, f"{_TOP}{TENANT}", role, ADMINISTRATOR, kind="ServicePrincipal") for role, n in own]
    return found


def _is_group(holder: str) -> bool:
    return holder in {made("group", n) for n in range(2)}


def _assignment(number: int, scope: str, role: str, holder: str, *, kind: str) -> Node:
    above = "" if scope == "/" else scope
    return {
        "id": f"{above}/providers/Microsoft.Authorization/roleAssignments/{made('assignment', number)}",
        "scope": scope,
        "role_definition_id": _ROLES + role,
        "principal_id": holder,
        "principal_type": kind,
    }
