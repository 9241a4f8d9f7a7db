"""A list to pick one thing from: filtered by typing; what does not fit is grey and says why, and can be looked at."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSignalBlocker,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLineEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from cmk_admin.domain.words import count
from cmk_admin.ui.details.page import Cell, GridRow
from cmk_admin.ui.theme import sizes
from cmk_admin.ui.theme.theme import Theme
from cmk_admin.ui.widgets.grid import GridModel, GridView, fit_columns
from cmk_admin.ui.widgets.labels import label

MOST = 300
"""Rows that are shown at a time: nobody scrolls through more, and each is judged."""
LEAST = 64
"""Pixels of a column in a narrow window."""
WIDEST = 200
"""Pixels of a column in a narrow window: in a wide one a name may have two fifths, so that the others can be read too."""
FEW = 8
"""Up to so many rows are seen at a glance, and need no filter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One row. `value` is what is picked by it."""

    value: str
    found_by: str
    """All that is found by typing, in lower case."""
    make: Callable[[], tuple[Cell, ...]]
    """What stands in it: of a hundred thousand keys only those that are seen are ever made."""


def choice(value: str, cells: tuple[Cell, ...], *words: str) -> Choice:
    """A row that is found by what stands in it, and by these words: ids, hosts."""
    found_by = " ".join((*(cell.text for cell in cells), *words)).lower()
    return Choice(value=value, found_by=found_by, make=lambda: cells)


class _Sentences(QStyledItemDelegate):
    """The last column: a sentence is cut at its end, a name in its middle."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        super().initStyleOption(option, index)
        option.textElideMode = Qt.TextElideMode.ElideRight


class Picker(QWidget):
    """A filter, a table with one selected row, and a sentence where there is nothing to pick."""

    picked = Signal(str)
    """By arrow keys, Space or a click."""
    opened = Signal(str)
    """By Enter or a double click: picked, and done here."""
    narrowed = Signal()
    """Other rows are wanted: where they are judged, `show_reasons` shows them."""

    def __init__(
        self, theme: Theme, name: str, spoken: str, rows: int = 7, *, judges: bool = False, names: int = 1
    ) -> None:
        """`rows` of them are seen without scrolling. `judges`: rows wait for their reasons, so that none moves later.

        So many columns as `names` tell rows apart: in a narrow window the others give way before them.
        """
        super().__init__()
        self.setObjectName(f"pick-{name}")
        self.setAccessibleName(spoken)
        self._columns: tuple[str, ...] = ()
        self._all: tuple[Choice, ...] = ()
        self._found: tuple[Choice, ...] = ()
        self._reasons: dict[str, str] = {}
        self._value = ""
        self._rows, self._names = rows, names
        self._more = 0
        self._judges, self._judged = judges, not judges
        self._empty = ""
        self._sentences = _Sentences(self)
        self.filter = QLineEdit()
        self.filter.setObjectName(f"pick-{name}-filter")
        self.filter.setAccessibleName(f"Filter: {spoken}")
        self.filter.setPlaceholderText("Type to filter")
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(self._narrow)
        self.filter.installEventFilter(self)
        self.model = GridModel(theme, self)
        self.view = GridView(f"pick-{name}-list", spoken)
        self.view.setProperty("role", "boxed")
        self.view.setModel(self.model)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.selectionModel().selectionChanged.connect(self._selected)
        self.view.opened.connect(self._opened)
        self.note = label("", "secondary", name=f"pick-{name}-note", wrap=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for widget in (self.filter, self.view, self.note):
            column.addWidget(widget)
        self.filter.hide()
        self.setFocusProxy(self.view)

    @property
    def shown(self) -> tuple[str, ...]:
        """The values on screen, in the order in which they were given."""
        return tuple(one.value for one in self._found)

    @property
    def judged(self) -> bool:
        """The rows that are wanted are those on screen."""
        return self._judged

    def show_choices(self, columns: tuple[str, ...], choices: Iterable[Choice], value: str, empty: str) -> None:
        """Show these with one of them picked; `empty` is said where there is none."""
        self._columns, self._all, self._value, self._empty = columns, tuple(choices), value, empty
        self.view.setItemDelegateForColumn(len(columns), self._sentences)
        self.filter.setVisible(len(self._all) > FEW)
        self._narrow()

    def say(self, text: str) -> None:
        """Something in place of rows: what is being read, or why nothing could be."""
        self._all = self._found = ()
        self._empty = text
        self.filter.hide()
        self._draw()

    def show_reasons(self, reasons: dict[str, str]) -> None:
        """Why some do not fit: they are grey, and below those that do."""
        if reasons != self._reasons or not self._judged:
            self._reasons, self._judged = reasons, True
            self._draw()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Down and Enter go from the filter into the list, Esc empties it."""
        if watched is self.filter and isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.model.rows:
                if not self.view.selectionModel().hasSelection():
                    self.view.selectRow(0)
                self.view.setFocus(Qt.FocusReason.OtherFocusReason)
                return True
            if event.key() == Qt.Key.Key_Escape and self.filter.text():
                self.filter.clear()
                return True
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _narrow(self, *_: object) -> None:
        wanted = self.filter.text().lower().split()
        found = [one for one in self._all if all(word in one.found_by for word in wanted)] if wanted else self._all
        self._found = tuple(found[:MOST])
        self._more = len(found) - len(self._found)
        self._judged = not self._judges or not self._found
        if self._judged:
            self._draw()
        self.narrowed.emit()

    def _draw(self) -> None:
        ordered = sorted(self._found, key=lambda one: one.value in self._reasons)
        why = any(one.value in self._reasons for one in ordered)
        columns = (*self._columns, "Why not") if why else self._columns
        with QSignalBlocker(self.view.selectionModel()):
            self.model.show(columns, tuple(self._row(one, why) for one in ordered))
            values = [one.value for one in ordered]
            if self._value in values:
                self.view.selectRow(values.index(self._value))
            else:
                self.view.clearSelection()
        self.view.viewport().update()
        note = f"{count(self._more, 'more row')} not shown: type to narrow the list." if self._more else ""
        if not self._found:
            note = "Nothing matches what was typed." if self._all else self._empty
        self.note.setText(note)
        self.note.setVisible(bool(note))
        self.view.setVisible(bool(self._found))
        least = min(len(ordered), self._rows)
        self.view.setFixedHeight((least + 1) * sizes.ROW + 10)  # with the header's line, border and padding
        self._fit()

    def _row(self, choice: Choice, why: bool) -> GridRow:
        reason = self._reasons.get(choice.value, "")
        cells = choice.make()
        if reason:
            cells = tuple(replace(one, tone="unknown") for one in cells)
        if why:
            cells = (*cells, Cell(text=reason, icon="forbidden" if reason else None, tone="unknown"))
        return GridRow(cells=cells, target=choice.value)

    def _fit(self) -> None:
        if self.model.rows:
            room = self.view.viewport().width()
            fit_columns(self.view, room, widest=max(WIDEST, room * 2 // 5), least=LEAST, keep=self._names)

    def _selected(self, selected: QItemSelection, _: QItemSelection) -> None:
        at = next((index.row() for index in selected.indexes()), None)
        if at is not None and at < len(self.model.rows):
            self._value = self.model.rows[at].target
            self.picked.emit(self._value)

    def _opened(self, value: str) -> None:
        if value != self._value:
            self._value = value
            self.picked.emit(value)
        self.opened.emit(value)
