"""An incident from the tree to its end by keyboard alone, with what a screen reader is told; and what opens again."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QAbstractButton, QComboBox, QWidget

from cmk_admin.operations.interface import Incident, OperationReport, WatchResult
from cmk_admin.ui.announce import listen
from cmk_admin.ui.emergency.operation_page import OperationPage
from cmk_admin.ui.emergency.revoke_page import RevokePage
from cmk_admin.ui.record.page import RecordPage
from tests.journeys.clients import MYSQL_KEY, Clients
from tests.journeys.driver import Driver
from tests.support import Program, Sandbox
from tests.ui.conftest import focusable

MYSQL = ("dcc-premium", "mysql-encryption-key", "dcc-mysql")


@pytest.fixture
def said() -> Iterator[list[tuple[str, bool]]]:
    """All that is announced, and whether it was urgent."""
    heard: list[tuple[str, bool]] = []
    stop = listen(lambda text, urgent: heard.append((text, urgent)))
    yield heard
    stop()


def answers(report: OperationReport) -> list[str]:
    """What was answered to what only a person knows, as the operation keeps it."""
    return [check.said for check in report.plan.checks] if report.plan is not None else []


def nameless(page: QWidget) -> list[str]:
    return [
        widget.objectName()
        for widget in focusable(page)
        if not (widget.accessibleName() or (isinstance(widget, QAbstractButton) and widget.text()))
    ]


def revoked(driver: Driver) -> OperationPage:
    driver.select(*MYSQL)
    driver.shortcut(Qt.Key.Key_R)
    driver.revoke_page()
    return driver.ended(driver.start())


class Hands(QObject):
    """Notes every press of a mouse button or turn of a wheel that the program gets."""

    def __init__(self) -> None:
        super().__init__()
        self.mouse: list[QEvent.Type] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick, QEvent.Type.Wheel):
            self.mouse.append(event.type())
        return super().eventFilter(watched, event)


@pytest.fixture
def hands(driver: Driver) -> Iterator[Hands]:
    seen = Hands()
    driver.app.installEventFilter(seen)
    yield seen
    driver.app.removeEventFilter(seen)


def answer_by_keys(driver: Driver, page: RevokePage) -> None:
    """Go through what happened, how, and what is offered besides, and come back to what was proposed."""
    # What happened, by the arrow keys: there and back
    driver.tab_to("revoke-cause-service")
    driver.key(Qt.Key.Key_Down)
    driver.until(lambda: page.plan is not None and page.plan.cause == "key-leaked", "the plan of another cause")
    driver.key(Qt.Key.Key_Up)
    driver.until(lambda: page.plan is not None and page.plan.cause == "service", "the plan of the first cause")
    # How: the next method that is possible, and back again
    driver.tab_to("revoke-method-grants")
    driver.key(Qt.Key.Key_Down)
    driver.until(lambda: page.plan is not None and page.plan.method == "disable", "the plan of another method")
    driver.key(Qt.Key.Key_Up)
    driver.until(lambda: page.plan is not None and page.plan.method == "grants", "the plan of the first method")
    driver.revoke_page()
    assert page.plan is not None
    choice = next(one for one in page.plan.choices if one.possible and one.id.startswith("stop:"))
    driver.tab_to(f"revoke-choice-{choice.id}")
    driver.key(Qt.Key.Key_Space)
    driver.until(lambda: choice.id in page.draft.choices, "the choice")
    driver.revoke_page()
    driver.key(Qt.Key.Key_Space)  # taken back: this server is to be seen to stop by itself
    driver.until(lambda: choice.id not in page.draft.choices, "the choice to go")
    driver.revoke_page()


def restored_by_keys(driver: Driver) -> OperationPage:
    """From the operation's page to the end of what gives it back."""
    driver.tab_to("operation-restore")
    driver.key(Qt.Key.Key_Space)
    answer = driver.answer_page()
    assert not nameless(answer)
    assert not driver.button("answer-start", answer).isEnabled()
    driver.tab_to("answer-clean-clean")
    driver.key(Qt.Key.Key_Space)
    driver.tab_to("answer-start")
    driver.key(Qt.Key.Key_Space)
    return driver.ended(driver.operation_page(after=answer))


