"""One running operation: its row in the journal and in memory, and who is told when it changes."""

import asyncio
import logging
from collections.abc import Awaitable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from time import monotonic

from cmk_admin.cloud.session import Session
from cmk_admin.domain.plan import Plan, PlannedPath, Watch
from cmk_admin.domain.steps import AT_REST, MAY_HAVE_ACTED, Outcome, StepState
from cmk_admin.operations.interface import Boundary, OnBoundary, OnReport, OperationReport
from cmk_admin.operations.inventory import Inventory
from cmk_admin.operations.reports import IN_FLIGHT, Publisher, paths_from_text, paths_to_text, report, sentence
from cmk_admin.operations.rollback import RestorePlaces
from cmk_admin.store.connection import StoreError
from cmk_admin.store.incidents import IncidentRow, Incidents
from cmk_admin.store.journal import Journal, OperationRow, StepRow, WatchRow

_log = logging.getLogger(__name__)


class Stopwatch:
    """Real seconds since a moment, on a clock that nobody sets; the moment may lie in an earlier process."""

    def __init__(self, since: datetime) -> None:
        self._origin = monotonic() - max((datetime.now(UTC) - since).total_seconds(), 0.0)

    def real_seconds(self) -> float:
        return monotonic() - self._origin


class Writes:
    """Since when the writes of single steps count. `rows`: the steps as an earlier process left them."""

    def __init__(self, rows: Iterable[StepRow]) -> None:
        self._sent: dict[int, Stopwatch] = {}
        self._first: dict[int, Stopwatch] = {}
        self._newest: dict[int, Stopwatch] = {}
        for row in rows:
            if row.state in MAY_HAVE_ACTED:
                self._sent[row.n] = Stopwatch(row.changed_at)
            self.came(row.n, StepState.ACCEPTED if row.state is StepState.DONE else row.state, row.changed_at)

    def came(self, n: int, state: StepState, at: datetime) -> None:
        """Step `n` came to a state. What Azure took counts from when it was sent, what others wrote from when it was seen."""
        if state is StepState.INTENT:
            self._sent[n] = Stopwatch(at)
        elif state is StepState.ACCEPTED:
            self._first.setdefault(n, self._sent.get(n) or Stopwatch(at))
        if state in (StepState.ACCEPTED, StepState.SKIPPED):
            self._newest[n] = Stopwatch(at)

    def since_first(self, steps: Collection[int]) -> Stopwatch | None:
        """Since the first write of these steps that Azure took; None: it took none yet."""
        return max((self._first[n] for n in steps if n in self._first), key=Stopwatch.real_seconds, default=None)

    def since_last(self, steps: Collection[int]) -> Stopwatch | None:
        """Since the newest of these steps was taken, or found done; None: none was yet."""
        return min((self._newest[n] for n in steps if n in self._newest), key=Stopwatch.real_seconds, default=None)


