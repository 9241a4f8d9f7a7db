"""Incidents: which revokes are still watched over, what each reading of their paths found, and what raised an alarm."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cmk_admin.domain.record import Kind
from cmk_admin.domain.steps import Json
from cmk_admin.store import record
from cmk_admin.store.connection import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofRow:
    """What one or more readings, one after another, found."""

    first_at: datetime
    last_at: datetime
    readings: int
    paths: str
    """JSON, see `operations.proof`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRow:
    at: datetime
    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRow:
    """One revoke's incident. Times are the machine's own."""

    operation: str
    opened_at: datetime
    closed_at: datetime | None = None
    closed_by: str | None = None
    changed_at: datetime | None = None
    next_at: datetime | None = None
    """When the paths are to be read again; None: nobody has read them yet."""
    proof: ProofRow | None = None
    """The newest one."""
    alarms: tuple[AlarmRow, ...] = field(default=())
    """Newest first."""


class Incidents:
    """The incidents of one connection. Every method returns after its commit is on the disk. Raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open(self, operation: str, at: datetime) -> None:
        """Begin to watch over an operation, or go on with that."""

        def work(connection: sqlite3.Connection) -> None:
            before = connection.execute("SELECT closed_at FROM incident WHERE operation = ?", (operation,)).fetchone()
            connection.execute(
                "INSERT INTO incident (operation, opened_at) VALUES (?, ?)"
                " ON CONFLICT (operation) DO UPDATE SET closed_at = NULL, closed_by = NULL, next_at = NULL",
                (operation, at.isoformat()),
            )
            opened = before is None or before["closed_at"] is not None
            if opened and record.begun(connection, operation):
                facts: dict[str, Json] = {"at": at.isoformat(), "again": before is not None}
                record.append(connection, operation, Kind.INCIDENT_OPENED, facts)

        await self._database.write(work)

    async def forget(self, operation: str) -> None:
        """Nothing was changed: there is no incident."""

        def work(connection: sqlite3.Connection) -> None:
            for table in ("proof", "alarm", "incident"):
                connection.execute(f"DELETE FROM {table} WHERE operation = ?", (operation,))

        await self._database.write(work)

    async def close(self, operation: str, at: datetime, by: str, *, left: str | None = None) -> None:
        """Its paths are read no more. One that is closed stays as it is. `left`: what is open or not known all the same."""

        def work(connection: sqlite3.Connection) -> None:
            closed = connection.execute(
                "UPDATE incident SET closed_at = ?, closed_by = ?, next_at = NULL"
                " WHERE operation = ? AND closed_at IS NULL",
                (at.isoformat(), by, operation),
            ).rowcount
            if closed and record.begun(connection, operation):
                facts: dict[str, Json] = {"at": at.isoformat(), "by": by}
                # what an earlier version of the program wrote has no such fact: it is left out where there is nothing
                facts |= {"although": left} if left else {}
                record.append(connection, operation, Kind.INCIDENT_CLOSED, facts)

        await self._database.write(work)

    async def put_proof(self, operation: str, at: datetime, paths: str, alarms: Sequence[AlarmRow]) -> None:
        """Write down what a reading found. What is the same as before is counted, not written twice."""

        def work(connection: sqlite3.Connection) -> None:
            newest = connection.execute(
                "SELECT id, paths FROM proof WHERE operation = ? ORDER BY id DESC LIMIT 1", (operation,)
            ).fetchone()
            moment = at.isoformat()
            if newest is not None and newest["paths"] == paths:
                connection.execute(
                    "UPDATE proof SET last_at = ?, readings = readings + 1 WHERE id = ?", (moment, newest["id"])
                )
            else:
                connection.execute(
                    "INSERT INTO proof (operation, first_at, last_at, paths) VALUES (?, ?, ?, ?)",
                    (operation, moment, moment, paths),
                )
                connection.execute("UPDATE incident SET changed_at = ? WHERE operation = ?", (moment, operation))
                if record.begun(connection, operation):
                    found = {"at": moment, "paths": json.loads(paths)}
                    record.append(connection, operation, Kind.PROOF, found)
            connection.executemany(
                "INSERT INTO alarm (operation, at, kind, text) VALUES (?, ?, ?, ?)",
                [(operation, one.at.isoformat(), one.kind, one.text) for one in alarms],
            )
            for one in alarms if record.begun(connection, operation) else ():
                cry = {"at": one.at.isoformat(), "alarm": one.kind, "text": one.text}
                record.append(connection, operation, Kind.ALARM, cry)

        await self._database.write(work)

    async def put_next(self, operation: str, at: datetime | None) -> None:
        """Write down when the paths of an open incident are read again."""
        await self._database.write(
            lambda connection: connection.execute(
                "UPDATE incident SET next_at = ? WHERE operation = ? AND closed_at IS NULL",
                (at.isoformat() if at else None, operation),
            )
        )

    async def load(self, operation: str) -> IncidentRow | None:
        """The incident of one operation; None where there is none."""
        found = await self._database.read(lambda connection: _load(connection, "WHERE operation = ?", (operation,)))
        return found[0] if found else None

    async def all(self) -> dict[str, IncidentRow]:
        """All of them, by operation."""
        found = await self._database.read(lambda connection: _load(connection, "", ()))
        return {one.operation: one for one in found}

    async def all_open(self) -> tuple[IncidentRow, ...]:
        """Those that are still watched over, longest waiting first."""
        return await self._database.read(
            lambda connection: _load(connection, "WHERE closed_at IS NULL ORDER BY next_at", ())
        )

    async def proofs(self, operation: str) -> tuple[ProofRow, ...]:
        """All that its readings found, oldest first."""

        def work(connection: sqlite3.Connection) -> tuple[ProofRow, ...]:
            rows = connection.execute("SELECT * FROM proof WHERE operation = ? ORDER BY id", (operation,))
            return tuple(_proof(row) for row in rows)

        return await self._database.read(work)


def _load(connection: sqlite3.Connection, where: str, values: tuple[str, ...]) -> tuple[IncidentRow, ...]:
    rows = connection.execute(f"SELECT * FROM incident {where}", values).fetchall()
    return tuple(_incident(connection, row) for row in rows)


def _incident(connection: sqlite3.Connection, row: sqlite3.Row) -> IncidentRow:
    operation = row["operation"]
    proof = connection.execute(
        "SELECT * FROM proof WHERE operation = ? ORDER BY id DESC LIMIT 1", (operation,)
    ).fetchone()
    alarms = connection.execute("SELECT * FROM alarm WHERE operation = ? ORDER BY id DESC", (operation,))
    return IncidentRow(
        operation=operation,
        opened_at=datetime.fromisoformat(row["opened_at"]),
        closed_at=_time(row["closed_at"]),
        closed_by=row["closed_by"],
        changed_at=_time(row["changed_at"]),
        next_at=_time(row["next_at"]),
        proof=_proof(proof) if proof else None,
        alarms=tuple(
            AlarmRow(at=datetime.fromisoformat(one["at"]), kind=one["kind"], text=one["text"]) for one in alarms
        ),
    )


def _proof(row: sqlite3.Row) -> ProofRow:
    return ProofRow(
        first_at=datetime.fromisoformat(row["first_at"]),
        last_at=datetime.fromisoformat(row["last_at"]),
        readings=row["readings"],
        paths=row["paths"],
    )


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
