"""Guards open incidents: their paths are read again on a schedule, and what opened meanwhile raises an alarm."""

import asyncio
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cmk_admin.cloud.session import Session
from cmk_admin.domain.errors import BadInput, Refused
from cmk_admin.domain.ids import fold
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import AT_REST, MAY_HAVE_ACTED
from cmk_admin.operations.alarms import alarms
from cmk_admin.operations.history import History, plan_of
from cmk_admin.operations.interface import OnReport, OperationReport, PathProof
from cmk_admin.operations.inventory import Inventory
from cmk_admin.operations.proof import nothing_read, read_paths, rows_before, with_counting, with_given_back
from cmk_admin.operations.proof_rows import named, proof_of
from cmk_admin.runtime.locks import ProcessLock
from cmk_admin.store.incidents import AlarmRow, IncidentRow, Incidents
from cmk_admin.store.journal import Journal, OperationRow

OFTEN_SECONDS, OFTEN_FOR_SECONDS, SELDOM_SECONDS = 60.0, 600.0, 300.0
"""Azure's seconds between readings: every minute for ten minutes after a reading found something else, then every five.

The numbers are the program's own. A role assignment counts everywhere within ten minutes (RBACD troubleshooting.md), so
that a re-grant is seen before it does.
"""
LEAST_REAL_SECONDS = 5.0
"""Real seconds between two readings of one incident, however fast Azure's clock runs."""
CLOSING_SECONDS = 20.0
"""Real seconds that the last reading may take when an incident is closed; what is not read by then is unknown."""
_PAUSE = 1.0
"""Real seconds between looks at what is due."""