def record_by_keys(driver: Driver, page: OperationPage) -> str:
    """Open the record of an operation, read it, and come back to the operation's page."""
    driver.tab_to("operation-record")
    driver.key(Qt.Key.Key_Space)
    record = driver.page(RecordPage)
    assert not nameless(record)
    text = record.text.toPlainText()
    driver.key(Qt.Key.Key_Escape)
    driver.until(lambda: driver.window.pages.currentWidget() is page, "the way back from the record")
    return text


def closed_by_keys(driver: Driver, page: OperationPage) -> None:
    """End the incident: the question is answered by keys too."""
    driver.tab_to("proof-close")
    driver.key(Qt.Key.Key_Space)
    driver.dialog("confirm")
    driver.tab_to("confirm-do")
    driver.key(Qt.Key.Key_Space)
    driver.until(lambda: page.report.incident is Incident.CLOSED, "the incident to be closed")


def test_an_incident_by_keyboard_alone_with_what_is_announced(
    driver: Driver, sandbox: Sandbox, said: list[tuple[str, bool]], hands: Hands
) -> None:
    mysql, single = Clients(sandbox, "dcc-mysql-id"), Clients(sandbox, "dcc-mysql-single")
    wrapped = mysql.wrap()
    driver.window.tree.tree.setFocus()
    driver.type("dcc-mysql")
    driver.until(lambda: driver.visible_row("dcc-mysql"), "the filter to find it")
    driver.key(Qt.Key.Key_Down)
    driver.walk_to("dcc-mysql")
    driver.shortcut(Qt.Key.Key_R)
    page = driver.revoke_page()
    assert not nameless(page)

    answer_by_keys(driver, page)
    driver.tab_to("revoke-reason")
    driver.type("drill")
    driver.tab_to("revoke-start")
    assert not sandbox.writes()
    driver.key(Qt.Key.Key_Space)

    operation = driver.operation_page(after=page)
    driver.ended(operation)
    assert [w.result for w in operation.report.watch] == [WatchResult.CONFIRMED]
    assert operation.report.reason == "drill"
    assert not mysql.unwraps(wrapped)
    assert single.unwraps(wrapped)
    assert not nameless(operation)
    sandbox.advance(600)
    driver.tab_to("proof-again")
    driver.key(Qt.Key.Key_Space)
    driver.until(lambda: driver.button("proof-again", operation).isEnabled(), "the paths to be read")
    assert driver.badge("proof-verdict", operation) == "1 closed"
    assert "drill" in record_by_keys(driver, operation)
    closed_by_keys(driver, operation)
    assert driver.badge("proof-incident", operation) == "Incident closed"

    back = restored_by_keys(driver)
    mysql.await_unwraps(wrapped, wanted=True)
    assert Clients(sandbox).server_state() == "Ready"
    assert back.report.reason in (None, "")
    assert answers(back.report) == ["The identity is clean"]
    assert "The identity is clean" in record_by_keys(driver, back)
    driver.tab_to("operation-answer")
    driver.key(Qt.Key.Key_Space)
    driver.until(lambda: driver.window.pages.currentWidget() is operation, "the page of the revoke")
    assert not hands.mouse

    spoken = [text for text, _ in said]
    for part in (
        "Remove 1 grant, cut",
        "dcc-mysql: Confirmed cut off after",
        "Paths read again: 1 closed",
        "dcc-mysql: Confirmed back",
        "Incident closed",
    ):
        assert any(part in text for text in spoken), (part, spoken)
    # After the writes, and when it was asked for
    proofs = [text for text, _ in said if text.startswith("Paths read again: 1 closed")]
    assert proofs[0].startswith("Paths read again: 1 closed, counting by ")
    assert proofs[-1] == "Paths read again: 1 closed"
    assert not [text for text, urgent in said if urgent]


