"""The reviewer's table: sort, filter per column, copy, export."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShowEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QMenu, QPushButton, QTableView, QVBoxLayout, QWidget

from cmk_admin.domain import words
from cmk_admin.domain.index import Index
from cmk_admin.domain.table import COLUMNS, Row, matching, sorted_by
from cmk_admin.operations.interface import ConnectionInfo
from cmk_admin.ui.announce import announce
from cmk_admin.ui.bridge import Bridge, Job
from cmk_admin.ui.table.export import write_csv, write_json
from cmk_admin.ui.table.filters import FilterRow
from cmk_admin.ui.table.layout import Layout
from cmk_admin.ui.table.model import Role, TableModel
from cmk_admin.ui.theme import sizes
from cmk_admin.ui.theme.theme import Theme
from cmk_admin.ui.widgets.grid import copy_selection, dress
from cmk_admin.ui.widgets.labels import label

NAMES = tuple(column.name for column in COLUMNS)
WIDTHS = {
    "service": 264, "key_name": 170, "scope": 190, "key_type": 90, "key_size": 76, "key_options": 176, "vault": 130,
    "subscription": 130, "version": 130, "identity": 150, "role": 220, "path": 180, "expiry": 150, "state": 90,
    "problems": 220, "read_at": 190,
}  # fmt: skip
"""Pixels, until the user chooses."""


class _View(QTableView):
    opened = Signal(QModelIndex)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            copy_selection(self)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit(self.currentIndex())
        else:
            super().keyPressEvent(event)


class TablePage(QWidget):
    opened = Signal(str)
    """The key id of the row that was opened."""
    wrote = Signal(str)
    failed = Signal(str, object)

    def __init__(self, bridge: Bridge, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("table-page")
        self._bridge, self._theme = bridge, theme
        self._rows: Callable[[], tuple[Row, ...]] | None = None
        self._behind = False
        """Newer rows wait until somebody looks."""
        self._index: Index | None = None
        self._info: ConnectionInfo | None = None
        self._sort, self._descending = "", False
        self._job: Job | None = None
        self.model = TableModel(theme, self)
        self.view = _View()
        self.view.setObjectName("reviewers-table")
        self.view.setAccessibleName("Which service uses which key")
        self.view.setModel(self.model)
        dress(self.view)
        header = self.view.horizontalHeader()
        header.setSectionsMovable(True)
        header.setSectionsClickable(True)
        header.setStretchLastSection(False)
        header.setSortIndicatorClearable(True)
        header.sectionClicked.connect(self._sort_by)
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._columns_menu)
        self.view.opened.connect(self._open)
        self.view.doubleClicked.connect(self._open)
        for at, name in enumerate(NAMES):
            self.view.setColumnWidth(at, WIDTHS[name])
        self.search = QLineEdit()
        self.search.setObjectName("table-filter")
        self.search.setAccessibleName("Filter the table")
        self.search.setPlaceholderText("Filter in all columns")
        self.search.setClearButtonEnabled(True)
        self.search.setMaximumWidth(320)
        self.search.textChanged.connect(self._refilter)
        self.filters = FilterRow(self.view)
        self.filters.changed.connect(self._refilter)
        self._count = label("", "quiet", name="table-count")
        self._note = label("", "unknown", name="table-note")
        self._clear = _button("table-clear", "Clear filters", self._clear_filters)
        self._columns = _button("table-columns", "Choose columns", self._columns_from_button)
        self._export = _button("table-export", "Export…", self.export)
        self._paint()
        theme.changed.connect(self._paint)
        self._lay_out()

    def show_rows(self, rows: Callable[[], tuple[Row, ...]], index: Index, info: ConnectionInfo) -> None:
        """Newer rows, in the same order and under the same filters; `rows` is called beside the Qt thread.

        That waits until somebody looks at the table.
        """
        self._rows, self._index, self._info = rows, index, info
        self._behind = not self.isVisible()
        if not self._behind:
            self._refilter()

    def clear(self) -> None:
        """No estate."""
        self._rows, self._index, self._info = None, None, None
        self._behind = False
        self.model.show(())
        self._count.setText("")

    def layout_now(self) -> Layout:
        """How it is arranged, to be remembered."""
        header = self.view.horizontalHeader()
        order = sorted(range(len(NAMES)), key=header.visualIndex)
        return Layout(
            order=[NAMES[at] for at in order],
            hidden=[name for at, name in enumerate(NAMES) if self.view.isColumnHidden(at)],
            widths={
                name: self.view.columnWidth(at) for at, name in enumerate(NAMES) if not self.view.isColumnHidden(at)
            },
            sort=self._sort,
            descending=self._descending,
        )

    def restore_layout(self, layout: Layout) -> None:
        """Arrange it as remembered; names that are not known any more are passed over."""
        header = self.view.horizontalHeader()
        for place, name in enumerate(name for name in layout.order if name in NAMES):
            header.moveSection(header.visualIndex(NAMES.index(name)), place)
        for at, name in enumerate(NAMES):
            self.view.setColumnHidden(at, name in layout.hidden)
            if name in layout.widths:
                self.view.setColumnWidth(at, layout.widths[name])
        self._sort, self._descending = (layout.sort if layout.sort in NAMES else ""), layout.descending
        self._show_sort()
        self.filters.place()
        self._refilter()

    def export(self) -> None:
        """Ask for a file and write what is shown to it, as CSV or JSON by its ending."""
        if self._index is None or self._info is None:
            return
        dialog = QFileDialog(self, "Export the rows that are shown")
        dialog.setObjectName("export-dialog")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters(["CSV, for spreadsheets (*.csv)", "JSON, for programs (*.json)"])
        dialog.setDefaultSuffix("csv")
        dialog.selectFile("cmk-mapping.csv")
        dialog.filterSelected.connect(partial(_follow_filter, dialog))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.export_to)
        dialog.open()

    def export_to(self, path: str) -> None:
        """Write what is shown, or would be, to this file."""
        if self._rows is None or self._index is None or self._info is None:
            return
        write = write_json if path.lower().endswith(".json") else write_csv
        wanted = {**self.filters.wanted(), **({"any": self.search.text()} if self.search.text().strip() else {})}
        find = self._arranged(self._rows)

        def work(index: Index = self._index, info: ConnectionInfo = self._info) -> Path:
            return write(Path(path), index, info, find()[0], wanted)

        self._bridge.compute(self, work, self._written, partial(self._not_written, path))

    def focus_filter(self) -> None:
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._behind:
            self._refilter()

    # Inside

    def _lay_out(self) -> None:
        bar = QHBoxLayout()
        bar.setContentsMargins(12, sizes.GRID, 12, sizes.GRID)
        bar.setSpacing(sizes.GRID)
        bar.addWidget(self.search, 1)
        bar.addWidget(self._clear)
        bar.addSpacing(sizes.GRID)
        bar.addWidget(self._count)
        bar.addWidget(self._note)
        bar.addStretch(1)
        bar.addWidget(self._columns)
        bar.addWidget(self._export)
        body = QVBoxLayout(self)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(0)
        body.addLayout(bar)
        body.addWidget(self.filters)
        body.addWidget(self.view, 1)

    def _refilter(self, *_: object) -> None:
        if self._job is not None:
            self._job.cancel()
        if self._rows is None:
            return
        self._behind = False
        self._job = self._bridge.compute(self, self._arranged(self._rows), self._show, _raise)

    def _arranged(self, rows: Callable[[], tuple[Row, ...]]) -> Callable[[], tuple[tuple[Row, ...], int]]:
        """What finds the rows that are to be shown now; holds no widget."""
        return partial(
            arranged, rows, self.search.text(), self.filters.wanted(), self._sort, descending=self._descending
        )

    def _show(self, found: tuple[tuple[Row, ...], int]) -> None:
        self._job = None
        rows, number = found
        self.model.show(rows)
        all_shown = len(rows) == number
        text = words.count(len(rows), "row") if all_shown else f"{len(rows):,} of {words.count(number, 'row')}"
        if text != self._count.text() and not all_shown:
            announce(self, text)
        self._count.setText(text)
        complete = self._index is None or self._index.estate.coverage.complete
        self._note.setText("" if complete else "Not all could be read: rows may be missing")
        self._clear.setEnabled(bool(self.filters.wanted()) or bool(self.search.text()))

    def _clear_filters(self) -> None:
        self.search.clear()
        self.filters.clear()

    def _sort_by(self, column: int) -> None:
        name = NAMES[column]
        if self._sort != name:
            self._sort, self._descending = name, False
        elif not self._descending:
            self._descending = True
        else:
            self._sort, self._descending = "", False
        self._show_sort()
        self._refilter()

    def _show_sort(self) -> None:
        header = self.view.horizontalHeader()
        header.setSortIndicatorShown(bool(self._sort))
        if self._sort:
            order = Qt.SortOrder.DescendingOrder if self._descending else Qt.SortOrder.AscendingOrder
            header.setSortIndicator(NAMES.index(self._sort), order)

    def _columns_from_button(self) -> None:
        self._show_columns_menu(self._columns.mapToGlobal(QPoint(0, self._columns.height())))

    def _columns_menu(self, at: QPoint) -> None:
        self._show_columns_menu(self.view.horizontalHeader().mapToGlobal(at))

    def _show_columns_menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setObjectName("columns-menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for number, column in enumerate(COLUMNS):
            action = menu.addAction(column.title)
            action.setCheckable(True)
            action.setChecked(not self.view.isColumnHidden(number))
            action.toggled.connect(partial(self._show_column, number))
        menu.popup(at)

    def _show_column(self, number: int, shown: bool) -> None:
        if shown or self.view.horizontalHeader().count() - self.view.horizontalHeader().hiddenSectionCount() > 1:
            self.view.setColumnHidden(number, not shown)
            self.filters.place()

    def _open(self, index: QModelIndex) -> None:
        row = index.data(Role.ROW)
        if isinstance(row, Row) and row.key_id:
            self.opened.emit(row.key_id)

    def _written(self, path: Path) -> None:
        self.wrote.emit(str(path))

    def _not_written(self, path: str, error: Exception) -> None:
        self.failed.emit(path, error)

    def _paint(self) -> None:
        self._export.setIcon(self._theme.icon("export"))
        self._columns.setIcon(self._theme.icon("table"))


def arranged(
    rows: Callable[[], tuple[Row, ...]], text: str, wanted: dict[str, str], sort: str, *, descending: bool
) -> tuple[tuple[Row, ...], int]:
    """The rows that are wanted, in the order that is wanted, and how many there are in all."""
    every = rows()
    found = matching(every, text, wanted)
    return (sorted_by(found, sort, descending=descending) if sort else found), len(every)


def _button(name: str, text: str, clicked: Callable[[], None]) -> QPushButton:
    made = QPushButton(f" {text}")  # a style sheet leaves no gap after the icon
    made.setObjectName(name)
    made.setAccessibleName(text)
    made.clicked.connect(lambda *_: clicked())
    return made


def _follow_filter(dialog: QFileDialog, chosen: str) -> None:
    """Another kind of file: change the ending of the name that stands there."""
    suffix = "json" if "json" in chosen else "csv"
    dialog.setDefaultSuffix(suffix)
    names = dialog.selectedFiles()
    if names:
        dialog.selectFile(str(Path(names[0]).with_suffix(f".{suffix}")))


def _raise(error: Exception) -> None:
    raise error
