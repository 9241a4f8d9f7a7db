"""The steps of an operation: those that failed or run stand first, and of many the others are folded under a count."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from cmk_admin.domain.steps import Step, StepState
from cmk_admin.domain.words import count
from cmk_admin.operations.interface import StepReport
from cmk_admin.ui.emergency.look import STEPS
from cmk_admin.ui.emergency.parts import Disclosure, StepList
from cmk_admin.ui.theme.theme import Theme

MOST = 8
"""Steps that are all shown at once, in their own order."""
_FIRST = (StepState.FAILED, StepState.UNKNOWN, StepState.INTENT, StepState.SENT, StepState.ACCEPTED)
"""States of steps that are looked at first, in this order."""


class OperationSteps(StepList):
    """Rows keep their numbers wherever they stand."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__(theme, name)
        self._first: list[int] = []
        self._folded: list[int] = []
        self._fold = Disclosure(theme, "", f"{name}-fold", "Show the other steps")
        self._fold.toggled.connect(self._turn)
        self._fold.hide()
        self._column.addWidget(self._fold, 0, Qt.AlignmentFlag.AlignLeft)

    def show_reports(self, steps: tuple[StepReport, ...], planned: tuple[Step, ...]) -> bool:
        """True where other rows stand there than before, or in another order."""
        self._resize(len(steps))
        for at, (row, step) in enumerate(zip(self._rows, steps, strict=True)):
            row.show_report(step, planned[at] if at < len(planned) else None)
        states = [step.state for step in steps]
        first = list(range(len(states)))
        if len(states) > MOST:
            first = sorted((at for at in first if states[at] in _FIRST), key=lambda at: _FIRST.index(states[at]))
        folded = [at for at in range(len(states)) if at not in first]
        if folded:
            text = _counts([states[at] for at in folded], more=bool(first))
            self._fold.say(text, f"Show {text}")
        return self._arrange(first, folded)

    @property
    def toggles(self) -> tuple[QWidget, ...]:
        """The buttons of the rows, in the order in which they stand."""
        rows = [self._rows[at].toggle for at in (*self._first, *self._folded)]
        return (*rows[: len(self._first)], self._fold, *rows[len(self._first) :])

    def _arrange(self, first: list[int], folded: list[int]) -> bool:
        if (first, folded) == (self._first, self._folded):
            return False
        self._first, self._folded = first, folded
        rows = [self._rows[at] for at in (*first, *folded)]
        for place, widget in enumerate((*rows[: len(first)], self._fold, *rows[len(first) :])):
            self._column.removeWidget(widget)
            self._column.insertWidget(place, widget)
        self._column.setAlignment(self._fold, Qt.AlignmentFlag.AlignLeft)
        self._fold.setVisible(bool(folded))
        for at in first:
            self._rows[at].show()
        self._turn(self._fold.isChecked())
        return True

    def _turn(self, shown: bool) -> None:
        for at in self._folded:
            self._rows[at].setVisible(shown)


def _counts(states: list[StepState], *, more: bool) -> str:
    """``48 more steps: 46 done, 2 waiting``."""
    counts = [f"{states.count(state)} {STEPS[state].word}" for state in dict.fromkeys(states)]
    return f"{count(len(states), 'more step' if more else 'step')}: {', '.join(counts)}"
