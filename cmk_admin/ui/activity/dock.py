"""The list at the bottom: one row for each operation, folded away while nothing runs."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QProgressBar,
    QTableWidget,
    QTableWidgetItem,
    QToolButton,
    QVBoxLayout,
)

from cmk_admin.domain.steps import StepState
from cmk_admin.operations.interface import OperationReport, WatchResult
from cmk_admin.ui.emergency.look import outcome
from cmk_admin.ui.operations import Operations
from cmk_admin.ui.theme import sizes
from cmk_admin.ui.theme.theme import Theme

ROWS_SHOWN = 4
COLUMNS = ("Operation", "State", "Where it stands", "Started")


class ActivityDock(QFrame):
    """Listens to `Operations`; a double click or Enter opens the operation's page."""

    opened = Signal(object)
    """The `OperationReport` that somebody wants to see."""

    def __init__(self, operations: Operations, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("activity")
        self.setAccessibleName("Activity")
        self.setProperty("role", "surface")
        self._operations, self._theme = operations, theme
        self._ids: list[str] = []
        self._summary = QLabel("No operation has run here yet")
        self._summary.setObjectName("activity-summary")
        self._summary.setTextFormat(Qt.TextFormat.PlainText)
        self._bar = QProgressBar()
        self._bar.setObjectName("activity-progress")
        self._bar.setAccessibleName("Progress of the running operation")
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(160)
        self._bar.hide()
        self._fold = QToolButton()
        self._fold.setObjectName("activity-fold")
        self._fold.setCheckable(True)
        self._fold.setAccessibleName("Show the list of operations")
        self._fold.setToolTip("Show or hide the list of operations")
        self._fold.toggled.connect(self._folded)
        self._table = self._make_table()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        line = QFrame()
        line.setProperty("role", "line")
        column.addWidget(line)
        column.addLayout(self._head())
        column.addWidget(self._table)
        self._table.hide()
        operations.changed.connect(self._changed)
        operations.listed.connect(self._listed)
        theme.changed.connect(self._listed)
        self._listed()

    def sizeHint(self) -> QSize:
        return QSize(600, self.minimumSizeHint().height())

    def unfold(self) -> None:
        """Show the list."""
        self._fold.setChecked(True)

    def fold(self) -> None:
        self._fold.setChecked(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._table.hasFocus():
            self._open(self._table.currentRow())
            return
        super().keyPressEvent(event)

    def _head(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setContentsMargins(12, 2, 8, 2)
        head.setSpacing(12)
        title = QLabel("Activity")
        title.setProperty("role", "section")
        head.addWidget(title)
        head.addWidget(self._summary, 1)
        head.addWidget(self._bar)
        head.addWidget(self._fold)
        return head

    def _make_table(self) -> QTableWidget:
        table = QTableWidget(0, len(COLUMNS))
        table.setObjectName("activity-list")
        table.setAccessibleName("Operations, newest first")
        table.setHorizontalHeaderLabels(list(COLUMNS))
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(sizes.ROW)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setTabKeyNavigation(False)
        table.setShowGrid(False)
        table.horizontalHeader().setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        for column, width in ((0, 320), (1, 130), (3, 160)):
            table.setColumnWidth(column, width)
        table.setFixedHeight(sizes.ROW * (ROWS_SHOWN + 1) + 4)
        table.cellDoubleClicked.connect(self._double_clicked)
        return table

    def _folded(self, shown: bool) -> None:
        self._table.setVisible(shown)
        self._paint_fold()
        self.updateGeometry()

    def _paint_fold(self) -> None:
        self._fold.setIcon(self._theme.icon("chevron-down" if self._fold.isChecked() else "chevron-right", "secondary"))

    def _listed(self) -> None:
        reports = self._operations.reports
        self._ids = [report.operation for report in reports]
        self._table.setRowCount(len(reports))
        for row, report in enumerate(reports):
            self._fill(row, report)
        self._paint_fold()
        self._summarise()

    def _changed(self, report: OperationReport) -> None:
        if report.operation not in self._ids:
            self._ids.insert(0, report.operation)
            self._table.insertRow(0)
        self._fill(self._ids.index(report.operation), report)
        self._summarise()

    def _fill(self, row: int, report: OperationReport) -> None:
        look = outcome(report)
        texts = (report.title, look.word, _stands(report), _started(report))
        for column, text in enumerate(texts):
            item = self._table.item(row, column)
            if item is None:
                item = QTableWidgetItem()
                self._table.setItem(row, column, item)
            item.setText(text)
            item.setToolTip(text)
            if column == 1:
                item.setIcon(self._theme.icon(look.icon, look.tone))

    def _summarise(self) -> None:
        reports = self._operations.reports
        running = [report for report in reports if report.alive]
        interrupted = [report for report in reports if report.resumable and not report.alive]
        self._bar.setVisible(bool(running))
        if running:
            report = running[0]
            over = sum(step.state in (StepState.DONE, StepState.SKIPPED, StepState.FAILED) for step in report.steps)
            settled = sum(watch.result is not WatchResult.WAITING for watch in report.watch)
            self._bar.setRange(0, max(1, len(report.steps) + len(report.watch)))
            self._bar.setValue(over + settled)
            more = f", and {len(running) - 1} more" if len(running) > 1 else ""
            self._summary.setText(f"{report.title}: {_stands(report)}{more}")
        elif interrupted:
            count = len(interrupted)
            self._summary.setText(
                f"{count} interrupted {'operation' if count == 1 else 'operations'}: open to resume or undo"
            )
        elif reports:
            self._summary.setText(f"{reports[0].title}: {outcome(reports[0]).word.lower()}")
        else:
            self._summary.setText("No operation has run here yet")

    def _double_clicked(self, row: int, _: int) -> None:
        self._open(row)

    def _open(self, row: int) -> None:
        if 0 <= row < len(self._ids):
            report = self._operations.report(self._ids[row])
            if report is not None:
                self.opened.emit(report)


def _stands(report: OperationReport) -> str:
    return report.sentence or ", ".join(dict.fromkeys(step.state.value for step in report.steps))


def _started(report: OperationReport) -> str:
    return f"{report.created_at.astimezone():%d %b %Y, %H:%M}" if report.created_at else ""
