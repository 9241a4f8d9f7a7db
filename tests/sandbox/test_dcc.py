"""The owners' estate: what is in it, who sees what of it, and that its keys really wrap what its consumers hold."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest

from cmk_admin.sandbox import consumers, life, scenarios
from cmk_admin.sandbox.clock import Clock
from cmk_admin.sandbox.connection import principals
from cmk_admin.sandbox.entra import caller_for
from cmk_admin.sandbox.services.authorization.model import make_assignment
from cmk_admin.sandbox.services.identity.model import make_principal
from cmk_admin.sandbox.services.keyvault import model as keyvault
from cmk_admin.sandbox.state import World
from cmk_admin.sandbox.wire import AzureError

from .running import Running

Rows = dict[tuple[str, str], dict[str, Any]]


@pytest.fixture(scope="module")
def dcc() -> Iterator[World]:
    world = World(Clock(speed=0))
    scenarios.lay(world, "dcc", seed=1)
    yield world
    world.close()


def rows_of(world: World, principal: str) -> Rows:
    return {(row["service"], row["consumer_id"].rsplit("/", 1)[-1]): row for row in scenarios.truth(world, principal)}


@pytest.fixture(scope="module")
def rows(dcc: World) -> Rows:
    return rows_of(dcc, "administrator")


def test_no_two_key_versions_share_their_material(dcc: World) -> None:
    pems = [version["pem"] for _, key in dcc.items("key") for version in key["versions"]]
    assert len(pems) == len(set(pems)) == 11


def test_the_premium_vault_is_as_its_owners_run_it(dcc: World) -> None:
    vault = keyvault.vault_resource(dcc, "dcc-premium")
    assert vault is not None
    properties = vault["properties"]
    assert properties["sku"]["name"] == "premium"
    assert properties["enableRbacAuthorization"]
    assert properties["enablePurgeProtection"]
    assert properties["softDeleteRetentionInDays"] == 90
    for name in ("aks-encryption-key", "mysql-encryption-key"):
        (version,) = keyvault.find_key(dcc, vault, name)["versions"]
        assert version["key"]["kty"] == "RSA-HSM"
        assert version["key"]["key_ops"] == ["wrapKey", "unwrapKey"]


@pytest.mark.parametrize(
    ("service", "consumer", "expected"),
    [
        ("mysql-flexible", "dcc-mysql", ("mysql-encryption-key", "dcc-mysql-id", [])),
        ("mysql-single", "dcc-mysql-single", ("mysql-encryption-key", "dcc-mysql-single", [])),
        ("disk-encryption-set", "dcc-des", ("aks-encryption-key", "dcc-des", ["unused-grant"])),
        ("aks-disks", "dcc-aks", ("aks-encryption-key", "dcc-des", ["unused-grant"])),
        ("mysql-flexible", "dcc-lab-mysql-1", ("lab-encryption-key", "dcc-lab-id", ["shared-identity"])),
        ("mysql-flexible", "dcc-lab-mysql-2", ("lab-encryption-key", "dcc-lab-id", ["shared-identity"])),
        ("mysql-flexible", "dcc-stage-mysql", ("stage-encryption-key", "dcc-stage-id", ["inherited-grant"])),
        ("mysql-flexible", "dcc-train-mysql", ("train-encryption-key", "dcc-train-id", ["group-grant"])),
        ("disk-encryption-set", "dcc-des-old", ("rotated-key", "dcc-des-old", ["disabled-version-in-use"])),
        ("mysql-flexible", "dcc-reports-mysql", ("reports-encryption-key", "dcc-reports-id", ["software-key"])),
        ("mysql-flexible", "dcc-archive-mysql", ("archive-encryption-key", "dcc-archive-id", ["vault-unreachable"])),
        ("disk-encryption-set", "dcc-des-partner", ("partner-encryption-key", "dcc-des-partner", [])),
    ],
)
def test_each_consumer_has_its_key_its_identity_and_its_planted_problem(
    rows: Rows, service: str, consumer: str, expected: tuple[str, str, list[str]]
) -> None:
    row = rows[service, consumer]
    assert (row["key_name"], row["identity"]["name"], row["problems"]) == expected
    assert len(rows) == 12


def test_a_row_says_all_that_the_mapping_asks_for(dcc: World, rows: Rows) -> None:
    row = rows["mysql-flexible", "dcc-mysql"]
    vault = keyvault.vault_resource(dcc, "dcc-premium")
    assert vault is not None
    version = keyvault.find_key(dcc, vault, "mysql-encryption-key")["versions"][0]["version"]
    identity = dcc.get("principal", principals(dcc)["dcc-mysql-id"]["objectId"])
    assert identity is not None
    assert row == {
        "service": "mysql-flexible",
        "consumer_id": row["consumer_id"],
        "slot": "primary",
        "vault": "dcc-premium",
        "key_name": "mysql-encryption-key",
        "key_id": f"https://dcc-premium.vault.azure.net/keys/mysql-encryption-key/{version}",
        "version": version,
        "identity": {"name": "dcc-mysql-id", "object_id": identity["objectId"], "resource_id": identity["resourceId"]},
        "role_assignment_scope": [f"{vault['id']}/keys/mysql-encryption-key"],
        "key_type": "RSA-HSM",
        "key_size": 2048,
        "key_options": ["unwrapKey", "wrapKey"],
        "state": "enabled",
        "problems": [],
    }
    assert dcc.get("resource", row["consumer_id"]) is not None


def test_paths_name_the_scope_of_the_grant_or_the_policy(rows: Rows) -> None:
    def scope(service: str, consumer: str) -> str:
        (found,) = rows[service, consumer]["role_assignment_scope"]
        return str(found).rsplit("/providers/Microsoft.KeyVault/", 1)[-1]

    assert scope("mysql-flexible", "dcc-stage-mysql") == "vaults/dcc-lab"
    assert scope("mysql-flexible", "dcc-train-mysql") == "vaults/dcc-lab/keys/train-encryption-key"
    assert rows["mysql-flexible", "dcc-reports-mysql"]["role_assignment_scope"][0].startswith("access-policy:/")


def test_reader_sees_a_set_whose_vault_it_does_not_see(dcc: World, rows: Rows) -> None:
    seen = rows_of(dcc, "reader")
    assert seen.keys() == rows.keys()
    hidden = seen["disk-encryption-set", "dcc-des-partner"]
    assert hidden["problems"] == ["not-visible"]
    for name in ("key_type", "key_size", "key_options", "state", "role_assignment_scope"):
        assert hidden[name] is None
    assert (hidden["vault"], hidden["key_name"]) == ("dcc-partner", "partner-encryption-key")
    for key in seen.keys() - {("disk-encryption-set", "dcc-des-partner")}:
        assert seen[key] == rows[key]


def test_who_sees_a_cluster_without_its_set_does_not_learn_the_key() -> None:
    world = World(Clock(speed=0))
    scenarios.lay(world, "dcc", seed=1)
    auditor = make_principal(world, "auditor", kind="ServicePrincipal")
    cluster = rows_of(world, "administrator")["aks-disks", "dcc-aks"]["consumer_id"]
    make_assignment(world, scope=cluster, role="Reader", principal_id=auditor["objectId"])
    world.forget_past()
    (row,) = scenarios.truth(world, "auditor")
    assert (row["consumer_id"], row["problems"]) == (cluster, ["not-visible"])
    assert row["key_id"] is row["vault"] is row["role_assignment_scope"] is row["identity"]["name"] is None
    world.close()


def test_reader_is_forbidden_in_the_directory(dcc: World) -> None:
    meta = dcc.get("meta", "world")
    assert meta is not None
    assert meta["graph_forbidden"] == [principals(dcc)["reader"]["objectId"]]


def test_every_consumer_holds_a_dek_that_its_key_unwraps(dcc: World) -> None:
    working = 0
    for slot in consumers.slots(dcc):
        held = dcc.get("life", slot.consumer_id)
        if held is None or slot.principal_id is None or slot.consumer["name"] == "dcc-des-old":
            continue
        kept = held["slots"]["primary"]
        dek = life.unwrap(dcc, slot.principal_id, slot.key_url, base64.b64decode(kept["wrapped"]))
        assert base64.b64encode(dek).decode() == held["dek"]
        working += 1
    assert working == 10


def test_no_service_can_unwrap_what_is_anothers(dcc: World, rows: Rows) -> None:
    mysql, disks = rows["mysql-flexible", "dcc-mysql"], rows["disk-encryption-set", "dcc-des"]
    wrapped = life.wrap(dcc, mysql["identity"]["object_id"], mysql["key_id"], b"x" * 32)
    with pytest.raises(AzureError) as refused:
        life.unwrap(dcc, disks["identity"]["object_id"], mysql["key_id"], wrapped)
    assert (refused.value.status, refused.value.code) == (403, "Forbidden")


def test_the_decoy_can_unwrap_though_no_service_asks_as_it(dcc: World, rows: Rows) -> None:
    key = rows["disk-encryption-set", "dcc-des"]["key_id"]
    decoy = principals(dcc)["dcc-aks-id"]["objectId"]
    assert life.unwrap(dcc, decoy, key, life.wrap(dcc, decoy, key, b"y" * 32)) == b"y" * 32


def test_the_firewall_lets_the_consumer_in_and_the_administrator_not(dcc: World, rows: Rows) -> None:
    row = rows["mysql-flexible", "dcc-archive-mysql"]
    administrator = caller_for(dcc, principals(dcc)["administrator"]["objectId"])
    with pytest.raises(AzureError) as refused:
        keyvault.crypto(dcc, administrator, "wrapKey", row["key_id"], life.ALGORITHM, b"z")
    assert refused.value.inner == "ForbiddenByFirewall"
    assert life.wrap(dcc, row["identity"]["object_id"], row["key_id"], b"z")


def test_the_same_seed_gives_the_same_estate_with_fresh_keys_and_another_seed_another(dcc: World) -> None:
    again, other = World(Clock(speed=0)), World(Clock(speed=0))
    scenarios.lay(again, "dcc", seed=1)
    scenarios.lay(other, "dcc", seed=2)

    def picture(world: World) -> list[Any]:
        ids = [[key for key, _ in world.items(kind)] for kind in ("resource", "roleAssignment", "principal", "key")]
        return [ids, scenarios.truth(world)]

    def secrets(world: World) -> set[str]:
        pems = {version["pem"] for _, key in world.items("key") for version in key["versions"]}
        return pems | {principal["secret"] for principal in principals(world).values()}

    assert picture(again) == picture(dcc)
    assert not secrets(again) & secrets(dcc)
    assert picture(other) != picture(dcc)
    assert again.get("meta", "world") != dcc.get("meta", "world")
    again.close()
    other.close()


def test_an_unknown_scenario_is_refused_with_the_known_names() -> None:
    world = World(Clock())
    with pytest.raises(ValueError, match=r"dcc, empty, forbidden, incident, workshop, .*many-VxK"):
        scenarios.lay(world, "nothing", seed=1)
    world.close()


def test_an_unknown_principal_has_no_truth(dcc: World) -> None:
    with pytest.raises(ValueError, match="administrator"):
        scenarios.truth(dcc, "somebody")


def test_the_control_tells_the_truth(sandbox: Running) -> None:
    assert len(sandbox.control("GET", "truth")) == 12


def test_an_identity_asks_the_vault_as_itself_over_the_wire(sandbox: Running) -> None:
    rows = {row["consumer_id"].rsplit("/", 1)[-1]: row for row in sandbox.control("GET", "truth")}
    path = rows["dcc-mysql"]["key_id"].removeprefix("https://dcc-premium.vault.azure.net")
    body = {"alg": "RSA-OAEP-256", "value": base64.urlsafe_b64encode(b"k" * 32).rstrip(b"=").decode()}
    wrapped = sandbox.vault("POST", "dcc-premium", path + "/wrapkey", json=body, as_="dcc-mysql-id")
    assert wrapped.status_code == 200
    body["value"] = wrapped.json()["value"]
    assert (
        sandbox.vault("POST", "dcc-premium", path + "/unwrapkey", json=body, as_="dcc-mysql-single").status_code == 200
    )
    assert sandbox.vault("POST", "dcc-premium", path + "/unwrapkey", json=body, as_="dcc-des").status_code == 403
