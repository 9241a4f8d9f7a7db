"""Vaults and their keys through the resource manager, with Microsoft's own client."""

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.keyvault import KeyVaultManagementClient

from cmk_admin.sandbox.services.authorization.model import make_assignment
from cmk_admin.sandbox.services.identity.model import make_principal
from cmk_admin.sandbox.services.keyvault import keymaterial, model
from cmk_admin.sandbox.state import World

from . import estate
from .running import Running

pytestmark = pytest.mark.scenario("small", speed=60)

VAULTS = f"{estate.GROUP}/providers/Microsoft.KeyVault/vaults"
DELETED = f"/subscriptions/{estate.ONE}/providers/Microsoft.KeyVault/locations/westeurope/deletedVaults"
NEWEST = "2026-05-15"
SOMEBODY = "cccccccc-0000-4000-8000-00000000000c"
PEM = keymaterial.generate("RSA", size=2048)


def client(sandbox: Running, name: str = "administrator") -> Any:
    """The client; untyped, as bodies are given as the JSON that goes over the wire, where its annotations want models."""
    return KeyVaultManagementClient(sandbox.credential(name), estate.ONE, **sandbox.options)


def wanted(**properties: Any) -> dict[str, Any]:
    facts = {"tenantId": estate.TENANT, "sku": {"family": "A", "name": "premium"}, "accessPolicies": [], **properties}
    return {"location": "West Europe", "tags": {"a": "b"}, "properties": facts}


def put(sandbox: Running, name: str, version: str = NEWEST, **properties: Any) -> Any:
    return sandbox.arm("PUT", f"{VAULTS}/{name}", version, json=wanted(**properties))


def policy(*keys: str) -> dict[str, Any]:
    return {"tenantId": estate.TENANT, "objectId": SOMEBODY, "permissions": {"keys": list(keys)}}


def test_a_vault_is_created_read_listed_and_changed(sandbox: Running) -> None:
    vaults = client(sandbox).vaults
    made = vaults.begin_create_or_update("keys", "made-1", wanted(enableRbacAuthorization=True)).result()
    assert (made.name, made.location, made.tags) == ("made-1", "westeurope", {"a": "b"})
    assert made.properties.vault_uri == "https://made-1.vault.azure.net/"
    assert (made.properties.enable_soft_delete, made.properties.soft_delete_retention_in_days) == (True, 90)
    assert made.properties.enable_purge_protection is None
    changed = vaults.update("keys", "made-1", {"properties": {"enablePurgeProtection": True}, "tags": {}})
    assert (changed.properties.enable_purge_protection, changed.tags) == (True, {})
    assert vaults.get("keys", "made-1").properties.enable_purge_protection
    assert {one.name for one in vaults.list_by_subscription()} == {"small", "made-1"}
    assert {one.name for one in vaults.list_by_resource_group("keys")} == {"small", "made-1"}
    with pytest.raises(ResourceNotFoundError) as caught:
        vaults.get("keys", "absent")
    assert caught.value.error.code == "ResourceNotFound"  # type: ignore[union-attr]


@pytest.mark.parametrize(("version", "rbac"), [("2023-07-01", False), ("2026-02-01", True), (NEWEST, True)])
def test_whether_roles_decide_by_default_depends_on_the_api_version(sandbox: Running, version: str, rbac: bool) -> None:
    assert put(sandbox, "made-1", version).json()["properties"]["enableRbacAuthorization"] is rbac
    # A second PUT that does not say so leaves it as it is.
    assert put(sandbox, "made-1", NEWEST).json()["properties"]["enableRbacAuthorization"] is rbac


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"enablePurgeProtection": True}, {"enablePurgeProtection": False}),
        ({}, {"enableSoftDelete": False}),
        ({"softDeleteRetentionInDays": 30}, {"softDeleteRetentionInDays": 31}),
    ],
)
def test_what_is_irreversible_is_refused(sandbox: Running, before: dict[str, Any], after: dict[str, Any]) -> None:
    assert put(sandbox, "made-1", **before).status_code == 201
    for method, body in (("PUT", wanted(**after)), ("PATCH", {"properties": after})):
        answer = sandbox.arm(method, f"{VAULTS}/made-1", NEWEST, json=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest")


@pytest.mark.parametrize(
    "properties",
    [
        {"softDeleteRetentionInDays": 6},
        {"softDeleteRetentionInDays": 91},
        {"sku": {"name": "gold"}},
        {"sku": None},
        {"tenantId": None},
        {"publicNetworkAccess": "Perhaps"},
        {"networkAcls": {"bypass": "Friends"}},
        {"networkAcls": {"ipRules": [{"value": "here"}]}},
        {"accessPolicies": [{"objectId": "me"}]},
        {"enableRbacAuthorization": False, "accessPolicies": None},
    ],
)
def test_properties_that_make_no_sense_make_no_vault(sandbox: Running, properties: dict[str, Any]) -> None:
    assert put(sandbox, "made-1", **properties).status_code == 400
    assert sandbox.arm("GET", f"{VAULTS}/made-1", NEWEST).status_code == 404


@pytest.mark.parametrize("name", ["ab", "1abc", "a--b", "abc-", "a" * 25, "a_b"])
def test_names_follow_the_rules(sandbox: Running, name: str) -> None:
    answer = put(sandbox, name)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "VaultNameNotValid")
    found = client(sandbox).vaults.check_name_availability({"name": name, "type": "Microsoft.KeyVault/vaults"})
    assert (found.name_available, found.reason) == (False, "AccountNameInvalid")