def test_what_is_granted_again_is_an_alarm_wherever_one_is_until_the_incident_is_closed(
    driver: Driver, sandbox: Sandbox, said: list[tuple[str, bool]]
) -> None:
    mysql, admin = Clients(sandbox, "dcc-mysql-id"), Clients(sandbox)
    scope = next(r for r in sandbox.truth() if r["consumer_id"].endswith("/dcc-mysql"))["role_assignment_scope"][0]
    [role] = {role for who, role, _ in admin.grants(scope).values() if who == mysql.object_id}
    operation = revoked(driver)
    assert operation.report.incident is Incident.OPEN
    driver.window.pages.setCurrentIndex(0)
    admin.grant(scope, role, mysql.object_id)
    sandbox.advance(3600)
    driver.until(lambda: driver.text("message-text").startswith("Alarm"), "the alarm", seconds=60)
    assert [urgent for text, urgent in said if text.startswith("Alarm")] == [True], "told at once, and once"
    driver.click("message-action")
    page = driver.page(OperationPage)
    assert page is operation
    assert driver.text("operation-alarms-text", page)
    assert "open" in driver.badge("proof-verdict", page)
    assert driver.badge("operation-outcome", page) == "Open again"

    driver.click("operation-cut-again", page)
    second = driver.revoke_page()
    assert second.plan is not None
    assert second.plan.method == "grants"
    driver.key(Qt.Key.Key_Escape)
    driver.open_operation(page.report.operation)

    driver.click("proof-close", page)
    asked = driver.dialog("confirm")
    assert "1 path is open (dcc-mysql-id by role " in driver.text("confirm-text", asked)
    driver.key(Qt.Key.Key_Return)
    driver.until(lambda: not driver.dialogs(), "the safe answer to be the one of Return")
    assert page.report.incident is Incident.OPEN

    driver.click("proof-close", page)
    driver.button("confirm-do", driver.dialog("confirm")).click()
    driver.until(lambda: page.report.incident is Incident.CLOSED, "the incident to be closed")
    driver.until(lambda: not driver.text("message-text"), "the alarm's message to go")
    assert driver.badge("proof-incident", page) == "Incident closed"
    assert driver.badge("operation-outcome", page) == "Closed with 1 path open"
    assert driver.text("operation-alarms-text", page)
    assert any("The incident was closed by administrator, although 1 path is open" in one for one in page.report.log)


def test_what_was_opened_since_the_last_reading_is_asked_about_before_an_incident_is_closed(
    driver: Driver, sandbox: Sandbox
) -> None:
    mysql, admin = Clients(sandbox, "dcc-mysql-id"), Clients(sandbox)
    scope = next(r for r in sandbox.truth() if r["consumer_id"].endswith("/dcc-mysql"))["role_assignment_scope"][0]
    [role] = {role for who, role, _ in admin.grants(scope).values() if who == mysql.object_id}
    page = revoked(driver)
    sandbox.advance(600)
    driver.click("proof-again", page)
    driver.until(lambda: driver.button("proof-again", page).isEnabled(), "the paths to be read")
    driver.click("proof-close", page)
    asked = driver.dialog("confirm")
    assert "open" not in driver.text("confirm-text", asked).split("not read any more")[0]
    admin.grant(scope, role, mysql.object_id)
    driver.button("confirm-do", asked).click()
    driver.until(
        lambda: [
            w for w in driver.dialogs() if "is not closed, since 1 path is open" in driver.text("confirm-text", w)
        ],
        "the second question",
    )
    driver.button("confirm-keep", driver.dialog("confirm")).click()
    driver.until(lambda: not driver.dialogs(), "the question to go")
    assert page.report.incident is Incident.OPEN


def test_an_incident_whose_path_does_not_count_yet_is_closed_only_anyway_until_it_does(
    driver: Driver, sandbox: Sandbox, program: Program
) -> None:
    mysql = Clients(sandbox, "dcc-mysql-id")
    wrapped = mysql.wrap()
    sandbox.post("clock", {"speed": 10})
    operation = program.json("revoke", MYSQL_KEY, "--consumer", "dcc-mysql", "--yes").json["operation"]
    driver.until(lambda: driver.emergency.operations.report(operation) is not None, "the operation in the list")
    page = driver.open_operation(operation)
    driver.until(lambda: "closed" in driver.badge("proof-verdict", page), "the proof")
    assert driver.badge("proof-verdict", page).startswith("1 closed, counting by ")
    driver.click("proof-close", page)
    asked = driver.dialog("confirm")
    assert "1 path is closed, but may let in until " in driver.text("confirm-text", asked)
    assert mysql.unwraps(wrapped)
    driver.button("confirm-keep", asked).click()
    driver.until(lambda: not driver.dialogs(), "the question to go")
    assert page.report.incident is Incident.OPEN

    sandbox.advance(600)
    driver.click("proof-again", page)
    driver.until(lambda: driver.badge("proof-verdict", page) == "1 closed", "the path to count")
    driver.click("proof-close", page)
    driver.button("confirm-do", driver.dialog("confirm")).click()
    driver.until(lambda: page.report.incident is Incident.CLOSED, "the incident to be closed")
    assert not any("although" in line for line in page.report.log)
    assert not mysql.unwraps(wrapped)


