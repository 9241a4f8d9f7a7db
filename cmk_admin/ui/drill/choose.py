"""Which drill: the six, a sentence each."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QDialog, QDialogButtonBox, QRadioButton, QVBoxLayout, QWidget

from cmk_admin.domain.drill import DRILLS
from cmk_admin.ui.widgets.labels import label

_WIDTH = 520


class ChooseDrill(QDialog):
    """Asks; `chosen` is told the name."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("choose-drill")
        self.setWindowTitle("Drill")
        self.setAccessibleName("Choose a drill")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setMinimumWidth(_WIDTH)
        body = QVBoxLayout(self)
        body.setContentsMargins(24, 20, 24, 16)
        body.setSpacing(2)
        body.addWidget(label("Hold a drill", "title"))
        said = (
            "A fresh sandbox with trouble built in, the same window, and a clock. Nothing in it reaches a real Azure."
        )
        body.addWidget(label(said, "quiet", wrap=True))
        body.addSpacing(6)
        self._group = QButtonGroup(self)
        for number, (name, about) in enumerate(DRILLS.items()):
            one = QRadioButton(name.capitalize())
            one.setObjectName(f"drill-{name}")
            one.setAccessibleName(f"{name.capitalize()}: {about}")
            one.setProperty("drill", name)
            one.setChecked(number == 0)
            self._group.addButton(one)
            under = label(about, "quiet", wrap=True)
            under.setContentsMargins(26, 0, 0, 8)
            body.addWidget(one)
            body.addWidget(under)
        buttons = QDialogButtonBox()
        start = buttons.addButton("Start the drill", QDialogButtonBox.ButtonRole.AcceptRole)
        start.setObjectName("drill-start")
        start.setProperty("role", "primary")
        start.setDefault(True)
        cancel = buttons.addButton("Cancel", QDialogButtonBox.ButtonRole.RejectRole)
        cancel.setObjectName("drill-cancel")
        buttons.accepted.connect(self._start)
        buttons.rejected.connect(self.reject)
        body.addSpacing(6)
        body.addWidget(buttons)

    def _start(self) -> None:
        checked = self._group.checkedButton()
        self.accept()
        if checked is not None:
            self.chosen.emit(str(checked.property("drill")))