def test_a_put_replaces_all_policies_and_keeps_what_only_creation_sets(sandbox: Running) -> None:
    first: dict[str, Any] = {
        "enableRbacAuthorization": False,
        "softDeleteRetentionInDays": 7,
        "enablePurgeProtection": True,
    }
    put(sandbox, "made-1", **first, accessPolicies=[policy("get")])
    after = put(sandbox, "made-1", accessPolicies=[policy("list")])
    facts = after.json()["properties"]
    assert after.status_code == 200
    assert facts["accessPolicies"] == [policy("list")]
    assert (facts["softDeleteRetentionInDays"], facts["enablePurgeProtection"]) == (7, True)


def test_policies_are_added_and_removed_one_by_one(sandbox: Running) -> None:
    put(sandbox, "made-1", enableRbacAuthorization=False)
    vaults = client(sandbox).vaults
    for kind, permissions, expected in (
        ("add", ["get", "wrapKey"], ["get", "wrapKey"]),
        ("add", ["unwrapKey"], ["get", "wrapKey", "unwrapKey"]),
        ("remove", ["wrapKey"], ["get", "unwrapKey"]),
        ("replace", ["list"], ["list"]),
    ):
        body = {"properties": {"accessPolicies": [policy(*permissions)]}}
        answer = vaults.update_access_policy("keys", "made-1", kind, body)
        assert [one.permissions.keys_property for one in answer.properties.access_policies] == [expected]
    body = {"properties": {"accessPolicies": [policy()]}}
    assert vaults.update_access_policy("keys", "made-1", "remove", body).properties.access_policies == []
    assert vaults.get("keys", "made-1").properties.access_policies == []
    answer = sandbox.arm("PUT", f"{VAULTS}/made-1/accessPolicies/mix", NEWEST, json=body)
    assert answer.status_code == 400


def test_only_who_may_assign_roles_changes_the_permission_model(sandbox: Running) -> None:
    def lay(world: World) -> None:
        helper = make_principal(world, "contributor", kind="ServicePrincipal")["objectId"]
        make_assignment(world, scope=estate.GROUP, role="Contributor", principal_id=helper)
        world.forget_past()

    sandbox.do(lay)
    sandbox.connection = sandbox.sandbox.connection()
    body = {"properties": {"enableRbacAuthorization": False}}
    refused = sandbox.arm("PATCH", estate.VAULT, NEWEST, as_="contributor", json=body)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "InsufficientPermissions")
    # But under access policies a contributor can let themselves in.
    assert sandbox.arm("PATCH", estate.VAULT, NEWEST, json=body).status_code == 200
    mine = {"properties": {"accessPolicies": [policy("get", "unwrapKey")]}}
    added = sandbox.arm("PUT", f"{estate.VAULT}/accessPolicies/add", NEWEST, as_="contributor", json=mine)
    assert added.status_code == 200


def test_a_deleted_vault_comes_back_with_its_keys_but_without_its_role_assignments(sandbox: Running) -> None:
    def lay(world: World) -> None:
        model.make_key(world, "small", "k", pem=PEM)
        administrator = sandbox.principal("administrator")["object_id"]
        for scope in (estate.VAULT, f"{estate.VAULT}/keys/k", f"{estate.VAULT}er"):
            make_assignment(world, scope=scope, role="Key Vault Reader", principal_id=administrator)

    sandbox.do(lay)
    vaults = client(sandbox).vaults
    vaults.delete("keys", "small")
    assert sandbox.arm("DELETE", estate.VAULT, NEWEST).status_code == 204
    with pytest.raises(ResourceNotFoundError):
        vaults.get("keys", "small")
    assert (
        vaults.check_name_availability({"name": "small", "type": "Microsoft.KeyVault/vaults"}).name_available is False
    )
    again = put(sandbox, "small", enableRbacAuthorization=True)
    assert (again.status_code, again.json()["error"]["code"]) == (409, "ConflictError")
    gone = vaults.get_deleted("small", "westeurope").properties
    assert (gone.vault_id, gone.purge_protection_enabled) == (estate.VAULT, True)
    assert (gone.scheduled_purge_date - gone.deletion_date).days == 90
    assert [one.name for one in vaults.list_deleted()] == ["small"]
    with pytest.raises(HttpResponseError) as caught:
        vaults.begin_purge_deleted("small", "westeurope").result()
    assert (caught.value.status_code, caught.value.error.code) == (405, "MethodNotAllowed")  # type: ignore[union-attr]
    vaults.begin_create_or_update("keys", "small", wanted(createMode="recover")).result()
    assert vaults.get("keys", "small").properties.enable_purge_protection
    assert sandbox.vault("GET", "small", "/keys/k").status_code == 200
    scopes = [one["properties"]["scope"] for _, one in sandbox.world.items("roleAssignment")]
    assert not [scope for scope in scopes if scope.startswith(f"{estate.VAULT}/") or scope == estate.VAULT]
    assert f"{estate.VAULT}er" in scopes


