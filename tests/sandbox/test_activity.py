"""The Activity Log: what stands in it, for whom, and for which questions."""

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cmk_admin.sandbox import activity
from cmk_admin.sandbox.services.authorization import roles
from cmk_admin.sandbox.services.authorization.model import make_assignment

from . import estate
from .running import Running

pytestmark = pytest.mark.scenario("small")

VERSION = "2022-04-01"
LOG = f"/subscriptions/{estate.ONE}/providers/Microsoft.Insights/eventtypes/management/values"
AUTHORIZATION = "/providers/Microsoft.Authorization"
CRYPTO_USER = roles.role_id("Key Vault Crypto User")


def ask(sandbox: Running, filter_: str | None, *, as_: str = "administrator", **more: str) -> Any:
    params = {**({"$filter": filter_} if filter_ is not None else {}), **more}
    return sandbox.arm("GET", LOG, "2015-04-01", as_=as_, params=params)


def span(more: str = "") -> str:
    now = datetime.now(UTC)
    first, last = ((now + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S.%fZ") for days in (-1, 30))
    return f"eventTimestamp ge '{first}' and eventTimestamp le '{last}'{more}"


def events(sandbox: Running, more: str = "", **options: Any) -> list[Any]:
    answer = ask(sandbox, span(more), **options)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["value"])


def grant(sandbox: Running, scope: str = estate.VAULT, as_: str = "administrator") -> Any:
    worker = sandbox.principal("worker")["object_id"]
    facts = {"roleDefinitionId": CRYPTO_USER, "principalId": worker, "principalType": "ServicePrincipal"}
    path = f"{scope}{AUTHORIZATION}/roleAssignments/{uuid.uuid4()}"
    return sandbox.arm("PUT", path, VERSION, as_=as_, json={"properties": facts})


def test_who_gave_and_took_a_role_is_found_at_the_assignment_with_what_it_said(sandbox: Running) -> None:
    made = grant(sandbox)
    assert events(sandbox) == []
    sandbox.arm("DELETE", made.json()["id"], VERSION)
    sandbox.advance(activity.DELAY)
    taken, given = events(sandbox, f" and resourceUri eq '{made.json()['id'].upper()}'")
    assert given["operationName"] == {
        "value": "Microsoft.Authorization/roleAssignments/write",
        "localizedValue": "Create role assignment",
    }
    assert given["authorization"] == {
        "action": "Microsoft.Authorization/roleAssignments/write",
        "scope": made.json()["id"],
    }
    assert given["caller"] == f"administrator@{estate.TENANT}.onmicrosoft.com"
    assert given["correlationId"] == made.headers["x-ms-correlation-request-id"]
    assert (given["status"]["value"], given["subStatus"]["value"]) == ("Succeeded", "Created")
    assert (given["resourceGroupName"], given["resourceProviderName"]["value"]) == ("keys", "Microsoft.Authorization")
    assert given["httpRequest"]["uri"] == f"https://management.azure.com{made.json()['id']}"
    worker = sandbox.principal("worker")["object_id"]
    assert json.loads(given["properties"]["requestbody"])["properties"]["principalId"] == worker
    assert taken["operationName"]["value"] == "Microsoft.Authorization/roleAssignments/delete"
    assert json.loads(taken["properties"]["responseBody"])["properties"]["principalId"] == worker


def test_a_refusal_stands_there_with_its_words_and_an_application_by_its_object_id(sandbox: Running) -> None:
    assert grant(sandbox, as_="nobody").status_code == 403
    sandbox.advance(activity.DELAY)
    (refused,) = events(sandbox)
    assert (refused["status"]["value"], refused["level"]) == ("Failed", "Error")
    assert (refused["subStatus"]["value"], refused["properties"]["statusCode"]) == ("Forbidden", "Forbidden")
    assert json.loads(refused["properties"]["statusMessage"])["error"]["code"] == "AuthorizationFailed"
    assert refused["caller"] == sandbox.principal("nobody")["object_id"]


def test_reading_and_keys_of_the_data_plane_leave_no_event(sandbox: Running) -> None:
    sandbox.arm("GET", estate.VAULT, "2023-07-01")
    sandbox.arm("POST", "/providers/Microsoft.ResourceGraph/resources", "2021-03-01", json={"query": "resources"})
    assert sandbox.vault("POST", "small", "/keys/k/create", json={"kty": "RSA"}).status_code == 200
    assert sandbox.vault("DELETE", "small", "/keys/k").status_code == 200
    sandbox.advance(activity.DELAY)
    assert events(sandbox) == []


def test_nothing_secret_stands_in_it(sandbox: Running) -> None:
    grant(sandbox)
    tags = {"tags": {"owner": "a secret of the body"}}
    assert sandbox.arm("PATCH", estate.VAULT, "2023-07-01", json=tags, params={"x": "y"}).status_code == 200
    sandbox.advance(activity.DELAY)
    text = json.dumps(events(sandbox))
    token = sandbox.token()
    assert token not in text
    assert token.rsplit(".", 1)[-1] not in text
    assert "a secret of the body" not in text
    assert "x=y" not in text


def test_the_filters_that_azure_knows_each_find_their_events(sandbox: Running) -> None:
    correlation = str(uuid.uuid4())
    headers = {"x-ms-correlation-request-id": correlation}
    answer = sandbox.arm("PATCH", estate.VAULT, "2023-07-01", headers=headers, json={"tags": {"a": "b"}})
    assert answer.headers["x-ms-correlation-request-id"] == correlation
    made = grant(sandbox, f"/subscriptions/{estate.ONE}").json()
    group = sandbox.arm("PATCH", f"/subscriptions/{estate.ONE}/resourceGroups/other", json={"tags": {}})
    assert group.status_code == 200
    sandbox.advance(activity.DELAY)

    def found(more: str) -> list[str]:
        return [one["resourceId"] for one in events(sandbox, more)]

    vault, assignment, other = estate.VAULT, made["id"], f"/subscriptions/{estate.ONE}/resourceGroups/other"
    assert found("") == [other, assignment, vault]
    assert found(f" and resourceUri eq '{vault}'") == found(f" and correlationId eq '{correlation}'") == [vault]
    assert found(" and resourceGroupName eq 'KEYS'") == [vault]
    assert found(" and resourceProvider eq 'Microsoft.Authorization'") == [assignment]
    assert found(" and eventChannels eq 'Admin, Operation'") == [other, assignment, vault]
    chosen = ask(sandbox, span(), **{"$select": "caller,status"}).json()["value"]
    assert [set(one) for one in chosen] == [{"caller", "status"}] * 3
    elsewhere = LOG.replace(estate.ONE, estate.TWO)
    assert sandbox.arm("GET", elsewhere, "2015-04-01", params={"$filter": span()}).json()["value"] == []


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "caller eq 'somebody'",
        "resourceUri eq '/subscriptions/x'",
        "eventTimestamp ge 'yesterday'",
        "eventTimestamp gt '2999-01-01T00:00:00Z'",
        "eventTimestamp ge '2001-01-01T00:00:00Z'",
        "eventTimestamp ge '2999-01-01T00:00:00Z' and eventTimestamp le '2998-01-01T00:00:00Z'",
        "eventTimestamp ge '2999-01-01T00:00:00Z' or resourceUri eq 'x'",
        "eventTimestamp ge '2999-01-01T00:00:00Z' and caller eq 'somebody'",
        "eventTimestamp ge '2999-01-01T00:00:00Z' and resourceUri ne 'x'",
        "eventTimestamp ge '2999-01-01T00:00:00Z' and resourceUri eq 'x' and correlationId eq 'y'",
    ],
)
def test_any_other_filter_is_refused(sandbox: Running, text: str | None) -> None:
    refused = ask(sandbox, text)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "BadRequest")


