"""The header of the details in the smallest window: each button says what it does, and none is cut off."""

from PySide6.QtWidgets import QPushButton

from cmk_admin.ui.main_window import MainWindow
from tests.domain import estates
from tests.ui.conftest import Windows


def shown(window: MainWindow) -> list[QPushButton]:
    return [one for one in window.details.header.findChildren(QPushButton) if one.isVisible()]


def test_buttons_of_the_header_show_their_icons_alone_where_their_words_do_not_fit(windows: Windows) -> None:
    window = windows.on(estates.dcc())
    window.go(str(estates.MYSQL.id))
    windows.qtbot.waitUntil(lambda: len(shown(window)) > 1)
    words = {one.objectName(): one.text() for one in shown(window)}
    assert all(words.values())
    window.resize(760, 480)
    windows.qtbot.waitUntil(lambda: not any(one.text() for one in shown(window)))
    for button in shown(window):
        assert button.width() >= button.sizeHint().width(), button.objectName()
        assert not button.icon().isNull()
        assert button.accessibleName() == words[button.objectName()].strip()
        assert button.toolTip()
        right = button.mapTo(window.details, button.rect().topRight()).x()
        assert right < window.details.width()
    assert window.details.header.title.width() > 100
    window.resize(1280, 800)
    windows.qtbot.waitUntil(lambda: {one.objectName(): one.text() for one in shown(window)} == words)


def test_a_button_that_comes_in_a_narrow_window_takes_no_word_that_does_not_fit(windows: Windows) -> None:
    window = windows.on(estates.dcc())
    window.resize(760, 480)
    window.go(str(estates.MYSQL_KEY.id))
    windows.qtbot.waitUntil(lambda: len(shown(window)) > 1)
    window.go(str(estates.MYSQL.id))
    windows.qtbot.waitUntil(lambda: window.details.header.title.text() == estates.MYSQL.name)
    windows.qtbot.waitUntil(lambda: all(one.width() >= one.sizeHint().width() for one in shown(window)))
