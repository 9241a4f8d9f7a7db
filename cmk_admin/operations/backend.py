"""The program behind the window and the command line: one open connection with its estate and its operations."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from cmk_admin.cloud.drill import read_debrief
from cmk_admin.cloud.session import Session
from cmk_admin.domain.drill import Debrief
from cmk_admin.domain.errors import Refused
from cmk_admin.domain.ids import KeyId, parse_key_id
from cmk_admin.domain.model import Estate
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.record import Record
from cmk_admin.domain.steps import MAY_HAVE_ACTED
from cmk_admin.domain.surroundings import Surroundings, Target
from cmk_admin.domain.verbs.drafts import Draft
from cmk_admin.domain.verbs.revoke import RevokeDraft
from cmk_admin.operations.already import told
from cmk_admin.operations.giving_back import GivingBack
from cmk_admin.operations.guard import Guard
from cmk_admin.operations.history import History
from cmk_admin.operations.interface import (
    ConnectionInfo,
    ConnectionKind,
    HostReach,
    OnBoundary,
    OnEstate,
    OnReport,
    OperationReport,
)
from cmk_admin.operations.inventory import Inventory
from cmk_admin.operations.planning import Planning
from cmk_admin.operations.reach import reach_hosts
from cmk_admin.operations.recording import read_record, recorder_of
from cmk_admin.operations.reports import ended
from cmk_admin.operations.rollback import RestorePlaces
from cmk_admin.operations.running import Running
from cmk_admin.runtime.connection import SandboxConnection
from cmk_admin.runtime.paths import private_folder
from cmk_admin.runtime.settings import restore_folder
from cmk_admin.store.incidents import IncidentRow, Incidents
from cmk_admin.store.journal import Journal, OperationRow


async def open_backend(
    connection: SandboxConnection,
    home: Path,
    *,
    principal: str | None = None,
    drill: str | None = None,
    after_close: Callable[[], Awaitable[None]] | None = None,
) -> "OpenBackend":
    """Sign in to a sandbox and open what is remembered of it under `home`.

    `drill` is the name of the drill that this sandbox is there for. `after_close` is awaited at the end of `close`: it
    ends a sandbox that runs for this connection only.

    Raises BadInput (unknown principal, CA file, settings), AzureFailure (unreachable, sign_in), StoreError.
    """
    session = await Session.open(connection, principal=principal)
    try:
        key = "sandbox-" + "".join(c if c.isalnum() or c in "-_" else "_" for c in connection.instance_id)
        chosen = restore_folder(home)
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
        restore_folder=chosen,
        drill=drill,
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
        journal.recorder = recorder_of(info)
        self._info = info
        places = RestorePlaces(info.folder, info.restore_folder)
        self._incidents = Incidents(journal.database)
        self._inventory = Inventory(session, info.folder)
        self._planning = Planning(session, self._inventory)
        self._history = History(journal, info.folder, places)
        self._giving_back = GivingBack(journal, self._history, info)
        self._running = Running(
            session=session,
            journal=journal,
            incidents=self._incidents,
            history=self._history,
            inventory=self._inventory,
            info=info,
            places=places,
        )
        self._guard = Guard(
            session=session,
            journal=journal,
            incidents=self._incidents,
            history=self._history,
            inventory=self._inventory,
            folder=info.folder,
            writing=self._running.writing,
        )

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
        plan = await self._planning.revoke(replace(draft, key=self._key(str(draft.key))))
        return told(plan, await self._journal.all(), self._session.clock)

    async def targets(self, service: str) -> tuple[Target, ...]:
        return await self._planning.targets(service)

    async def survey(self, draft: Draft) -> Surroundings:
        return await self._planning.survey(draft)

    async def prepare(self, draft: Draft) -> Plan:
        return await self._planning.wizard(draft)

    async def prepare_restore(self, operation: str, *, consumers: tuple[str, ...] = ()) -> Plan:
        draft = await self._giving_back.answered(operation)
        return await self._planning.restore(replace(draft, consumers=consumers))

    async def prepare_undo(self, operation: str) -> Plan:
        return await self._planning.undo(await self._giving_back.answered(operation))

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
        row = self._running.new_row(plan, reason=reason, ticket=ticket, watch=watch)
        return await self._running.as_task(self._with_others(self._running.begin(row, plan, on_report, on_boundary)))

    async def resume(
        self,
        operation: str,
        *,
        watch: bool = True,
        on_report: OnReport | None = None,
        on_boundary: OnBoundary | None = None,
    ) -> OperationReport:
        found = await self._history.find(operation)
        return await self._running.as_task(
            self._with_others(self._running.go_on(found.id, watch, on_report, on_boundary))
        )

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
            async with self._running.locked(found.id):
                draft = await self._giving_back.taken(found.id)
                if not ended(found) and not set(draft.states) & MAY_HAVE_ACTED:
                    return await self._running.end_unbegun(found.id, draft.plan)
                plan = await self._planning.undo(draft)
                row = self._running.new_row(plan, reason=None, ticket=None, watch=watch)
                return await self._running.begin(row, plan, on_report, on_boundary, holds=found.id)

        return await self._running.as_task(work())

    async def cancel(self, operation: str) -> None:
        found = await self._history.find(operation)
        state = self._running.find(found.id)
        if state is not None:
            state.cancel()
        elif self._history.alive(found):
            raise Refused(
                "operation-elsewhere",
                f"Operation {found.id} is run by another process; it can only be cancelled there.",
                subject=found.id,
            )

    # Proof

    async def prove(self, operation: str) -> OperationReport:
        return await self._guard.prove(operation)

    async def guard(self, on_report: OnReport) -> None:
        await self._guard.run(on_report)

    async def close_incident(self, operation: str, *, anyway: bool = False) -> OperationReport:
        return await self._guard.close(operation, anyway=anyway)

    # Remembering

    async def operations(self) -> tuple[OperationReport, ...]:
        incidents = await self._incidents.all()
        return tuple([self._report(row, incidents.get(row.id)) for row in await self._journal.all()])

    async def operation(self, operation: str) -> OperationReport:
        row = await self._history.find(operation)
        return self._report(row, await self._incidents.load(row.id))

    async def record(self, operation: str) -> Record:
        return await read_record(self._journal, (await self._history.find(operation)).id)

    async def debrief(self) -> Debrief | None:
        return await read_debrief(self._session) if self._info.drill is not None else None

    async def close(self) -> None:
        await self._guard.stop()
        await self._running.close()
        await self._journal.close()
        await self._session.close()
        if self._after_close is not None:
            await self._after_close()

    # Inside

    async def _with_others(self, work: Awaitable[OperationReport]) -> OperationReport:
        """Run it; then what other revokes of the key left open is read again."""
        report = await work
        await self._guard.read_others(report)
        return report

    def _key(self, text: str) -> KeyId:
        return parse_key_id(text, vault_suffixes=self._session.names.vault_suffixes).key

    def _report(self, row: OperationRow, incident: IncidentRow | None) -> OperationReport:
        state = self._running.find(row.id)
        return state.report() if state is not None else self._history.report(row, incident)
