"""One operation, running or past: its steps, what each service really did and when, what is left open, and the way back."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from cmk_admin.domain.steps import Outcome, StepState
from cmk_admin.operations.interface import OperationReport, WatchResult
from cmk_admin.ui.announce import announce
from cmk_admin.ui.emergency.lanes import Lanes
from cmk_admin.ui.emergency.look import outcome, watch_lane, watch_words
from cmk_admin.ui.emergency.parts import Badge, PathList, StepList, card, label, scrolled
from cmk_admin.ui.theme.theme import Theme

OVER = (StepState.DONE, StepState.SKIPPED)


class OperationPage(QWidget):
    """Shows the newest report of one operation; closing it never stops the operation."""

    restore = Signal(object)
    undo = Signal(object)
    resume = Signal(object)
    stop = Signal(object)
    """Each with the `OperationReport` on screen."""
    dismissed = Signal()

    def __init__(self, theme: Theme, report: OperationReport) -> None:
        super().__init__()
        self.setObjectName("operation-page")
        self.setAccessibleName("Operation")
        self._theme = theme
        self._said: set[str] = set()
        self._report = report
        self._build()
        self.show_report(report)

    @property
    def report(self) -> OperationReport:
        return self._report

    def show_report(self, report: OperationReport) -> None:
        """Show a newer report of the same operation."""
        self._report = report
        self.setWindowTitle(report.title)
        self._title.setText(report.title)
        self._badge.show_look(outcome(report))
        self._sentence.setText(report.sentence)
        self._sentence.setVisible(bool(report.sentence))
        self._steps.show_reports(report.steps)
        self._lanes.show_lanes(tuple(watch_lane(watch) for watch in report.watch))
        self._lanes_card.setVisible(bool(report.watch))
        self._show_paths(report)
        self._show_facts(report)
        self._show_buttons(report)
        self._announce(report)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.dismissed.emit()
            return
        super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Closing stops only the listening: the operation belongs to the engine."""
        event.accept()

    def _build(self) -> None:
        self._title = label("", "title", name="operation-title")
        self._badge = Badge(self._theme)
        self._badge.setObjectName("operation-outcome")
        self._sentence = label("", name="operation-sentence")
        self._facts = label("", "secondary", name="operation-facts")
        self._lanes = Lanes(self._theme, "operation-lanes")
        self._lanes_card, _ = card(label("What Azure reports", "section"), self._lanes)
        self._steps = StepList(self._theme, "operation-steps")
        steps_card, _ = card(label("Steps", "section"), self._steps)
        self._paths = PathList(self._theme, "operation-paths")
        self._paths_card, _ = card(self._paths)
        inner = QWidget()
        inner.setProperty("role", "page")
        body = QVBoxLayout(inner)
        body.setContentsMargins(24, 16, 24, 16)
        body.setSpacing(12)
        for widget in (
            self._title,
            self._badge,
            self._sentence,
            self._facts,
            self._lanes_card,
            self._paths_card,
            steps_card,
        ):
            body.addWidget(widget)
        body.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(scrolled(inner, "operation-scroll"), 1)
        line = QFrame()
        line.setProperty("role", "line")
        whole.addWidget(line)
        whole.addWidget(self._footer())

    def _footer(self) -> QWidget:
        footer = QFrame()
        footer.setProperty("role", "surface")
        row = QHBoxLayout(footer)
        row.setContentsMargins(24, 10, 24, 10)
        row.setSpacing(12)
        self._stop = _button("Stop", "operation-stop", self._on_stop)
        self._undo = _button("&Undo what was done", "operation-undo", self._on_undo)
        self._resume = _button("Resu&me", "operation-resume", self._on_resume)
        self._restore = _button("&Restore access", "operation-restore", self._on_restore)
        for button in (self._resume, self._restore):
            button.setProperty("role", "primary")
        row.addWidget(self._stop)
        row.addStretch(1)
        for button in (self._undo, self._resume, self._restore):
            row.addWidget(button)
        return footer

    def _show_paths(self, report: OperationReport) -> None:
        read = report.verb == "revoke" and report.outcome not in (Outcome.PLANNED, Outcome.RUNNING)
        self._paths_card.setVisible(read or bool(report.open_paths))
        self._paths.show_paths(report.open_paths, after=True)

    def _show_facts(self, report: OperationReport) -> None:
        facts = []
        if report.created_at:
            facts.append(f"Started {report.created_at.astimezone():%d %B %Y, %H:%M:%S}")
        if report.ended_at:
            facts.append(f"ended {report.ended_at.astimezone():%H:%M:%S}")
        if report.reason:
            facts.append(f"Reason: {report.reason}")
        if report.ticket:
            facts.append(f"Ticket: {report.ticket}")
        facts.append(f"Operation {report.operation}")
        self._facts.setText("  ·  ".join(facts))

    def _show_buttons(self, report: OperationReport) -> None:
        running = report.alive
        watching = any(watch.result is WatchResult.WAITING for watch in report.watch)
        writing = running and not all(step.state in OVER or step.state is StepState.FAILED for step in report.steps)
        self._stop.setVisible(running and (writing or watching))
        self._stop.setText("&Stop after this step" if writing else "&Stop watching")
        self._stop.setEnabled(not report.cancel_requested)
        took = any(step.state in (StepState.DONE, StepState.UNKNOWN) for step in report.steps)
        self._restore.setVisible(report.verb == "revoke" and took and report.answered_by is None)
        self._restore.setEnabled(not writing and not (report.resumable and not running))
        self._resume.setVisible(report.resumable and not running)
        self._undo.setVisible(report.undoable and not running and (report.verb != "revoke" or report.resumable))

    def _announce(self, report: OperationReport) -> None:
        for watch in report.watch:
            key = f"{watch.consumer_id}{watch.result}"
            if watch.result is not WatchResult.WAITING and key not in self._said:
                self._said.add(key)
                announce(
                    self,
                    f"{watch.consumer_name}: {watch_words(watch)}",
                    urgent=watch.result is not WatchResult.CONFIRMED,
                )
        key = f"outcome {report.outcome}"
        if key not in self._said:
            self._said.add(key)
            bad = report.outcome in (Outcome.FAILED, Outcome.PARTIAL, Outcome.REFUSED)
            announce(self, f"{report.title}: {outcome(report).word}. {report.sentence}", urgent=bad)

    def _on_stop(self, *_: object) -> None:
        self._stop.setEnabled(False)
        self.stop.emit(self._report)

    def _on_undo(self, *_: object) -> None:
        self.undo.emit(self._report)

    def _on_resume(self, *_: object) -> None:
        self.resume.emit(self._report)

    def _on_restore(self, *_: object) -> None:
        self.restore.emit(self._report)


def _button(text: str, name: str, clicked: object) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(name)
    button.setAutoDefault(False)
    button.clicked.connect(clicked)
    return button
