"""The row of filters between the titles and the rows, one field under each title."""

from itertools import pairwise

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHeaderView, QLineEdit, QTableView, QWidget
from shiboken6 import isValid

from cmk_admin.domain.table import COLUMNS
from cmk_admin.ui.theme import sizes

HEIGHT = sizes.ROW + 6


class FilterRow(QWidget):
    """Keeps its fields under the columns while these are moved, resized, hidden and scrolled."""

    changed = Signal()

    def __init__(self, view: QTableView) -> None:
        super().__init__()
        self.setObjectName("column-filters")
        self.setFixedHeight(HEIGHT)
        self._view = view
        self._header: QHeaderView = view.horizontalHeader()
        self.fields: dict[str, QLineEdit] = {}
        for column in COLUMNS:
            field = QLineEdit(self)
            field.setObjectName(f"filter-{column.name}")
            field.setAccessibleName(f"Filter {column.title}")
            field.setProperty("role", "column-filter")
            field.setPlaceholderText("Filter")
            field.setClearButtonEnabled(True)
            field.textChanged.connect(self._tell)
            self.fields[column.name] = field
        for signal in (self._header.sectionResized, self._header.sectionMoved, self._header.geometriesChanged):
            signal.connect(self._place)
        view.horizontalScrollBar().valueChanged.connect(self._place)

    def wanted(self) -> dict[str, str]:
        """What is typed, by column."""
        return {name: field.text() for name, field in self.fields.items() if field.text().strip()}

    def clear(self) -> None:
        for field in self.fields.values():
            field.clear()

    def set_wanted(self, wanted: dict[str, str]) -> None:
        for name, field in self.fields.items():
            field.setText(wanted.get(name, ""))

    def place(self) -> None:
        """Put every field under its title."""
        for at, column in enumerate(COLUMNS):
            field = self.fields[column.name]
            field.setVisible(not self._view.isColumnHidden(at))
            left = self._header.sectionViewportPosition(at)
            field.setGeometry(left + 3, 3, max(24, self._header.sectionSize(at) - 6), HEIGHT - 6)
        # Tab goes through them as they stand
        shown = sorted(range(len(COLUMNS)), key=self._header.visualIndex)
        for one, following in pairwise(shown):
            QWidget.setTabOrder(self.fields[COLUMNS[one].name], self.fields[COLUMNS[following].name])

    def _place(self, *_: object) -> None:
        # A window that is closed takes the header down first, and that moves its sections once more
        if isValid(self._header):
            self.place()

    def _tell(self, _: str) -> None:
        self.changed.emit()
