import csv
import json
from pathlib import Path

import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication

from cmk_admin.domain import table
from cmk_admin.domain.index import Index
from cmk_admin.domain.table import COLUMNS
from cmk_admin.ui.main_window import MainWindow
from cmk_admin.ui.table.model import TableModel
from cmk_admin.ui.theme.theme import Theme
from tests.domain import estates
from tests.ui.conftest import Windows


@pytest.fixture
def window(windows: Windows) -> MainWindow:
    made = windows.on(estates.dcc())
    made.pages.setCurrentIndex(1)
    windows.qtbot.waitUntil(lambda: len(made.table.model.rows) == 4)
    return made


def first_cells(window: MainWindow, column: int) -> list[str]:
    return [row.cells[column] for row in window.table.model.rows]


def test_the_columns_stand_as_the_reviewers_ask_for_them(window: MainWindow) -> None:
    titles = [
        window.table.model.headerData(at, Qt.Orientation.Horizontal) for at in range(window.table.model.columnCount())
    ]
    assert titles[:6] == ["Service", "Key name", "Key role assignment scope", "Key type", "Key size", "Key options"]


def test_a_click_on_a_title_sorts_up_then_down_then_as_before(window: MainWindow, windows: Windows) -> None:
    before = first_cells(window, 0)
    header = window.table.view.horizontalHeader()
    header.sectionClicked.emit(1)
    windows.qtbot.waitUntil(lambda: first_cells(window, 1) == sorted(first_cells(window, 1)))
    header.sectionClicked.emit(1)
    windows.qtbot.waitUntil(lambda: first_cells(window, 1) == sorted(first_cells(window, 1), reverse=True))
    header.sectionClicked.emit(1)
    windows.qtbot.waitUntil(lambda: first_cells(window, 0) == before)


def test_a_filter_per_column_and_one_over_all_narrow_together(window: MainWindow, windows: Windows) -> None:
    QTest.keyClicks(window.table.filters.fields["service"], "mysql")
    windows.qtbot.waitUntil(lambda: len(window.table.model.rows) == 2)
    QTest.keyClicks(window.table.search, "single")
    windows.qtbot.waitUntil(lambda: len(window.table.model.rows) == 1)
    window.table._clear.click()
    windows.qtbot.waitUntil(lambda: len(window.table.model.rows) == 4)


def test_what_is_selected_stays_selected_while_rows_come_and_go(window: MainWindow, windows: Windows) -> None:
    model, view = window.table.model, window.table.view
    at = next(n for n, row in enumerate(model.rows) if "single" in row.cells[0])
    view.selectRow(at)
    chosen = model.rows[at].id
    QTest.keyClicks(window.table.filters.fields["service"], "single")
    windows.qtbot.waitUntil(lambda: len(model.rows) == 1)
    assert [model.rows[index.row()].id for index in view.selectionModel().selectedRows()] == [chosen]


def test_the_selection_is_copied_with_its_titles(window: MainWindow) -> None:
    view = window.table.view
    view.selectionModel().select(
        view.model().index(0, 0),
        QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows,
    )
    QTest.keyClick(view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QApplication.clipboard().text().split("\n")
    assert lines[0].split("\t")[:2] == ["Service", "Key name"]
    assert len(lines) == 2


@pytest.mark.parametrize("ending", ["csv", "json"])
def test_the_export_writes_the_rows_that_are_shown_with_what_has_to_be_known(
    window: MainWindow, windows: Windows, tmp_path: Path, ending: str
) -> None:
    QTest.keyClicks(window.table.filters.fields["service"], "mysql")
    windows.qtbot.waitUntil(lambda: len(window.table.model.rows) == 2)
    file = tmp_path / f"out.{ending}"
    with windows.qtbot.waitSignal(window.table.wrote, timeout=5000):
        window.table.export_to(str(file))
    if ending == "csv":
        rows = list(csv.reader(file.read_text(encoding="utf-8-sig").splitlines()))
        assert [len(row) for row in rows] == [len(COLUMNS)] * 3
        about = json.loads(file.with_name("out.csv.meta.json").read_text())
    else:
        about = json.loads(file.read_text())
        assert [row["key_name"] for row in about["rows"]] == ["mysql-encryption-key"] * 2
    assert about["coverage"]["complete"] is True
    assert about["filter"] == {"service": "mysql"}
    assert about["connection"]["kind"] == "sandbox"
    assert str(file) in window.message.text.text()


def test_the_table_is_worked_out_when_somebody_looks_and_its_export_does_not_wait_for_that(
    windows: Windows, tmp_path: Path
) -> None:
    window = windows.on(estates.dcc())
    file = tmp_path / "out.json"
    with windows.qtbot.waitSignal(window.table.wrote, timeout=5000):
        window.table.export_to(str(file))
    assert len(json.loads(file.read_text())["rows"]) == 4
    assert window.table.model.rows == ()
    window.pages.setCurrentIndex(1)
    windows.qtbot.waitUntil(lambda: len(window.table.model.rows) == 4)


def test_an_export_that_cannot_be_written_says_why(window: MainWindow, windows: Windows, tmp_path: Path) -> None:
    with windows.qtbot.waitSignal(window.table.failed, timeout=5000):
        window.table.export_to(str(tmp_path / "nowhere" / "out.csv"))
    assert "could not be written" in window.message.text.text()


def test_columns_are_remembered(window: MainWindow, windows: Windows) -> None:
    window.table._show_column(5, False)
    window.table.view.horizontalHeader().moveSection(6, 0)
    window.table.view.setColumnWidth(1, 333)
    window.close()
    windows.qtbot.waitUntil(lambda: not window.isVisible())
    layout = windows.doors().table.layout_now()
    assert layout.order[0] == "vault"
    assert layout.hidden == ["key_options"]
    assert layout.widths["key_name"] == 333


def test_filters_stand_under_their_titles(window: MainWindow) -> None:
    header = window.table.view.horizontalHeader()
    for at, column in enumerate(COLUMNS[:5]):
        field = window.table.filters.fields[column.name]
        assert abs(field.x() - header.sectionViewportPosition(at)) <= 4
        assert abs(field.width() - header.sectionSize(at)) <= 8


def test_qt_finds_nothing_wrong_with_the_model(theme: Theme) -> None:
    model = TableModel(theme)
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning)
    rows = table.rows(Index(estates.dcc()))
    for shown in (rows, rows[1:], rows[::-1], (), rows[:2]):
        model.show(shown)
        assert model.rowCount() == len(shown)
    assert tester is not None
