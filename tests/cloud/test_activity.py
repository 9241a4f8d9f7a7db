"""The Activity Log: what is read of an event as Azure writes it, and what is not counted."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from cmk_admin.cloud.activity import event_of, newest_first

ASSIGNMENT = (
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v/keys/k"
    "/providers/Microsoft.Authorization/roleAssignments/1"
)


def element(**changes: Any) -> dict[str, Any]:
    """An element of the log, shaped as Azure Monitor's REST reference shows it."""
    body = json.dumps({"id": ASSIGNMENT, "properties": {"principalId": "who-held-it", "scope": "/"}})
    return {
        "eventTimestamp": "2026-03-12T12:04:10.1234567Z",
        "operationName": {
            "value": "Microsoft.Authorization/roleAssignments/delete",
            "localizedValue": "Delete role assignment",
        },
        "status": {"value": "Succeeded", "localizedValue": "Succeeded"},
        "resourceId": ASSIGNMENT,
        "caller": "somebody@example.com",
        "claims": {"http://schemas.microsoft.com/identity/claims/objectidentifier": "oid"},
        "properties": {"responseBody": body},
        **changes,
    }


def test_an_event_tells_what_was_done_to_what_when_and_by_whom() -> None:
    event = event_of(element())
    assert event is not None
    assert event.at == datetime(2026, 3, 12, 12, 4, 10, 123456, tzinfo=UTC)
    assert event.operation == "microsoft.authorization/roleassignments/delete"
    assert event.words == "Delete role assignment"
    assert (event.resource_id, event.principal_id) == (ASSIGNMENT, "who-held-it")
    assert (event.caller, event.caller_id) == ("somebody@example.com", "oid")


@pytest.mark.parametrize("word", ["Started", "Accepted", "Failed", None])
def test_only_what_ended_well_counts(word: str | None) -> None:
    assert event_of(element(status={"value": word})) is None


@pytest.mark.parametrize("missing", ["eventTimestamp", "operationName", "resourceId", "status"])
def test_an_event_that_does_not_say_what_happened_is_left_out(missing: str) -> None:
    assert event_of({name: value for name, value in element().items() if name != missing}) is None


@pytest.mark.parametrize(
    "facts", [None, {}, {"responseBody": ""}, {"responseBody": '{"properties": {"princ'}, {"responseBody": "null"}]
)
def test_whose_grant_it_was_may_not_be_told(facts: Any) -> None:
    event = event_of(element(properties=facts))
    assert event is not None
    assert event.principal_id is None


def test_the_request_tells_it_where_the_answer_does_not() -> None:
    body = json.dumps({"Properties": {"PrincipalId": "asked-for"}})
    event = event_of(element(properties={"requestbody": body}))
    assert event is not None
    assert event.principal_id == "asked-for"


def test_events_come_once_and_newest_first() -> None:
    one, two = event_of(element()), event_of(element(eventTimestamp="2026-03-13T00:00:00Z"))
    assert one is not None
    assert two is not None
    assert newest_first([one, two, one]) == (two, one)
