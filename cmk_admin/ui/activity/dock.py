"""The list at the bottom: one row for each operation, folded away while nothing needs it."""

from datetime import UTC

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QMenu,
    QProgressBar,
    QPushButton,
    QToolButton,
    QVBoxLayout,
)

from cmk_admin.domain.steps import StepState
from cmk_admin.domain.words import exact
from cmk_admin.operations.interface import OperationReport, WatchResult
from cmk_admin.ui.announce import announce
from cmk_admin.ui.details.page import Cell, GridRow
from cmk_admin.ui.emergency.look import interrupted, outcome
from cmk_admin.ui.emergency.operation_words import sentence
from cmk_admin.ui.operations import Operations
from cmk_admin.ui.theme import sizes
from cmk_admin.ui.theme.theme import Theme
from cmk_admin.ui.widgets.grid import GridModel, GridView, copy_selection
from cmk_admin.ui.widgets.labels import Elided, label

ROWS_SHOWN = 4
COLUMNS = ("Operation", "State", "Where it stands", "Started")
WIDTHS = {0: 340, 2: 420}


class ActivityDock(QFrame):
    """Listens to `Operations`; a double click or Enter opens the operation's page."""

    opened = Signal(object)
    """The `OperationReport` that somebody wants to see."""
    stop = Signal(object)
    """The `OperationReport` of one that is to stop after its step."""

    def __init__(self, operations: Operations, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("activity")
        self.setAccessibleName("Activity")
        self.setProperty("role", "surface")
        self._operations, self._theme = operations, theme
        self._model = GridModel(theme, self)
        self._view = self._make_view()
        line, under = QFrame(), QFrame()
        for each in (line, under):
            each.setProperty("role", "line")
        self._under = under
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(line)
        column.addLayout(self._head())
        column.addWidget(under)
        column.addWidget(self._view)
        self._folded(False)
        operations.changed.connect(self._show)
        operations.listed.connect(self._show)
        theme.changed.connect(self._paint)
        self._show()

    def sizeHint(self) -> QSize:
        """The list as high as it can be: a low window takes from that."""
        more = _height(self._rows) - _height(1) if self._fold.isChecked() else 0
        return QSize(600, self.minimumSizeHint().height() + more)

    @property
    def _rows(self) -> int:
        """So many are seen where there is room: what is empty takes none from the page above."""
        return min(max(self._model.rowCount(), 1), ROWS_SHOWN)

    def unfold(self) -> None:
        """Show the list."""
        self._fold.setChecked(True)

    def fold(self) -> None:
        self._fold.setChecked(False)

    def focus_list(self) -> None:
        self._view.setFocus(Qt.FocusReason.ShortcutFocusReason)
        if self._chosen() is None and self._model.rowCount():
            self._view.selectRow(0)

    def select(self, operation: str) -> None:
        """Select one of the rows."""
        for row, report in enumerate(self._operations.reports):
            if report.operation == operation:
                self._view.selectRow(row)

    def _head(self) -> QHBoxLayout:
        title = label("Activity", "section")
        self._summary = Elided("")
        self._summary.setObjectName("activity-summary")
        self._bar = QProgressBar()
        self._bar.setObjectName("activity-progress")
        self._bar.setAccessibleName("Progress of the running operation")
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(160)
        self._stop = self._link("Stop", "activity-stop")
        self._stop.clicked.connect(self._stop_clicked)
        self._open = self._link("Open", "activity-open")
        self._open.clicked.connect(self._open_clicked)
        self._fold = QToolButton()
        self._fold.setObjectName("activity-fold")
        self._fold.setCheckable(True)
        self._fold.setFixedSize(24, 24)
        self._fold.setAccessibleName("Show the list of operations")
        self._fold.setToolTip("Show or hide the list of operations (Ctrl+Shift+A)")
        self._fold.toggled.connect(self._folded)
        head = QHBoxLayout()
        head.setContentsMargins(12, 3, 10, 3)
        head.setSpacing(12)
        head.addWidget(self._fold)
        head.addWidget(title)
        head.addWidget(self._summary, 1)
        for widget in (self._bar, self._stop, self._open):
            head.addWidget(widget)
            widget.hide()
        return head

    def _link(self, text: str, name: str) -> QPushButton:
        button = QPushButton(text)
        button.setObjectName(name)
        button.setProperty("role", "link")
        button.setAutoDefault(False)
        return button

    def _make_view(self) -> GridView:
        view = GridView("activity-list", "Operations, newest first")
        view.setModel(self._model)
        view.setSelectionMode(GridView.SelectionMode.SingleSelection)
        # Its head and a row are always seen; a window that has the room shows up to four
        view.setMinimumHeight(_height(1))
        view.setMaximumHeight(_height(1))
        header = view.horizontalHeader()
        header.setStretchLastSection(False)
        view.opened.connect(self._opened)
        view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        view.customContextMenuRequested.connect(self._ask_what)
        view.selectionModel().selectionChanged.connect(self._show_buttons)
        self._model.modelReset.connect(self._fit)
        return view

    def _fit(self) -> None:
        header = self._view.horizontalHeader()
        if header.count() == len(COLUMNS):
            header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
            for column, width in WIDTHS.items():
                self._view.setColumnWidth(column, width)
            # A state or a time that is cut may say what is wrong
            for whole in (1, 3):
                header.setSectionResizeMode(whole, QHeaderView.ResizeMode.ResizeToContents)

    def _folded(self, shown: bool) -> None:
        self._view.setVisible(shown)
        self._under.setVisible(shown)
        self._paint()
        self._show_buttons()
        self.updateGeometry()

    def _paint(self) -> None:
        self._fold.setIcon(self._theme.icon("chevron-down" if self._fold.isChecked() else "chevron-right", "secondary"))
        self._model.dataChanged.emit(
            self._model.index(0, 0), self._model.index(self._model.rowCount() - 1, len(COLUMNS) - 1)
        )

    def _show(self, *_: object) -> None:
        reports = self._operations.reports
        chosen = self._chosen()
        self._model.show(COLUMNS, tuple(_row(report) for report in reports))
        self._view.setMaximumHeight(_height(self._rows))
        self.updateGeometry()
        if chosen is not None and self._chosen() != chosen:
            self.select(chosen)
        self._summarise(reports)
        self._show_buttons()

    def _chosen(self) -> str | None:
        """The operation whose row is selected."""
        rows = self._view.selectionModel().selectedRows()
        at = rows[0].row() if rows else -1
        return self._model.rows[at].target if 0 <= at < len(self._model.rows) else None

    def _subject(self) -> OperationReport | None:
        """What the buttons act on: the selected row; folded, what needs attention."""
        if self._fold.isChecked():
            chosen = self._chosen()
            return self._operations.report(chosen) if chosen is not None else None
        reports = self._operations.reports
        return next((r for r in reports if r.alive), next((r for r in reports if interrupted(r)), None))

    def _show_buttons(self, *_: object) -> None:
        report = self._subject()
        self._open.setVisible(report is not None)
        here = report is not None and self._operations.runs(report.operation)
        self._stop.setVisible(here)
        self._stop.setEnabled(report is not None and not report.cancel_requested)
        if report is not None:
            self._open.setAccessibleName(f"Open “{report.title}”")
            self._stop.setAccessibleName(f"Stop “{report.title}” after its step")

    def _summarise(self, reports: tuple[OperationReport, ...]) -> None:
        running = [report for report in reports if report.alive]
        left = [report for report in reports if interrupted(report)]
        self._bar.setVisible(bool(running))
        if running:
            report = running[0]
            over = sum(step.state in (StepState.DONE, StepState.SKIPPED, StepState.FAILED) for step in report.steps)
            settled = sum(watch.result is not WatchResult.WAITING for watch in report.watch)
            self._bar.setRange(0, max(1, len(report.steps) + len(report.watch)))
            self._bar.setValue(over + settled)
            more = f", and {len(running) - 1} more" if len(running) > 1 else ""
            self._summary.setText(f"{report.title}. {sentence(report)}{more}")
        elif left:
            what = "1 operation was" if len(left) == 1 else f"{len(left)} operations were"
            self._summary.setText(f"{what} interrupted: open to go on or to take back")
        elif reports:
            self._summary.setText(f"{reports[0].title}: {outcome(reports[0]).word.lower()}")
        else:
            self._summary.setText("No operation has run here yet")

    def _ask_what(self, at: QPoint) -> None:
        """What can be done with a row, by the mouse's other button or the menu key."""
        if self._chosen() is None:
            return
        menu = QMenu("Operation", self)
        menu.setObjectName("activity-menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("&Show the operation").triggered.connect(self._open_clicked)
        menu.addAction("&Copy").triggered.connect(self._copy)
        menu.popup(self._view.viewport().mapToGlobal(at))

    def _copy(self, *_: object) -> None:
        copy_selection(self._view)
        announce(self, "Copied")

    def _opened(self, operation: str) -> None:
        report = self._operations.report(operation)
        if report is not None:
            self.opened.emit(report)

    def _open_clicked(self, *_: object) -> None:
        report = self._subject()
        if report is not None:
            self.opened.emit(report)

    def _stop_clicked(self, *_: object) -> None:
        report = self._subject()
        if report is not None:
            self.stop.emit(report)


def _height(rows: int) -> int:
    """Of the list with its head and so many rows, in pixels."""
    return sizes.ROW * (rows + 1) + 6


def _row(report: OperationReport) -> GridRow:
    look = outcome(report)
    started = report.created_at.astimezone(UTC) if report.created_at else None
    return GridRow(
        cells=(
            Cell(text=report.title, tip=f"{report.title}\nOperation {report.operation}"),
            Cell(text=look.word, icon=look.icon, tone=look.tone),
            Cell(text=sentence(report)),
            Cell(text=f"{started:%d %b %Y, %H:%M} UTC" if started else "", tip=exact(report.created_at)),
        ),
        target=report.operation,
    )
