"""Who may use a key: the order of the checks, and Azure's words for each refusal."""

from collections.abc import Iterator
from typing import Any

import pytest

from cmk_admin.sandbox.clock import Clock
from cmk_admin.sandbox.entra import caller_for
from cmk_admin.sandbox.services.authorization.model import make_assignment
from cmk_admin.sandbox.services.identity.model import make_identity, make_principal
from cmk_admin.sandbox.services.keyvault import model
from cmk_admin.sandbox.services.keyvault.authorise import DATA_ACTIONS
from cmk_admin.sandbox.state import Document, World
from cmk_admin.sandbox.wire import AzureError, Caller

from . import estate

PERSON = "198.51.100.7"
DEK = b"\x07" * 32


@pytest.fixture
def world() -> Iterator[World]:
    world = World(Clock(speed=0))
    estate.lay(world)
    world.forget_past()
    yield world
    world.close()


def vault(world: World, **facts: Any) -> Document:
    return model.make_vault(world, subscription=estate.ONE, group="keys", name="safe", **facts)


def worker(world: World) -> Caller:
    identity = world.get("resource", estate.IDENTITY)
    assert identity is not None
    return caller_for(world, identity["properties"]["principalId"])


def person(world: World, address: str = PERSON) -> Caller:
    made = make_principal(world, "someone", kind="User")
    return Caller(made["objectId"], made["clientId"], "someone", "User", address, trusted=False)


def refusal(world: World, caller: Caller, operation: str = "unwrapKey", name: str = "k") -> AzureError:
    with pytest.raises(AzureError) as caught:
        model.crypto(world, caller, operation, f"https://safe.vault.azure.net/keys/{name}", "RSA-OAEP", DEK)
    return caught.value


def policy(caller_id: str, *keys: str, **more: str) -> dict[str, Any]:
    return {"tenantId": estate.TENANT, "objectId": caller_id, "permissions": {"keys": list(keys)}, **more}


def test_a_vault_of_another_tenant_takes_no_token_of_this_one(world: World) -> None:
    made = vault(world)
    model.make_key(world, "safe", "k")
    caller = worker(world)
    other = "99999999-8888-4777-8666-555555555555"
    make_assignment(world, scope=made["id"], role="Key Vault Crypto User", principal_id=caller.object_id)
    world.forget_past()
    assert model.crypto(world, caller, "encrypt", "https://safe.vault.azure.net/keys/k", "RSA-OAEP", DEK)
    world.put("resource", made["id"], {**made, "properties": {**made["properties"], "tenantId": other}})
    error = refusal(world, caller, "encrypt")
    assert (error.status, error.code) == (401, "Unauthorized")
    assert f"Expected one of https://sts.windows.net/{other}/" in error.message


def test_without_a_role_the_answer_is_forbidden_by_rbac_in_azures_words(world: World) -> None:
    vault(world)
    model.make_key(world, "safe", "k")
    caller = worker(world)
    error = refusal(world, caller)
    assert (error.status, error.code, error.inner) == (403, "Forbidden", "ForbiddenByRbac")
    assert error.message == (
        "Caller is not authorized to perform action on resource.\r\n"
        "If role assignments, deny assignments or role definitions were changed recently, please observe propagation "
        "time.\r\n"
        f"Caller: appid={caller.client_id};oid={caller.object_id};iss=https://sts.windows.net/{estate.TENANT}/\r\n"
        "Action: 'Microsoft.KeyVault/vaults/keys/unwrap/action'\r\n"
        f"Resource: '/subscriptions/{estate.ONE}/resourcegroups/keys/providers/microsoft.keyvault/vaults/safe/keys/k'\r\n"
        "Assignment: (not found)\r\n"
        "DenyAssignmentId: null\r\n"
        "DecisionReason: 'DeniedWithNoValidRBAC'\r\n"
        "Vault: safe;location=westeurope\r\n"
    )


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("Key Vault Crypto Service Encryption User", {"wrapKey", "unwrapKey", "encrypt"}),
        ("Key Vault Crypto User", {"wrapKey", "unwrapKey", "encrypt", "decrypt"}),
        ("Key Vault Crypto Officer", {"wrapKey", "unwrapKey", "encrypt", "decrypt"}),
        # The public half is enough to encrypt and wrap.
        ("Key Vault Reader", {"wrapKey", "encrypt"}),
        ("Key Vault Contributor", set()),
        ("Owner", set()),
    ],
)
def test_a_role_at_the_key_allows_its_own_operations_only(world: World, role: str, allowed: set[str]) -> None:
    made = vault(world)
    model.make_key(world, "safe", "k")
    caller = worker(world)
    make_assignment(world, scope=f"{made['id']}/keys/k", role=role, principal_id=caller.object_id)
    world.clock.advance(300)
    for operation in {"wrapKey", "unwrapKey", "encrypt", "decrypt"} - allowed:
        assert refusal(world, caller, operation).inner == "ForbiddenByRbac"
    for operation in allowed:
        model.authorise(world, caller, made, operation, "k")
    assert refusal(world, caller, "unwrapKey", "other").inner == "ForbiddenByRbac"


def test_a_caller_on_no_access_policy_is_told_so(world: World) -> None:
    vault(world, rbac=False, access_policies=[policy(estate.TENANT, "get")])
    model.make_key(world, "safe", "k")
    error = refusal(world, worker(world))
    assert (error.status, error.code, error.inner) == (403, "Forbidden", "AccessDenied")
    assert error.message.startswith("Access denied. Caller was not found on any access policy.")


