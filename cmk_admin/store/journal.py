"""The journal: what is about to be done, is being done and was done, so that any death leaves something to go on from."""

import json
import sqlite3
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from cmk_admin.domain.record import Kind, canonical
from cmk_admin.domain.steps import Json, Outcome, StepState
from cmk_admin.store import record
from cmk_admin.store.connection import Database, StoreError
from cmk_admin.store.record import Recorder
from cmk_admin.store.rows import OperationRow, StepRow, WatchRow, load_operations, step_of, watch_of

__all__ = ["Journal", "OperationRow", "StepRow", "WatchRow"]

_WATCH_COLUMNS = (
    "before_word",
    "before_lost",
    "before_at",
    "seen_otherwise",
    "now_word",
    "result",
    "seconds",
    "wall_seconds",
    "reason",
)


class Journal:
    """All operations of one connection. Every method returns after its commit is on the disk. Raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.recorder = Recorder()
        """Who writes, as the record names them; whoever opens the connection says so."""

    @classmethod
    async def open(cls, folder: Path) -> "Journal":
        """Open or make the journal in a connection's folder."""
        return cls(await Database.open(folder / "journal.db"))

    async def close(self) -> None:
        await self._database.close()

    @property
    def database(self) -> Database:
        """For what else is remembered of these operations: it shares their file and its commits."""
        return self._database

    @property
    def shortage(self) -> StoreError | None:
        """Why the room that is kept for the end of what was begun was given up; None: it was not."""
        return self._database.shortage

    async def begin(self, operation: OperationRow) -> None:
        """Write a new operation down: its plan, its steps, whom it follows."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO operation (id, verb, created_at, account, plan_hash, plan, watching, outcome, reason, ticket,"
                " answers, part, sentence) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    operation.id,
                    operation.verb,
                    operation.created_at.isoformat(),
                    operation.account,
                    operation.plan_hash,
                    operation.plan,
                    int(operation.watching),
                    operation.outcome.value,
                    operation.reason,
                    operation.ticket,
                    operation.answers,
                    int(operation.part),
                    operation.sentence,
                ),
            )
            connection.executemany(
                "INSERT INTO step (operation, n, state, changed_at) VALUES (?, ?, ?, ?)",
                [(operation.id, s.n, s.state.value, s.changed_at.isoformat()) for s in operation.steps],
            )
            for row in operation.watches:
                _put_watch(connection, operation.id, row)
            record.begin(connection, operation, self.recorder)
            if operation.answers:
                self._tell_answered(
                    connection, operation.answers, Kind.ANSWERED, operation.id, {"verb": operation.verb}
                )

        await self._database.write(work)

    async def put_step(
        self, operation: str, row: StepRow, *, note: str | None = None, first_write_at: datetime | None = None
    ) -> None:
        """Write a step's new state; `first_write_at` is kept only where none is known yet."""

        def work(connection: sqlite3.Connection) -> None:
            self._begin_record(connection, operation)
            before = connection.execute(
                "SELECT state, activity FROM step WHERE operation = ? AND n = ?", (operation, row.n)
            ).fetchone()
            connection.execute(
                "UPDATE step SET state = ?, changed_at = ?, attempts = ?, error = ?, request_id = ?, address = ?,"
                " azure_date = ?, correlation_id = ?, activity = ? WHERE operation = ? AND n = ?",
                (
                    row.state.value,
                    row.changed_at.isoformat(),
                    row.attempts,
                    row.error,
                    row.request_id,
                    row.address,
                    row.azure_date,
                    row.correlation_id,
                    row.activity,
                    operation,
                    row.n,
                ),
            )
            if first_write_at is not None:
                connection.execute(
                    "UPDATE operation SET first_write_at = coalesce(first_write_at, ?) WHERE id = ?",
                    (first_write_at.isoformat(), operation),
                )
            if row.state is StepState.ACCEPTED:
                connection.execute(
                    "UPDATE operation SET last_write_at = ? WHERE id = ?", (row.changed_at.isoformat(), operation)
                )
            if note is not None:
                _put_note(connection, operation, row.changed_at, note)
            told = before is not None and before["state"] == row.state.value and before["activity"] != row.activity
            kind = Kind.ACTIVITY if told else Kind.STEP
            record.append(connection, operation, kind, record.step_facts(row, note))

        await self._database.write(work, ends=row.state is not StepState.INTENT)

    async def put_activity(self, operation: str, n: int, activity: str) -> None:
        """Write down what the Activity Log says of a step."""

        def work(connection: sqlite3.Connection) -> None:
            self._begin_record(connection, operation)
            connection.execute("UPDATE step SET activity = ? WHERE operation = ? AND n = ?", (activity, operation, n))
            found = connection.execute("SELECT * FROM step WHERE operation = ? AND n = ?", (operation, n)).fetchone()
            if found is not None:
                record.append(connection, operation, Kind.ACTIVITY, record.step_facts(step_of(found)))

        await self._database.write(work)

    async def put_watch(self, operation: str, *rows: WatchRow) -> None:
        """Write down how it stands with consumers that are being followed."""

        def work(connection: sqlite3.Connection) -> None:
            self._begin_record(connection, operation)
            for row in rows:
                before = connection.execute(
                    "SELECT * FROM watch WHERE operation = ? AND consumer = ? AND service = ?",
                    (operation, row.consumer, row.service),
                ).fetchone()
                _put_watch(connection, operation, row)
                if before is None or watch_of(before) != row:
                    first = before is None or (before["before_at"] is None and row.before_at is not None)
                    kind = Kind.SIGNAL if first else Kind.WATCH
                    record.append(connection, operation, kind, record.watch_facts(row))

        if rows:
            await self._database.write(work)

    async def reopen(self, operation: OperationRow) -> None:
        """Write down that an operation is gone on with: whether and from when its consumers are followed."""
        first = operation.first_write_at

        def work(connection: sqlite3.Connection) -> None:
            self._begin_record(connection, operation.id)
            connection.execute(
                "UPDATE operation SET watching = ?, first_write_at = ? WHERE id = ?",
                (int(operation.watching), first.isoformat() if first else None, operation.id),
            )
            for row in operation.watches:
                _put_watch(connection, operation.id, row)
            facts: dict[str, Json] = {"who": self.recorder.who, "watching": operation.watching}
            record.append(connection, operation.id, Kind.GONE_ON, facts)

        await self._database.write(work)

    async def put_open_paths(self, operation: str, open_paths: str) -> None:
        """Write down (as JSON) what was still open when the paths were read again."""

        def work(connection: sqlite3.Connection) -> None:
            self._begin_record(connection, operation)
            connection.execute("UPDATE operation SET open_paths = ? WHERE id = ?", (open_paths, operation))
            record.append(connection, operation, Kind.PATHS, {"open": json.loads(open_paths)})

        await self._database.write(work)

    async def put_outcome(
        self, operation: str, outcome: Outcome, *, sentence: str, ended_at: datetime | None, note: str | None = None
    ) -> None:
        """Write down how an operation ended (`ended_at`), or that it goes on (None)."""

        def work(connection: sqlite3.Connection) -> None:
            self._begin_record(connection, operation)
            connection.execute(
                "UPDATE operation SET outcome = ?, sentence = ?, ended_at = ? WHERE id = ?",
                (outcome.value, sentence, ended_at.isoformat() if ended_at else None, operation),
            )
            if note is not None and ended_at is not None:
                _put_note(connection, operation, ended_at, note)
            facts = record.outcome_facts(outcome.value, sentence, ended_at)
            record.append(connection, operation, Kind.OUTCOME, facts)
            answered = connection.execute("SELECT answers FROM operation WHERE id = ?", (operation,)).fetchone()
            if ended_at is not None and answered and answered["answers"]:
                self._tell_answered(connection, answered["answers"], Kind.GIVEN_BACK, operation, facts)

        await self._database.write(work, ends=ended_at is not None)

    async def note(self, operation: str, at: datetime, text: str) -> None:
        """Add a sentence to an operation's log."""

        def work(connection: sqlite3.Connection) -> None:
            self._begin_record(connection, operation)
            _put_note(connection, operation, at, text)
            record.append(connection, operation, Kind.NOTE, {"at": at.isoformat(), "text": text})

        await self._database.write(work)

    async def record(self, operation: str, kind: str, facts: Mapping[str, Json]) -> None:
        """Add an entry of its own to an operation's record: a proof, an alarm, an incident that was closed.

        Who did it is added as ``by``. `kind`: a `domain.record.Kind`. Raises ValueError, TypeError (facts are no JSON).
        """
        whole: dict[str, Json] = {"by": self.recorder.who, **json.loads(canonical(facts))}

        def work(connection: sqlite3.Connection) -> None:
            self._begin_record(connection, operation)
            record.append(connection, operation, kind, whole)

        await self._database.write(work)

    async def record_lines(self, operation: str) -> tuple[str, ...]:
        """The record of an operation, a line for each entry; begun now where an earlier version of the program kept none."""

        def work(connection: sqlite3.Connection) -> tuple[str, ...]:
            self._begin_record(connection, operation)
            return record.entries(connection, operation)

        kept = await self._database.read(lambda connection: record.entries(connection, operation))
        return kept or await self._database.write(work)

    def _begin_record(self, connection: sqlite3.Connection, operation: str) -> None:
        """An operation of an earlier version of the program has no record: it begins with what is known."""
        if not record.begun(connection, operation):
            for row in load_operations(connection, "WHERE id = ?", (operation,)):
                record.begin(connection, row, self.recorder, afterwards=True)

    def _tell_answered(
        self, connection: sqlite3.Connection, answered: str, kind: Kind, by: str, facts: Mapping[str, Json]
    ) -> None:
        """Into the record of the operation that is given back, where this journal has it."""
        if connection.execute("SELECT 1 FROM operation WHERE id = ?", (answered,)).fetchone():
            self._begin_record(connection, answered)
            record.append(connection, answered, kind, {"by": self.recorder.who, "operation": by, **facts})

    async def load(self, operation: str) -> OperationRow | None:
        """One operation by its whole id."""
        found = await self._database.read(lambda connection: load_operations(connection, "WHERE id = ?", (operation,)))
        return found[0] if found else None

    async def all(self) -> tuple[OperationRow, ...]:
        """All operations, newest first."""
        return await self._database.read(lambda connection: load_operations(connection, "", ()))

    async def matching(self, beginning: str) -> tuple[str, ...]:
        """Ids that begin so."""

        def work(connection: sqlite3.Connection) -> tuple[str, ...]:
            rows = connection.execute(
                "SELECT id FROM operation WHERE substr(id, 1, ?) = ? ORDER BY id", (len(beginning), beginning)
            )
            return tuple(row["id"] for row in rows)

        return await self._database.read(work)


def _put_watch(connection: sqlite3.Connection, operation: str, row: WatchRow) -> None:
    values = (
        row.before_word,
        None if row.before_lost is None else int(row.before_lost),
        row.before_at.isoformat() if row.before_at else None,
        int(row.seen_otherwise),
        row.now_word,
        row.result,
        row.seconds,
        row.wall_seconds,
        row.reason,
    )
    connection.execute(
        f"INSERT OR REPLACE INTO watch (operation, consumer, service, {', '.join(_WATCH_COLUMNS)})"
        f" VALUES (?, ?, ?{', ?' * len(_WATCH_COLUMNS)})",
        (operation, row.consumer, row.service, *values),
    )


def _put_note(connection: sqlite3.Connection, operation: str, at: datetime, text: str) -> None:
    connection.execute("INSERT INTO note (operation, at, text) VALUES (?, ?, ?)", (operation, at.isoformat(), text))
