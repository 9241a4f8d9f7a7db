"""The last page of every wizard: the plan in words, read before it is started."""

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from cmk_admin.domain.plan import Plan
from cmk_admin.domain.words import count
from cmk_admin.ui.announce import announce
from cmk_admin.ui.dialogs import failure_text
from cmk_admin.ui.emergency.lane_words import back_lane
from cmk_admin.ui.emergency.lanes import Lanes
from cmk_admin.ui.emergency.parts import Notice, StepList, card, scrolled, words_label
from cmk_admin.ui.theme.theme import Theme
from cmk_admin.ui.widgets.labels import label
from cmk_admin.ui.wizards.wizard import Room

READING = "Reading from Azure how things stand …"


class StartButton(QPushButton):
    """Starts a change: a click or the space bar, never Enter."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setObjectName("wizard-start")
        self.setProperty("role", "primary")
        self.setAutoDefault(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.accept()
            return
        super().keyPressEvent(event)


class PlanView(QWidget):
    """Shows a plan, and asks why it is done, for the record."""

    again = Signal()
    """It should be read anew."""

    def __init__(self, room: Room, heading: str) -> None:
        """`heading` stands over it while there is no plan."""
        super().__init__()
        self.setObjectName("wizard-plan")
        self.setAccessibleName("Plan")
        self._index = room.index
        self._heading = heading
        self.plan: Plan | None = None
        self._draft: Any = None
        """The answers that what is on screen belongs to."""
        self._build(room.theme)

    @property
    def reason(self) -> str:
        return self._reason.text().strip()

    @property
    def ticket(self) -> str:
        return self._ticket.text().strip()

    @property
    def said(self) -> bool:
        """Something was typed here."""
        return bool(self.reason or self.ticket)

    def order(self) -> tuple[QWidget, ...]:
        """What Tab goes through, in its order."""
        return (self._again, *self._steps.toggles, self._reason, self._ticket)

    def show_reading(self, draft: Any) -> None:
        """It is being worked out. The plan of other answers goes: under this head it would be taken for the new one."""
        self.plan = None
        if draft is not self._draft:
            self._draft = draft
            self._clear()
        self._state.setText(READING)
        self._again.hide()
        self._problems.say(())

    def show_plan(self, plan: Plan) -> None:
        """As it was checked with Azure just now."""
        self.plan = plan
        self._title.setText(plan.title)
        self._state.setText("Checked with Azure just now." if plan.steps else "Nothing was changed.")
        self._again.setVisible(bool(plan.problems))
        self._problems.say(_listed(plan.problems))
        self._warnings.say(_listed(plan.warnings))
        self._findings.setText("\n".join(_listed(plan.findings)))
        self._findings_card.setVisible(bool(plan.findings))
        self._steps.show_plan(plan.steps)
        self._steps_card.setVisible(bool(plan.steps))
        self._lanes.show_lanes(
            tuple(back_lane(self._name(one.consumer_id), one, goes_on=plan.goes_on) for one in plan.watches)
        )
        self._lanes_card.setVisible(bool(plan.watches))
        self._why.setVisible(bool(plan.steps))
        said = f"{plan.title}: {count(len(plan.steps), 'step')}"
        announce(self, ". ".join((said, *plan.findings, *plan.problems)), urgent=bool(plan.problems))

    def show_failure(self, error: Exception) -> None:
        """It could not be worked out, so that no plan is shown either."""
        self._clear()
        self._state.setText("Nothing was changed.")
        self._again.show()
        self._problems.say((failure_text(error),))
        announce(self, failure_text(error), urgent=True)

    def _clear(self) -> None:
        """Nothing is on screen that could be read as what will be done."""
        self._title.setText(self._heading)
        self._warnings.say(())
        for one in (self._findings_card, self._steps_card, self._lanes_card, self._why):
            one.hide()

    def show_starting(self) -> None:
        self._state.setText("Starting …")
        self._again.hide()

    def _name(self, consumer_id: str) -> str:
        found = self._index().consumer(consumer_id)
        return found.name if found is not None else consumer_id.rstrip("/").rsplit("/", 1)[-1]

    def _build(self, theme: Theme) -> None:
        self._title = words_label(self._heading, "title", name="wizard-plan-title")
        self._state = label(READING, "quiet", name="wizard-plan-state")
        self._again = QPushButton("Check again")
        self._again.setObjectName("wizard-plan-check")
        self._again.setProperty("role", "link")
        self._again.clicked.connect(self._on_again)
        state = QHBoxLayout()
        state.setSpacing(12)
        state.addWidget(self._state)
        state.addWidget(self._again)
        state.addStretch(1)
        self._problems = Notice(theme, "danger", "broken", "wizard-plan-problems")
        self._warnings = Notice(theme, "caution", "warning", "wizard-plan-warnings")
        self._findings = words_label("", name="wizard-plan-findings")
        self._findings_card, _ = card(label("What was found", "section"), self._findings)
        self._steps = StepList(theme, "wizard-plan-steps")
        self._steps_card, _ = card(label("What will be done", "section"), self._steps)
        self._lanes = Lanes(theme, "wizard-plan-lanes", "When each service has the key")
        self._lanes_card, _ = card(label("What is watched afterwards", "section"), self._lanes)
        self._why = self._record()
        area, body = scrolled("wizard-plan-scroll")
        # A key's name has up to 127 letters and nothing to break it at: what is going to be done can be read to its end
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        body.addWidget(self._title)
        body.addLayout(state)
        for widget in (
            self._problems,
            self._findings_card,
            self._warnings,
            self._steps_card,
            self._lanes_card,
            self._why,
        ):
            body.addWidget(widget)
        body.addStretch(1)
        for hidden in (self._findings_card, self._steps_card, self._lanes_card, self._why, self._again):
            hidden.hide()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(area)

    def _record(self) -> QWidget:
        self._reason, self._ticket = QLineEdit(), QLineEdit()
        rows = (
            ("&Reason", self._reason, "wizard-reason", "What it is for"),
            ("&Ticket", self._ticket, "wizard-ticket", "CHG-1234"),
        )
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        for row, (text, field, name, example) in enumerate(rows):
            field.setObjectName(name)
            field.setAccessibleName(text.replace("&", ""))
            field.setPlaceholderText(example)
            caption = label(text)
            caption.setBuddy(field)
            grid.addWidget(caption, row, 0)
            grid.addWidget(field, row, 1)
        frame, column = card(label("For the record (optional)", "section"))
        column.addLayout(grid)
        return frame

    def _on_again(self, *_: object) -> None:
        self.again.emit()


def _listed(sentences: tuple[str, ...]) -> tuple[str, ...]:
    """Several are told apart by a dot before each."""
    return tuple(f"•  {one}" for one in sentences) if len(sentences) > 1 else sentences