def test_it_is_read_by_who_may_read_events_of_the_subscription(sandbox: Running) -> None:
    assert ask(sandbox, span(), as_="reader").status_code == 403
    reader = sandbox.principal("reader")["object_id"]
    at = f"/subscriptions/{estate.ONE}"
    sandbox.do(lambda world: make_assignment(world, scope=at, role="Reader", principal_id=reader))
    sandbox.advance(300)
    assert ask(sandbox, span(), as_="reader").status_code == 200


def test_pages_follow_one_another_to_the_end(sandbox: Running) -> None:
    for n in range(5):
        sandbox.arm("PATCH", estate.VAULT, "2023-07-01", json={"tags": {"n": str(n)}})
    sandbox.advance(activity.DELAY)
    answer = ask(sandbox, span(), **{"$top": "2"}).json()
    seen = [one["eventDataId"] for one in answer["value"]]
    while "nextLink" in answer:
        headers = {"Authorization": f"Bearer {sandbox.token()}"}
        answer = sandbox.send("GET", answer["nextLink"], headers=headers).json()
        seen += [one["eventDataId"] for one in answer["value"]]
    assert seen == [one["eventDataId"] for one in events(sandbox)]
    assert len(seen) == len(set(seen)) == 5


def test_only_the_newest_are_kept(sandbox: Running) -> None:
    sandbox.arm("PATCH", estate.VAULT, "2023-07-01", json={"tags": {}})

    def fill(world: Any) -> None:
        (one,) = (document for _, document in world.items(activity.KIND))
        for n in range(activity.KEPT + 10):
            world.put(activity.KIND, f"filler-{n}", one)

    sandbox.do(fill)
    last = sandbox.arm("PATCH", estate.VAULT, "2023-07-01", json={"tags": {"z": "z"}})
    kept = [key for key, _ in sandbox.world.items(activity.KIND)]
    assert len(kept) == activity.KEPT
    assert kept[-1] == last.headers["x-ms-request-id"]


