"""Puts revoke, restore, going on and undo into a window: verbs, pages and the dock."""

from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import ref

from PySide6.QtCore import QObject, QTimer

from cmk_admin.domain import words
from cmk_admin.domain.ids import KeyId, last, parse_key_id
from cmk_admin.domain.index import Index
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.verbs.restore import RestoreDraft, cut
from cmk_admin.domain.verbs.revoke import Cause, RevokeDraft
from cmk_admin.operations.interface import Backend, OperationReport, WatchResult
from cmk_admin.ui.activity.dock import ActivityDock
from cmk_admin.ui.dialogs import tell_failure
from cmk_admin.ui.emergency.answer_page import AnswerPage
from cmk_admin.ui.emergency.closing import LeavingGuard
from cmk_admin.ui.emergency.incidents import Incidents
from cmk_admin.ui.emergency.look import interrupted
from cmk_admin.ui.emergency.operation_page import OperationPage
from cmk_admin.ui.emergency.revoke_page import RevokePage
from cmk_admin.ui.emergency.verbs import add_verbs
from cmk_admin.ui.main_window import MainWindow
from cmk_admin.ui.operations import Operations

if TYPE_CHECKING:
    from cmk_admin.ui.wizards.frame import WizardPage

    PlanPage = RevokePage | AnswerPage | WizardPage

RESTORE, UNDO = "Restore access", "Undo"

ICONS = {
    "revoke": "watch",
    "restore": "restore",
    "undo": "undo",
    "create-key": "key-add",
    "grant": "grant",
    "attach": "attach",
    "detach": "detach",
    "revalidate": "revalidate",
    "repair": "repair",
}
"""Of an operation's page, by its verb."""


