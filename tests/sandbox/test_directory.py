"""Microsoft Graph: names of principals, members of groups, and being kept out."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmk_admin.sandbox.services.directory import model
from cmk_admin.sandbox.state import World
from cmk_admin.sandbox.wire import AzureError

from . import estate
from .running import Running

pytestmark = pytest.mark.scenario("small")


def group(sandbox: Running, name: str) -> str:
    return next(key for key, p in sandbox.world.items("principal") if p["displayName"] == name)


def test_ids_are_turned_into_names_and_kinds(sandbox: Running) -> None:
    ids = [sandbox.principal("reader")["object_id"], sandbox.principal("worker")["object_id"], group(sandbox, "team")]
    answer = sandbox.graph("POST", "/directoryObjects/getByIds", json={"ids": [*ids, estate.ONE], "types": None})
    assert [(o["displayName"], o["@odata.type"].rsplit(".", 1)[-1]) for o in answer.json()["value"]] == [
        ("reader", "user"),
        ("worker", "servicePrincipal"),
        ("team", "group"),
    ]
    only = sandbox.graph("POST", "/directoryObjects/getByIds", json={"ids": ids, "types": ["group"]})
    assert [o["displayName"] for o in only.json()["value"]] == ["team"]


@pytest.mark.parametrize("body", [{}, {"ids": "x"}, {"ids": [1]}, {"ids": [], "types": "user"}, {"ids": ["x"] * 1001}])
def test_ids_that_make_no_sense_are_refused(sandbox: Running, body: dict[str, Any]) -> None:
    answer = sandbox.graph("POST", "/directoryObjects/getByIds", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "Request_BadRequest")


def test_service_principals_are_found_as_az_looks_for_them(sandbox: Running) -> None:
    worker = sandbox.principal("worker")
    client, identifier = worker["client_id"], worker["object_id"]
    for text in (
        f"appId eq '{client}'",
        f"servicePrincipalNames/any(c:c eq '{client}')",
        f"id in ('{identifier}', '{estate.ONE}')",
        "displayName eq 'Worker'",
        "startswith(displayName,'wor')",
        f"appId eq '{estate.ONE}' or appId eq '{client}'",
    ):
        found = sandbox.graph("GET", "/servicePrincipals", params={"$filter": text}).json()["value"]
        assert [one["id"] for one in found] == [identifier], text
    assert found[0]["servicePrincipalType"] == "ManagedIdentity"
    assert found[0]["alternativeNames"] == ["isExplicit=True", estate.IDENTITY]


@pytest.mark.parametrize(
    "text", ["displayName", "size eq 'x'", "displayName ge 'x'", "displayName eq 'x' and id eq 'y'"]
)
def test_a_filter_that_is_not_understood_is_refused(sandbox: Running, text: str) -> None:
    answer = sandbox.graph("GET", "/servicePrincipals", params={"$filter": text})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "Request_UnsupportedQuery")


@given(name=st.text(min_size=1, max_size=30))
def test_a_name_is_found_whatever_is_in_it(name: str) -> None:
    passes = model.parse_filter("displayName eq '" + name.replace("'", "''") + "'")
    assert passes({"displayName": name})


@given(st.text(max_size=40))
def test_any_filter_is_either_understood_or_refused_as_graph_refuses(text: str) -> None:
    with contextlib.suppress(AzureError):
        model.parse_filter(text)


def test_members_are_those_of_groups_within_too(sandbox: Running) -> None:
    path = f"/groups/{group(sandbox, 'everybody')}/transitiveMembers"
    answer = sandbox.graph("GET", path)
    assert {m["displayName"] for m in answer.json()["value"]} == {"team", "reader", "administrator"}
    first = sandbox.graph("GET", path, params={"$top": "2", "$select": "id"}).json()
    assert [set(m) for m in first["value"]] == [{"@odata.type", "id"}] * 2
    headers = {"Authorization": f"Bearer {sandbox.token(audience='https://graph.microsoft.com')}"}
    rest = sandbox.send("GET", first["@odata.nextLink"], headers=headers).json()
    assert len(rest["value"]) == 1
    assert "@odata.nextLink" not in rest


def test_groups_that_hold_each_other_end(sandbox: Running) -> None:
    team, everybody = group(sandbox, "team"), group(sandbox, "everybody")

    def tie(world: World) -> None:
        document = world.get("principal", team)
        assert document is not None
        world.put("principal", team, {**document, "members": [everybody]})

    sandbox.do(tie)
    answer = sandbox.graph("GET", f"/groups/{everybody}/transitiveMembers")
    assert {m["displayName"] for m in answer.json()["value"]} == {"team", "administrator"}


def test_one_principal_is_read_by_its_id_and_kind(sandbox: Running) -> None:
    reader = sandbox.principal("reader")["object_id"]
    assert sandbox.graph("GET", f"/users/{reader}").json()["displayName"] == "reader"
    missing = sandbox.graph("GET", f"/servicePrincipals/{reader}")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "Request_ResourceNotFound")


def test_who_is_kept_out_is_told_so_in_graph_s_words(sandbox: Running) -> None:
    reader = sandbox.principal("reader")["object_id"]

    def forbid(world: World) -> None:
        world.put("meta", "world", {**(world.get("meta", "world") or {}), "graph_forbidden": [reader]})

    sandbox.do(forbid)
    answer = sandbox.graph("POST", "/directoryObjects/getByIds", json={"ids": [reader]}, as_="reader")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "Authorization_RequestDenied")
    assert sandbox.graph("GET", f"/users/{reader}").status_code == 200


def test_a_segment_that_graph_does_not_know_is_refused(sandbox: Running) -> None:
    answer = sandbox.graph("GET", "/devices")
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == "Resource not found for the segment 'devices'."
