"""Why it is done: for the record, and for whoever activates a role for it."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLineEdit, QVBoxLayout, QWidget

from cmk_admin.ui.emergency.option import heading
from cmk_admin.ui.emergency.parts import card
from cmk_admin.ui.theme import sizes
from cmk_admin.ui.widgets.labels import label


class WhyCard(QWidget):
    """A reason and a ticket, both of which may be left empty."""

    said = Signal()
    """Another reason or ticket stands there, and the field was left."""

    def __init__(self) -> None:
        super().__init__()
        self._told = ("", "")
        self.fields = QLineEdit(), QLineEdit()
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        asked = (("Rea&son", "Reason", "What happened"), ("Tic&ket", "Ticket", "INC-1234"))
        for row, (field, (text, spoken, example)) in enumerate(zip(self.fields, asked, strict=True)):
            field.setObjectName(f"revoke-{spoken.lower()}")
            field.setAccessibleName(spoken)
            field.setMinimumHeight(sizes.TARGET)
            field.setPlaceholderText(example)
            field.editingFinished.connect(self._left)
            caption = label(text)
            caption.setBuddy(field)
            grid.addWidget(caption, row, 0)
            grid.addWidget(field, row, 1)
        frame, column = card(heading("For the record (optional)"))
        column.addLayout(grid)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(frame)

    @property
    def reason(self) -> str:
        return self.fields[0].text().strip()

    @property
    def ticket(self) -> str:
        return self.fields[1].text().strip()

    def _left(self) -> None:
        if (self.reason, self.ticket) != self._told:
            self._told = (self.reason, self.ticket)
            self.said.emit()