def test_a_policy_without_the_permission_names_the_permission(world: World) -> None:
    caller = worker(world)
    vault(world, rbac=False, access_policies=[policy(caller.object_id, "get", "wrapKey")])
    model.make_key(world, "safe", "k")
    error = refusal(world, caller)
    assert (error.status, error.code, error.inner) == (403, "Forbidden", "ForbiddenByPolicy")
    who = f"appid={caller.client_id};oid={caller.object_id};numgroups=0;iss=https://sts.windows.net/{estate.TENANT}/"
    assert error.message == (
        f"The user, group or application '{who}' does not have keys unwrapKey permission on key vault "
        "'safe;location=westeurope'. For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid=2125287"
    )


def test_policies_are_found_through_groups_and_compared_without_case(world: World) -> None:
    caller = worker(world)
    inner = make_principal(world, "inner", kind="Group", members=[caller.object_id])["objectId"]
    outer = make_principal(world, "outer", kind="Group", members=[inner])["objectId"]
    world.forget_past()
    vault(world, rbac=False, access_policies=[policy(outer.upper(), "GET", "unwrapkey", "wrapkey")])
    model.make_key(world, "safe", "k")
    kid = "https://safe.vault.azure.net/keys/k"
    wrapped = model.crypto(world, caller, "wrapKey", kid, "RSA-OAEP-256", DEK)
    assert model.crypto(world, caller, "unwrapKey", kid, "RSA-OAEP-256", wrapped) == DEK


def test_a_compound_policy_is_not_the_principals_own(world: World) -> None:
    caller = worker(world)
    vault(world, rbac=False, access_policies=[policy(caller.object_id, "all", applicationId=estate.TENANT)])
    model.make_key(world, "safe", "k")
    assert refusal(world, caller).inner == "AccessDenied"


def test_all_does_not_hold_purge(world: World) -> None:
    caller = worker(world)
    made = vault(world, rbac=False, access_policies=[policy(caller.object_id, "all")])
    for permission in DATA_ACTIONS:
        if permission != "purge":
            model.authorise(world, caller, made, permission, "k")
    with pytest.raises(AzureError):
        model.authorise(world, caller, made, "purge", "k")


def test_policies_are_ignored_while_roles_decide(world: World) -> None:
    caller = worker(world)
    vault(world, rbac=True, access_policies=[policy(caller.object_id, "all")])
    model.make_key(world, "safe", "k")
    assert refusal(world, caller).inner == "ForbiddenByRbac"


@pytest.mark.parametrize(
    ("facts", "trusted", "inner"),
    [
        ({"network_acls": {"defaultAction": "Deny"}}, False, "ForbiddenByFirewall"),
        ({"network_acls": {"defaultAction": "Deny"}}, True, None),
        ({"network_acls": {"defaultAction": "Deny", "bypass": "None"}}, True, "ForbiddenByFirewall"),
        ({"network_acls": {"defaultAction": "Deny", "ipRules": [{"value": "198.51.100.0/24"}]}}, False, None),
        ({"network_acls": {"defaultAction": "Deny", "ipRules": [{"value": PERSON}]}}, False, None),
        (
            {"network_acls": {"defaultAction": "Deny", "ipRules": [{"value": "192.0.2.1"}]}},
            False,
            "ForbiddenByFirewall",
        ),
        ({"network_acls": {"defaultAction": "Allow"}}, False, None),
        ({"public_network_access": "Disabled"}, False, "ForbiddenByConnection"),
        # The bypass survives public access being off.
        ({"public_network_access": "Disabled"}, True, None),
        ({"public_network_access": "Disabled", "network_acls": {"bypass": "None"}}, True, "ForbiddenByConnection"),
        ({"public_network_access": "SecuredByPerimeter"}, True, "ForbiddenByConnection"),
    ],
)
def test_network_rules_come_before_roles(world: World, facts: dict[str, Any], trusted: bool, inner: str | None) -> None:
    vault(world, **facts)
    model.make_key(world, "safe", "k")
    someone = person(world)
    caller = Caller(someone.object_id, someone.client_id, "x", "User", PERSON, trusted)
    assert refusal(world, caller).inner == (inner or "ForbiddenByRbac")


def test_the_firewalls_refusal_names_the_address(world: World) -> None:
    vault(world, network_acls={"defaultAction": "Deny"})
    message = refusal(world, person(world)).message
    assert message.startswith("Client address is not authorized and caller is not a trusted service")
    assert f"Client address: {PERSON}" in message


def test_who_may_not_learns_nothing_of_the_keys_existence(world: World) -> None:
    vault(world)
    assert refusal(world, worker(world), name="absent").inner == "ForbiddenByRbac"


def test_an_identity_made_again_is_another_principal(world: World) -> None:
    made = vault(world)
    model.make_key(world, "safe", "k")
    caller = worker(world)
    make_assignment(world, scope=made["id"], role="Key Vault Crypto User", principal_id=caller.object_id)
    world.clock.advance(300)
    model.authorise(world, caller, made, "unwrapKey", "k")
    again = make_identity(world, subscription=estate.ONE, group="keys", name="worker-2")
    assert refusal(world, caller_for(world, again["properties"]["principalId"])).inner == "ForbiddenByRbac"
