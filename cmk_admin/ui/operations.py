"""The operations of the open connection, as the window knows them: runs them, keeps the newest report of each."""

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from cmk_admin.domain.plan import Plan
from cmk_admin.operations.interface import Backend, OnReport, OperationReport
from cmk_admin.ui.bridge import Bridge

Running = Coroutine[Any, Any, OperationReport]


class Operations(QObject):
    """One per window. Pages and the dock listen to it, so that closing a page never stops what it showed."""

    changed = Signal(object)
    """An `OperationReport` that is newer than the one before."""
    listed = Signal()
    """The whole list was read anew."""
    failed = Signal(str, object)
    """What was wanted, in words, and the error."""

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._backend: Backend | None = None
        self._reports: dict[str, OperationReport] = {}
        self._running: set[str] = set()

    @property
    def reports(self) -> tuple[OperationReport, ...]:
        """All that are known, newest first."""
        return tuple(self._reports.values())

    @property
    def running(self) -> int:
        """How many this window is running."""
        return len(self._running)

    def report(self, operation: str) -> OperationReport | None:
        return self._reports.get(operation)

    def runs(self, operation: str) -> bool:
        """True while this window runs it."""
        return operation in self._running

    def attach(self, backend: Backend | None) -> None:
        """Another connection, or none."""
        self._backend = backend
        self._reports.clear()
        self._running.clear()
        self.listed.emit()
        self.reload()

    def reload(self) -> None:
        """Read the list from the journal."""
        if self._backend is not None:
            self._bridge.start(
                self, self._backend.operations(), self._took_list, partial(self._refused, "List the operations")
            )

    def run(self, plan: Plan, *, reason: str, ticket: str) -> None:
        """Start a plan; its first report arrives by `changed`."""
        backend = self._backend
        if backend is not None:
            self._start(
                plan.title,
                lambda publish: backend.run(plan, reason=reason or None, ticket=ticket or None, on_report=publish),
            )

    def resume(self, report: OperationReport) -> None:
        """Go on with an interrupted operation."""
        backend = self._backend
        if backend is not None:
            self._start(f"Resume “{report.title}”", lambda publish: backend.resume(report.operation, on_report=publish))

    def cancel(self, operation: str) -> None:
        """Do not start the next step."""
        if self._backend is not None:
            self._bridge.start(self, self._backend.cancel(operation), _nothing, partial(self._refused, "Stop"))

    def _start(self, words: str, work: Callable[[OnReport], Running]) -> None:
        seen: list[str] = []

        def progress(report: OperationReport) -> None:
            if not seen:
                seen.append(report.operation)
                self._running.add(report.operation)
            self._put(report)

        def done(report: OperationReport) -> None:
            self._running.discard(report.operation)
            self._put(report)
            self.reload()

        def failed(error: Exception) -> None:
            self._running.difference_update(seen)
            self._refused(words, error)
            self.reload()

        self._bridge.start(self, work, done, failed, progress)

    def _put(self, report: OperationReport) -> None:
        if report.operation not in self._reports:
            self._reports = {report.operation: report, **self._reports}
        else:
            self._reports[report.operation] = report
        self.changed.emit(report)

    def _took_list(self, reports: tuple[OperationReport, ...]) -> None:
        # The journal's row of an operation that runs here is older than what it has published
        self._reports = {
            r.operation: self._reports.get(r.operation, r) if self.runs(r.operation) else r for r in reports
        }
        self.listed.emit()

    def _refused(self, words: str, error: Exception) -> None:
        self.failed.emit(words, error)


def _nothing(_: object) -> None:
    return None
