"""Alt and a letter does one thing: no page has a letter that the menu bar has, and each has one only once."""

from collections import Counter

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QAbstractButton, QDialog, QGroupBox, QLabel, QWidget

from cmk_admin.ui.record.page import RecordPage
from cmk_admin.ui.wizards.frame import WizardPage
from tests.journeys.driver import Driver
from tests.journeys.test_window_incident import MYSQL
from tests.journeys.wizards import WizardDriver

KEY = MYSQL[:2]


def letters(under: QWidget, *, shown: bool) -> list[str]:
    """The letters that are pressed with Alt there; `shown`: now, else also of what is hidden just now."""
    found = []
    for widget in under.findChildren(QWidget):
        if shown and not widget.isVisible():
            continue
        if isinstance(widget, QAbstractButton | QGroupBox) or (
            isinstance(widget, QLabel) and widget.buddy() is not None
        ):
            text = widget.title() if isinstance(widget, QGroupBox) else widget.text()
            found.append(QKeySequence.mnemonic(text).toString())
    return [letter for letter in found if letter]


def assert_unique(driver: Driver, page: QWidget) -> None:
    bar = {QKeySequence.mnemonic(each.text()).toString() for each in driver.window.menuBar().actions()}
    assert len(bar) == len(driver.window.menuBar().actions())
    assert bar.isdisjoint(letters(page, shown=False)), page.objectName()
    twice = [letter for letter, times in Counter(letters(page, shown=True)).items() if times > 1]
    assert not twice, f"{page.objectName()}: {twice}"


def test_no_page_of_an_incident_has_a_letter_of_the_menu_bar(driver: Driver) -> None:
    for name in ("estate", "table"):
        driver.window.verbs.run(name)
        assert_unique(driver, driver.window.pages)
    driver.select(*MYSQL)
    driver.shortcut(Qt.Key.Key_R)
    page = driver.revoke_page()
    assert letters(page, shown=True), "its reason and its ticket have one"
    assert_unique(driver, page)
    operation = driver.start()
    assert_unique(driver, operation)
    driver.ended(operation)
    assert_unique(driver, operation)
    driver.click("operation-record", operation)
    assert_unique(driver, driver.page(RecordPage))
    driver.window.pages.setCurrentWidget(operation)
    driver.click("operation-restore", operation)
    assert_unique(driver, driver.answer_page())


@pytest.mark.parametrize(
    ("selected", "verb"),
    [
        (KEY, "create-key"),
        (MYSQL, "detach"),
        *(pytest.param(KEY, each, marks=pytest.mark.full) for each in ("grant", "attach")),
        pytest.param(MYSQL, "revalidate", marks=pytest.mark.full),
    ],
)
def test_no_page_of_a_wizard_has_a_letter_of_the_menu_bar(driver: Driver, selected: tuple[str, ...], verb: str) -> None:
    driver.select(*selected)
    driver.menu("key", verb)
    page = WizardDriver(driver).page
    assert isinstance(page, WizardPage)
    assert_unique(driver, page)


def test_the_question_to_which_azure_has_no_letter_of_the_menu_bar(driver: Driver) -> None:
    driver.menu("file", "connect")
    asked = next(one for one in driver.dialogs() if isinstance(one, QDialog))
    assert letters(asked, shown=True)
    assert_unique(driver, asked)
