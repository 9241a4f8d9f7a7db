"""What the resource manager answers without any provider: subscriptions, groups, lists, providers, management groups, locks."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmk_admin.sandbox.services.arm import filters
from cmk_admin.sandbox.services.authorization.model import make_assignment
from cmk_admin.sandbox.services.identity.model import make_identity
from cmk_admin.sandbox.state import World
from cmk_admin.sandbox.wire import AzureError

from . import estate
from .running import Client, Running

pytestmark = pytest.mark.scenario("small")
ONE = f"/subscriptions/{estate.ONE}"
LOCKS = "/providers/Microsoft.Authorization/locks"
ROOT = f"/providers/Microsoft.Management/managementGroups/{estate.TENANT}"


def values(sandbox: Client, path: str, *, as_: str = "administrator", **params: str) -> list[Any]:
    answer = sandbox.arm("GET", path, as_=as_, params=params)
    assert answer.status_code == 200, answer.text
    found: list[Any] = answer.json()["value"]
    return found


def names(sandbox: Client, path: str, *, as_: str = "administrator", **params: str) -> list[str]:
    return [value["name"] for value in values(sandbox, path, as_=as_, **params)]


def test_the_metadata_need_no_token_and_come_in_both_shapes(sandbox: Running) -> None:
    url = "https://management.azure.com/metadata/endpoints?api-version="
    (cloud,) = sandbox.send("GET", url + "2022-09-01").json()
    assert cloud["name"] == "AzureCloud"
    assert cloud["suffixes"]["keyVaultDns"] == "vault.azure.net"
    old = sandbox.send("GET", url + "2015-01-01").json()
    assert old["authentication"]["loginEndpoint"] == "https://login.microsoftonline.com/"


def test_subscriptions_are_those_in_which_the_caller_has_something(sandbox: Running) -> None:
    assert [s["displayName"] for s in values(sandbox, "/subscriptions")] == ["one", "two"]
    assert [s["displayName"] for s in values(sandbox, "/subscriptions", as_="reader")] == ["one"]
    assert values(sandbox, "/subscriptions", as_="nobody") == []
    assert sandbox.arm("GET", ONE, as_="reader").json()["subscriptionId"] == estate.ONE
    assert sandbox.arm("GET", ONE, as_="nobody").json()["error"]["code"] == "AuthorizationFailed"


def test_the_tenant_is_listed(sandbox: Running) -> None:
    assert [t["tenantId"] for t in values(sandbox, "/tenants")] == [estate.TENANT]


def test_lists_hold_only_what_the_caller_may_read(sandbox: Running) -> None:
    assert names(sandbox, f"{ONE}/resourcegroups") == ["keys", "other"]
    assert names(sandbox, f"{ONE}/resourcegroups", as_="reader") == ["keys"]
    assert names(sandbox, f"{ONE}/resources") == ["small", "worker"]
    assert names(sandbox, f"{ONE}/resources", as_="reader") == ["small", "worker"]
    worker = sandbox.principal("worker")["object_id"]
    sandbox.do(lambda world: make_assignment(world, scope=estate.VAULT, role="Reader", principal_id=worker))
    sandbox.advance(300)
    assert names(sandbox, f"{ONE}/resources", as_="worker") == ["small"]
    assert names(sandbox, f"{ONE}/resourceGroups/keys/resources", as_="worker") == ["small"]
    assert sandbox.arm("GET", f"{ONE}/resources", as_="nobody").status_code == 403


def test_a_list_shows_no_properties(sandbox: Running) -> None:
    vault = values(sandbox, f"{ONE}/resources")[0]
    assert (vault["id"], vault["type"], vault["location"]) == (estate.VAULT, "Microsoft.KeyVault/vaults", "westeurope")
    assert "properties" not in vault


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("resourceType eq 'Microsoft.KeyVault/vaults'", ["small"]),
        ("resourceType eq 'microsoft.keyvault/VAULTS' and name eq 'SMALL'", ["small"]),
        ("resourceType eq 'Microsoft.KeyVault/vaults' and name eq 'other'", []),
        ("name eq 'small' or name eq 'worker'", ["small", "worker"]),
        ("name ne 'small'", ["worker"]),
        ("location eq 'West Europe' and name eq 'worker'", ["worker"]),
        ("resourceGroup eq 'other'", []),
    ],
)
def test_a_filter_chooses_as_arm_s_does(sandbox: Running, text: str, expected: list[str]) -> None:
    assert names(sandbox, f"{ONE}/resources", **{"$filter": text}) == expected


@pytest.mark.parametrize(
    "text", ["name", "name eq small", "size eq '1'", "name eq 'a' xor name eq 'b'", "name eq 'a' and"]
)
def test_a_filter_that_arm_does_not_know_is_refused(sandbox: Running, text: str) -> None:
    answer = sandbox.arm("GET", f"{ONE}/resources", params={"$filter": text})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidFilterInQueryString")


@given(st.text(max_size=40))
def test_any_filter_is_either_understood_or_refused_as_azure_refuses(text: str) -> None:
    with contextlib.suppress(AzureError):
        filters.parse(text)


@given(name=st.text(min_size=1, max_size=30))
def test_a_name_with_quotes_in_it_is_found_by_its_doubled_quotes(name: str) -> None:
    passes = filters.parse("name eq '" + name.replace("'", "''") + "'")
    assert passes({"name": name, "type": "T", "id": "/subscriptions/s/resourceGroups/g"})


def test_pages_follow_each_other_to_the_end(sandbox: Running) -> None:
    def make(world: World) -> None:
        for n in range(7):
            make_identity(world, subscription=estate.ONE, group="other", name=f"id{n}")

    sandbox.do(make)
    answer = sandbox.arm("GET", f"{ONE}/resources", params={"$top": "2"})
    seen: list[str] = []
    pages = 0
    while True:
        pages += 1
        seen += [value["name"] for value in answer.json()["value"]]
        link = answer.json().get("nextLink")
        if link is None:
            break
        answer = sandbox.send("GET", link, headers={"Authorization": f"Bearer {sandbox.token()}"})
    assert pages == 5
    assert seen == ["small", "worker", *(f"id{n}" for n in range(7))]
    assert sandbox.arm("GET", f"{ONE}/resources", params={"$top": "0"}).status_code == 400


def test_a_group_is_made_tagged_and_asked_for(sandbox: Running) -> None:
    path = f"{ONE}/resourceGroups/new"
    assert sandbox.arm("HEAD", path).status_code == 404
    assert sandbox.arm("PUT", path, json={}).json()["error"]["code"] == "LocationRequired"
    assert sandbox.arm("PUT", path, json={"location": "westeurope"}).status_code == 201
    assert sandbox.arm("PUT", path, json={"location": "westeurope", "tags": {"a": "b"}}).status_code == 200
    assert sandbox.arm("HEAD", path).status_code == 204
    assert sandbox.arm("GET", path).json()["tags"] == {"a": "b"}
    assert sandbox.arm("PUT", path, json={"location": "northeurope"}).status_code == 409
    assert sandbox.arm("PUT", f"{ONE}/resourceGroups/ends.", json={"location": "westeurope"}).status_code == 400
    assert sandbox.arm("PUT", path, json={"location": "westeurope"}, as_="reader").status_code == 403


def test_providers_are_drawn_from_what_is_served(sandbox: Running) -> None:
    assert "Microsoft.Authorization" in [p["namespace"] for p in values(sandbox, f"{ONE}/providers")]
    one = sandbox.arm("GET", f"{ONE}/providers/microsoft.authorization").json()
    assert one["registrationState"] == "Registered"
    assert "locks" in [kind["resourceType"] for kind in one["resourceTypes"]]
    assert sandbox.arm("GET", f"{ONE}/providers/Microsoft.Nothing").status_code == 404


class TestManagementGroups:
    def test_the_chain_above_a_group_is_told(self, sandbox: Running) -> None:
        group = sandbox.arm(
            "GET",
            "/providers/Microsoft.Management/managementGroups/health",
            "2020-05-01",
            params={"$expand": "path,ancestors"},
        ).json()
        assert group["properties"]["details"]["parent"]["id"] == ROOT
        assert [step["name"] for step in group["properties"]["details"]["path"]] == [estate.TENANT, "health"]
        assert group["properties"]["details"]["managementGroupAncestors"] == [estate.TENANT]

    def test_children_are_told_as_deep_as_asked(self, sandbox: Running) -> None:
        shallow = sandbox.arm("GET", ROOT, "2020-05-01", params={"$expand": "children"}).json()
        assert {child["name"] for child in shallow["properties"]["children"]} == {"health", estate.TWO}
        deep = sandbox.arm("GET", ROOT, "2020-05-01", params={"$expand": "children", "$recurse": "true"}).json()
        health = next(child for child in deep["properties"]["children"] if child["name"] == "health")
        assert [child["id"] for child in health["children"]] == [ONE]

    def test_descendants_and_entities_name_their_parents(self, sandbox: Running) -> None:
        below = sandbox.arm("GET", f"{ROOT}/descendants", "2020-05-01").json()["value"]
        assert {(d["name"], d["properties"]["parent"]["id"]) for d in below} >= {(estate.TWO, ROOT), ("health", ROOT)}
        entities = sandbox.arm("POST", "/providers/Microsoft.Management/getEntities", "2020-05-01").json()["value"]
        one = next(entity for entity in entities if entity["name"] == estate.ONE)
        assert one["properties"]["parentNameChain"] == [estate.TENANT, "health"]

    def test_who_may_not_read_them_sees_none(self, sandbox: Running) -> None:
        listed = sandbox.arm("GET", "/providers/Microsoft.Management/managementGroups", "2020-05-01", as_="reader")
        assert listed.json()["value"] == []
        assert sandbox.arm("GET", ROOT, "2020-05-01", as_="reader").status_code == 403


class TestLocks:
    def put(self, sandbox: Running, scope: str, name: str = "keep", level: str = "CanNotDelete") -> None:
        answer = sandbox.arm("PUT", f"{scope}{LOCKS}/{name}", json={"properties": {"level": level, "notes": "why"}})
        assert answer.status_code in (200, 201), answer.text

    def test_a_lock_is_made_read_changed_and_removed(self, sandbox: Running) -> None:
        self.put(sandbox, estate.GROUP)
        path = f"{estate.GROUP}{LOCKS}/keep"
        assert sandbox.arm("GET", path).json()["properties"] == {"level": "CanNotDelete", "notes": "why"}
        assert sandbox.arm("PUT", path, json={"properties": {"level": "ReadOnly"}}).status_code == 200
        assert sandbox.arm("PUT", path, json={"properties": {"level": "Sometimes"}}).status_code == 400
        assert sandbox.arm("DELETE", path).status_code == 200
        assert sandbox.arm("DELETE", path).status_code == 204
        assert sandbox.arm("GET", path).json()["error"]["code"] == "LockNotFound"

    def test_a_resource_s_list_holds_what_it_inherits(self, sandbox: Running) -> None:
        for name, scope in (("s", ONE), ("g", estate.GROUP), ("v", estate.VAULT), ("o", f"{ONE}/resourceGroups/other")):
            self.put(sandbox, scope, name)
        assert names(sandbox, estate.VAULT + LOCKS) == ["s", "g", "v"]
        assert names(sandbox, estate.GROUP + LOCKS) == ["s", "g", "v"]
        assert names(sandbox, estate.GROUP + LOCKS, **{"$filter": "atScope()"}) == ["s", "g"]
        assert names(sandbox, ONE + LOCKS) == ["s", "g", "v", "o"]

    @pytest.mark.parametrize(
        ("level", "method", "blocked"),
        [
            ("CanNotDelete", "DELETE", True),
            ("CanNotDelete", "PUT", False),
            ("ReadOnly", "DELETE", True),
            ("ReadOnly", "PUT", True),
        ],
    )
    def test_a_lock_above_blocks_what_its_level_says(
        self, sandbox: Running, level: str, method: str, blocked: bool
    ) -> None:
        self.put(sandbox, estate.GROUP, level=level)
        options: dict[str, Any] = {"json": {"location": "westeurope"}} if method == "PUT" else {}
        answer = sandbox.arm(method, estate.IDENTITY, "2023-01-31", **options)
        assert (answer.status_code == 409) is blocked
        if blocked:
            error = answer.json()["error"]
            assert error["code"] == "ScopeLocked"
            assert error["message"].endswith(
                f"because following scope(s) are locked: '{estate.GROUP}'. Please remove the lock and try again."
            )

    def test_a_lock_keeps_a_role_assignment_from_being_deleted(self, sandbox: Running) -> None:
        reader = sandbox.principal("reader")["object_id"]
        made = sandbox.do(lambda world: make_assignment(world, scope=estate.VAULT, role="Reader", principal_id=reader))
        self.put(sandbox, estate.VAULT)
        assert sandbox.arm("DELETE", made["id"], "2022-04-01").json()["error"]["code"] == "ScopeLocked"

    def test_reading_is_never_locked(self, sandbox: Running) -> None:
        self.put(sandbox, ONE, level="ReadOnly")
        assert sandbox.arm("GET", f"{ONE}/resources").status_code == 200


def test_state_and_tokens_outlive_a_restart(start_sandbox: Callable[..., Running], tmp_path: Path) -> None:
    first = start_sandbox("small", state=tmp_path / "state")
    first.arm("PUT", f"{estate.GROUP}{LOCKS}/keep", json={"properties": {"level": "ReadOnly"}})
    first.advance(1000)
    token, ca = first.token(), Path(first.connection["ca_file"]).read_bytes()
    before = first.control("GET", "clock")["azure_seconds"]
    first.close()
    again = start_sandbox("small", state=tmp_path / "state")
    assert again.connection["instance_id"] == first.connection["instance_id"]
    assert Path(again.connection["ca_file"]).read_bytes() == ca
    assert again.control("GET", "clock")["azure_seconds"] >= before
    url = f"https://management.azure.com{estate.GROUP}{LOCKS}/keep?api-version=2020-05-01"
    assert again.send("GET", url, headers={"Authorization": f"Bearer {token}"}).status_code == 200
