"""Operations as the journal has them, and how they are read from its tables."""

import sqlite3
from dataclasses import dataclass, field, replace
from datetime import datetime

from cmk_admin.domain.steps import Outcome, StepState


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
    partly_given_back: bool = False
    """Something of it was, by an operation that answers all of it or a part."""


def load_operations(connection: sqlite3.Connection, where: str, values: tuple[str, ...]) -> tuple[OperationRow, ...]:
    """Operations with their parts, newest first. `where`: a clause of SQL with its `values`; empty: all."""
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
    part = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM operation JOIN step ON step.operation = operation.id"
        " WHERE operation.answers = ? AND step.state = 'done') AS made",
        (operation.id,),
    ).fetchone()
    return replace(
        operation,
        steps=tuple(step_of(row) for row in steps),
        watches=tuple(watch_of(row) for row in watches),
        notes=tuple(row["text"] for row in notes),
        answered_by=answer["id"] if answer else None,
        given_back=bool(answer and answer["whole"]),
        partly_given_back=bool(part["made"]),
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


def step_of(row: sqlite3.Row) -> StepRow:
    """A row of the table of steps."""
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


def watch_of(row: sqlite3.Row) -> WatchRow:
    """A row of the table of consumers that are followed."""
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
