"""The record in the journal: every change adds its entry, two processes cannot fork it, and it is never changed."""

import asyncio
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cmk_admin.domain.record import Entry, Kind, Record, Result, is_complete, verify_lines
from cmk_admin.domain.steps import Outcome, StepState
from cmk_admin.operations.record_html import to_html
from cmk_admin.store.connection import Database, known_migrations
from cmk_admin.store.incidents import Incidents
from cmk_admin.store.journal import Journal, OperationRow, StepRow, WatchRow
from cmk_admin.store.record import Recorder

_NOW = datetime(2026, 1, 2, 3, 4, 5, 6, UTC)
_ROW = OperationRow(
    id="abc123",
    verb="grant",
    created_at=_NOW,
    account="me",
    plan_hash="h",
    plan='{"title": "T"}',
    watching=True,
    outcome=Outcome.RUNNING,
    reason="why",
    ticket="T-1",
    steps=(StepRow(n=1, changed_at=_NOW),),
    watches=(WatchRow(consumer="/c", service="mysql-flexible"),),
)


def test_every_change_of_the_journal_adds_an_entry(tmp_path: Path) -> None:
    async def story() -> None:
        journal = await Journal.open(tmp_path)
        journal.recorder = Recorder(account="Ann", object_id="me", tenant="t", cloud="public", kind="sandbox")
        await journal.begin(_ROW)
        sent = StepRow(n=1, state=StepState.ACCEPTED, changed_at=_NOW, attempts=1, request_id="r", azure_date="d")
        await journal.put_step("abc123", sent)
        await journal.put_step("abc123", replace(sent, activity="seen"))
        before = WatchRow(consumer="/c", service="mysql-flexible", before_word="Ready", before_at=_NOW)
        await journal.put_watch("abc123", before)
        await journal.put_watch("abc123", before)
        await journal.put_watch("abc123", replace(before, result="confirmed", seconds=7.5))
        await journal.put_open_paths("abc123", "[]")
        await journal.note("abc123", _NOW, "a note")
        assert not is_complete(_entries(await journal.record_lines("abc123")))
        await journal.put_outcome("abc123", Outcome.DONE, sentence="Done.", ended_at=_NOW)
        entries = _entries(await journal.record_lines("abc123"))
        await journal.close()
        kinds = ["record", "planned", "step", "activity", "signal", "watch", "paths", "note", "outcome"]
        assert [e.kind for e in entries] == kinds
        assert entries[1].facts["who"] == {"account": "Ann", "object_id": "me", "tenant": "t"}
        assert (entries[1].facts["reason"], entries[1].facts["ticket"]) == ("why", "T-1")
        assert (entries[2].facts["request_id"], entries[2].facts["azure_date"]) == ("r", "d")
        assert entries[5].facts["seconds"] == 7.5
        assert is_complete(entries)

    asyncio.run(story())


def test_two_writers_add_to_one_chain(tmp_path: Path) -> None:
    async def story() -> None:
        one, other = await Journal.open(tmp_path), await Journal.open(tmp_path)
        await one.begin(_ROW)
        await asyncio.gather(*(j.record("abc123", Kind.ALARM, {"n": n}) for n in range(20) for j in (one, other)))
        assert len(_entries(await other.record_lines("abc123"))) == 42
        await one.close()
        await other.close()

    asyncio.run(story())


def test_a_record_is_neither_changed_nor_deleted(tmp_path: Path) -> None:
    async def story() -> None:
        journal = await Journal.open(tmp_path)
        await journal.begin(_ROW)
        await journal.close()

    asyncio.run(story())
    connection = sqlite3.connect(tmp_path / "journal.db")
    for statement in ("UPDATE record SET line = ''", "DELETE FROM record"):
        with pytest.raises(sqlite3.IntegrityError, match="a record is never"):
            connection.execute(statement)
    connection.close()