class OperationState:
    """See the module. Every change is committed before it is told; `stop` asks for no further steps."""

    def __init__(
        self,
        *,
        journal: Journal,
        session: Session,
        plan: Plan,
        row: OperationRow,
        inventory: Inventory,
        incidents: Incidents,
        places: RestorePlaces,
        incident: IncidentRow | None = None,
        on_report: OnReport | None = None,
        on_boundary: OnBoundary | None = None,
    ) -> None:
        self.journal = journal
        self.session = session
        self.plan = plan
        self.row = row
        self.inventory = inventory
        self.incidents = incidents
        self._places = places
        self._incident = incident
        self.alive = True
        self.cancel_requested = False
        self._waits: list[str] = []
        self.closing = False
        self.unkept: StoreError | None = None
        """Why the journal takes no more, or only the end of what is in flight."""
        self.under_way: tuple[int, ...] = ()
        """Steps that were in flight when that was found."""
        self.stopping = asyncio.Event()
        self._publisher = Publisher(on_report, self.report)
        self._on_boundary = on_boundary
        self.since_start = Stopwatch(datetime.now(UTC))
        self.since_first_write = Stopwatch(row.first_write_at) if row.first_write_at else None
        self.since_last_write = Stopwatch(row.last_write_at) if row.last_write_at else None
        self.writes = Writes(row.steps)
        self.unasked: set[int] = set()
        """Steps that failed before their target knew of them."""

    def report(self) -> OperationReport:
        """How it stands now."""
        row = self.row
        if row.outcome in (Outcome.RUNNING, Outcome.PLANNED):
            # made here and not at each change: fifty steps change 150 times, and are told of ten times a second
            row = self._said(row)
        found = report(
            row,
            self.plan,
            places=self._places,
            alive=self.alive,
            cancel_requested=self.cancel_requested,
            incident=self._incident,
        )
        return replace(found, paused=self.paused)

    def _said(self, row: OperationRow) -> OperationRow:
        said = sentence(row, self.plan, incident=self._incident, cancel_requested=self.cancel_requested)
        return replace(row, sentence=said)

    def cancel(self) -> None:
        """No further step is begun; what is in flight is finished and journaled."""
        self.cancel_requested = True
        self.stopping.set()
        self._refresh()

    def close(self) -> None:
        """The program ends: as `cancel`, but the operation stays as one that can be gone on with."""
        self.closing = True
        self.stopping.set()

    async def _keep(self, writing: Awaitable[None]) -> None:
        """Every change is written down by this. A journal that is full stops the operation before its next write.

        Raises StoreError where it took not even this.
        """
        try:
            await writing
        except StoreError as error:
            self._stop_unkept(error)
            raise
        if self.journal.shortage is not None:
            self._stop_unkept(self.journal.shortage)

    def _stop_unkept(self, error: StoreError) -> None:
        if self.unkept is None:
            self.unkept = error
            self.under_way = tuple(step.n for step in self.row.steps if step.state in IN_FLIGHT)
        self.close()

    async def pause(self, real_seconds: float) -> bool:
        """Wait. False where it was cut short because no further step is wanted."""
        try:
            await asyncio.wait_for(self.stopping.wait(), real_seconds)
        except TimeoutError:
            return True
        return False

    # Steps

    def step(self, n: int) -> StepRow:
        """Row of step `n`, from 1."""
        return self.row.steps[n - 1]

    @property
    def all_at_rest(self) -> bool:
        """True where every step is done or was not needed."""
        return all(step.state in AT_REST for step in self.row.steps)

    async def put_step(
        self,
        n: int,
        state: StepState,
        *,
        event: str | None = None,
        error: str | None = None,
        request_id: str | None = None,
        address: str | None = None,
        azure_date: str | None = None,
        correlation_id: str | None = None,
        note: str | None = None,
    ) -> None:
        """Commit a step's new state, then tell the boundary `event`. An earlier request id and address are kept."""
        old, now = self.step(n), datetime.now(UTC)
        new = StepRow(
            n=n,
            state=state,
            changed_at=now,
            attempts=old.attempts + (state is StepState.INTENT),
            error=error,
            request_id=request_id or old.request_id,
            address=None if state is StepState.INTENT else address or old.address,
            azure_date=azure_date or old.azure_date,
            correlation_id=correlation_id or old.correlation_id,
            activity=None if correlation_id not in (None, old.correlation_id) else old.activity,
        )
        text = None if note is None else f"Step {n}: {note}"
        first = now if state is StepState.INTENT and self.row.first_write_at is None else None
        await self._keep(self.journal.put_step(self.row.id, new, note=text, first_write_at=first))
        steps = (*self.row.steps[: n - 1], new, *self.row.steps[n:])
        notes = self.row.notes if text is None else (*self.row.notes, text)
        self.row = replace(self.row, steps=steps, notes=notes)
        if first is not None and self.since_first_write is None:
            self.row = replace(self.row, first_write_at=first)
            self.since_first_write = Stopwatch(first)
        self.writes.came(n, state, now)
        if state is StepState.INTENT:
            self.unasked.discard(n)
        if state is StepState.ACCEPTED:
            self.row = replace(self.row, last_write_at=now)
        if state in (StepState.ACCEPTED, StepState.SKIPPED):
            # somebody else's write counts from when it was seen, at the latest
            self.since_last_write = Stopwatch(now)
        self._refresh()
        if event is not None:
            self.boundary(n, event)

    async def put_activity(self, n: int, activity: str) -> None:
        """Commit what the Activity Log says of a step."""
        new = replace(self.step(n), activity=activity)
        await self._keep(self.journal.put_activity(self.row.id, n, activity))
        self.row = replace(self.row, steps=(*self.row.steps[: n - 1], new, *self.row.steps[n:]))
        self._refresh()

    @property
    def paused(self) -> str | None:
        """Why it waits, in a sentence: the newest reason of several; None: it goes on."""
        return self._waits[-1] if self._waits else None

    @contextmanager
    def waiting(self, why: str) -> Iterator[None]:
        """It waits within this block, for the reason of the sentence. Steps side by side may wait each for its own."""
        self._waits.append(why)
        self._refresh()
        try:
            yield
        finally:
            self._waits.remove(why)
            self._refresh()

    def boundary(self, n: int, event: str) -> None:
        """Tell that step `n` crossed a boundary that is in the journal."""
        _log.info("step crossed a boundary", extra={"operation": self.row.id, "step": n, "event": event})
        if self._on_boundary is not None:
            self._on_boundary(Boundary(operation=self.row.id, step=n, of=len(self.row.steps), event=event))

    # Watches

    def watch(self, watch: Watch) -> WatchRow:
        """Row of a consumer that is followed."""
        return next(row for row in self.row.watches if _is_of(row, watch.consumer_id, watch.service))

    def show_watch(self, new: WatchRow) -> None:
        """Change a row in memory only: what the next poll would tell again."""
        rows = tuple(new if _is_of(row, new.consumer, new.service) else row for row in self.row.watches)
        self.row = replace(self.row, watches=rows)
        self._refresh()

    async def put_watches(self, rows: Iterable[WatchRow]) -> None:
        """Commit rows of consumers that are followed."""
        new = tuple(rows)
        await self._keep(self.journal.put_watch(self.row.id, *new))
        for row in new:
            self.show_watch(row)

    # The whole

    @property
    def open_paths(self) -> tuple[PlannedPath, ...]:
        """What was still open or unknown when the paths were read again."""
        return paths_from_text(self.row.open_paths)

    async def put_open_paths(self, paths: tuple[PlannedPath, ...]) -> None:
        """Commit what is still open."""
        text = paths_to_text(paths)
        await self._keep(self.journal.put_open_paths(self.row.id, text))
        self.row = replace(self.row, open_paths=text)
        self._refresh()

    def show_incident(self, incident: IncidentRow | None) -> None:
        """The incident of this revoke as it is kept now."""
        self._incident = incident
        self._refresh()

    async def put_outcome(self, outcome: Outcome, *, ended: bool) -> None:
        """Commit how it stands as a whole."""
        now = datetime.now(UTC)
        row = replace(self.row, outcome=outcome, ended_at=now if ended else None)
        row = self._said(row)
        note = row.sentence if ended else None
        await self._keep(
            self.journal.put_outcome(row.id, outcome, sentence=row.sentence, ended_at=row.ended_at, note=note)
        )
        self.row = row if note is None else replace(row, notes=(*row.notes, note))
        self._refresh()

    async def note(self, text: str) -> None:
        """Commit a sentence of the log."""
        await self._keep(self.journal.note(self.row.id, datetime.now(UTC), text))
        self.row = replace(self.row, notes=(*self.row.notes, text))
        self._refresh()

    def flush(self) -> None:
        """Tell the listener how it stands, at once."""
        self._publisher.flush()

    def _refresh(self) -> None:
        self._publisher.changed()


def _is_of(row: WatchRow, consumer_id: str, service: str) -> bool:
    return (row.consumer, row.service) == (consumer_id, service)
