"""The operations of a connection: found by id, told how they stand, and who runs them now."""

import asyncio
import json
from pathlib import Path

from cmk_admin.domain.errors import BadInput, Refused
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.wire import plan_from_json, plan_to_json
from cmk_admin.operations.interface import OperationReport
from cmk_admin.operations.reports import ended, report
from cmk_admin.operations.rollback import RestorePlaces
from cmk_admin.runtime.locks import ProcessLock, is_free
from cmk_admin.store.incidents import IncidentRow
from cmk_admin.store.journal import Journal, OperationRow

_LOCK_TRIES, _LOCK_PAUSE = 10, 0.05
"""Somebody who only looks whether an operation is alive holds its lock for an instant: half a second of patience."""


class History:
    """What the journal of one connection knows."""

    def __init__(self, journal: Journal, folder: Path, places: RestorePlaces) -> None:
        self._journal = journal
        self._places = places
        self._locks = folder / "locks"

    async def find(self, beginning: str) -> OperationRow:
        """The operation whose id begins so. Raises BadInput (unknown-operation, ambiguous-operation)."""
        wanted = beginning.strip()
        found = await self._journal.matching(wanted) if wanted else ()
        exact = [one for one in found if one == wanted] or list(found)
        if len(exact) > 1:
            raise BadInput(
                "ambiguous-operation",
                f"{len(exact)} operations begin with “{wanted}”.",
                subject=wanted,
                next="Give more of its id.",
                candidates=tuple(exact),
            )
        row = await self._journal.load(exact[0]) if exact else None
        if row is None:
            raise BadInput(
                "unknown-operation",
                f"This connection has no operation “{wanted}”.",
                subject=wanted,
                next="See “cmk-admin operations” for those that it has.",
            )
        return row

    def report(self, row: OperationRow, incident: IncidentRow | None = None) -> OperationReport:
        """How an operation stands that this process does not run."""
        return report(row, plan_of(row), places=self._places, alive=self.alive(row), incident=incident)

    def alive(self, row: OperationRow) -> bool:
        """True where some process runs it now."""
        return not ended(row) and not is_free(self._locks, row.id)

    async def lock(self, operation: str) -> ProcessLock:
        """Take an operation's lock. Raises Refused where another process has it."""
        lock = ProcessLock(self._locks, operation)
        for _ in range(_LOCK_TRIES):
            if lock.take():
                return lock
            await asyncio.sleep(_LOCK_PAUSE)
        raise Refused(
            "busy",
            f"Operation {operation} is being run by another process.",
            subject=operation,
            next="Wait until it has ended, or end that process; then it can be gone on with.",
        )


def plan_of(row: OperationRow) -> Plan:
    """The plan that an operation runs. Raises BadInput ``bad-plan`` where the journal was tampered with."""
    return plan_from_json(json.loads(row.plan))


def plan_text(plan: Plan) -> str:
    """A plan as the journal keeps it."""
    return json.dumps(plan_to_json(plan), ensure_ascii=False)