class Guard:
    """The incidents of one connection."""

    def __init__(
        self,
        *,
        session: Session,
        journal: Journal,
        incidents: Incidents,
        history: History,
        inventory: Inventory,
        folder: Path,
        writing: Callable[[], bool],
    ) -> None:
        """`writing`: whether an operation of this process still writes; nothing is read meanwhile."""
        self._session, self._journal, self._incidents = session, journal, incidents
        self._history, self._inventory, self._writing = history, inventory, writing
        self._locks = folder / "locks"
        self._loops: set[asyncio.Task[None]] = set()

    async def run(self, on_report: OnReport) -> None:
        """Until it is cancelled, or the connection is closed. Only one process reads; the others tell what it found.

        Raises StoreError.
        """
        loop = asyncio.create_task(self._loop(on_report))
        self._loops.add(loop)
        try:
            await asyncio.wait((loop,))
        finally:
            await self._end(loop)
        if not loop.cancelled():
            loop.result()

    async def stop(self) -> None:
        """The connection is closed: nothing is read any more."""
        for loop in tuple(self._loops):
            await self._end(loop)

    async def _end(self, loop: "asyncio.Task[None]") -> None:
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)
        self._loops.discard(loop)

    async def _loop(self, on_report: OnReport) -> None:
        lock = ProcessLock(self._locks, "guard")
        told = {one.operation: _told_at(one) for one in await self._incidents.all_open()}
        try:
            while True:
                if lock.held or lock.take():
                    await self._read_due(on_report, told)
                else:
                    await self._tell_news(on_report, told)
                await self._tell_closed(on_report, told)
                await asyncio.sleep(_PAUSE)
        finally:
            lock.free()

    async def prove(self, operation: str) -> OperationReport:
        """Read the paths of one revoke now. Raises BadInput."""
        row = await self._history.find(operation)
        plan = plan_of(row)
        if plan.verb != "revoke" or plan.method is None:
            raise BadInput(
                "no-paths",
                f"Operation {row.id} is a {plan.verb} and closed no paths, so that there is nothing to prove.",
                subject=row.id,
            )
        await self._read(row, plan, await self._incidents.load(row.id))
        return await self._report(row.id)

    async def close(self, operation: str, *, anyway: bool) -> OperationReport:
        """Read the paths once more, and then no more. Raises BadInput, Refused (busy, still-open).

        The reading is for whoever closes it: what was given back since the one before is open again, and meant to be.
        Anything else that is open or not known, or does not count yet, is closed over with `anyway` only, and written down.
        """
        row = await self._history.find(operation)
        incident = await self._incidents.load(row.id)
        if incident is None or not acted(row):
            raise BadInput("no-incident", f"Operation {row.id} opened no incident.", subject=row.id)
        if self._history.alive(row):
            raise Refused(
                "busy",
                f"Operation {row.id} is still being run.",
                subject=row.id,
                next="Cancel it first, or wait until it has ended.",
            )
        plan = plan_of(row)
        if plan.method is not None:
            await self._read(row, plan, incident, within=CLOSING_SECONDS)
        if incident.closed_at is None:
            await self._close(await self._report(row.id), anyway=anyway)
        return await self._report(row.id)

    async def _close(self, report: OperationReport, *, anyway: bool) -> None:
        now, account, proof = datetime.now(UTC), self._session.account, report.proof
        left = proof.held_words(now) if proof is not None and report.answered_by is None else ""
        if left and not anyway:
            first = "Revoke again" if proof is not None and proof.left else "Wait until it counts"
            raise Refused(
                "still-open",
                f"The incident of operation {report.operation} is not closed, since {left}.",
                subject=report.operation,
                next=f"{first}, or close it all the same with --anyway: nobody reads the paths again then.",
            )
        await self._incidents.close(report.operation, now, account.object_id, left=left or None)
        although = f", although {left}" if left else ""
        await self._journal.note(report.operation, now, f"The incident was closed by {account.name}{although}.")

    async def read_others(self, report: OperationReport) -> None:
        """Read again what other revokes left open, where the one that has just ended found the same path closed.

        Also where their incidents are closed: nobody else reads those again. Raises StoreError.
        """
        if report.verb != "revoke" or report.proof is None or report.ended_at is None:
            return
        closed = {named(one.path) for one in report.proof.paths if one.state is PathProof.CLOSED}
        for incident in (await self._incidents.all()).values():
            left = proof_of(incident.proof).left if incident.proof is not None else ()
            if incident.operation == report.operation or not closed.intersection(named(one.path) for one in left):
                continue
            row = await self._journal.load(incident.operation)
            if row is not None and row.answered_by is None and not await self._in_other_hands(row):
                await self._read(row, plan_of(row), incident)

    # Inside

    async def _read_due(self, on_report: OnReport, told: dict[str, datetime]) -> None:
        """Those whose time has come, one after the other, so that emergency work is never behind many readings."""
        for incident in await self._incidents.all_open():
            if self._writing():
                return
            if incident.next_at is not None and incident.next_at > datetime.now(UTC):
                continue
            row = await self._journal.load(incident.operation)
            if row is None or not acted(row) or await self._in_other_hands(row):
                continue
            await self._read(row, plan_of(row), incident)
            report = await self._report(row.id)
            if report.proof is not None:
                told[row.id] = report.proof.at
            on_report(report)

    async def _tell_news(self, on_report: OnReport, told: dict[str, datetime]) -> None:
        for incident in await self._incidents.all_open():
            at = _told_at(incident)
            if told.get(incident.operation) != at:
                told[incident.operation] = at
                on_report(await self._report(incident.operation))

    async def _tell_closed(self, on_report: OnReport, told: dict[str, datetime]) -> None:
        """Incidents that somebody closed meanwhile, here or elsewhere."""
        still = {one.operation for one in await self._incidents.all_open()}
        for operation in [one for one in told if one not in still]:
            del told[operation]
            on_report(await self._report(operation))

    async def _in_other_hands(self, row: OperationRow) -> bool:
        """It is being run, or given back."""
        answers = [one for one in await self._journal.all() if one.answers == row.id]
        return any(self._history.alive(one) for one in (row, *answers))

    async def _read(
        self, row: OperationRow, plan: Plan, incident: IncidentRow | None, *, within: float | None = None
    ) -> None:
        """`within`: real seconds, after which every path is unknown."""
        before = rows_before(incident.proof if incident else None)
        try:
            reading = await asyncio.wait_for(read_paths(self._inventory, plan, before), within)
        except TimeoutError:
            reading = nothing_read(plan, before, f"no answer within {within:g} seconds")
        guarded = incident is not None and incident.closed_at is None
        back = await self._given_back(row.id)
        reading = with_given_back(reading, back)
        reading = with_counting(reading, row, plan, before, self._session.clock)
        cries: tuple[AlarmRow, ...] = ()
        if incident is not None and guarded and before:
            cried = {one.kind for one in incident.alarms}
            cries = await alarms(self._session, plan, reading, before, given_back=back, cried=cried)
        await self._incidents.put_proof(row.id, reading.at, reading.text, cries)
        for cry in cries:
            await self._journal.note(row.id, cry.at, f"Alarm: {cry.text}")
        if guarded:
            newest = await self._incidents.load(row.id)
            await self._incidents.put_next(row.id, self._next(newest, reading.at))

    def _next(self, incident: IncidentRow | None, now: datetime) -> datetime:
        changed = incident.changed_at if incident and incident.changed_at else now
        clock = self._session.clock
        since = clock.azure_seconds((now - changed).total_seconds())
        azure = OFTEN_SECONDS if since < OFTEN_FOR_SECONDS else SELDOM_SECONDS
        real = clock.real_seconds(azure)
        return now + timedelta(seconds=max(azure if math.isinf(real) else real, LEAST_REAL_SECONDS))

    async def _given_back(self, operation: str) -> frozenset[str]:
        """Folded targets of what restores gave back on purpose."""
        return frozenset(
            fold(step.target)
            for answer in await self._journal.all()
            if answer.answers == operation
            for step, known in zip(plan_of(answer).steps, answer.steps, strict=True)
            if known.state in AT_REST
        )

    async def _report(self, operation: str) -> OperationReport:
        return self._history.report(await self._history.find(operation), await self._incidents.load(operation))


def _told_at(incident: IncidentRow) -> datetime:
    return incident.proof.last_at if incident.proof else incident.opened_at


def acted(row: OperationRow) -> bool:
    """Whether an operation changed, or may have changed, anything."""
    return any(step.state in MAY_HAVE_ACTED for step in row.steps)
