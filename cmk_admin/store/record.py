"""The record in the journal's database: entries are added in the transaction of the change that they tell.

Every transaction begins with ``BEGIN IMMEDIATE``, so that two processes cannot both add the entry that follows the same
one.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cmk_admin import __version__
from cmk_admin.domain import record
from cmk_admin.domain.record import BEFORE_FIRST, Kind
from cmk_admin.domain.steps import Json

if TYPE_CHECKING:
    from cmk_admin.store.rows import OperationRow, StepRow, WatchRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorder:
    """Who writes, on which connection; what is not known is None. Holds no token and no secret."""

    account: str | None = None
    object_id: str | None = None
    tenant: str | None = None
    cloud: str | None = None
    kind: str | None = None
    """sandbox or live."""
    connection: str | None = None
    """Key of the connection."""

    @property
    def who(self) -> dict[str, Json]:
        return {"account": self.account, "object_id": self.object_id, "tenant": self.tenant}


def append(connection: sqlite3.Connection, operation: str, kind: str, facts: Mapping[str, Json]) -> None:
    """Add an entry to an operation's chain, within the transaction that is open."""
    last = connection.execute(
        "SELECT seq, hash FROM record WHERE operation = ? ORDER BY seq DESC LIMIT 1", (operation,)
    ).fetchone()
    seq, previous = (last["seq"] + 1, last["hash"]) if last else (1, BEFORE_FIRST)
    entry = record.seal(seq, datetime.now(UTC), kind, facts, previous)
    connection.execute(
        "INSERT INTO record (operation, seq, hash, line) VALUES (?, ?, ?, ?)", (operation, seq, entry.hash, entry.line)
    )


def begun(connection: sqlite3.Connection, operation: str) -> bool:
    """Whether the operation has a record already."""
    found = connection.execute("SELECT 1 FROM record WHERE operation = ? LIMIT 1", (operation,)).fetchone()
    return found is not None


def begin(connection: sqlite3.Connection, row: OperationRow, recorder: Recorder, *, afterwards: bool = False) -> None:
    """The first two entries. `afterwards`: the operation was begun by a version of the program that kept no record.

    Who began it is not known by name then, and what is known of its course follows as it stands now.
    """
    first: dict[str, Json] = {
        "format": record.FORMAT,
        "version": record.VERSION,
        "operation": row.id,
        "connection": {"kind": recorder.kind, "key": recorder.connection, "cloud": recorder.cloud},
        "program": __version__,
        "written_afterwards": afterwards,
    }
    append(connection, row.id, Kind.RECORD, first)
    same = row.account == recorder.object_id
    who: dict[str, Json] = {"account": recorder.account if same else None, "object_id": row.account}
    planned: dict[str, Json] = {
        "who": {**who, "tenant": recorder.tenant},
        "created_at": row.created_at.isoformat(),
        "verb": row.verb,
        "reason": row.reason,
        "ticket": row.ticket,
        "answers": row.answers,
        "watching": row.watching,
        "plan_hash": row.plan_hash,
        "plan": json.loads(row.plan),
    }
    append(connection, row.id, Kind.PLANNED, planned)
    if afterwards:
        _course_so_far(connection, row)


def _course_so_far(connection: sqlite3.Connection, row: OperationRow) -> None:
    for step in row.steps:
        append(connection, row.id, Kind.STEP, {**step_facts(step), "written_afterwards": True})
    for watch in row.watches:
        append(connection, row.id, Kind.WATCH, {**watch_facts(watch), "written_afterwards": True})
    for note in row.notes:
        append(connection, row.id, Kind.NOTE, {"text": note, "written_afterwards": True})
    if row.open_paths is not None:
        append(connection, row.id, Kind.PATHS, {"open": json.loads(row.open_paths), "written_afterwards": True})
    if row.ended_at is not None:
        facts = outcome_facts(row.outcome.value, row.sentence, row.ended_at)
        append(connection, row.id, Kind.OUTCOME, {**facts, "written_afterwards": True})


def entries(connection: sqlite3.Connection, operation: str) -> tuple[str, ...]:
    """The lines of an operation's record, oldest first, as they were written."""
    rows = connection.execute("SELECT line FROM record WHERE operation = ? ORDER BY seq", (operation,))
    return tuple(row["line"] for row in rows)


def step_facts(row: StepRow, note: str | None = None) -> dict[str, Json]:
    return {
        "n": row.n,
        "state": row.state.value,
        "changed_at": row.changed_at.isoformat(),
        "attempt": row.attempts,
        "request_id": row.request_id,
        "correlation_id": row.correlation_id,
        "azure_date": row.azure_date,
        "address": row.address,
        "activity": row.activity,
        "error": row.error,
        "note": note,
    }


def watch_facts(row: WatchRow) -> dict[str, Json]:
    return {
        "consumer": row.consumer,
        "service": row.service,
        "before": row.before_word,
        "before_lost": row.before_lost,
        "before_at": row.before_at.isoformat() if row.before_at else None,
        "now": row.now_word,
        "result": row.result,
        "seconds": row.seconds,
        "wall_seconds": row.wall_seconds,
        "reason": row.reason,
    }


def outcome_facts(outcome: str, sentence: str, ended_at: datetime | None) -> dict[str, Json]:
    return {"outcome": outcome, "sentence": sentence, "ended_at": ended_at.isoformat() if ended_at else None}
