"""The question that a restore asks before it can start: whether the identity that gets the key back is clean."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QRadioButton, QVBoxLayout, QWidget

from cmk_admin.domain.plan import Check, Plan
from cmk_admin.domain.verbs.restore import ANSWERS, CLEAN, QUESTION, answered
from cmk_admin.ui.emergency.option import Option, heading
from cmk_admin.ui.emergency.parts import card, words_label


class CleanCard(QWidget):
    """Neither answer is chosen from the start. Both let the restore begin; which it was goes into the record."""

    answered = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("answer-clean")
        self.setAccessibleName(QUESTION)
        self._question = words_label("", name="answer-clean-question")
        group = QButtonGroup(self)
        frame, column = card(heading(QUESTION), self._question)
        self._options: dict[str, Option] = {}
        for value in ANSWERS:
            button = QRadioButton()
            group.addButton(button)
            option = Option(button, value, f"answer-clean-{value}")
            option.picked.connect(self._picked)
            self._options[value] = option
            column.addWidget(option)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(frame)
        self.answer = ""
        """``clean`` or ``unknown``; empty: not answered."""
        self._asked = False
        self.hide()

    @property
    def buttons(self) -> tuple[QWidget, ...]:
        return tuple(option.button for option in self._options.values())

    @property
    def lets_start(self) -> bool:
        """It was answered, or nobody asks."""
        return not self._asked or bool(self.answer)

    def said_in(self, plan: Plan) -> Plan:
        """The plan with the answer, for the record."""
        return answered(plan, self.answer) if self._asked and self.answer else plan

    def show_checks(self, checks: tuple[Check, ...]) -> None:
        """Ask where the plan asks."""
        check = next((one for one in checks if one.name == CLEAN), None)
        self._asked = check is not None
        self.setVisible(self._asked)
        if check is not None:
            # The card's head asks it already
            self._question.setText(check.sentence.removeprefix(f"{QUESTION} "))
            notes = {"clean": "", "unknown": check.next}
            for value, option in self._options.items():
                option.show_option(ANSWERS[value], notes[value], chosen=value == self.answer)

    def _picked(self, value: str) -> None:
        self.answer = value
        self.answered.emit()
