"""The menus and the list of keys: set out in the same order whoever adds a verb when; every key is in the list."""

from collections import Counter

import pytest
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QLabel, QMenu, QPushButton, QScrollArea

from cmk_admin.ui.actions import Verb
from cmk_admin.ui.main_window import MainWindow
from cmk_admin.ui.menus import TITLES
from cmk_admin.ui.shortcuts import grouped
from tests.domain import estates
from tests.ui.conftest import Windows


def ids(window: MainWindow, name: str) -> list[str]:
    """The verbs of a menu; a separator is a dash."""
    menu = window.menuBar().findChild(QMenu, f"menu-{name}")
    assert isinstance(menu, QMenu)
    return ["-" if each.isSeparator() else each.objectName().removeprefix("action-") for each in menu.actions()]


def test_what_ends_the_program_is_last_and_what_takes_away_is_apart(windows: Windows) -> None:
    window = windows.on(estates.dcc())
    file, key = ids(window, "file"), ids(window, "key")
    assert file[-2:] == ["-", "quit"]
    assert file.index("restore-file") == file.index("open-record") + 1
    assert key[-2:] == ["-", "revoke"]
    assert "create-key" in key[:-2]
    window.verbs.add(Verb(id="later", text="Later", menu="file"), lambda: None)
    assert ids(window, "file") == [*file[:-2], "later", "-", "quit"]


@pytest.mark.parametrize("name", TITLES)
def test_each_letter_of_a_menu_belongs_to_one_verb(windows: Windows, name: str) -> None:
    window = windows.on(estates.dcc())
    menu = window.menuBar().findChild(QMenu, f"menu-{name}")
    assert isinstance(menu, QMenu)
    letters = Counter(
        QKeySequence.mnemonic(each.text()).toString() for each in menu.actions() if not each.isSeparator()
    )
    assert [letter for letter, times in letters.items() if letter and times > 1] == []


def test_f1_shows_every_key_beside_what_it_does_without_a_scroll(windows: Windows) -> None:
    window = windows.on(estates.dcc())
    window.resize(1024, 700)
    window.verbs.run("shortcuts")
    box = window.findChild(QDialog, "tell")
    assert box is not None
    assert not box.findChildren(QScrollArea)
    assert not box.findChildren(QPushButton, "tell-copy")
    assert box.height() <= window.height()
    assert box.width() <= window.width()
    shown = {label.text(): label for label in box.findChildren(QLabel)}
    rows = [row for rows in grouped(window.verbs).values() for row in rows]
    assert len(rows) == sum(1 for verb in window.verbs if verb.shortcut)
    lefts = {(shown[keys].x(), shown[words].x()) for keys, words in rows}
    assert len(lefts) == 1, "two columns, each of them straight"
    for keys, words in rows:
        assert shown[keys].y() == shown[words].y()
        for label in (shown[keys], shown[words]):
            assert label.width() >= label.sizeHint().width()
            assert box.rect().contains(label.mapTo(box, label.rect().bottomRight()))
    box.close()
