"""Running operations: begun or gone on with under their locks, each to its own end, with the file that gives back kept."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any

from cmk_admin.cloud.session import Session
from cmk_admin.domain.errors import Refused
from cmk_admin.domain.index import Index
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import AT_REST, MAY_HAVE_ACTED, Outcome, StepState
from cmk_admin.domain.verbs.restore import MAYBE, RestoreDraft, gives_part
from cmk_admin.operations.connection import ConnectionInfo
from cmk_admin.operations.engine import Engine
from cmk_admin.operations.executors.base import LATE_SECONDS
from cmk_admin.operations.guard import acted
from cmk_admin.operations.history import History, plan_of, plan_text
from cmk_admin.operations.interface import Boundary, OnBoundary, OnReport, OperationReport, WatchResult
from cmk_admin.operations.inventory import Inventory
from cmk_admin.operations.reports import ended, report
from cmk_admin.operations.rollback import RestorePlaces, document_of, write_rollback
from cmk_admin.operations.state import OperationState
from cmk_admin.store.incidents import Incidents
from cmk_admin.store.journal import Journal, OperationRow, StepRow, WatchRow

_log = logging.getLogger(__name__)
_CLOSE_SECONDS = 12.0
"""Real seconds for the calls in flight at the end: a little more than a write may take (`cloud.session.Timeouts`)."""

_FILE_SECONDS = 1.0
"""Real seconds between two writings of the file that gives back, while steps change."""


class Running:
    """The operations that this process runs."""

    def __init__(
        self,
        *,
        session: Session,
        journal: Journal,
        incidents: Incidents,
        history: History,
        inventory: Inventory,
        info: ConnectionInfo,
        places: RestorePlaces,
    ) -> None:
        self._session, self._journal, self._incidents = session, journal, incidents
        self._history, self._inventory, self._info, self._places = history, inventory, info, places
        self._states: dict[str, OperationState] = {}
        self._tasks: set[asyncio.Task[OperationReport]] = set()

    def find(self, operation: str) -> OperationState | None:
        """The running operation of that id."""
        return self._states.get(operation)

    def writing(self) -> bool:
        """Whether any of them still has something to write."""
        return any(
            not state.stopping.is_set()
            and any(step.state not in AT_REST | {StepState.FAILED, StepState.UNKNOWN} for step in state.row.steps)
            for state in self._states.values()
        )

    async def close(self) -> None:
        """Finish the calls in flight, bounded."""
        for state in self._states.values():
            state.close()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=_CLOSE_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def as_task(self, work: Coroutine[Any, Any, OperationReport]) -> OperationReport:
        """Run it to its end even where the caller is cancelled: an operation belongs to the engine."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)

    def new_row(self, plan: Plan, *, reason: str | None, ticket: str | None, watch: bool) -> OperationRow:
        """A new operation. Raises Refused where the plan must not be started."""
        if plan.problems:
            raise Refused("plan-has-problems", plan.problems[0], subject=plan.subject)
        now = datetime.now(UTC)
        return OperationRow(
            id=token_hex(6),
            verb=plan.verb,
            created_at=now,
            account=self._session.account.object_id,
            plan_hash=plan.hash,
            plan=plan_text(plan),
            watching=watch,
            outcome=Outcome.RUNNING,
            reason=reason,
            ticket=ticket,
            answers=plan.answers,
            part=gives_part(plan),
            steps=tuple(StepRow(n=n, changed_at=now) for n in range(1, len(plan.steps) + 1)),
            watches=tuple(WatchRow(consumer=one.consumer_id, service=one.service) for one in plan.watches),
        )

    async def begin(
        self,
        row: OperationRow,
        plan: Plan,
        on_report: OnReport | None,
        on_boundary: OnBoundary | None,
        *,
        holds: str | None = None,
    ) -> OperationReport:
        """`holds`: the operation that is answered, where its lock is held already."""
        async with self.locked(*(one for one in (row.answers, row.id) if one and one != holds)):
            if row.answers:
                await self._no_longer_late(row.answers)
            file = self._file(row, plan)
            _, note = await asyncio.gather(self._journal.begin(row), file.write(row, settled=False))
            if plan.verb == "revoke":
                await self._incidents.open(row.id, row.created_at)
            if note is not None:
                await self._journal.note(row.id, datetime.now(UTC), note)
                row = replace(row, notes=(*row.notes, note))
            return await self._work(row, plan, file, on_report, on_boundary)

    async def go_on(
        self, operation: str, watch: bool, on_report: OnReport | None, on_boundary: OnBoundary | None
    ) -> OperationReport:
        """Go on with an interrupted operation. Raises BadInput, Refused."""
        first = await self._history.find(operation)
        async with self.locked(*(one for one in (first.answers, first.id) if one)):
            row = await self._history.find(first.id)  # as it stands now that nobody else writes
            plan = plan_of(row)
            incident = await self._incidents.load(row.id)
            there = report(row, plan, places=self._places, alive=False, incident=incident)
            if not there.resumable:
                return there
            row = _fresh_start(replace(row, watching=watch))
            await self._journal.reopen(row)
            if plan.verb == "revoke":
                await self._incidents.open(row.id, datetime.now(UTC))
            return await self._work(row, plan, self._file(row, plan), on_report, on_boundary)

    async def end_unbegun(self, operation: str, plan: Plan) -> OperationReport:
        """An operation that was interrupted before its first write: there is nothing to take back, and it is over."""
        words = "Cancelled: nothing had been changed."
        now = datetime.now(UTC)
        await self._journal.put_outcome(operation, Outcome.CANCELLED, sentence=words, ended_at=now, note=words)
        await self._incidents.forget(operation)
        return report(await self._history.find(operation), plan, places=self._places, alive=False)

    @asynccontextmanager
    async def locked(self, *operations: str) -> AsyncIterator[None]:
        """Hold the operations' locks: that of the one that is given back too, so that nobody goes on with it."""
        async with AsyncExitStack() as held:
            for one in operations:
                held.callback((await self._history.lock(one)).free)
            yield

    # Inside

    async def _no_longer_late(self, answered: str) -> None:
        """Wait until what the answered operation sent without an answer cannot come any more.

        Else a look finds nothing to take back, and a moment later it is there.
        """
        row = await self._journal.load(answered)
        sent = [step.changed_at for step in row.steps if step.state in MAYBE] if row else []
        if sent:
            gone = max((datetime.now(UTC) - max(sent)).total_seconds(), 0.0)
            await asyncio.sleep(max(LATE_SECONDS - gone, 0.0))

    def _file(self, row: OperationRow, plan: Plan) -> "_RestoreFile":
        return _RestoreFile(self._places, self._info, row.id, plan, self._inventory)

    async def _work(
        self,
        row: OperationRow,
        plan: Plan,
        file: "_RestoreFile",
        on_report: OnReport | None,
        on_boundary: OnBoundary | None,
    ) -> OperationReport:
        state = OperationState(
            journal=self._journal,
            session=self._session,
            plan=plan,
            row=row,
            inventory=self._inventory,
            incidents=self._incidents,
            places=self._places,
            incident=await self._incidents.load(row.id),
            on_report=on_report,
            on_boundary=file.beside(on_boundary, lambda: state.row),
        )
        self._states[row.id] = state
        state.flush()
        try:
            await Engine(state).run()
            if state.row.answers and state.all_at_rest and not row.part:
                await self._close_answered(state.row.answers, row.id)
            await asyncio.gather(file.finish(state.row), self._inventory.save(), self._settle_incident(state))
        finally:
            file.hurry()
            del self._states[row.id]
            state.alive = False
            state.flush()
        return state.report()

    async def _settle_incident(self, state: OperationState) -> None:
        """A revoke that changed nothing is no incident; where all was so already, what its paths were found to be is kept."""
        if state.plan.verb != "revoke" or not ended(state.row) or acted(state.row):
            return
        if state.all_at_rest:
            await self._incidents.close(state.row.id, datetime.now(UTC), state.row.id)
        else:
            await self._incidents.forget(state.row.id)
        state.show_incident(await self._incidents.load(state.row.id))

    async def _close_answered(self, answered: str, by: str) -> None:
        """What was given back is not to be gone on with, nor are earlier tries to give it back."""
        for row in await self._journal.all():
            same = row.id == answered or (row.answers == answered and row.id != by)
            if same and not ended(row) and not (row.id != answered and self._history.alive(row)):
                words = f"Cancelled: what it did was given back by operation {by}."
                await self._journal.put_outcome(
                    row.id, Outcome.CANCELLED, sentence=words, ended_at=datetime.now(UTC), note=words
                )
        await self._incidents.close(answered, datetime.now(UTC), by)


