"""Revoke: the ready-made plan with its blast radius on one screen, and the only red button of the program."""

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from cmk_admin.domain.plan import Method, PathState, Plan
from cmk_admin.domain.verbs.revoke import RevokeDraft
from cmk_admin.operations.interface import Backend
from cmk_admin.ui.announce import announce
from cmk_admin.ui.bridge import Bridge, Job
from cmk_admin.ui.dialogs import failure_text
from cmk_admin.ui.emergency.lanes import Lanes
from cmk_admin.ui.emergency.look import effect_lane
from cmk_admin.ui.emergency.parts import PathList, StepList, card, label, scrolled
from cmk_admin.ui.theme.theme import Theme


class RevokePage(QWidget):
    """Shows the plan of a draft, checked with Azure, and starts it on one click."""

    start = Signal(object, str, str)
    """The `Plan` that was shown, the reason and the ticket."""
    cancelled = Signal()

    def __init__(self, *, bridge: Bridge, backend: Backend, theme: Theme, draft: RevokeDraft, complete: bool) -> None:
        """`complete`: whether the estate's coverage is; without it every count is "at least"."""
        super().__init__()
        self.setObjectName("revoke-page")
        self.setAccessibleName("Revoke")
        self._bridge, self._backend, self._theme = bridge, backend, theme
        self._draft, self._complete = draft, complete
        self._plan: Plan | None = None
        self._job: Job | None = None
        self._build()
        self._prepare()

    @property
    def plan(self) -> Plan | None:
        """What is on screen."""
        return self._plan

    def show_plan(self, plan: Plan, *, checked: bool) -> None:
        """Show a plan; only a `checked` one, read from Azure just now, can be started."""
        self._plan = plan if checked else None
        self._title.setText(plan.title)
        self.setWindowTitle(plan.title)
        self._show_methods(plan.methods, plan.method)
        self._steps.show_plan(plan.steps)
        self._lanes.show_lanes(tuple(effect_lane(effect) for effect in plan.effects))
        self._lost.setText(_what_is_lost(plan))
        self._paths.show_paths(plan.paths)
        self._say_problems(plan)
        self._state.setText(
            "Checked with Azure just now." if checked else "From the last estate; checking with Azure …"
        )
        self._go.setText(button_words(plan, complete=self._complete))
        self._go.setEnabled(checked and not plan.problems and bool(plan.steps))
        if checked:
            announce(self, f"{plan.title}. {self._go.text()}. {self._paths.heading.text()}")

    def try_again(self) -> None:
        """The start was refused: check anew, so that what is on screen can be started or says why not."""
        self._prepare()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.cancelled.emit()
            return
        super().keyPressEvent(event)

    def _build(self) -> None:
        self._title = label("Revoke", "title", name="revoke-title")
        self._state = label("Reading the key, its grants and its users from Azure …", "secondary", name="revoke-state")
        self._problems = label("", "danger", name="revoke-problems")
        self._warnings = label("", "caution", name="revoke-warnings")
        for hidden in (self._problems, self._warnings):
            hidden.hide()
        columns = QHBoxLayout()
        columns.setSpacing(16)
        columns.addWidget(self._left(), 4)
        columns.addWidget(self._right(), 5)
        inner = QWidget()
        inner.setProperty("role", "page")
        body = QVBoxLayout(inner)
        body.setContentsMargins(24, 16, 24, 16)
        body.setSpacing(12)
        for widget in (self._title, self._state, self._problems, self._warnings):
            body.addWidget(widget)
        body.addLayout(columns)
        self._paths = PathList(self._theme, "revoke-paths")
        body.addWidget(card(self._paths)[0])
        body.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(scrolled(inner, "revoke-scroll"), 1)
        whole.addWidget(self._footer())

    def _left(self) -> QWidget:
        self._methods = QButtonGroup(self)
        self._method_rows = QVBoxLayout()
        self._method_rows.setSpacing(2)
        methods, column = card(label("How", "section"))
        column.addLayout(self._method_rows)
        self._steps = StepList(self._theme, "revoke-steps")
        steps, _ = card(label("What will be done", "section"), self._steps)
        side = QWidget()
        both = QVBoxLayout(side)
        both.setContentsMargins(0, 0, 0, 0)
        both.setSpacing(12)
        both.addWidget(methods)
        both.addWidget(steps)
        both.addStretch(1)
        return side

    def _right(self) -> QWidget:
        self._lanes = Lanes(self._theme, "revoke-lanes")
        self._lost = label("", "quiet", name="revoke-lost")
        radius, column = card(label("What stops, and when", "section"), self._lanes, self._lost)
        column.addStretch(1)
        return radius

    def _footer(self) -> QWidget:
        footer = QFrame()
        footer.setProperty("role", "surface")
        self._reason, self._ticket = QLineEdit(), QLineEdit()
        self._reason.setObjectName("revoke-reason")
        self._reason.setAccessibleName("Reason")
        self._reason.setPlaceholderText("optional, goes into the record")
        self._ticket.setObjectName("revoke-ticket")
        self._ticket.setAccessibleName("Ticket")
        self._ticket.setPlaceholderText("optional")
        self._ticket.setMaximumWidth(180)
        why, ticket = QFormLayout(), QFormLayout()
        why.addRow("Rea&son", self._reason)
        ticket.addRow("&Ticket", self._ticket)
        cancel = QPushButton("Cancel")
        cancel.setObjectName("revoke-cancel")
        cancel.clicked.connect(self._cancel)
        self._go = QPushButton("Revoke")
        self._go.setObjectName("revoke-start")
        self._go.setProperty("role", "danger")
        self._go.setAutoDefault(False)
        self._go.setEnabled(False)
        self._go.clicked.connect(self._start)
        row = QHBoxLayout(footer)
        row.setContentsMargins(24, 10, 24, 10)
        row.setSpacing(16)
        row.addLayout(why, 1)
        row.addLayout(ticket)
        row.addWidget(cancel)
        row.addWidget(self._go)
        line = QFrame()
        line.setProperty("role", "line")
        outer = QWidget()
        column = QVBoxLayout(outer)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(line)
        column.addWidget(footer)
        return outer

    def _prepare(self) -> None:
        if self._job is not None:
            self._job.cancel()
        self._go.setEnabled(False)
        self._job = self._bridge.start(
            self, self._backend.prepare_revoke(self._draft), self._prepared, self._unprepared
        )

    def _prepared(self, plan: Plan) -> None:
        self._job = None
        self.show_plan(plan, checked=True)

    def _unprepared(self, error: Exception) -> None:
        self._job = None
        self._state.setText("This could not be checked with Azure; nothing was changed.")
        self._problems.setText(failure_text(error))
        self._problems.show()
        announce(self, failure_text(error), urgent=True)

    def _show_methods(self, methods: tuple[Method, ...], chosen: str | None) -> None:
        if [button.property("method") for button in self._methods.buttons()] != [m.name for m in methods]:
            while (item := self._method_rows.takeAt(0)) is not None:
                if (old := item.widget()) is not None:
                    old.deleteLater()
            for button in self._methods.buttons():
                self._methods.removeButton(button)
            for method in methods:
                button = QRadioButton(method.title + (" (recommended)" if method.recommended else ""))
                button.setObjectName(f"revoke-method-{method.name}")
                button.setProperty("method", method.name)
                button.clicked.connect(partial(self._choose, method.name))
                self._methods.addButton(button)
                self._method_rows.addWidget(button)
                if method.reason:
                    why = label(method.reason, "secondary")
                    why.setContentsMargins(24, 0, 0, 4)
                    self._method_rows.addWidget(why)
        for button, method in zip(self._methods.buttons(), methods, strict=True):
            button.setEnabled(method.possible)
            button.setChecked(method.name == chosen)

    def _choose(self, method: str, *_: object) -> None:
        self._draft = RevokeDraft(key=self._draft.key, consumers=self._draft.consumers, method=method)
        self._state.setText("Checking with Azure …")
        self._prepare()

    def _say_problems(self, plan: Plan) -> None:
        self._problems.setText("\n".join(plan.problems))
        self._problems.setVisible(bool(plan.problems))
        left = sum(path.state is not PathState.WILL_CLOSE for path in plan.paths)
        warnings = list(plan.warnings)
        if left:
            warnings.insert(
                0,
                f"{left} {'way stays' if left == 1 else 'ways stay'} open or unknown: the outcome can be partial, not done.",
            )
        self._warnings.setText("\n".join(warnings))
        self._warnings.setVisible(bool(warnings))

    def _cancel(self, *_: object) -> None:
        self.cancelled.emit()

    def _start(self, *_: object) -> None:
        if self._plan is not None:
            self._go.setEnabled(False)
            self.start.emit(self._plan, self._reason.text().strip(), self._ticket.text().strip())


def button_words(plan: Plan, *, complete: bool) -> str:
    """``Disable 2 versions, cut 5 services``; "at least" where coverage is not complete."""
    count = len(plan.steps)
    noun = "version" if plan.method == "disable" else "grant"
    verb = "Disable" if plan.method == "disable" else "Remove"
    cut = len({effect.consumer_id.lower() for effect in plan.effects})
    services = f"cut {'' if complete else 'at least '}{cut} {'service' if cut == 1 else 'services'}"
    return f"{verb} {count} {noun}{'' if count == 1 else 's'}, {services}"


def _what_is_lost(plan: Plan) -> str:
    lines = dict.fromkeys(f"{effect.consumer_name}: {effect.lost} {effect.comes_back}" for effect in plan.effects)
    return "\n".join(lines) if lines else "No service that this account can see uses this key."
