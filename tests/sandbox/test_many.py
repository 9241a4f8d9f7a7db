"""Generated, empty and forbidden estates."""

from collections.abc import Iterator

import pytest

from cmk_admin.sandbox import scenarios
from cmk_admin.sandbox.clock import Clock
from cmk_admin.sandbox.state import World

from . import living
from .running import Running


@pytest.fixture
def world() -> Iterator[World]:
    world = World(Clock(speed=0))
    yield world
    world.close()


def test_an_estate_has_as_many_vaults_and_keys_as_its_name_says(world: World) -> None:
    scenarios.lay(world, "many-60x3", seed=1)
    vaults = [one for _, one in world.items("resource") if one["type"] == "Microsoft.KeyVault/vaults"]
    assert len(vaults) == 60
    assert len(list(world.items("key"))) == 180
    assert len({one["id"].split("/")[2] for one in vaults}) == 2


def test_generated_estates_draw_on_few_real_key_pairs(world: World) -> None:
    scenarios.lay(world, "many-20x5", seed=1)
    assert len({version["pem"] for _, key in world.items("key") for version in key["versions"]}) <= 16


def test_some_keys_are_used_and_each_user_has_a_grant_at_its_key_only(world: World) -> None:
    scenarios.lay(world, "many-40x5", seed=1)
    rows = scenarios.truth(world)
    assert 20 <= len(rows) <= 60
    for row in rows:
        (scope,) = row["role_assignment_scope"]
        assert scope.endswith(f"/vaults/{row['vault']}/keys/{row['key_name']}")
        assert set(row["problems"]) <= {"software-key"}


def test_the_same_seed_generates_the_same_estate(world: World) -> None:
    again, other = World(Clock(speed=0)), World(Clock(speed=0))
    scenarios.lay(world, "many-10x4", seed=1)
    scenarios.lay(again, "many-10x4", seed=1)
    scenarios.lay(other, "many-10x4", seed=2)
    assert scenarios.truth(world) == scenarios.truth(again) != scenarios.truth(other)
    again.close()
    other.close()


@pytest.mark.parametrize("name", ["many-0x5", "many-5x0", "many-5", "many-5x5x5", "many--1x2", "many-99999x1"])
def test_a_size_that_makes_no_sense_is_refused(world: World, name: str) -> None:
    with pytest.raises(ValueError, match="no scenario named"):
        scenarios.lay(world, name, seed=1)


@pytest.mark.scenario("many-30x2")
def test_a_generated_estate_is_served(sandbox: Running) -> None:
    path = "/providers/Microsoft.ResourceGraph/resources"
    query = {"query": "resources | where type =~ 'microsoft.keyvault/vaults' | count"}
    assert sandbox.arm("POST", path, "2021-03-01", json=query).json()["data"] == [{"Count": 30}]
    keys = sandbox.vault("GET", "many-0007", "/keys").json()["value"]
    assert [key["kid"].rsplit("/", 1)[-1] for key in keys] == ["key-000", "key-001"]


@pytest.mark.scenario("empty")
def test_an_empty_estate_is_empty_and_not_forbidden(sandbox: Running) -> None:
    assert sandbox.control("GET", "truth") == []
    (subscription,) = sandbox.arm("GET", "/subscriptions").json()["value"]
    assert sandbox.arm("GET", f"/subscriptions/{subscription['subscriptionId']}/resources").json()["value"] == []


@pytest.mark.scenario("forbidden")
def test_an_administrator_who_may_read_one_server_gets_its_row_and_nothing_about_the_key(sandbox: Running) -> None:
    row = living.row(sandbox, "guarded-mysql")
    assert row["problems"] == ["not-visible"]
    assert (row["key_name"], row["key_type"], row["role_assignment_scope"]) == ("guarded-key", None, None)
    assert sandbox.arm("GET", row["consumer_id"], living.FLEXIBLE_VERSION).status_code == 200
    assert sandbox.arm("GET", row["identity"]["resource_id"], "2023-01-31").status_code == 403
    assert sandbox.vault("GET", "guarded-vault", "/keys").status_code == 403
