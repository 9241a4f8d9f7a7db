"""The list at the bottom: what it says folded, and that its rows stay in place."""

from dataclasses import replace
from datetime import UTC, datetime

from PySide6.QtWidgets import QLabel

from cmk_admin.domain.steps import Outcome
from cmk_admin.operations.interface import OperationReport
from cmk_admin.ui.main_window import MainWindow
from cmk_admin.ui.widgets.grid import GridView
from tests.domain import estates
from tests.ui.conftest import Windows
from tests.ui.shown import Shown

REVOKE = OperationReport(
    operation="a1", verb="revoke", title="Cut dcc-mysql off its key", subject="key", outcome=Outcome.DONE, steps=(),
    sentence="Done: 1 of 1 change made.",
)  # fmt: skip


class WithOperations(Shown):
    """A connection in which these were run before."""

    reports: tuple[OperationReport, ...] = ()

    async def operations(self) -> tuple[OperationReport, ...]:
        return self.reports


def opened(windows: Windows, *reports: OperationReport) -> MainWindow:
    backend = WithOperations(estates.dcc(), windows.home)
    backend.reports = reports
    window = windows.on(backend)
    windows.qtbot.waitUntil(lambda: rows(window) == len(reports))
    return window


def listed(window: MainWindow) -> GridView:
    found = window.findChild(GridView, "activity-list")
    assert isinstance(found, GridView)
    return found


def rows(window: MainWindow) -> int:
    return int(listed(window).model().rowCount())


def summary(window: MainWindow) -> str:
    found = window.findChild(QLabel, "activity-summary")
    assert isinstance(found, QLabel)
    return found.text()


def test_it_is_folded_and_says_that_nothing_ran(windows: Windows) -> None:
    window = opened(windows)
    assert not listed(window).isVisible()
    assert summary(window) == "No operation has run here yet"


def test_the_newest_is_named_while_it_is_folded(windows: Windows) -> None:
    assert summary(opened(windows, REVOKE)) == "Cut dcc-mysql off its key: done"


def test_what_was_interrupted_unfolds_it_and_is_told_once(windows: Windows) -> None:
    left = replace(REVOKE, outcome=Outcome.RUNNING, resumable=True)
    window = opened(windows, left, replace(REVOKE, operation="a0"))
    windows.qtbot.waitUntil(lambda: listed(window).isVisible())
    assert "was interrupted" in window.message.text.text()
    assert listed(window).currentIndex().row() == 0
    window.message.hide()
    assert summary(window).startswith("1 operation was interrupted")


def test_a_failed_operation_is_not_called_interrupted(windows: Windows) -> None:
    window = opened(windows, replace(REVOKE, outcome=Outcome.FAILED, resumable=True))
    assert not listed(window).isVisible()
    assert summary(window) == "Cut dcc-mysql off its key: failed"


def test_the_shortcut_opens_the_list_and_enter_the_operation(windows: Windows) -> None:
    window = opened(windows, REVOKE)
    window.verbs.run("activity")
    assert listed(window).isVisible()
    listed(window).opened.emit(REVOKE.operation)
    assert window.pages.currentWidget().objectName() == "operation-page"


def test_the_state_and_the_time_are_whole_and_where_it_stands_takes_the_rest(windows: Windows) -> None:
    window = opened(windows, replace(REVOKE, created_at=datetime(2026, 11, 26, 12, tzinfo=UTC)))
    window.verbs.run("activity")
    view = listed(window)
    for column in (1, 3):
        assert view.columnWidth(column) >= view.sizeHintForColumn(column) > 0
    widths = [view.columnWidth(column) for column in range(4)]
    assert sum(widths) == view.viewport().width()
