"""The operations of the open connection, as the window knows them: runs them, keeps the newest report of each."""

from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from cmk_admin.domain.plan import Plan
from cmk_admin.operations.interface import Backend, Incident, OnReport, OperationReport
from cmk_admin.ui.bridge import Bridge, Job, Publish

Running = Coroutine[Any, Any, OperationReport]

FOLLOW_MS = 1000
"""How often the journal is read again while another process runs an operation of this connection."""


@dataclass(slots=True, eq=False)
class _Run:
    """One run that this window has started; `operation` is known from its first report on."""

    words: str
    began: Callable[[OperationReport], None]
    refused: Callable[[Exception], None] | None
    operation: str | None = None


class Operations(QObject):
    """One per window. Pages and the dock listen to it, so that closing a page never stops what it showed."""

    changed = Signal(object)
    """An `OperationReport` that is newer than the one before."""
    ended = Signal(object)
    """The last report of one that this window has run: its locks are free."""
    listed = Signal()
    """The whole list was read anew."""
    alarmed = Signal(object, object)
    """An `OperationReport` and an `Alarm` of it that was not there before."""
    failed = Signal(str, object)
    """What was wanted, in words, and the error, where nobody else is told."""

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._backend: Backend | None = None
        self._reports: dict[str, OperationReport] = {}
        self._runs: list[_Run] = []
        self._guarding: Job | None = None
        self._alarms: set[tuple[str, datetime, str]] = set()
        self._follow = QTimer(self)
        self._follow.setInterval(FOLLOW_MS)
        self._follow.timeout.connect(self.reload)

    @property
    def reports(self) -> tuple[OperationReport, ...]:
        """All that are known, newest first."""
        return tuple(self._reports.values())

    @property
    def running(self) -> tuple[OperationReport, ...]:
        """Those that this window runs."""
        return tuple(r for r in self._reports.values() if self.runs(r.operation))

    def report(self, operation: str) -> OperationReport | None:
        return self._reports.get(operation)

    def runs(self, operation: str) -> bool:
        """True while this window runs it."""
        return any(run.operation == operation for run in self._runs)

    def attach(self, backend: Backend | None) -> None:
        """Another connection, or none."""
        self._backend = backend
        self._reports.clear()
        self._runs.clear()
        self._follow.stop()
        self._alarms.clear()
        if self._guarding is not None:
            self._guarding.cancel()
            self._guarding = None
        if backend is not None:
            self._guard(backend)
        self.listed.emit()
        self.reload()

    def reload(self) -> None:
        """Read the list from the journal."""
        if self._backend is not None:
            self._bridge.start(self, self._backend.operations(), self._took_list, self._unlisted)

    def run(
        self,
        plan: Plan,
        *,
        reason: str = "",
        ticket: str = "",
        began: Callable[[OperationReport], None],
        refused: Callable[[Exception], None],
    ) -> None:
        """Start a plan. `began` gets its first report, or `refused` why it was not started."""
        backend = self._backend
        if backend is not None:
            self._start(
                _Run(plan.title, began, refused),
                lambda publish: backend.run(plan, reason=reason or None, ticket=ticket or None, on_report=publish),
            )

    def resume(self, report: OperationReport) -> None:
        """Go on with an interrupted operation."""
        backend, operation = self._backend, report.operation
        if backend is not None:
            self._start(
                _Run(f"“{report.title}” cannot be gone on with", _nothing, None),
                lambda publish: backend.resume(operation, on_report=publish),
            )

    def discard(self, report: OperationReport) -> None:
        """End an interrupted operation that has changed nothing."""
        backend, operation = self._backend, report.operation
        if backend is not None:
            self._start(
                _Run(f"“{report.title}” cannot be discarded", _nothing, None),
                lambda publish: backend.undo(operation, on_report=publish),
            )

    def cancel(self, operation: str) -> None:
        """Do not start the next step; while watching: stop watching."""
        if self._backend is not None:
            self._bridge.start(
                self, self._backend.cancel(operation), _nothing, partial(self._refused, "This cannot be stopped")
            )

    def prove(self, operation: str, unread: Callable[[Exception], None]) -> None:
        """Read the paths of a revoke again, now."""
        if self._backend is not None:
            self._bridge.start(self, self._backend.prove(operation), self._told, unread)

    def close_incident(self, operation: str, *, anyway: bool, refused: Callable[[Exception], None]) -> None:
        """No more readings of its paths; `anyway`: also where one is open or not known."""
        if self._backend is not None:
            self._bridge.start(self, self._backend.close_incident(operation, anyway=anyway), self._told, refused)

    # The paths of open incidents, which are read again while the connection is open

    def _guard(self, backend: Backend) -> None:
        # The bridge hands over the newest only, and each alarm has to arrive
        news: deque[OperationReport] = deque()

        def work(publish: Publish) -> Coroutine[Any, Any, None]:
            return backend.guard(partial(_tell, news, publish))

        self._guarding = self._bridge.start(
            self, work, _nothing, partial(self._refused, "The paths of open incidents are not read again"),
            partial(self._guarded, news),
        )  # fmt: skip

    def _guarded(self, news: deque[OperationReport], _: object) -> None:
        while news:
            self._told(news.popleft())

    def _told(self, report: OperationReport) -> None:
        """A reading of an operation's paths; what runs here has published newer steps than it."""
        if self.runs(report.operation) and (known := self._reports.get(report.operation)) is not None:
            report = replace(
                known, proof=report.proof, alarms=report.alarms, next_proof_at=report.next_proof_at,
                incident=report.incident,
            )  # fmt: skip
        self._put(report)

    def _look_for_alarms(self, report: OperationReport, *, tell: bool) -> None:
        for alarm in reversed(report.alarms):
            key = (report.operation, alarm.at, alarm.text)
            if key not in self._alarms:
                self._alarms.add(key)
                if tell:
                    self.alarmed.emit(report, alarm)

    def _start(self, run: _Run, work: Callable[[OnReport], Running]) -> None:
        self._runs.append(run)
        self._bridge.start(
            self, work, partial(self._done, run), partial(self._broke, run), partial(self._progress, run)
        )

    def _progress(self, run: _Run, report: OperationReport) -> None:
        if run not in self._runs:
            return  # of a connection that is closed
        first, run.operation = run.operation is None, report.operation
        self._put(report)
        if first:
            run.began(report)

    def _done(self, run: _Run, report: OperationReport) -> None:
        if run not in self._runs:
            return
        self._progress(run, report)
        self._runs.remove(run)
        self._put(report)
        self.ended.emit(report)
        self.reload()

    def _broke(self, run: _Run, error: Exception) -> None:
        if run not in self._runs:
            return
        self._runs.remove(run)
        if run.operation is None and run.refused is not None:
            run.refused(error)
        else:
            self.failed.emit(run.words, error)
        self.reload()

    def _put(self, report: OperationReport) -> None:
        if report.operation not in self._reports:
            self._reports = {report.operation: report, **self._reports}
        else:
            self._reports[report.operation] = report
        self.changed.emit(report)
        self._look_for_alarms(report, tell=True)

    def _took_list(self, reports: tuple[OperationReport, ...]) -> None:
        # The journal's row of an operation that runs here is older than what it has published
        known = {r.operation: self._reports.get(r.operation, r) if self.runs(r.operation) else r for r in reports}
        begun = {r.operation: r for r in self.running if r.operation not in known}
        self._reports = {**begun, **known}
        for report in reports:
            # What an open incident has to say is said anew at each start; of one that is closed it is history
            self._look_for_alarms(report, tell=report.incident is Incident.OPEN)
        elsewhere = any(r.alive and not self.runs(r.operation) for r in self._reports.values())
        if elsewhere != self._follow.isActive():
            (self._follow.start if elsewhere else self._follow.stop)()
        self.listed.emit()

    def _unlisted(self, error: Exception) -> None:
        self._follow.stop()
        self._refused("The operations of this connection cannot be listed", error)

    def _refused(self, words: str, error: Exception) -> None:
        self.failed.emit(words, error)


def _tell(news: deque[OperationReport], publish: Publish, report: OperationReport) -> None:
    """Runs on the loop's thread."""
    news.append(report)
    publish(None)


def _nothing(_: object) -> None:
    return None
