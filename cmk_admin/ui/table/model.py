"""The reviewer's rows as Qt sees them. Sorting and filtering are the domain's; this only shows the result."""

from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from cmk_admin.domain.findings import is_broken
from cmk_admin.domain.table import COLUMNS, NOT_KNOWN, Row
from cmk_admin.ui.theme.theme import Theme

Index = QModelIndex | QPersistentModelIndex
_PROBLEMS = next(at for at, column in enumerate(COLUMNS) if column.name == "problems")


class Role(IntEnum):
    ROW = Qt.ItemDataRole.UserRole + 2
    """The typed `Row`."""


class TableModel(QAbstractTableModel):
    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.rows: tuple[Row, ...] = ()
        self._unknown = theme.color("unknown")
        theme.changed.connect(self._recolour)

    def show(self, rows: tuple[Row, ...]) -> None:
        """Show these rows; selection and place stay with the rows that stay."""
        if [row.id for row in rows] == [row.id for row in self.rows]:
            self.rows = rows
            if rows:
                self.dataChanged.emit(self.index(0, 0), self.index(len(rows) - 1, len(COLUMNS) - 1))
            return
        self.layoutAboutToBeChanged.emit()
        places = {row.id: at for at, row in enumerate(rows)}
        before = self.persistentIndexList()
        kept = [places.get(self.rows[index.row()].id, -1) for index in before]
        columns = [index.column() for index in before]
        self.rows = rows
        after = [self.index(at, column) if at >= 0 else QModelIndex() for at, column in zip(kept, columns, strict=True)]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section].title if section < len(COLUMNS) else None
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        row, column = self.rows[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return row.cells[column]
        if role == Role.ROW:
            return row
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join(filter(None, (row.cells[column], row.tooltips[column])))
        if role == Qt.ItemDataRole.ForegroundRole and row.cells[column] == NOT_KNOWN:
            return self._unknown
        if role == Qt.ItemDataRole.DecorationRole:
            return self._icon(row, column)
        if role == Qt.ItemDataRole.TextAlignmentRole and COLUMNS[column].numeric:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def _icon(self, row: Row, column: int) -> Any:
        if column == _PROBLEMS and row.problems:
            return self._theme.icon(*(("broken", "danger") if is_broken(row.problems) else ("warning", "caution")))
        if row.cells[column] == NOT_KNOWN:
            return self._theme.icon("unknown", "unknown")
        return None

    def _recolour(self) -> None:
        self._unknown = self._theme.color("unknown")
        if self.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.rows) - 1, len(COLUMNS) - 1))
