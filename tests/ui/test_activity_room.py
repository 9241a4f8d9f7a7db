"""The list at the bottom in a window of any size, and what can be done with a row by its menu."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from cmk_admin.domain.steps import Outcome
from cmk_admin.ui.emergency.operation_page import OperationPage
from tests.ui.conftest import Windows
from tests.ui.test_activity import REVOKE, listed, opened


@pytest.mark.parametrize("size", [(1280, 800), (1024, 640), (1024, 560), (760, 480)])
@pytest.mark.parametrize("message", [False, True])
def test_the_unfolded_list_is_never_cut_and_shows_its_first_row(
    windows: Windows, size: tuple[int, int], message: bool
) -> None:
    window = opened(windows, *(replace(REVOKE, operation=f"a{n}") for n in range(6)))
    window.resize(*size)
    window.verbs.run("activity")
    if message:
        window.say("“Cut dcc-mysql off its key” was interrupted. " * 3, tone="caution")
    view = listed(window)
    windows.qtbot.waitUntil(lambda: window.size().toTuple() == size and view.height() > 0)
    QApplication.processEvents()
    row = view.visualRect(view.model().index(0, 0))
    assert view.viewport().rect().contains(row)
    dock = view.parentWidget()
    assert dock is not None
    assert dock.rect().contains(view.geometry()), "all of the list is seen"
    under = view.mapTo(window, QPoint(0, view.height()))
    assert under.y() <= window.height()
    if size[1] >= 640:
        assert view.viewport().height() >= 4 * row.height()


def test_the_message_of_what_was_interrupted_leads_to_its_page(windows: Windows) -> None:
    left = replace(REVOKE, outcome=Outcome.RUNNING, resumable=True)
    window = opened(windows, replace(REVOKE, operation="a0"), left)
    windows.qtbot.waitUntil(lambda: "was interrupted" in window.message.text.text())
    QTest.mouseClick(window.message.action, Qt.MouseButton.LeftButton)
    page = window.pages.currentWidget()
    assert isinstance(page, OperationPage)
    assert page.report.operation == left.operation


@pytest.mark.parametrize("verb", ["Show the operation", "Copy"])
def test_a_row_has_a_menu_that_shows_and_copies_it(windows: Windows, verb: str) -> None:
    window = opened(windows, REVOKE)
    window.verbs.run("activity")
    view = listed(window)
    QApplication.clipboard().clear()
    view.customContextMenuRequested.emit(view.visualRect(view.currentIndex()).center())
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    action = next(one for one in menu.actions() if one.text().replace("&", "") == verb)
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(action).center())
    if verb == "Copy":
        assert REVOKE.title in QApplication.clipboard().text()
    else:
        windows.qtbot.waitUntil(lambda: isinstance(window.pages.currentWidget(), OperationPage))
