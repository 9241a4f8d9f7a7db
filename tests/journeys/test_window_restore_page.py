"""The page that gives back while Azure does not answer, how old what stands on it is, and in a narrow window."""

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QLabel, QWidget

from cmk_admin.domain.steps import Outcome
from cmk_admin.ui.emergency.answer_page import AnswerPage
from tests.journeys.clients import Clients
from tests.journeys.driver import Driver
from tests.journeys.test_window_incident import revoked
from tests.support import Sandbox


def part(page: QWidget, name: str) -> QWidget:
    found = page.findChild(QWidget, name)
    assert isinstance(found, QWidget)
    return found


@pytest.mark.full
def test_what_cannot_be_read_is_read_as_soon_as_azure_answers_again(driver: Driver, sandbox: Sandbox) -> None:
    mysql = Clients(sandbox, "dcc-mysql-id")
    wrapped = mysql.wrap()
    page = revoked(driver)
    sandbox.fault("GET management.azure.com* reset")
    sandbox.fault("GET *vault.azure.net* reset")
    driver.click("operation-restore", page)
    answer = driver.page(AnswerPage)
    driver.until(lambda: driver.text("answer-problems-text", answer), "the failure")
    assert "tried again" in driver.text("answer-state", answer)
    assert driver.button("answer-check", answer).isEnabled()
    assert not driver.button("answer-start", answer).isEnabled()
    sandbox.no_faults()
    driver.until(lambda: answer.plan is not None, "the plan, when Azure answers again")
    assert not driver.text("answer-problems-text", answer)
    driver.say_clean()
    back = driver.ended(driver.start())
    assert back.report.outcome is Outcome.DONE
    mysql.await_unwraps(wrapped, wanted=True)


@pytest.mark.full
def test_what_was_checked_gets_older_and_an_answer_does_not_make_it_new(driver: Driver, sandbox: Sandbox) -> None:
    page = revoked(driver)
    driver.click("operation-restore", page)
    answer = driver.answer_page()
    assert driver.text("answer-state", answer).startswith("Checked with Azure just now.")
    driver.until(lambda: "seconds ago" in driver.text("answer-state", answer), "the age")
    driver.say_clean()
    assert "seconds ago" in driver.text("answer-state", answer)
    marker = sandbox.last_request()
    driver.click("answer-check", answer)
    driver.until(lambda: "just now" in driver.text("answer-state", answer), "the new reading")
    assert sandbox.last_request() > marker
    assert driver.button("answer-start", answer).isEnabled(), "what was answered holds"


def test_in_a_narrow_window_its_cards_stand_under_each_other(driver: Driver) -> None:
    page = revoked(driver)
    driver.click("operation-restore", page)
    answer = driver.answer_page()
    steps, lanes = part(answer, "answer-steps"), part(answer, "answer-lanes")
    driver.live(0.1)
    assert lanes.mapTo(answer, QPoint(0, 0)).x() > steps.mapTo(answer, QPoint(0, 0)).x() + steps.width()
    driver.window.resize(760, 480)
    driver.live(0.2)
    assert lanes.mapTo(answer, QPoint(0, 0)).x() == steps.mapTo(answer, QPoint(0, 0)).x()
    assert lanes.width() > 600
    for words in answer.findChildren(QLabel):
        if words.isVisible() and words.wordWrap():
            assert words.height() >= words.heightForWidth(words.width()), f"cut: {words.text()}"
