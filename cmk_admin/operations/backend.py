"""The program behind the window and the command line: one open connection with its estate and its operations."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import Any

from cmk_admin.cloud.session import Session
from cmk_admin.domain.errors import Refused
from cmk_admin.domain.ids import KeyId, parse_key_id
from cmk_admin.domain.model import Estate
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import Outcome
from cmk_admin.domain.surroundings import Surroundings, Target
from cmk_admin.domain.verbs.drafts import Draft
from cmk_admin.domain.verbs.restore import MAYBE, RestoreDraft
from cmk_admin.domain.verbs.revoke import RevokeDraft
from cmk_admin.operations.engine import Engine
from cmk_admin.operations.executors.base import LATE_SECONDS
from cmk_admin.operations.history import History, plan_of, plan_text
from cmk_admin.operations.interface import (
    ConnectionInfo,
    ConnectionKind,
    HostReach,
    OnBoundary,
    OnEstate,
    OnReport,
    OperationReport,
    WatchResult,
)
from cmk_admin.operations.inventory import Inventory
from cmk_admin.operations.planning import Planning
from cmk_admin.operations.reach import reach_hosts
from cmk_admin.operations.reports import MAY_HAVE_ACTED, ended, report
from cmk_admin.operations.rollback import looks_like_file, read_rollback, write_rollback
from cmk_admin.operations.state import OperationState
from cmk_admin.runtime.connection import SandboxConnection
from cmk_admin.runtime.paths import private_folder
from cmk_admin.store.journal import Journal, OperationRow, StepRow, WatchRow

_log = logging.getLogger(__name__)
_CLOSE_SECONDS = 12.0
"""Real seconds for the calls in flight at the end: a little more than a write may take (`cloud.session.Timeouts`)."""


async def open_backend(
    connection: SandboxConnection,
    home: Path,
    *,
    principal: str | None = None,
    after_close: Callable[[], Awaitable[None]] | None = None,
) -> "OpenBackend":
    """Sign in to a sandbox and open what is remembered of it under `home`.

    `after_close` is awaited at the end of `close`: it ends a sandbox that runs for this connection only.

    Raises BadInput (unknown principal, CA file), AzureFailure (unreachable, sign_in), StoreError.
    """
    session = await Session.open(connection, principal=principal)
    try:
        key = "sandbox-" + "".join(c if c.isalnum() or c in "-_" else "_" for c in connection.instance_id)
        folder = private_folder(home / "connections" / key)
        journal = await Journal.open(folder)
    except BaseException:
        await session.close()
        raise
    info = ConnectionInfo(
        kind=ConnectionKind.SANDBOX,
        key=key,
        account=session.account,
        folder=folder,
        speed=session.clock.speed,
        vault_suffixes=session.names.vault_suffixes,
    )
    return OpenBackend(session, journal, info, after_close)


class OpenBackend:
    """Implements `operations.interface.Backend`."""

    def __init__(
        self,
        session: Session,
        journal: Journal,
        info: ConnectionInfo,
        after_close: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._session = session
        self._after_close = after_close
        self._journal = journal
        self._info = info
        self._inventory = Inventory(session, info.folder)
        self._planning = Planning(session, self._inventory)
        self._history = History(journal, info.folder)
        self._running: dict[str, OperationState] = {}
        self._tasks: set[asyncio.Task[OperationReport]] = set()

    @property
    def info(self) -> ConnectionInfo:
        return self._info

    @property
    def estate(self) -> Estate | None:
        return self._inventory.estate

    # Looking

    async def load_last(self) -> Estate | None:
        return await self._inventory.load_last()

    async def read(self, publish: OnEstate | None = None) -> Estate:
        return await self._inventory.read(publish)

    async def refresh_key(self, key_id: str) -> Estate:
        return await self._inventory.refresh(self._key(key_id))

    async def reach(self, vault: str | None = None) -> tuple[HostReach, ...]:
        return await reach_hosts(self._session, self._inventory.estate, vault)

    # Planning

    async def prepare_revoke(self, draft: RevokeDraft) -> Plan:
        return await self._planning.revoke(replace(draft, key=self._key(str(draft.key))))

    async def targets(self, service: str) -> tuple[Target, ...]:
        return await self._planning.targets(service)

    async def survey(self, draft: Draft) -> Surroundings:
        return await self._planning.survey(draft)

    async def prepare(self, draft: Draft) -> Plan:
        return await self._planning.wizard(draft)

    async def prepare_restore(self, operation: str) -> Plan:
        return await self._planning.restore(await self._answered(operation))

    async def prepare_undo(self, operation: str) -> Plan:
        return await self._planning.undo(await self._answered(operation))

    # Doing

    async def run(
        self,
        plan: Plan,
        *,
        reason: str | None = None,
        ticket: str | None = None,
        watch: bool = True,
        on_report: OnReport | None = None,
        on_boundary: OnBoundary | None = None,
    ) -> OperationReport:
        row = self._new_row(plan, reason=reason, ticket=ticket, watch=watch)
        return await self._as_task(self._begin(row, plan, on_report, on_boundary))

    async def resume(
        self,
        operation: str,
        *,
        watch: bool = True,
        on_report: OnReport | None = None,
        on_boundary: OnBoundary | None = None,
    ) -> OperationReport:
        found = await self._history.find(operation)
        return await self._as_task(self._go_on(found.id, watch, on_report, on_boundary))

    async def undo(
        self,
        operation: str,
        *,
        watch: bool = True,
        on_report: OnReport | None = None,
        on_boundary: OnBoundary | None = None,
    ) -> OperationReport:
        found = await self._history.find(operation)

        async def work() -> OperationReport:
            async with self._locked(found.id):
                draft = await self._taken(found.id)
                if not ended(found) and not set(draft.states) & MAY_HAVE_ACTED:
                    return await self._end_unbegun(found.id, draft.plan)
                plan = await self._planning.undo(draft)
                row = self._new_row(plan, reason=None, ticket=None, watch=watch)
                return await self._begin(row, plan, on_report, on_boundary, holds=found.id)

        return await self._as_task(work())

    async def cancel(self, operation: str) -> None:
        found = await self._history.find(operation)
        state = self._running.get(found.id)
        if state is not None:
            state.cancel()
        elif self._history.alive(found):
            raise Refused(
                "operation-elsewhere",
                f"Operation {found.id} is run by another process; it can only be cancelled there.",
                subject=found.id,
            )

    # Remembering

    async def operations(self) -> tuple[OperationReport, ...]:
        return tuple([self._report(row) for row in await self._journal.all()])

    async def operation(self, operation: str) -> OperationReport:
        return self._report(await self._history.find(operation))

    async def close(self) -> None:
        for state in self._running.values():
            state.close()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=_CLOSE_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._journal.close()
        await self._session.close()
        if self._after_close is not None:
            await self._after_close()

    # Inside

    def _key(self, text: str) -> KeyId:
        return parse_key_id(text, vault_suffixes=self._session.names.vault_suffixes).key

    def _report(self, row: OperationRow) -> OperationReport:
        state = self._running.get(row.id)
        return state.report() if state is not None else self._history.report(row)

    async def _answered(self, operation: str) -> RestoreDraft:
        """What is to be given back, as the journal or a file knows it. Raises BadInput, Refused."""
        if looks_like_file(operation):
            draft = await read_rollback(Path(operation).expanduser(), self._info.key, self._info.vault_suffixes)
            if not await self._journal.load(draft.operation):
                return draft
            operation = draft.operation
        row = await self._history.find(operation)
        if row.id in self._running or self._history.alive(row):
            raise Refused(
                "busy",
                f"Operation {row.id} is still being run.",
                subject=row.id,
                next="Cancel it first, or wait until it has ended.",
            )
        return await self._taken(row.id)

    async def _taken(self, operation: str) -> RestoreDraft:
        """What an operation did, read now. Raises Refused where all of it was given back already."""
        row = await self._history.find(operation)
        if row.given_back:
            raise Refused(
                "already-given-back",
                f"What operation {row.id} took was already given back by operation {row.answered_by}.",
                subject=row.id,
            )
        states = tuple(step.state for step in row.steps)
        return RestoreDraft(operation=row.id, plan=plan_of(row), states=states, began=row.created_at)

    def _new_row(self, plan: Plan, *, reason: str | None, ticket: str | None, watch: bool) -> OperationRow:
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
            steps=tuple(StepRow(n=n, changed_at=now) for n in range(1, len(plan.steps) + 1)),
            watches=tuple(WatchRow(consumer=one.consumer_id, service=one.service) for one in plan.watches),
        )

    async def _as_task(self, work: Coroutine[Any, Any, OperationReport]) -> OperationReport:
        """Run it to its end even where the caller is cancelled: an operation belongs to the engine."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return await asyncio.shield(task)

    async def _begin(
        self,
        row: OperationRow,
        plan: Plan,
        on_report: OnReport | None,
        on_boundary: OnBoundary | None,
        *,
        holds: str | None = None,
    ) -> OperationReport:
        """`holds`: the operation that is answered, where its lock is held already."""
        async with self._locked(*(one for one in (row.answers, row.id) if one and one != holds)):
            if row.answers:
                await self._no_longer_late(row.answers)
            await asyncio.gather(self._journal.begin(row), self._keep_rollback(row, plan))
            return await self._work(row, plan, on_report, on_boundary)

    async def _no_longer_late(self, answered: str) -> None:
        """Wait until what the answered operation sent without an answer cannot come any more.

        Else a look finds nothing to take back, and a moment later it is there.
        """
        row = await self._journal.load(answered)
        sent = [step.changed_at for step in row.steps if step.state in MAYBE] if row else []
        if sent:
            gone = max((datetime.now(UTC) - max(sent)).total_seconds(), 0.0)
            await asyncio.sleep(max(LATE_SECONDS - gone, 0.0))

    async def _go_on(
        self, operation: str, watch: bool, on_report: OnReport | None, on_boundary: OnBoundary | None
    ) -> OperationReport:
        first = await self._history.find(operation)
        async with self._locked(*(one for one in (first.answers, first.id) if one)):
            row = await self._history.find(first.id)  # as it stands now that nobody else writes
            plan = plan_of(row)
            if not report(row, plan, folder=self._info.folder, alive=False).resumable:
                return report(row, plan, folder=self._info.folder, alive=False)
            row = _fresh_start(replace(row, watching=watch))
            await self._journal.reopen(row)
            return await self._work(row, plan, on_report, on_boundary)

    @asynccontextmanager
    async def _locked(self, *operations: str) -> AsyncIterator[None]:
        """Hold the operations' locks: that of the one that is given back too, so that nobody goes on with it."""
        async with AsyncExitStack() as held:
            for one in operations:
                held.callback((await self._history.lock(one)).free)
            yield

    async def _work(
        self, row: OperationRow, plan: Plan, on_report: OnReport | None, on_boundary: OnBoundary | None
    ) -> OperationReport:
        state = OperationState(
            journal=self._journal,
            session=self._session,
            plan=plan,
            row=row,
            inventory=self._inventory,
            folder=self._info.folder,
            on_report=on_report,
            on_boundary=on_boundary,
        )
        self._running[row.id] = state
        state.flush()
        try:
            await Engine(state).run()
            if state.row.answers and state.all_at_rest:
                await self._close_answered(state.row.answers, row.id)
            await asyncio.gather(self._keep_rollback(state.row, plan), self._inventory.save())
        finally:
            del self._running[row.id]
            state.alive = False
            state.flush()
        return state.report()

    async def _end_unbegun(self, operation: str, plan: Plan) -> OperationReport:
        """An operation that was interrupted before its first write: there is nothing to take back, and it is over."""
        words = "Cancelled: nothing had been changed."
        now = datetime.now(UTC)
        await self._journal.put_outcome(operation, Outcome.CANCELLED, sentence=words, ended_at=now, note=words)
        return report(await self._history.find(operation), plan, folder=self._info.folder, alive=False)

    async def _close_answered(self, answered: str, by: str) -> None:
        """What was given back is not to be gone on with, nor are earlier tries to give it back."""
        for row in await self._journal.all():
            same = row.id == answered or (row.answers == answered and row.id != by)
            if same and not ended(row) and not (row.id != answered and self._history.alive(row)):
                words = f"Cancelled: what it did was given back by operation {by}."
                await self._journal.put_outcome(
                    row.id, Outcome.CANCELLED, sentence=words, ended_at=datetime.now(UTC), note=words
                )

    async def _keep_rollback(self, row: OperationRow, plan: Plan) -> None:
        """Write the file that gives a revoke back without the journal. A disk that does not take it stops no revoke."""
        if plan.verb != "revoke":
            return
        try:
            states = tuple(step.state for step in row.steps)
            await write_rollback(self._info.folder, self._info.key, row.id, plan, states)
        except OSError:
            _log.warning("the rollback file could not be written", exc_info=True, extra={"operation": row.id})


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
