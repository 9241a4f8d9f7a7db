"""The way back from a revoke that was not brought to its end: as from every other one, with the question asked."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton

from cmk_admin.domain.steps import Outcome, StepState
from cmk_admin.ui.emergency.answer_page import AnswerPage
from cmk_admin.ui.emergency.operation_page import OperationPage
from tests.journeys.clients import Clients
from tests.journeys.driver import Driver
from tests.support import Program, Sandbox


def half_revoked(driver: Driver, sandbox: Sandbox) -> OperationPage:
    """A revoke of both servers of which Azure refuses the second removal."""
    driver.select("dcc-premium", "mysql-encryption-key")
    driver.shortcut(Qt.Key.Key_R)
    page = driver.revoke_page()
    driver.by_grants(page)
    assert page.plan is not None
    assert len(page.plan.steps) == 2
    sandbox.fault(f"DELETE management.azure.com*/{page.plan.steps[1].target.rsplit('/', 1)[-1]} status:403")
    operation = driver.ended(driver.start())
    sandbox.no_faults()
    assert [step.state for step in operation.report.steps] == [StepState.DONE, StepState.FAILED]
    return operation


def consumers(page: AnswerPage) -> list[str]:
    """Services that can be brought back one by one."""
    boxes = page.findChildren(QAbstractButton)
    return [box.objectName() for box in boxes if box.objectName().startswith("answer-consumer-") and box.isVisible()]


def test_a_partial_revoke_is_restored_with_the_question_and_only_who_was_cut_is_brought_back(
    driver: Driver, sandbox: Sandbox
) -> None:
    first, second = Clients(sandbox, "dcc-mysql-id"), Clients(sandbox, "dcc-mysql-single")
    wrapped, other = first.wrap(), second.wrap()
    page = half_revoked(driver, sandbox)
    assert page.report.outcome is Outcome.PARTIAL
    assert not driver.button("operation-undo", page).isVisible()
    marker = sandbox.last_request()
    driver.click("operation-restore", page)
    answer = driver.answer_page()
    assert driver.text("answer-not-restored", answer)
    assert consumers(answer) == [], "there is nothing to choose where one was cut"
    assert not driver.button("answer-start", answer).isEnabled()
    driver.say_clean()
    back = driver.ended(driver.start())
    assert back.report.verb == "restore"
    assert back.report.outcome is Outcome.DONE
    assert [watch.consumer_name for watch in back.report.watch] == ["dcc-mysql"]
    first.await_unwraps(wrapped, wanted=True)
    assert second.unwraps(other)
    asked = [write["path"] for write in sandbox.writes(since=marker) if write["host"] == "management.azure.com"]
    assert not any("dcc-mysql-single" in path for path in asked)


def test_a_revoke_that_a_crash_stopped_is_restored_with_the_question_too(
    program: Program, sandbox: Sandbox, open_driver: Callable[[], Driver]
) -> None:
    mysql = Clients(sandbox, "dcc-mysql-id")
    wrapped = mysql.wrap()
    killed = program.until(
        ("revoke", "dcc-premium/mysql-encryption-key", "--consumer", "dcc-mysql", "--yes"),
        lambda boundary: boundary["event"] == "done",
    )
    driver = open_driver()
    driver.until(lambda: "was interrupted" in driver.text("message-text"), "the offer")
    driver.click("message-action")
    page = driver.page(OperationPage)
    assert page.report.operation == str(killed.boundaries[0]["operation"])
    assert "Go on with it, or restore access" in driver.text("operation-notice-text", page)
    assert not driver.button("operation-undo", page).isVisible()
    driver.restore(page)
    mysql.await_unwraps(wrapped, wanted=True)
