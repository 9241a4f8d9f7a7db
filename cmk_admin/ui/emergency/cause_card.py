"""What happened: four answers of which one is preselected, and why the plan is the one for it."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QRadioButton, QVBoxLayout, QWidget

from cmk_admin.domain.verbs.revoking import CAUSES, Cause
from cmk_admin.ui.emergency.option import Option, heading
from cmk_admin.ui.emergency.parts import card


class CauseCard(QWidget):
    """The arrow keys go through the answers; the chosen one says why its plan is what it is."""

    chosen = Signal(object)
    """The `Cause`."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("revoke-causes")
        self.setAccessibleName("What happened?")
        group = QButtonGroup(self)
        self._options: dict[Cause, Option] = {}
        frame, column = card(heading("What happened?"))
        column.setSpacing(2)
        for cause in CAUSES:
            button = QRadioButton()
            group.addButton(button)
            option = Option(button, cause.value, f"revoke-cause-{cause.value}")
            option.picked.connect(self._picked)
            self._options[cause] = option
            column.addWidget(option)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(frame)
        self.show_cause(Cause.SERVICE, "")

    @property
    def buttons(self) -> tuple[QWidget, ...]:
        return tuple(option.button for option in self._options.values())

    def show_cause(self, cause: Cause, why: str) -> None:
        """Show one as chosen; `why` is the sentence of its plan."""
        for one, option in self._options.items():
            option.show_option(CAUSES[one], why if one is cause else "", chosen=one is cause)

    def _picked(self, value: str) -> None:
        self.chosen.emit(Cause(value))