class _RestoreFile:
    """The file of one revoke, written anew as its steps change. A disk that does not take it stops no revoke.

    What it tells of steps may lag (see `rollback.read_rollback`): to make it anew for each of fifty writes would take the
    time of the writes themselves.
    """

    def __init__(
        self, places: RestorePlaces, info: ConnectionInfo, operation: str, plan: Plan, inventory: Inventory
    ) -> None:
        self._places, self._info, self._operation = places, info, operation
        self._plan, self._inventory = plan, inventory
        self._writing: asyncio.Task[None] | None = None
        self._newest: OperationRow | None = None
        self._ending = asyncio.Event()

    def beside(self, on_boundary: OnBoundary | None, row: Callable[[], OperationRow]) -> OnBoundary:
        """A listener that keeps the file too."""

        def crossed(boundary: Boundary) -> None:
            if boundary.event in ("accepted", "done", "failed"):
                self._newest = row()
                if self._writing is None or self._writing.done():
                    self._writing = asyncio.create_task(self._write_newest())
            if on_boundary is not None:
                on_boundary(boundary)

        return crossed

    async def finish(self, row: OperationRow) -> None:
        """Write it for the last time."""
        self._newest = None
        self.hurry()
        if self._writing is not None:
            await self._writing
        await self.write(row, settled=ended(row))

    def hurry(self) -> None:
        """No step changes any more: what is still to be written is not waited for."""
        self._ending.set()

    async def write(self, row: OperationRow, *, settled: bool) -> str | None:
        """A sentence where it does not lie where it is wanted."""
        estate = self._inventory.estate
        if self._plan.verb != "revoke" or estate is None:
            return None
        states = tuple(step.state for step in row.steps)
        draft = RestoreDraft(operation=self._operation, plan=self._plan, states=states, began=row.created_at)
        text = document_of(self._info, draft, settled=settled, index=Index(estate))
        try:
            return await write_rollback(self._places, self._operation, text)
        except OSError as error:
            _log.warning("the restore file could not be written", exc_info=True, extra={"operation": self._operation})
            return f"The file that gives back could not be written: {error.strerror or error}. The journal has it too."

    async def _write_newest(self) -> None:
        while self._newest is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), _FILE_SECONDS)
            row, self._newest = self._newest, None
            if row is not None:
                await self.write(row, settled=False)


def _fresh_start(row: OperationRow) -> OperationRow:
    """An operation that is gone on with: whoever was not confirmed is followed again, from the first write that counts.

    Where no write can have been done yet, the signals before it are taken anew.
    """
    began = any(step.state in MAY_HAVE_ACTED for step in row.steps)
    watches = tuple(
        one
        if one.result == WatchResult.CONFIRMED
        else replace(one, result=WatchResult.WAITING.value, reason=None)
        if began
        else WatchRow(consumer=one.consumer, service=one.service)
        for one in row.watches
    )
    return replace(row, watches=watches, first_write_at=row.first_write_at if began else None)
