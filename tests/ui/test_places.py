"""Widgets that go from one place to another, and what is scrolled to."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from cmk_admin.ui.emergency.columns import Columns
from cmk_admin.ui.emergency.parts import scrolled, words_label

LONG = "A sentence that takes more than a line of a column, since it says when a service stops and how it comes back. "


def cut_off(page: QWidget) -> list[str]:
    """Texts that are shown lower than their lines."""
    labels = [one for one in page.findChildren(QLabel) if one.isVisible() and one.wordWrap()]
    return [one.text() for one in labels if one.heightForWidth(one.width()) > one.height()]


def test_what_stood_in_one_column_and_stands_in_two_again_grows_with_its_text(app: QApplication, qtbot: QtBot) -> None:
    left, right = words_label("left"), words_label("right")
    columns = Columns((left,), (right,), (left, right))
    area, body = scrolled("place")
    body.addWidget(columns)
    body.addStretch(1)
    qtbot.addWidget(area)
    area.resize(1200, 400)
    area.show()
    for width in (700, 1200):
        columns.fit(width)
        app.processEvents()
    assert left.y() == right.y()
    right.setText(LONG * 3)
    app.processEvents()
    qtbot.waitUntil(lambda: not cut_off(area), timeout=1000)


@pytest.mark.parametrize("key", [Qt.Key.Key_Tab, Qt.Key.Key_Backtab])
def test_tab_from_outside_a_page_scrolls_to_where_it_goes(app: QApplication, qtbot: QtBot, key: Qt.Key) -> None:
    page = QWidget()
    column = QVBoxLayout(page)
    above, below = QPushButton("above"), QPushButton("below")
    area, body = scrolled("place")
    inside = [QPushButton(str(at)) for at in range(60)]
    for button in inside:
        body.addWidget(button)
    for part in (above, area, below):
        column.addWidget(part)
    qtbot.addWidget(page)
    page.resize(400, 300)
    page.show()
    page.activateWindow()
    down = key == Qt.Key.Key_Tab
    bar = area.verticalScrollBar()
    bar.setValue(bar.maximum() if down else 0)
    (above if down else below).setFocus()
    QTest.keyClick(page.focusWidget(), key)
    reached = inside[0] if down else inside[-1]
    qtbot.waitUntil(reached.hasFocus)
    view = area.viewport()
    assert view.rect().contains(reached.rect().translated(reached.mapTo(view, QPoint(0, 0))))
