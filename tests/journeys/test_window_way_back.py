"""Whoever turns back from a page is where they were, with what they had typed."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QSplitter

from cmk_admin.ui.emergency.revoke_page import RevokePage
from tests.journeys.driver import Driver
from tests.support import Sandbox

MYSQL = ("dcc-premium", "mysql-encryption-key", "dcc-mysql")


@pytest.mark.parametrize("way", ["esc", "ctrl+w"])
def test_who_turns_back_from_a_revoke_is_in_the_tree_again_and_keeps_the_reason(
    driver: Driver, sandbox: Sandbox, way: str
) -> None:
    driver.select(*MYSQL)
    driver.window.tree.tree.setFocus()
    driver.shortcut(Qt.Key.Key_R)
    driver.revoke_page()
    driver.tab_to("revoke-reason")
    driver.type("leaked by mail")
    if way == "esc":
        driver.key(Qt.Key.Key_Escape)
    else:
        driver.key(Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier)
    driver.until(lambda: not any(isinstance(one, RevokePage) for one in driver.window.pages.opened()), "the page to go")
    assert QApplication.focusWidget() is driver.window.tree.tree
    before = driver.window.selected()
    driver.key(Qt.Key.Key_Up)
    driver.until(lambda: driver.window.selected() != before, "the arrow key to move in the tree")
    driver.select(*MYSQL)
    driver.shortcut(Qt.Key.Key_R)
    again = driver.revoke_page()
    assert driver.find(QLineEdit, "revoke-reason", again).text() == "leaked by mail"
    assert again.draft.reason == "leaked by mail"
    assert not sandbox.writes()


def test_the_reason_of_a_revoke_that_was_done_is_not_that_of_the_next_one(driver: Driver) -> None:
    driver.select(*MYSQL)
    driver.shortcut(Qt.Key.Key_R)
    driver.revoke_page()
    driver.tab_to("revoke-reason")
    driver.type("once")
    driver.key(Qt.Key.Key_Escape)
    driver.select(*MYSQL)
    driver.shortcut(Qt.Key.Key_R)
    driver.revoke_page()
    operation = driver.ended(driver.start())
    assert operation.report.reason == "once"
    driver.until(lambda: not any(isinstance(one, RevokePage) for one in driver.window.pages.opened()), "the page to go")
    driver.window.pages.setCurrentIndex(0)
    driver.select(*MYSQL)
    driver.shortcut(Qt.Key.Key_R)
    assert not driver.find(QLineEdit, "revoke-reason", driver.revoke_page()).text()


def test_who_comes_to_the_estate_by_itself_is_in_the_tree(driver: Driver) -> None:
    driver.find(QSplitter, "split").setFocus()
    assert QApplication.focusWidget() is driver.window.tree.tree
