"""The estate that wizards are tried on: what its table says is what a stranger finds."""

import re
from typing import Any

import pytest

from cmk_admin.sandbox import scenarios, serve
from cmk_admin.sandbox.running import open_world
from cmk_admin.sandbox.scenarios import workshop

from .living import AKS_VERSION, FLEXIBLE_VERSION
from .running import Running

pytestmark = pytest.mark.scenario("workshop")
VAULTS = "2023-07-01"


def of_type(sandbox: Running, kind: str, version: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for subscription in sandbox.connection["subscriptions"]:
        answer = sandbox.arm("GET", f"/subscriptions/{subscription}/providers/{kind}", version)
        found |= {one["name"]: one for one in answer.json()["value"]}
    return found


def test_every_name_in_the_table_is_there(sandbox: Running) -> None:
    named = set(re.findall(r"``(ws-[a-z-]+)``", str(workshop.__doc__)))
    there = {resource["name"] for _, resource in sandbox.world.items("resource")}
    assert named - there == set()
    assert {name for name in there if name.startswith("ws-")} - named == set()


def test_vaults_differ_from_the_one_to_use_in_what_their_line_says(sandbox: Running) -> None:
    vaults = of_type(sandbox, "Microsoft.KeyVault/vaults", VAULTS)

    def facts(name: str) -> tuple[Any, ...]:
        of = vaults[name]["properties"]
        rules = of.get("networkAcls", {})
        return (
            of["sku"]["name"],
            of["enableRbacAuthorization"],
            of.get("enablePurgeProtection", False),
            of["softDeleteRetentionInDays"],
            vaults[name]["location"],
            rules.get("defaultAction", "Allow") + rules.get("bypass", ""),
        )

    usual = ("premium", True, True, 90, "westeurope", "Allow")
    assert facts("ws-premium") == facts("ws-elsewhere") == usual
    assert facts("ws-standard") == ("standard", *usual[1:])
    assert facts("ws-policies") == ("premium", False, *usual[2:])
    assert facts("ws-unprotected") == ("premium", True, False, *usual[3:])
    assert facts("ws-thirty") == (*usual[:3], 30, *usual[4:])
    assert facts("ws-north") == (*usual[:4], "northeurope", "Allow")
    assert facts("ws-closed") == (*usual[:5], "DenyAzureServices")
    assert facts("ws-shut") == (*usual[:5], "DenyNone")


def test_servers_and_clusters_are_in_the_state_that_their_line_says(sandbox: Running) -> None:
    servers = of_type(sandbox, "Microsoft.DBforMySQL/flexibleServers", FLEXIBLE_VERSION)
    assert servers["ws-mysql"]["properties"]["state"] == "Ready"
    assert servers["ws-mysql-stopped"]["properties"]["state"] == "Stopped"
    assert servers["ws-mysql-geo"]["properties"]["backup"]["geoRedundantBackup"] == "Enabled"
    assert servers["ws-mysql-burstable"]["sku"]["tier"] == "Burstable"
    replica = servers["ws-mysql-replica"]["properties"]
    assert replica["sourceServerResourceId"] == servers["ws-mysql-source"]["id"]
    replicas = sandbox.arm("GET", servers["ws-mysql-source"]["id"] + "/replicas", FLEXIBLE_VERSION).json()["value"]
    assert [one["name"] for one in replicas] == ["ws-mysql-replica"]
    clusters = of_type(sandbox, "Microsoft.ContainerService/managedClusters", AKS_VERSION)
    assert {name: one["properties"]["powerState"]["code"] for name, one in clusters.items()} == {
        "ws-aks": "Running",
        "ws-aks-stopped": "Stopped",
        "ws-aks-old": "Running",
        "ws-aks-system": "Running",
    }


def test_locks_hold(sandbox: Running) -> None:
    servers = of_type(sandbox, "Microsoft.DBforMySQL/flexibleServers", FLEXIBLE_VERSION)
    frozen = sandbox.arm("PATCH", servers["ws-mysql-frozen"]["id"], FLEXIBLE_VERSION, json={"tags": {}})
    assert (frozen.status_code, frozen.json()["error"]["code"]) == (409, "ScopeLocked")
    assert sandbox.arm("PATCH", servers["ws-mysql-kept"]["id"], FLEXIBLE_VERSION, json={"tags": {}}).status_code == 202


def test_the_administrator_makes_keys_and_the_operator_neither_keys_nor_grants(sandbox: Running) -> None:
    for vault in ("ws-premium", "ws-policies", "ws-elsewhere"):
        assert sandbox.vault("POST", vault, "/keys/new/create", json={"kty": "RSA-HSM"}).status_code == 200
    assert sandbox.vault("GET", "ws-premium", "/keys", as_="operator").status_code == 403
    scope = of_type(sandbox, "Microsoft.KeyVault/vaults", VAULTS)["ws-premium"]["id"]
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/0e7b9f3c-52a1-4a26-9c33-8a6a3d2f2b11"
    assert sandbox.arm("PUT", path, "2022-04-01", as_="operator", json={"properties": {}}).status_code == 403


def test_two_layings_of_one_seed_agree_in_all_but_key_material() -> None:
    def ids() -> list[tuple[str, str]]:
        world = open_world(None, 1.0)
        scenarios.lay(world, "workshop", seed=7)
        kinds = ("resource", "principal", "roleAssignment", "key", "lock")
        named = [(kind, key) for kind in kinds for key, _ in world.items(kind)]
        world.close()
        return named

    assert ids() == ids()


def test_as_many_pairs_are_made_ahead_as_are_taken() -> None:
    assert serve.PAIRS["workshop"] == workshop.KEY_PAIRS
