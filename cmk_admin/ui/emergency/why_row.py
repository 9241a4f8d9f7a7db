"""Why it is done: for the record, and for whoever activates a role for it."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit

from cmk_admin.ui.theme import sizes
from cmk_admin.ui.widgets.labels import label

_ASKED = (("Rea&son", "Reason", "What happened, for the record"), ("&Ticket", "Ticket", "INC-1234"))


class WhyRow(QHBoxLayout):
    """A reason and a ticket, both of which may be left empty."""

    said = Signal()
    """Another reason or ticket stands there, and the field was left."""

    def __init__(self) -> None:
        super().__init__()
        self._told = ("", "")
        self.fields = QLineEdit(), QLineEdit()
        self.setSpacing(12)
        for field, (text, spoken, example), stretch in zip(self.fields, _ASKED, (3, 1), strict=True):
            field.setObjectName(f"revoke-{spoken.lower()}")
            field.setAccessibleName(spoken)
            field.setMinimumHeight(sizes.TARGET)
            field.setPlaceholderText(example)
            field.setToolTip("Kept in the record; may be left empty")
            field.editingFinished.connect(self._left)
            caption = label(text)
            caption.setBuddy(field)
            self.addWidget(caption)
            self.addWidget(field, stretch)

    @property
    def reason(self) -> str:
        return self.fields[0].text().strip()

    @property
    def ticket(self) -> str:
        return self.fields[1].text().strip()

    def fill(self, reason: str, ticket: str) -> None:
        """As they were given before."""
        self._told = (reason, ticket)
        for field, text in zip(self.fields, self._told, strict=True):
            field.setText(text)

    def _left(self) -> None:
        if (self.reason, self.ticket) != self._told:
            self._told = (self.reason, self.ticket)
            self.said.emit()