def test_an_operation_of_an_earlier_version_begins_its_record_with_what_is_known(tmp_path: Path) -> None:
    async def story() -> None:
        journal = await Journal.open(tmp_path)
        await journal.begin(_ROW)
        await journal.note("abc123", _NOW, "before")
        await journal.close()
        connection = sqlite3.connect(tmp_path / "journal.db")
        connection.execute("DROP TRIGGER record_is_not_deleted")
        connection.execute("DELETE FROM record")  # as it is right after the migration
        connection.commit()
        connection.close()
        journal = await Journal.open(tmp_path)
        await journal.note("abc123", _NOW, "after")
        entries = _entries(await journal.record_lines("abc123"))
        await journal.close()
        assert entries[0].facts["written_afterwards"] is True
        assert [e.facts["text"] for e in entries if e.kind == Kind.NOTE] == ["before", "after"]

    asyncio.run(story())


def test_a_journal_of_the_former_version_opens_and_its_record_says_that_it_was_written_afterwards(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        former = await Database.open(tmp_path / "journal.db", known_migrations()[:2])
        await former.write(_as_the_former_version_wrote)
        await former.close()
        journal = await Journal.open(tmp_path)
        journal.recorder = Recorder(account="Ann", object_id="me")
        entries = _entries(await journal.record_lines("old1"))
        await journal.note("old1", _NOW, "looked at")
        later = _entries(await journal.record_lines("old1"))
        await journal.close()
        assert entries[0].facts["written_afterwards"] is True
        assert [e.kind for e in entries] == ["record", "planned", "step", "note", "outcome"]
        assert entries[1].facts["who"]["object_id"] == "somebody"  # type: ignore[index, call-overload]
        assert entries[1].facts["who"]["account"] is None  # type: ignore[index, call-overload]
        assert all(e.facts["written_afterwards"] for e in entries[2:])
        assert later[: len(entries)] == entries
        page = to_html(Record(operation="old1", entries=later))
        assert "Written afterwards" in page

    asyncio.run(story())


def _as_the_former_version_wrote(connection: sqlite3.Connection) -> None:
    moment = _NOW.isoformat()
    connection.execute(
        "INSERT INTO operation (id, verb, created_at, account, plan_hash, plan, watching, outcome, ended_at, sentence)"
        " VALUES ('old1', 'grant', ?, 'somebody', 'h', '{\"title\": \"T\"}', 0, 'done', ?, 'Done.')",
        (moment, moment),
    )
    connection.execute(
        "INSERT INTO step (operation, n, state, changed_at, request_id) VALUES ('old1', 1, 'done', ?, 'r')", (moment,)
    )
    connection.execute("INSERT INTO note (operation, at, text) VALUES ('old1', ?, 'as it was')", (moment,))


def test_an_incident_that_is_opened_again_makes_its_record_interim_again(tmp_path: Path) -> None:
    async def story() -> None:
        journal = await Journal.open(tmp_path)
        incidents = Incidents(journal.database)
        await journal.begin(replace(_ROW, verb="revoke", watches=()))
        await incidents.open("abc123", _NOW)
        await incidents.open("abc123", _NOW)
        await journal.put_step("abc123", StepRow(n=1, state=StepState.DONE, changed_at=_NOW))
        await journal.put_activity("abc123", 1, "The log has it.")
        await journal.put_outcome("abc123", Outcome.DONE, sentence="Done.", ended_at=_NOW)
        states = []
        for change in (incidents.close("abc123", _NOW, "Ann"), incidents.open("abc123", _NOW)):
            states.append(is_complete(_entries(await journal.record_lines("abc123"))))
            await change
        entries = _entries(await journal.record_lines("abc123"))
        await journal.close()
        assert (*states, is_complete(entries)) == (False, True, False)
        opened = [e.facts["again"] for e in entries if e.kind == Kind.INCIDENT_OPENED]
        assert opened == [False, True]
        assert [e.facts["activity"] for e in entries if e.kind == Kind.ACTIVITY] == ["The log has it."]

    asyncio.run(story())


def _entries(lines: tuple[str, ...]) -> tuple[Entry, ...]:
    verdict = verify_lines(lines)
    assert verdict.result is Result.INTACT, verdict.message
    assert verdict.record is not None
    return verdict.record.entries
