"""The page about a record: what of it stands where, and what a record that says nonsense makes of it."""

from typing import Any

import pytest

from cmk_admin.domain.errors import BadInput
from cmk_admin.domain.record import Kind
from cmk_admin.operations import record_parts as parts
from cmk_admin.operations.record_html import to_html
from tests.domain.recorded import a_revoke

_BY = {"account": "Ann", "object_id": "ann-id", "tenant": "t"}
_AT = "2026-01-02T04:00:00+00:00"
_PATH = {"via": "role Owner", "scope": "/s", "principal": "p", "principal_name": None, "kind": "use", "condition": "c"}


def test_each_write_stands_with_azures_ids_and_the_log_and_each_effect_with_its_time() -> None:
    record = a_revoke()
    (step,) = parts.steps(record)
    assert step[2:] == ("done", "Fri, 02 Jan 2026 03:04:05 GMT", "Request request-1; Correlation correlation-1")
    assert parts.activity(record) == [("1", "The log has it: Succeeded.")]
    assert parts.watches(record)[0][1:5] == ("Ready", "Inaccessible", "confirmed", "345 s (6 s on this clock)")
    (small,) = parts.small_print(record)
    assert small[2:] == (
        "principal_id: mysql-id",
        "–",
        "sent 2026-01-02 03:04:05.000 UTC; done 2026-01-02 03:04:05.000 UTC",
    )


def test_each_path_stands_with_what_it_was_and_what_it_was_found_to_be() -> None:
    assert [row[3:] for row in parts.paths(a_revoke())] == [
        ("open; will close", "closed since 2026-01-02 03:04:05 UTC")
    ]
    new = {"path": _PATH, "state": "open", "since": _AT, "reason": "it was made anew", "known": "open"}
    again = a_revoke((Kind.PROOF, {"at": _AT, "paths": [new]}))
    assert parts.paths(again) == [
        (*parts.paths(a_revoke())[0][:4], "not read again"),
        (
            "role Owner, condition c",
            "/s",
            "p",
            "not in the plan",
            "open since 2026-01-02 04:00:00 UTC: it was made anew",
        ),
    ]
    assert "0 of 1 paths closed" in parts.still_open(again)


def test_alarms_the_incident_and_what_gave_it_back_are_told() -> None:
    ended = {"by": _BY, "operation": "fedcba", "sentence": "Done.", "outcome": "done", "ended_at": _AT}
    record = a_revoke(
        (Kind.INCIDENT_CLOSED, {"at": _AT, "by": "ann-id"}),
        (Kind.INCIDENT_OPENED, {"at": _AT, "again": True}),
        (Kind.ANSWERED, {"by": _BY, "operation": "fedcba", "verb": "restore"}),
        (Kind.GIVEN_BACK, ended),
    )
    assert [words for _, words in parts.alarms(record)] == ["A new version of the key was made."]
    assert [words for _, words in parts.incident(record)] == [
        "Opened",
        "Closed by Ann (ann-id)",
        "Opened again: the paths are watched over anew",
    ]
    assert [words for _, words in parts.given_back(record)] == [
        "Operation fedcba (restore) began, by Ann (ann-id)",
        "Operation fedcba ended: Done.",
    ]
    assert not record.complete
    assert "lost for good: nothing" in parts.lost(record)[1]
    page = to_html(record)
    assert "INTERIM" in page
    assert "leaked &lt;b&gt;token&lt;/b&gt; &lt;img" in page
    assert "<img" not in page


def test_a_closed_incident_completes_a_record_until_it_is_opened_again() -> None:
    closed = (Kind.INCIDENT_CLOSED, {"at": _AT, "by": "Ann"})
    assert a_revoke(closed).complete
    assert "INTERIM" not in to_html(a_revoke(closed))
    assert not a_revoke(closed, (Kind.INCIDENT_OPENED, {"at": _AT, "again": True})).complete


def test_where_it_stands_is_what_its_paths_say_since_and_a_closed_incident_closes_none_of_them() -> None:
    def stands(*more: tuple[Kind, dict[str, Any]]) -> str:
        return next(row[1] for row in parts.about(a_revoke(*more)) if row[0] == "Where it stands")

    def found(state: str) -> tuple[Kind, dict[str, Any]]:
        return Kind.PROOF, {"at": _AT, "paths": [{"path": _PATH, "state": state, "since": _AT, "reason": None}]}

    closed = (Kind.INCIDENT_CLOSED, {"at": _AT, "by": "Ann"})
    answered = (Kind.ANSWERED, {"by": _BY, "operation": "fedcba", "verb": "restore"})
    assert stands(closed) == stands() == "Done: 1 of 1 changes made."
    assert stands(found("open")) == "Open again: 1 of 1 changes made."
    assert stands(found("open"), closed) == "Closed with 1 path open: 1 of 1 changes made."
    assert stands(found("unknown"), closed) == "Closed with 1 path not known: 1 of 1 changes made."
    assert stands(found("open"), answered, closed) == "Done: 1 of 1 changes made."


def test_a_chain_that_is_right_in_itself_and_says_nonsense_is_refused_in_a_sentence() -> None:
    with pytest.raises(BadInput, match="no page can be made of it"):
        to_html(a_revoke((Kind.WATCH, {"consumer": 7})))