def test_a_vault_without_protection_is_purged_with_its_keys(sandbox: Running) -> None:
    put(sandbox, "made-1", enableRbacAuthorization=True)
    sandbox.do(lambda world: model.make_key(world, "made-1", "k", pem=PEM))
    vaults = client(sandbox).vaults
    vaults.delete("keys", "made-1")
    vaults.begin_purge_deleted("made-1", "westeurope", polling_interval=0.1).result()
    with pytest.raises(ResourceNotFoundError):
        vaults.get_deleted("made-1", "westeurope")
    assert put(sandbox, "made-1", enableRbacAuthorization=True).status_code == 201
    assert sandbox.vault("GET", "made-1", "/keys").json()["value"] == []


def test_a_deleted_vault_is_gone_at_the_end_of_its_retention(sandbox: Running) -> None:
    put(sandbox, "made-1", enableRbacAuthorization=True, softDeleteRetentionInDays=7)
    client(sandbox).vaults.delete("keys", "made-1")
    assert sandbox.arm("GET", f"{DELETED}/made-1", NEWEST).status_code == 200
    sandbox.advance(7 * 86400)
    assert sandbox.arm("GET", f"{DELETED}/made-1", NEWEST).status_code == 404
    assert put(sandbox, "made-1").status_code == 201


def test_a_list_shows_what_one_may_read_and_refuses_who_may_read_nothing(sandbox: Running) -> None:
    sandbox.do(lambda world: model.make_vault(world, subscription=estate.ONE, group="other", name="hidden"))
    assert {one.name for one in client(sandbox, "reader").vaults.list_by_subscription()} == {"small"}
    with pytest.raises(HttpResponseError) as caught:
        list(client(sandbox, "reader").vaults.list_by_resource_group("other"))
    assert (caught.value.status_code, caught.value.error.code) == (403, "AuthorizationFailed")  # type: ignore[union-attr]


def test_keys_are_read_through_the_resource_manager_past_the_firewall(sandbox: Running) -> None:
    def lay(world: World) -> None:
        model.make_vault(
            world, subscription=estate.ONE, group="keys", name="closed", network_acls={"defaultAction": "Deny"}
        )
        model.make_key(world, "closed", "k", pem=PEM, key_ops=["wrapKey", "unwrapKey"], tags={"a": "b"})
        model.make_key(world, "closed", "k", pem=PEM, enabled=False, exp=4102444800)
        model.make_key(world, "closed", "curve", kty="EC", crv="P-384")

    sandbox.do(lay)
    assert sandbox.vault("GET", "closed", "/keys").json()["error"]["innererror"]["code"] == "ForbiddenByFirewall"
    keys = client(sandbox).keys
    listed = {one.name: one for one in keys.list("keys", "closed")}
    assert set(listed) == {"k", "curve"}
    assert (listed["k"].key_uri, listed["k"].kty) == ("https://closed.vault.azure.net/keys/k", None)
    key = keys.get("keys", "closed", "k")
    assert (key.kty, key.key_size, key.attributes.enabled, key.attributes.expires) == (
        "RSA-HSM",
        2048,
        False,
        4102444800,
    )
    assert keys.get("keys", "closed", "curve").curve_name == "P-384"
    versions = list(keys.list_versions("keys", "closed", "k"))
    assert len(versions) == 2
    old = next(one for one in versions if one.attributes.enabled)
    assert keys.get_version("keys", "closed", "k", old.name).key_ops == ["wrapKey", "unwrapKey"]
    with pytest.raises(ResourceNotFoundError):
        keys.get("keys", "closed", "absent")


def test_a_key_is_created_through_the_resource_manager_once(sandbox: Running) -> None:
    keys = client(sandbox).keys
    body = {"properties": {"kty": "RSA-HSM", "keySize": 3072, "keyOps": ["wrapKey", "unwrapKey"]}, "tags": {"a": "b"}}
    made = keys.create_if_not_exist("keys", "small", "k", body)
    assert (made.kty, made.key_size, made.key_ops, made.tags) == ("RSA-HSM", 3072, ["wrapKey", "unwrapKey"], {"a": "b"})
    again = keys.create_if_not_exist("keys", "small", "k", {"properties": {"kty": "EC"}})
    assert again.key_uri_with_version == made.key_uri_with_version