class Emergency(QObject):
    """The flows of one window: which page follows which."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.operations = Operations(window.bridge, self)
        self._operation_pages: dict[str, OperationPage] = {}
        self._plan_pages: dict[str, PlanPage] = {}
        self._put_off: dict[str, tuple[str, str]] = {}
        """Reason and ticket of revokes that were not started, by their names among the plan pages."""
        self._to_restore: set[str] = set()
        """Operations that are restored as soon as they have stopped."""
        self._told_interrupted = False
        self.open_record: Callable[[OperationReport], None] | None = None
        """Shows what was written down of an operation; put here by the viewer of records."""
        self._incidents = Incidents(window, self.operations, self._operation_pages, self._open_by_id)
        self._guard = LeavingGuard(window, self.operations)
        window.may_leave = self._guard.may_leave
        self.dock = ActivityDock(self.operations, window.theme)
        self.dock.opened.connect(self.open_operation)
        self.dock.stop.connect(self._stop)
        window.dock_bottom(self.dock)
        add_verbs(window, self, self._restorable)
        self.operations.changed.connect(self._changed)
        self.operations.ended.connect(self._ended)
        self.operations.listed.connect(self._listed)
        self.operations.failed.connect(self._failed)
        self.operations.alarmed.connect(self._incidents.alarmed)
        window.connected.connect(self._connected)
        window.disconnected.connect(self._disconnected)

    # What the user can ask for

    def revoke(self) -> None:
        """Open the ready-made plan for what is selected."""
        backend, selection = self._window.backend, self._window.selected()
        if backend is None or selection.key is None:
            return
        consumers = (selection.consumer_id,) if selection.consumer_id else ()
        draft = RevokeDraft(key=selection.key.key, consumers=consumers)
        self._open_revoke(backend, draft)

    def _open_revoke(self, backend: Backend, draft: RevokeDraft) -> None:
        name = f"revoke {draft.key.folded} {draft.consumers} {draft.method}"

        def make() -> RevokePage:
            reason, ticket = self._put_off.pop(name, ("", ""))
            page = RevokePage(
                bridge=self._window.bridge,
                backend=backend,
                theme=self._window.theme,
                draft=replace(draft, reason=reason or None, ticket=ticket or None),
                index=self._index,
                scope_words=self._scope_words,
            )
            page.put_off.connect(partial(self._keep_why, name))
            page.verb_wanted.connect(partial(self._do_next, draft.key))
            return page

        page = self._plan_page(name, make)
        self._window.open_page(page, title=page.windowTitle(), icon="revoke", tone="danger")

    def _keep_why(self, name: str, reason: str, ticket: str) -> None:
        """Esc takes nobody's words away: they stand there again when the same is to be revoked."""
        self._put_off[name] = (reason, ticket)

    def _do_next(self, key: KeyId, verb: str) -> None:
        """What comes after a revoke, about its key; the revoke's page stays open."""
        self._window.go(str(key))
        self._window.verbs.run(verb)

    def restore(self) -> None:
        """Give back what the newest revoke took that was not given back."""
        report = self._restorable()
        if report is not None:
            self._restore(report)

    def show_activity(self) -> None:
        """Unfold the list of operations and go there."""
        self.dock.unfold()
        self.dock.focus_list()

    def open_operation(self, report: OperationReport) -> OperationPage:
        """Show an operation on its page, or raise the page that shows it."""
        page = self._operation_pages.get(report.operation)
        if page is None:
            backend = self._window.backend
            page = OperationPage(
                self._window.theme,
                report,
                runs_here=self.operations.runs,
                scope_words=self._scope_words,
                speed=backend.info.speed if backend is not None else 1.0,
                open_record=self.open_record,
                info=backend.info if backend is not None else None,
            )
            page.restore.connect(self._restore)
            page.undo.connect(partial(self._answer, UNDO))
            page.resume.connect(self.operations.resume)
            page.discard.connect(self.operations.discard)
            page.stop.connect(self._stop)
            page.answer_wanted.connect(self._open_by_id)
            page.prove.connect(self._incidents.prove)
            page.close_incident.connect(self._incidents.close)
            page.alternative.connect(self._other_way)
            page.dismissed.connect(partial(self._close_operation, report.operation))
            page.destroyed.connect(partial(self._forget_operation, report.operation))
            self._operation_pages[report.operation] = page
        self._window.open_page(page, title=page.windowTitle(), icon=ICONS.get(report.verb, "activity"))
        return page

    def open_plan(self, key: str, make: "Callable[[], PlanPage]", *, icon: str) -> None:
        """Show a page that ends in a plan, or raise the one of that `key`; what it starts is run and shown from here."""
        page = self._plan_page(key, make)
        self._window.open_page(page, title=page.windowTitle(), icon=icon)

    def _restorable(self) -> OperationReport | None:
        """The newest revoke that took something, or is taking it, and was not given back."""
        for report in self.operations.reports:
            here = self.operations.runs(report.operation)
            if report.verb == "revoke" and (report.undoable or here) and report.answered_by is None:
                return report
        return None

    # From page to page

    def _plan_page(self, key: str, make: "Callable[[], PlanPage]") -> "PlanPage":
        """The page for what is asked, which may be open already; one that was closed keeps no answers."""
        page = self._plan_pages.get(key)
        if page is None or self._window.pages.indexOf(page) < 0:
            page = make()
            page.start.connect(partial(self._start, key))
            page.cancelled.connect(partial(self._close_plan, key))
            page.destroyed.connect(partial(self._forget_plan, key, ref(page)))
            self._plan_pages[key] = page
        return page

    def _restore(self, report: OperationReport) -> None:
        """Show what would be given back; what still runs is stopped first."""
        if self.operations.runs(report.operation):
            self._to_restore.add(report.operation)
            self.operations.cancel(report.operation)
        else:
            self._answer(RESTORE, report)

    def restore_file(self, path: Path, operation: str) -> None:
        """Show what a restore file of `operation` gives back; what this machine knows of the operation goes before it."""
        report = self.operations.report(operation)
        if report is None:
            self._open_answer(RESTORE, operation, str(path.absolute()), ())
        else:
            self._answer(RESTORE, report)

    def _answer(self, verb: str, report: OperationReport) -> None:
        consumers = _cut_by(report) if verb == RESTORE else ()
        self._open_answer(verb, report.operation, report.operation, consumers)

    def _open_answer(self, verb: str, operation: str, named: str, consumers: tuple[str, ...]) -> None:
        """`named`: the operation, or the path of its restore file."""
        backend = self._window.backend
        if backend is None:
            return

        def make() -> AnswerPage:
            return AnswerPage(
                bridge=self._window.bridge,
                theme=self._window.theme,
                prepare=partial(_ask, backend, verb, named),
                verb=verb,
                name=self._consumer_name,
                info=backend.info,
                consumers=consumers,
            )

        page = self._plan_page(f"{verb} {operation}", make)
        icon = "restore" if verb == RESTORE else "undo"
        self._window.open_page(page, title=page.windowTitle(), icon=icon)

    def _start(self, key: str, plan: Plan, reason: str, ticket: str) -> None:
        self.operations.run(
            plan, reason=reason, ticket=ticket, began=partial(self._began, key), refused=partial(self._not_begun, key)
        )

    def _began(self, key: str, report: OperationReport) -> None:
        self.open_operation(report)
        # Not in this signal: the page that started it is still on the stack
        QTimer.singleShot(0, self, partial(self._close_plan, key))

    def _not_begun(self, key: str, error: Exception) -> None:
        page = self._plan_pages.get(key)
        if page is not None:
            page.try_again()
        tell_failure(self._window, "This was not started", error)

    def _stop(self, report: OperationReport) -> None:
        self.operations.cancel(report.operation)

    def _open_by_id(self, operation: str) -> None:
        report = self.operations.report(operation)
        if report is not None:
            self.open_operation(report)

    def _close_plan(self, key: str) -> None:
        page = self._plan_pages.get(key)
        if page is not None:
            self._window.close_page(page)

    def _close_operation(self, operation: str) -> None:
        page = self._operation_pages.get(operation)
        if page is not None:
            self._window.close_page(page)

    def _forget_plan(self, key: str, gone: "ref[PlanPage]", *_: object) -> None:
        """Another one may stand in its place by now."""
        if self._plan_pages.get(key) is gone():
            self._plan_pages.pop(key, None)

    def _forget_operation(self, operation: str, *_: object) -> None:
        self._operation_pages.pop(operation, None)

    def _other_way(self, report: OperationReport, method: str) -> None:
        """Another method for what a failed one was to cut, or the same once more for what opened again."""
        backend, plan = self._window.backend, report.plan
        if backend is None or plan is None:
            return
        named = tuple(dict.fromkeys(effect.consumer_id for effect in plan.effects if effect.wanted))
        cause = Cause(plan.cause) if plan.cause else Cause.SERVICE
        draft = RevokeDraft(key=parse_key_id(report.subject).key, consumers=named, method=method, cause=cause)
        self._open_revoke(backend, draft)

    # What happens

    def _changed(self, report: OperationReport) -> None:
        self._incidents.forget(report)
        page = self._operation_pages.get(report.operation)
        if page is not None:
            page.show_report(report)
        self._window.verbs.update()

    def _ended(self, report: OperationReport) -> None:
        self._read_what_was_seen(report)
        if report.operation in self._to_restore:
            self._to_restore.discard(report.operation)
            if report.undoable:
                self._answer(RESTORE, report)
            else:
                self._window.say(f"“{report.title}” was stopped before anything was changed.")

    def _read_what_was_seen(self, report: OperationReport) -> None:
        """The estate was read right after the writes: what became of the services since then belongs into it too."""
        seen = any(watch.result is WatchResult.CONFIRMED for watch in report.watch)
        if seen and report.plan is not None and self._window.backend is not None and not self._window.closing:
            for key in [parse_key_id(value).key for name, value in report.plan.context if name == "key"]:
                self._window.refresh_key(key)

    def _listed(self) -> None:
        self._incidents.listed()
        for operation, page in self._operation_pages.items():
            report = self.operations.report(operation)
            if report is not None:
                page.show_report(report)
        self._window.verbs.update()
        self._tell_interrupted()

    def _tell_interrupted(self) -> None:
        """Once for each connection: what an earlier run left behind is offered, and nothing is done unasked."""
        left = [report for report in self.operations.reports if interrupted(report)]
        if not left or self._told_interrupted:
            return
        self._told_interrupted = True
        self.dock.unfold()
        self.dock.select(left[0].operation)
        more = f", and {len(left) - 1} more" if len(left) > 1 else ""
        self._window.say(
            f"“{left[0].title}”{more} was interrupted. Go on with it, or take it back.",
            tone="caution",
            urgent=True,
            action="Show the operation",
            act=partial(self._open_by_id, left[0].operation),
        )

    def _failed(self, wanted: str, error: Exception) -> None:
        tell_failure(self._window, wanted, error)

    def _connected(self, backend: Backend) -> None:
        self._told_interrupted = False
        self.operations.attach(backend)

    def _disconnected(self) -> None:
        self.operations.attach(None)
        self._to_restore.clear()
        for page in (*self._operation_pages.values(), *self._plan_pages.values()):
            self._window.close_page(page)
        self._put_off.clear()

    # Words

    def _index(self) -> Index | None:
        return self._window.index

    def _scope_words(self, scope: str) -> str:
        index = self._window.index
        return words.scope(index, scope) if index is not None else last(scope)

    def _consumer_name(self, consumer_id: str) -> str:
        index = self._window.index
        found = index.consumer(consumer_id) if index is not None else None
        return found.name if found is not None else last(consumer_id)


def _cut_by(report: OperationReport) -> tuple[str, ...]:
    """Ids of the services that a revoke cut, or may have cut: there is nothing to bring back of the others."""
    if report.plan is None:
        return ()
    draft = RestoreDraft(
        operation=report.operation, plan=report.plan, states=tuple(step.state for step in report.steps)
    )
    return tuple(one.consumer_id for one in cut(draft))


def _ask(backend: Backend, verb: str, operation: str, consumers: tuple[str, ...]) -> Coroutine[Any, Any, Plan]:
    if verb == RESTORE:
        return backend.prepare_restore(operation, consumers=consumers)
    return backend.prepare_undo(operation)


def install(window: MainWindow) -> Emergency:
    """Add the emergency's verbs, pages and dock to a window."""
    return Emergency(window)