def test_it_outlives_a_restart(start_sandbox: Callable[..., Running], tmp_path: Path) -> None:
    first = start_sandbox("small", state=tmp_path / "state")
    made = grant(first).json()
    first.close()
    second = start_sandbox("small", state=tmp_path / "state")
    second.advance(activity.DELAY)
    assert [one["resourceId"] for one in events(second)] == [made["id"]]


@pytest.mark.scenario("dcc", speed=0)
def test_a_long_running_operation_is_accepted_and_then_ends(sandbox: Running) -> None:
    server = next(one["id"] for _, one in sandbox.world.items("resource") if one["name"] == "dcc-mysql")
    before = sandbox.world.get("resource", server)
    assert before is not None
    nowhere = "https://dcc-premium.vault.azure.net/keys/nowhere/" + "0" * 32
    wrong = {**before["properties"]["dataEncryption"], "primaryKeyURI": nowhere}
    answer = sandbox.arm("PATCH", server, "2023-12-30", json={"properties": {"dataEncryption": wrong}})
    assert answer.status_code == 202, answer.text
    sandbox.advance(60)
    log = LOG.replace(estate.ONE, server.split("/")[2])

    def found() -> list[Any]:
        params = {"$filter": span(f" and resourceUri eq '{server}'")}
        return list(sandbox.arm("GET", log, "2015-04-01", params=params).json()["value"])

    sandbox.advance(60)
    ended, begun = found()
    assert (begun["status"]["value"], begun["subStatus"]["value"]) == ("Accepted", "Accepted")
    assert ended["status"]["value"] == "Failed"
    assert ended["correlationId"] == begun["correlationId"] == answer.headers["x-ms-correlation-request-id"]
    assert ended["eventDataId"] != begun["eventDataId"]
    assert "error" in json.loads(ended["properties"]["statusMessage"])
