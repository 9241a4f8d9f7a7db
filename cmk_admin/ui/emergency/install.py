"""Puts revoke, restore, resume and undo into a window: verbs, pages and the dock."""

from functools import partial

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from cmk_admin.domain.ids import last
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.verbs.revoke import RevokeDraft
from cmk_admin.operations.interface import Backend, OperationReport
from cmk_admin.ui.actions import Verb
from cmk_admin.ui.activity.dock import ActivityDock
from cmk_admin.ui.dialogs import tell_failure
from cmk_admin.ui.emergency.answer_page import AnswerPage
from cmk_admin.ui.emergency.operation_page import OperationPage
from cmk_admin.ui.emergency.revoke_page import RevokePage
from cmk_admin.ui.main_window import MainWindow
from cmk_admin.ui.operations import Operations
from cmk_admin.ui.selection import Selection


class Emergency(QObject):
    """The flows of one window: which page follows which."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.operations = Operations(window.bridge, self)
        self._pages: dict[str, OperationPage] = {}
        self._starting: QWidget | None = None
        self._told_interrupted = False
        self.dock = ActivityDock(self.operations, window.theme)
        self.dock.opened.connect(self.open_operation)
        window.dock_bottom(self.dock)
        self._add_verbs()
        self.operations.changed.connect(self._changed)
        self.operations.listed.connect(self._listed)
        self.operations.failed.connect(self._failed)
        window.connected.connect(self._connected)
        window.disconnected.connect(self._disconnected)

    def revoke(self) -> None:
        """Open the ready-made plan for what is selected."""
        backend, selection = self._window.backend, self._window.selected()
        if backend is None or selection.key is None:
            return
        consumers = (selection.consumer_id,) if selection.consumer_id else ()
        page = RevokePage(
            bridge=self._window.bridge,
            backend=backend,
            theme=self._window.theme,
            draft=RevokeDraft(key=selection.key, consumers=consumers),
            complete=self._window.estate is not None and self._window.estate.coverage.complete,
        )
        page.start.connect(partial(self._start, page))
        page.cancelled.connect(partial(self._window.close_page, page))
        what = last(selection.consumer_id) if selection.consumer_id else selection.key.name
        self._window.open_page(page, title=f"Revoke {what}", icon=self._window.theme.icon("revoke", "danger"))

    def open_operation(self, report: OperationReport) -> OperationPage:
        """Show an operation on its page, or raise the page that shows it."""
        page = self._pages.get(report.operation)
        if page is None:
            page = OperationPage(self._window.theme, report)
            page.restore.connect(partial(self._answer, "Restore access"))
            page.undo.connect(partial(self._answer, "Undo"))
            page.resume.connect(self.operations.resume)
            page.stop.connect(self._stop)
            page.dismissed.connect(partial(self._window.close_page, page))
            page.destroyed.connect(partial(self._gone, report.operation))
            self._pages[report.operation] = page
        icon = "restore" if report.verb == "restore" else "watch"
        self._window.open_page(page, title=report.title, icon=self._window.theme.icon(icon))
        return page

    def restore(self) -> None:
        """Give back what the newest revoke took that was not given back."""
        for report in self.operations.reports:
            if report.verb == "revoke" and report.undoable and report.answered_by is None:
                self._answer("Restore access", report)
                return

    def show_activity(self) -> None:
        """Unfold the list of operations."""
        self.dock.unfold()

    def _add_verbs(self) -> None:
        verbs = self._window.verbs
        verbs.add(
            Verb(
                id="revoke",
                text="&Revoke access…",
                menu="key",
                icon="revoke",
                shortcut="Ctrl+Shift+R",
                danger=True,
                tip="Cut the selected service off its key, or disable the selected key",
                context=("key", "consumer"),
            ),
            self.revoke,
            self._why_not_revoke,
        )
        verbs.add(
            Verb(
                id="restore",
                text="Restore &access…",
                menu="operation",
                icon="restore",
                shortcut="Ctrl+Shift+B",
                tip="Give back what the newest revoke took",
            ),
            self.restore,
            self._why_not_restore,
        )
        verbs.add(
            Verb(
                id="activity",
                text="Show &operations",
                menu="operation",
                icon="activity",
                shortcut="Ctrl+Shift+A",
                tip="The list of running, interrupted and past operations",
            ),
            self.show_activity,
        )

    def _why_not_revoke(self, selection: Selection) -> str | None:
        if self._window.backend is None:
            return "Open a connection first."
        if selection.key is None:
            return "Select a key, or a service under its key."
        return None

    def _why_not_restore(self, _: Selection) -> str | None:
        if any(r.verb == "revoke" and r.undoable and r.answered_by is None for r in self.operations.reports):
            return None
        return "No revoke is waiting to be given back."

    def _answer(self, verb: str, report: OperationReport) -> None:
        backend = self._window.backend
        if backend is None:
            return
        ask = backend.prepare_restore if verb == "Restore access" else backend.prepare_undo
        page = AnswerPage(
            bridge=self._window.bridge,
            theme=self._window.theme,
            prepare=partial(ask, report.operation),
            verb=verb,
        )
        page.start.connect(partial(self._start, page))
        page.cancelled.connect(partial(self._window.close_page, page))
        self._window.open_page(page, title=verb, icon=self._window.theme.icon("restore"))

    def _start(self, page: QWidget, plan: Plan, reason: str, ticket: str) -> None:
        self._starting = page
        self.operations.run(plan, reason=reason, ticket=ticket)

    def _stop(self, report: OperationReport) -> None:
        self.operations.cancel(report.operation)

    def _changed(self, report: OperationReport) -> None:
        if self._starting is not None:
            started, self._starting = self._starting, None
            self.open_operation(report)
            # After this signal: the page that started it is still on the stack
            QTimer.singleShot(0, self, partial(self._window.close_page, started))
        page = self._pages.get(report.operation)
        if page is not None:
            page.show_report(report)
        self._window.verbs.update()

    def _listed(self) -> None:
        for operation, page in self._pages.items():
            report = self.operations.report(operation)
            if report is not None:
                page.show_report(report)
        self._window.verbs.update()
        interrupted = [r for r in self.operations.reports if r.resumable and not r.alive]
        if interrupted and not self._told_interrupted:
            self._told_interrupted = True
            self.dock.unfold()
            self._window.say(
                f"“{interrupted[0].title}” was interrupted. Open it below to resume or undo it.",
                tone="caution",
                urgent=True,
            )

    def _failed(self, words: str, error: Exception) -> None:
        started, self._starting = self._starting, None
        if isinstance(started, RevokePage):
            started.try_again()
        tell_failure(self._window, words, error)

    def _connected(self, backend: Backend) -> None:
        self._told_interrupted = False
        self.operations.attach(backend)

    def _disconnected(self) -> None:
        self.operations.attach(None)
        for page in list(self._pages.values()):
            self._window.close_page(page)

    def _gone(self, operation: str, *_: object) -> None:
        self._pages.pop(operation, None)


def install(window: MainWindow) -> Emergency:
    """Add the emergency's verbs, pages and dock to a window."""
    return Emergency(window)
