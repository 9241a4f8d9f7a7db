"""The journal: what is about to be done, is being done and was done, so that any death leaves something to go on from."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from cmk_admin.domain.record import Kind, canonical
from cmk_admin.domain.steps import Json, Outcome, StepState
from cmk_admin.store import record
from cmk_admin.store.connection import Database
from cmk_admin.store.record import Recorder

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


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """One step of an operation as the journal has it."""

    n: int
    state: StepState = StepState.PLANNED
    changed_at: datetime
    attempts: int = 0
    """How often a request was about to be sent."""
    error: str | None = None
    request_id: str | None = None
    address: str | None = None
    """Of the long-running operation that Azure started for it."""
    azure_date: str | None = None
    """The ``Date`` of Azure's answer to the write, as it stood there."""
    correlation_id: str | None = None
    activity: str | None = None
    """What the Activity Log says of it, in a sentence; None: it has not appeared yet, or none is kept of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchRow:
    """One consumer being followed."""

    consumer: str
    service: str
    before_word: str | None = None
    before_lost: bool | None = None
    before_at: datetime | None = None
    """When the signal was taken, before the first write; None: not yet."""
    seen_otherwise: bool = False
    """The opposite of what is waited for was seen, before the first write or since: a change can be told then."""
    now_word: str | None = None
    result: str = "waiting"
    seconds: float | None = None
    wall_seconds: float | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationRow:
    """One run of one plan."""

    id: str
    verb: str
    created_at: datetime
    account: str
    """Object id of who ran it."""
    plan_hash: str
    plan: str
    """JSON."""
    watching: bool
    outcome: Outcome = Outcome.PLANNED
    reason: str | None = None
    ticket: str | None = None
    answers: str | None = None
    part: bool = False
    """It gives back a part only of what it answers."""
    first_write_at: datetime | None = None
    """The machine's own time, also where the connection's calendar was pushed: elapsed times are taken from it."""
    last_write_at: datetime | None = None
    ended_at: datetime | None = None
    open_paths: str | None = None
    """JSON; None: the paths have not been read again."""
    sentence: str = ""
    steps: tuple[StepRow, ...] = field(default=())
    watches: tuple[WatchRow, ...] = field(default=())
    notes: tuple[str, ...] = field(default=())
    answered_by: str | None = None
    """The newest operation that restores or undoes all of this one, and did not fail altogether."""
    given_back: bool = False
    """That operation gave all of it back."""


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

        await self._database.write(work)

    async def put_activity(self, operation: str, n: int, activity: str) -> None:
        """Write down what the Activity Log says of a step."""

        def work(connection: sqlite3.Connection) -> None:
            self._begin_record(connection, operation)
            connection.execute("UPDATE step SET activity = ? WHERE operation = ? AND n = ?", (activity, operation, n))
            found = connection.execute("SELECT * FROM step WHERE operation = ? AND n = ?", (operation, n)).fetchone()
            if found is not None:
                record.append(connection, operation, Kind.ACTIVITY, record.step_facts(_step(found)))

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
                if before is None or _watch(before) != row:
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

        await self._database.write(work)

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

        return await self._database.write(work)

    def _begin_record(self, connection: sqlite3.Connection, operation: str) -> None:
        """An operation of an earlier version of the program has no record: it begins with what is known."""
        if not record.begun(connection, operation):
            for row in _load(connection, "WHERE id = ?", (operation,)):
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
        found = await self._database.read(lambda connection: _load(connection, "WHERE id = ?", (operation,)))
        return found[0] if found else None

    async def all(self) -> tuple[OperationRow, ...]:
        """All operations, newest first."""
        return await self._database.read(lambda connection: _load(connection, "", ()))

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


def _load(connection: sqlite3.Connection, where: str, values: tuple[str, ...]) -> tuple[OperationRow, ...]:
    rows = connection.execute(
        f"SELECT * FROM operation {where} ORDER BY created_at DESC, rowid DESC", values
    ).fetchall()
    return tuple(_with_parts(connection, _operation(row)) for row in rows)


def _with_parts(connection: sqlite3.Connection, operation: OperationRow) -> OperationRow:
    steps = connection.execute("SELECT * FROM step WHERE operation = ? ORDER BY n", (operation.id,))
    watches = connection.execute("SELECT * FROM watch WHERE operation = ?", (operation.id,))
    notes = connection.execute("SELECT text FROM note WHERE operation = ? ORDER BY id", (operation.id,))
    answer = connection.execute(
        "SELECT id, NOT EXISTS (SELECT 1 FROM step WHERE operation = id AND state NOT IN ('done', 'skipped')) AS whole"
        " FROM operation WHERE answers = ? AND part = 0 AND outcome NOT IN ('failed', 'refused')"
        " ORDER BY whole DESC, created_at DESC, rowid DESC LIMIT 1",
        (operation.id,),
    ).fetchone()
    return replace(
        operation,
        steps=tuple(_step(row) for row in steps),
        watches=tuple(_watch(row) for row in watches),
        notes=tuple(row["text"] for row in notes),
        answered_by=answer["id"] if answer else None,
        given_back=bool(answer and answer["whole"]),
    )


def _operation(row: sqlite3.Row) -> OperationRow:
    return OperationRow(
        id=row["id"],
        verb=row["verb"],
        created_at=datetime.fromisoformat(row["created_at"]),
        account=row["account"],
        plan_hash=row["plan_hash"],
        plan=row["plan"],
        watching=bool(row["watching"]),
        outcome=Outcome(row["outcome"]),
        reason=row["reason"],
        ticket=row["ticket"],
        answers=row["answers"],
        part=bool(row["part"]),
        first_write_at=_time(row["first_write_at"]),
        last_write_at=_time(row["last_write_at"]),
        ended_at=_time(row["ended_at"]),
        open_paths=row["open_paths"],
        sentence=row["sentence"],
    )


def _step(row: sqlite3.Row) -> StepRow:
    return StepRow(
        n=row["n"],
        state=StepState(row["state"]),
        changed_at=datetime.fromisoformat(row["changed_at"]),
        attempts=row["attempts"],
        error=row["error"],
        request_id=row["request_id"],
        address=row["address"],
        azure_date=row["azure_date"],
        correlation_id=row["correlation_id"],
        activity=row["activity"],
    )


def _watch(row: sqlite3.Row) -> WatchRow:
    return WatchRow(
        consumer=row["consumer"],
        service=row["service"],
        before_word=row["before_word"],
        before_lost=None if row["before_lost"] is None else bool(row["before_lost"]),
        before_at=_time(row["before_at"]),
        seen_otherwise=bool(row["seen_otherwise"]),
        now_word=row["now_word"],
        result=row["result"],
        seconds=row["seconds"],
        wall_seconds=row["wall_seconds"],
        reason=row["reason"],
    )


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
