"""One operation, running or past: its steps, what each service really did and when, what is left open, and the way back."""

from collections.abc import Callable
from datetime import UTC

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from cmk_admin.domain import words
from cmk_admin.domain.steps import AT_REST, MAY_HAVE_ACTED, StepState
from cmk_admin.operations.interface import ConnectionInfo, OperationReport, WatchReport, WatchResult
from cmk_admin.ui.emergency import operation_words as say
from cmk_admin.ui.emergency.failed_notice import FailedNotice
from cmk_admin.ui.emergency.file_card import FileCard
from cmk_admin.ui.emergency.foot import footer
from cmk_admin.ui.emergency.lane_words import watch_lane
from cmk_admin.ui.emergency.lanes import Lane
from cmk_admin.ui.emergency.look import interrupted, outcome, short_title
from cmk_admin.ui.emergency.next_card import NextCard
from cmk_admin.ui.emergency.operation_lanes import OperationLanes
from cmk_admin.ui.emergency.operation_steps import OperationSteps
from cmk_admin.ui.emergency.operation_words import OVER
from cmk_admin.ui.emergency.parts import Badge, Notice, card, in_order, scrolled, set_role, words_label
from cmk_admin.ui.emergency.paths import PathList, ScopeWords
from cmk_admin.ui.emergency.proof_card import ProofCard
from cmk_admin.ui.emergency.spoken import Spoken
from cmk_admin.ui.pages import DETAIL
from cmk_admin.ui.theme.theme import Theme
from cmk_admin.ui.widgets.labels import label


