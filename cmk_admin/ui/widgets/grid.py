"""A read-only table of cells: icon, text, tooltip; rows can be copied and opened."""

from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QHeaderView,
    QLabel,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from cmk_admin.domain.table import to_text
from cmk_admin.ui.details.page import Grid, GridRow
from cmk_admin.ui.theme import sizes
from cmk_admin.ui.theme.theme import Theme

Index = QModelIndex | QPersistentModelIndex


class Role(IntEnum):
    TARGET = Qt.ItemDataRole.UserRole + 1
    """What opening the row shows."""
    BEGINS = Qt.ItemDataRole.UserRole + 2
    """True where what matters stands at the beginning of the text."""


class GridModel(QAbstractTableModel):
    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.columns: tuple[str, ...] = ()
        self.rows: tuple[GridRow, ...] = ()

    def show(self, columns: tuple[str, ...], rows: tuple[GridRow, ...]) -> None:
        """Show these rows; where only cells changed the rows stay."""
        if columns == self.columns and len(rows) == len(self.rows):
            changed = [at for at, (old, new) in enumerate(zip(self.rows, rows, strict=True)) if old != new]
            self.rows = rows
            for at in changed:
                self.dataChanged.emit(self.index(at, 0), self.index(at, len(columns) - 1))
            return
        self.beginResetModel()
        self.columns, self.rows = columns, rows
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return self.columns[section] if section < len(self.columns) else None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        row = self.rows[index.row()]
        if role == Role.TARGET:
            return row.target
        if index.column() >= len(row.cells):
            return None
        cell = row.cells[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return cell.text
        if role == Role.BEGINS:
            return cell.begins
        if role == Qt.ItemDataRole.ToolTipRole:
            return "\n".join(filter(None, (cell.text, "" if cell.tip == cell.text else cell.tip)))
        if role == Qt.ItemDataRole.DecorationRole and cell.icon:
            return self._theme.icon(cell.icon, cell.tone)
        if role == Qt.ItemDataRole.ForegroundRole and cell.tone != "text":
            return self._theme.color(cell.tone)
        return None


class _Shortening(QStyledItemDelegate):
    """Shortens a text where it can be spared."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: Index) -> None:
        super().initStyleOption(option, index)
        if index.data(Role.BEGINS):
            option.textElideMode = Qt.TextElideMode.ElideRight


class GridView(QTableView):
    """A table in the look of the program. Copies what is selected as text."""

    opened = Signal(str)
    """The target of the row that was opened by double click or Enter."""

    def __init__(self, name: str, spoken: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(spoken)
        dress(self)
        self.setItemDelegate(_Shortening(self))
        self.doubleClicked.connect(self._open)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            copy_selection(self)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._open(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def _open(self, index: QModelIndex) -> None:
        target = index.data(Role.TARGET)
        if isinstance(target, str) and target:
            self.opened.emit(target)


class GridTab(QWidget):
    """A grid, a note above it, or a sentence instead of it."""

    opened = Signal(str)

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self.model = GridModel(theme, self)
        self.view = GridView(f"grid-{name}", name)
        self.view.setModel(self.model)
        self.view.opened.connect(self.opened)
        self._empty = QLabel()
        self._empty.setObjectName(f"grid-{name}-empty")
        self._empty.setProperty("role", "quiet")
        self._empty.setWordWrap(True)
        self._empty.setTextFormat(Qt.TextFormat.PlainText)
        self._empty.setContentsMargins(20, 20, 20, 20)
        self._columns: tuple[str, ...] = ()
        self._by_hand = False
        self._fitting = False
        self.view.horizontalHeader().sectionResized.connect(self._resized)
        body = QVBoxLayout(self)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(0)
        body.addWidget(self._empty)
        body.addWidget(self.view, 1)
        body.addStretch(0)

    def show_grid(self, grid: Grid) -> None:
        self.model.show(grid.columns, grid.rows)
        self.view.setAccessibleName(grid.title)
        self._empty.setText(grid.note or grid.empty)
        self._empty.setVisible(bool(grid.note) or not grid.rows)
        self.view.setVisible(bool(grid.rows))
        if self._columns != grid.columns and grid.rows:
            self._columns = grid.columns
            self._by_hand = False
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """As wide as there is room for, until the user has chosen widths."""
        if self._by_hand or not self.model.rows:
            return
        self._fitting = True
        over = (len(self.model.rows) + 1) * sizes.ROW + 2 > self.view.height()
        bar = self.view.verticalScrollBar().sizeHint().width() if over else 0
        fit_columns(self.view, self.width() - 2 * self.view.frameWidth() - bar)
        self._fitting = False

    def _resized(self, *_: object) -> None:
        # The last column follows the width of the table by itself
        self._by_hand = self._by_hand or (not self._fitting and self.view.horizontalHeader().underMouse())


def dress(view: QTableView) -> None:
    """The look and behaviour of every table."""
    view.setShowGrid(False)
    view.setAlternatingRowColors(True)
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setWordWrap(False)
    view.setTabKeyNavigation(False)
    view.setCornerButtonEnabled(False)
    view.setTextElideMode(Qt.TextElideMode.ElideMiddle)
    rows = view.verticalHeader()
    rows.setVisible(False)
    rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    rows.setMinimumSectionSize(sizes.ROW)
    rows.setDefaultSectionSize(sizes.ROW)
    columns = view.horizontalHeader()
    columns.setHighlightSections(False)
    columns.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    columns.setFixedHeight(sizes.ROW + 2)
    columns.setMinimumSectionSize(48)
    columns.setStretchLastSection(True)


def fit_columns(view: QTableView, room: int, widest: int = 480, least: int = 110, keep: int = 2) -> None:
    """Make columns as wide as what stands in their first rows; where that is more than the room, the widest give way.

    The first `keep` columns say what the row is about, and may stay half as wide again as what else is in the way.
    """
    metrics = view.fontMetrics()
    model = view.model()
    widths = []
    for column in range(model.columnCount()):
        texts = [str(model.headerData(column, Qt.Orientation.Horizontal) or "")]
        texts += [str(model.index(row, column).data() or "") for row in range(min(model.rowCount(), 40))]
        has_icon = any(
            model.index(row, column).data(Qt.ItemDataRole.DecorationRole) for row in range(min(model.rowCount(), 40))
        )
        width = max(metrics.horizontalAdvance(text) for text in texts) + (48 if has_icon else 28)
        widths.append(max(64, min(widest, width)))
    _narrow(widths, keep, room, least)
    for column, width in enumerate(widths):
        view.setColumnWidth(column, width)


def _narrow(widths: list[int], keep: int, room: int, least: int) -> None:
    """Take from the widest, until all fit or none is wider than `least`; the first `keep` count for two thirds of theirs."""

    def weight(column: int) -> float:
        return (widths[column] * 2 / 3 if column < keep else widths[column]) if widths[column] > least else 0

    for _ in range(sum(widths) - room):
        at = max(range(len(widths)), key=weight)
        if widths[at] <= least:
            return
        widths[at] -= 1


def copy_selection(view: QTableView) -> None:
    """The selected rows with their titles as tab-separated text on the clipboard."""
    model = view.model()
    order = sorted(range(model.columnCount()), key=view.horizontalHeader().visualIndex)
    shown = [column for column in order if not view.isColumnHidden(column)]
    rows = sorted(index.row() for index in view.selectionModel().selectedRows())
    titles = tuple(str(model.headerData(column, Qt.Orientation.Horizontal)) for column in shown)
    cells = tuple(tuple(str(model.index(row, column).data() or "") for column in shown) for row in rows)
    QApplication.clipboard().setText(to_text(titles, cells))