def test_a_staged_revoke_says_for_whom_it_waits_and_then_does_the_rest(
    driver: Driver, sandbox: Sandbox, said: list[tuple[str, bool]]
) -> None:
    mysql, single = Clients(sandbox, "dcc-mysql-id"), Clients(sandbox, "dcc-mysql-single")
    wrapped = mysql.wrap()
    driver.select("dcc-premium", "mysql-encryption-key")
    driver.shortcut(Qt.Key.Key_R)
    page = driver.revoke_page()
    driver.by_grants(page)
    assert page.plan is not None
    staged = next(one for one in page.plan.choices if one.id.startswith("staged:") and one.possible)
    which = driver.find(QComboBox, "revoke-choice-staged-which", page)
    assert which.currentText() == staged.title.split()[1]
    driver.click("revoke-choice-staged", page)
    driver.until(lambda: page.plan is not None and bool(page.plan.gates), "the staged plan")
    driver.revoke_page()
    assert driver.text("revoke-gates", page).startswith("It waits until dcc-mysql")
    operation = driver.start()
    driver.until(lambda: operation.report.paused, "the wait for the first", seconds=20)
    assert "It waits until" in driver.text("operation-waiting-text", operation)
    assert mysql.unwraps(wrapped) or single.unwraps(wrapped), "the second is not cut before the first is seen to be"
    driver.ended(operation)
    assert operation.report.outcome.value == "done"
    assert not mysql.unwraps(wrapped)
    assert not single.unwraps(wrapped)
    assert any("It waits until" in text for text, _ in said)
    assert any(text.endswith("2 of 2 confirmed") for text, _ in said)


def test_one_of_two_services_is_brought_back_and_the_other_stays_cut(driver: Driver, sandbox: Sandbox) -> None:
    mysql, single = Clients(sandbox, "dcc-mysql-id"), Clients(sandbox, "dcc-mysql-single")
    wrapped = mysql.wrap()
    driver.select("dcc-premium", "mysql-encryption-key")
    driver.shortcut(Qt.Key.Key_R)
    page = driver.revoke_page()
    driver.by_grants(page)
    operation = driver.ended(driver.start())
    driver.click("operation-restore", operation)
    answer = driver.answer_page()
    [other] = [w.consumer_id for w in operation.report.watch if w.consumer_name == "dcc-mysql-single"]
    driver.click(f"answer-consumer-{other}", answer)
    driver.until(
        lambda: answer.plan is not None and any(name == "consumer" for name, _ in answer.plan.context), "the part"
    )
    assert not driver.button("answer-start", answer).isEnabled()
    driver.say_clean("unknown")
    back = driver.ended(driver.start())
    assert answers(back.report) == ["Not known yet"]
    mysql.await_unwraps(wrapped, wanted=True)
    assert not single.unwraps(wrapped)


def test_a_suspect_account_is_picked_from_those_that_have_a_path(driver: Driver, sandbox: Sandbox) -> None:
    driver.select("dcc-premium", "mysql-encryption-key")
    driver.shortcut(Qt.Key.Key_R)
    page = driver.revoke_page()
    driver.click("revoke-cause-operator", page)
    driver.revoke_page()
    assert driver.text("revoke-paths-counts", page) == "Choose an account first."
    boxes = [w for w in page.findChildren(QAbstractButton) if w.objectName().startswith("revoke-suspect-")]
    assert boxes
    first = boxes[0].objectName()
    driver.click(first, page)
    driver.until(lambda: page.draft.principals == (first.removeprefix("revoke-suspect-"),), "the suspect in the draft")
    driver.revoke_page()
    assert driver.text("revoke-paths-counts", page) != "Choose an account first."
    assert driver.button(first, page).isEnabled()
    driver.click("revoke-cause-service", page)
    driver.until(lambda: not page.draft.principals, "the suspects to be forgotten")
    driver.until(lambda: not driver.button(first, page).isVisible(), "the accounts to go")
    assert not sandbox.writes()