class OperationPage(QWidget):
    """Shows the newest report of one operation; closing it never stops the operation."""

    restore = Signal(object)
    undo = Signal(object)
    resume = Signal(object)
    discard = Signal(object)
    stop = Signal(object)
    """Each with the `OperationReport` on screen."""
    prove = Signal(object)
    close_incident = Signal(object)
    """These too."""
    alternative = Signal(object, str)
    """The report, and the name of another method, or of the same where a path opened again."""
    answer_wanted = Signal(str)
    """The operation that gave this one back, or that this one gives back."""
    dismissed = Signal()

    def __init__(
        self,
        theme: Theme,
        report: OperationReport,
        *,
        runs_here: Callable[[str], bool],
        scope_words: ScopeWords,
        speed: float = 1.0,
        open_record: Callable[[OperationReport], None] | None = None,
        info: ConnectionInfo | None = None,
    ) -> None:
        """`open_record` shows what was written down of it, where there is a viewer; `info` is the connection.

        `runs_here` says whether this window runs an operation; `speed` is Azure's seconds in a real one.
        """
        super().__init__()
        self.setObjectName("operation-page")
        self.setAccessibleName("Operation")
        self._theme = theme
        self._runs_here, self._speed = runs_here, speed
        self._open_record = open_record
        self._spoken = Spoken(self)
        if report.created_at is not None:
            self.setProperty(DETAIL, f"{report.created_at.astimezone(UTC):%H:%M:%S} UTC")
        self._report = report
        self._build(scope_words, info)
        self.show_report(report)

    @property
    def report(self) -> OperationReport:
        return self._report

    def show_report(self, report: OperationReport) -> None:
        """Show a newer report of the same operation."""
        self._report = report
        self.setWindowTitle(short_title(report.verb, report.title, report.subject, report.plan))
        self._title.setText(report.title)
        self._badge.show_look(outcome(report))
        self._sentence.setText(say.sentence(report))
        self._facts.setText(say.facts(report, self._speed))
        self._facts.setToolTip(f"Started {words.exact(report.created_at)}, ended {words.exact(report.ended_at)}")
        self._waiting.say(say.planned_wait(report))
        self._notice.say(say.notices(report, here=self._runs_here(report.operation)))
        held, over = say.alarms(report)
        self._alarms.say(f"Alarm, {say.alarm_words(alarm)}" for alarm in held)
        self._past.setText("\n".join(f"Was open for a while: {say.alarm_words(alarm)}" for alarm in over))
        self._past.setVisible(bool(over))
        self._failed.show_report(report)
        again = say.again(report) is not None
        self._cut_again.setVisible(again)
        # One button stands out: what closes a path that is open again, or goes on with what is not done
        set_role(self._restore, "" if again or report.resumable else "primary")
        self._proof.show_report(report)
        self._file.show_file(report.restore_file)
        self._next.show_next(say.next_steps(report))
        if self._steps.show_reports(report.steps, report.plan.steps if report.plan else ()):
            in_order(
                self._cut_again,
                *self._failed.buttons,
                self._lanes.fold,
                *self._proof.buttons,
                *self._steps.toggles,
                *self._file.buttons,
                *self._buttons,
            )
        self._lanes.show_watches(tuple((watch, self._lane(watch)) for watch in report.watch))
        self._lanes_card.setVisible(bool(report.watch))
        self._show_paths(report)
        self._show_buttons(report)
        self._spoken.tell(report)

    def focusInEvent(self, _: QFocusEvent) -> None:
        """Opened or turned to: a focus proxy would make Tab skip what stands before it."""
        self._close.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.dismissed.emit()
            return
        super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Closing stops only the listening: the operation belongs to the engine."""
        event.accept()

    # Layout

    def _build(self, scope_words: ScopeWords, info: ConnectionInfo | None) -> None:
        self._title = words_label("", "title", name="operation-title")
        self._badge = Badge(self._theme)
        self._badge.setObjectName("operation-outcome")
        self._sentence = words_label("", name="operation-sentence")
        self._facts = words_label("", "secondary", name="operation-facts")
        self._notice = Notice(self._theme, "caution", "warning", "operation-notice")
        self._waiting = Notice(self._theme, "unknown", "watch", "operation-waiting")
        self._alarms = Notice(self._theme, "danger", "broken", "operation-alarms")
        self._cut_again = _button("Cut it off again…", "operation-cut-again", self._on_cut_again)
        self._past = words_label("", "quiet", name="operation-past-alarms")
        self._proof = ProofCard(self._theme, scope_words)
        self._proof.again.connect(self._on_prove)
        self._proof.close_wanted.connect(self._on_close_incident)
        self._file = FileCard(info)
        self._next = NextCard("operation-next", wizards=())
        self._failed = FailedNotice(self._theme, "operation-failed")
        self._failed.again.connect(self._on_resume)
        self._failed.other.connect(self._on_other)
        self._lanes = OperationLanes(self._theme, "operation-lanes", "What Azure reports of each service")
        self._lanes_card, _ = card(label("What Azure reports", "section"), self._lanes)
        self._steps = OperationSteps(self._theme, "operation-steps")
        steps_card, _ = card(label("Steps", "section"), self._steps)
        self._paths = PathList(self._theme, "operation-paths", scope_words)
        self._paths_card, _ = card(self._paths)
        stands = QHBoxLayout()
        stands.setSpacing(10)
        stands.addWidget(self._badge, 0, Qt.AlignmentFlag.AlignTop)
        stands.addWidget(self._sentence, 1)
        area, body = scrolled("operation-scroll")
        body.addWidget(self._title)
        body.addLayout(stands)
        parts: tuple[QWidget, ...] = (self._facts, self._alarms, self._failed, self._notice, self._waiting, self._past)
        parts += (self._next, self._lanes_card, self._proof, self._paths_card, steps_card, self._file)
        for widget in parts:
            body.addWidget(widget)
            if widget is self._alarms:
                body.addWidget(self._cut_again, 0, Qt.AlignmentFlag.AlignLeft)
        body.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(area, 1)
        whole.addWidget(self._footer())

    def _footer(self) -> QWidget:
        whole, row = footer()
        self._stop = _button("&Stop", "operation-stop", self._on_stop)
        self._discard = _button("&Discard", "operation-discard", self._on_discard)
        self._answer = _button("", "operation-answer", self._on_answer)
        self._undo = _button("&Undo what was done", "operation-undo", self._on_undo)
        self._resume = _button("&Go on", "operation-resume", self._on_resume)
        self._restore = _button("&Restore access", "operation-restore", self._on_restore)
        self._close = _button("Close", "operation-close", self._on_close)
        for button in (self._resume, self._restore, self._cut_again):
            button.setProperty("role", "primary")
        self._record = _button("Open re&cord", "operation-record", self._on_record)
        if self._open_record is None:
            self._record.hide()
        row.addWidget(self._stop)
        row.addWidget(self._answer)
        row.addWidget(self._record)
        row.addStretch(1)
        for button in (self._discard, self._undo, self._resume, self._restore, self._close):
            row.addWidget(button)
        self._buttons = (
            self._restore,
            self._resume,
            self._undo,
            self._discard,
            self._stop,
            self._answer,
            self._record,
            self._close,
        )
        return whole

    # Showing

    def _lane(self, watch: WatchReport) -> Lane:
        report = self._report
        waits, failed = say.waits_for(report, watch), say.not_done(report, watch)
        return watch_lane(watch, goes_on=say.goes_on(report), waits_for=waits, away=say.away(report), not_done=failed)

    def _show_paths(self, report: OperationReport) -> None:
        """The paths as they were read again after the writes; where they were not, nothing is claimed of them."""
        acted = any(step.state in MAY_HAVE_ACTED for step in report.steps)
        rested = all(step.state in AT_REST for step in report.steps)
        read = report.verb == "revoke" and report.ended_at is not None and (acted or rested)
        planned = report.plan is not None and bool(report.plan.paths)
        told = bool(report.open_paths) or (read and planned)
        self._paths_card.setVisible(told and report.proof is None)
        self._paths.show_paths(report.open_paths, after=True, none="Read again afterwards: none is left open.")

    def _show_buttons(self, report: OperationReport) -> None:
        running, here = report.alive, self._runs_here(report.operation)
        writing = running and not all(step.state in OVER for step in report.steps)
        waiting = any(watch.result is WatchResult.WAITING for watch in report.watch)
        acted = any(step.state in MAY_HAVE_ACTED for step in report.steps)
        failed = any(step.state is StepState.FAILED for step in report.steps)
        self._stop.setVisible(running and here and (writing or waiting))
        self._stop.setText("&Stop after this step" if writing else "&Stop watching")
        self._stop.setEnabled(not report.cancel_requested)
        broken = report.resumable and not running
        self._resume.setVisible(broken)
        rest = say.waits_for_the_rest(report)
        self._resume.setText("Try a&gain" if failed else "&Go on with the rest" if rest else "&Go on")
        self._discard.setVisible(broken and not acted and interrupted(report))
        # A revoke is always restored: that asks whether the identity is clean, says what is not exact, and can be a part
        self._undo.setVisible(report.undoable and not running and report.verb != "revoke")
        # Beside the watch from the first second: what runs is stopped first
        given_back = report.answered_by is not None and not report.undoable
        restorable = report.verb == "revoke" and not given_back and (acted or running)
        self._restore.setVisible(restorable)
        self._restore.setEnabled((here or not running) and not (running and report.cancel_requested))
        self._restore.setToolTip("Stops this first, then shows what will be given back" if running else "")
        self._answer.setVisible(bool(report.answered_by or report.answers))
        self._answer.setText("Show what gave it back" if report.answered_by else "Show what it answers")

    # Clicks

    def _on_stop(self, *_: object) -> None:
        self._stop.setEnabled(False)
        self.stop.emit(self._report)

    def _on_undo(self, *_: object) -> None:
        self.undo.emit(self._report)

    def _on_resume(self, *_: object) -> None:
        self._resume.setVisible(False)
        self.resume.emit(self._report)

    def _on_discard(self, *_: object) -> None:
        self.discard.emit(self._report)

    def _on_restore(self, *_: object) -> None:
        self.restore.emit(self._report)

    def _on_prove(self) -> None:
        self._spoken.asked_for_proof(self._report)
        self.prove.emit(self._report)

    def _on_close_incident(self) -> None:
        self.close_incident.emit(self._report)

    def _on_record(self, *_: object) -> None:
        if self._open_record is not None:
            self._open_record(self._report)

    def _on_other(self, *_: object) -> None:
        other = say.alternative(self._report)
        if other is not None:
            self.alternative.emit(self._report, other[0])

    def _on_cut_again(self, *_: object) -> None:
        method = say.again(self._report)
        if method is not None:
            self.alternative.emit(self._report, method)

    def not_proved(self) -> None:
        """The paths could not be read again: show what was known."""
        self._proof.show_report(self._report)

    def _on_answer(self, *_: object) -> None:
        self.answer_wanted.emit(self._report.answered_by or self._report.answers or "")

    def _on_close(self, *_: object) -> None:
        self.dismissed.emit()


def _button(text: str, name: str, clicked: Callable[..., None]) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(name)
    button.setAutoDefault(False)
    button.clicked.connect(clicked)
    return button
