"""The plan that gives back or takes back: read before it starts, like any other."""

from collections.abc import Callable, Coroutine
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from cmk_admin.domain.plan import Plan
from cmk_admin.ui.announce import announce
from cmk_admin.ui.bridge import Bridge
from cmk_admin.ui.dialogs import failure_text
from cmk_admin.ui.emergency.parts import StepList, card, label, scrolled
from cmk_admin.ui.theme.theme import Theme

Prepare = Callable[[], Coroutine[Any, Any, Plan]]


class AnswerPage(QWidget):
    """Shows what a restore or an undo would do, and starts it."""

    start = Signal(object, str, str)
    """The `Plan`, and two empty texts: the reason stands with the operation that is answered."""
    cancelled = Signal()

    def __init__(self, *, bridge: Bridge, theme: Theme, prepare: Prepare, verb: str) -> None:
        """`verb` is the button's text: ``Restore access``, ``Undo``."""
        super().__init__()
        self.setObjectName("answer-page")
        self.setAccessibleName(verb)
        self.setWindowTitle(verb)
        self._verb = verb
        self._plan: Plan | None = None
        self._title = label(verb, "title", name="answer-title")
        self._state = label("Reading from Azure how things stand …", "secondary", name="answer-state")
        self._problems, self._warnings = label("", "danger", name="answer-problems"), label("", "caution")
        for hidden in (self._problems, self._warnings):
            hidden.hide()
        self._steps = StepList(theme, "answer-steps")
        self._after = label("", "quiet")
        inner = QWidget()
        inner.setProperty("role", "page")
        body = QVBoxLayout(inner)
        body.setContentsMargins(24, 16, 24, 16)
        body.setSpacing(12)
        for widget in (self._title, self._state, self._problems, self._warnings):
            body.addWidget(widget)
        body.addWidget(card(label("What will be done", "section"), self._steps, self._after)[0])
        body.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(scrolled(inner, "answer-scroll"), 1)
        line = QFrame()
        line.setProperty("role", "line")
        whole.addWidget(line)
        whole.addWidget(self._footer())
        bridge.start(self, prepare(), self._prepared, self._unprepared)

    @property
    def plan(self) -> Plan | None:
        return self._plan

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.cancelled.emit()
            return
        super().keyPressEvent(event)

    def _footer(self) -> QWidget:
        footer = QFrame()
        footer.setProperty("role", "surface")
        row = QHBoxLayout(footer)
        row.setContentsMargins(24, 10, 24, 10)
        row.setSpacing(12)
        cancel = QPushButton("Cancel")
        cancel.setObjectName("answer-cancel")
        cancel.clicked.connect(self._cancel)
        self._go = QPushButton(self._verb)
        self._go.setObjectName("answer-start")
        self._go.setProperty("role", "primary")
        self._go.setAutoDefault(False)
        self._go.setEnabled(False)
        self._go.clicked.connect(self._start)
        row.addStretch(1)
        row.addWidget(cancel)
        row.addWidget(self._go)
        return footer

    def _prepared(self, plan: Plan) -> None:
        self._plan = plan
        self._title.setText(plan.title)
        self.setWindowTitle(plan.title)
        self._state.setText("Checked with Azure just now.")
        self._problems.setText("\n".join(plan.problems))
        self._problems.setVisible(bool(plan.problems))
        self._warnings.setText("\n".join(plan.warnings))
        self._warnings.setVisible(bool(plan.warnings))
        self._steps.show_plan(plan.steps)
        count = len(plan.watches)
        self._after.setText(
            f"Then {count} {'service is' if count == 1 else 'services are'} watched until back." if count else ""
        )
        self._after.setVisible(bool(count))
        self._go.setEnabled(not plan.problems and bool(plan.steps))
        announce(self, f"{plan.title}: {len(plan.steps)} steps")

    def _unprepared(self, error: Exception) -> None:
        self._state.setText("Nothing was changed.")
        self._problems.setText(failure_text(error))
        self._problems.show()
        announce(self, failure_text(error), urgent=True)

    def _cancel(self, *_: object) -> None:
        self.cancelled.emit()

    def _start(self, *_: object) -> None:
        if self._plan is not None:
            self._go.setEnabled(False)
            self.start.emit(self._plan, "", "")
