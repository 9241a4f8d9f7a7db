"""Operations that outlive their page, their window and their process: what the next window offers, and where it ends."""

import signal
from collections.abc import Callable

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt

from cmk_admin.domain.steps import Outcome
from cmk_admin.ui.emergency.answer_page import AnswerPage
from cmk_admin.ui.emergency.operation_page import OperationPage
from cmk_admin.ui.emergency.tray import Tray
from tests.journeys.clients import Clients
from tests.journeys.driver import Driver
from tests.support import Program, Sandbox

MYSQL = ("dcc-premium", "mysql-encryption-key", "dcc-mysql")
REVOKE = ("revoke", "dcc-premium/mysql-encryption-key", "--consumer", "dcc-mysql", "--yes")

OpenDriver = Callable[[], Driver]


def grants_of(sandbox: Sandbox) -> list[str]:
    """Where MySQL's identity may unwrap, as the sandbox itself judges it."""
    return list(next(r for r in sandbox.truth() if r["consumer_id"].endswith("/dcc-mysql"))["role_assignment_scope"])


def kill_at(program: Program, event: str) -> str:
    """A revoke by command line, killed at a boundary; the operation that it leaves."""
    killed = program.until(REVOKE, lambda boundary: boundary["event"] == event)
    assert killed.status == -signal.SIGKILL
    return str(killed.boundaries[0]["operation"])


def held_revoke(driver: Driver, sandbox: Sandbox) -> OperationPage:
    """A revoke whose write is done but not answered until `release`."""
    sandbox.fault("DELETE *roleAssignments* hold;times=1")
    driver.select(*MYSQL)
    driver.shortcut(Qt.Key.Key_R)
    driver.revoke_page()
    page = driver.start()
    driver.until(lambda: sandbox.writes(), "the write")
    return page


@pytest.mark.parametrize("event", ["intent", "sent", "done"])
@pytest.mark.parametrize("way", ["go-on", "restore"])
def test_what_a_kill_left_behind_is_offered_and_ends_right(
    program: Program, sandbox: Sandbox, open_driver: OpenDriver, event: str, way: str
) -> None:
    mysql = Clients(sandbox, "dcc-mysql-id")
    wrapped, whole = mysql.wrap(), grants_of(sandbox)
    operation = kill_at(program, event)
    marker = sandbox.last_request()
    driver = open_driver()
    driver.until(lambda: "was interrupted" in driver.text("message-text"), "the offer")
    assert not sandbox.writes(since=marker), "nothing goes on unasked"
    page = driver.open_operation(operation)
    assert driver.badge("operation-outcome", page) == "Interrupted"
    if way == "go-on":
        driver.click("operation-resume", page)
        driver.until(lambda: driver.emergency.operations.runs(operation), "it to go on")
        assert driver.ended(page).report.outcome is Outcome.DONE
        assert not mysql.unwraps(wrapped)
        assert grants_of(sandbox) == []
    else:
        back = driver.restore(page)
        assert back.report.answers == operation
        assert back.report.outcome is Outcome.DONE
        mysql.await_unwraps(wrapped, wanted=True)
        assert grants_of(sandbox) == whole


def test_cancel_on_the_page_that_gives_back_sends_nothing(
    program: Program, sandbox: Sandbox, open_driver: OpenDriver
) -> None:
    operation = kill_at(program, "done")
    marker = sandbox.last_request()
    driver = open_driver()
    page = driver.open_operation(operation)
    driver.click("operation-restore", page)
    driver.answer_page()
    driver.key(Qt.Key.Key_Escape)
    driver.until(lambda: not isinstance(driver.window.pages.currentWidget(), AnswerPage), "the page to go")
    assert not sandbox.writes(since=marker)


def test_a_second_window_on_the_same_operation_is_refused_in_one_sentence(
    program: Program, sandbox: Sandbox, open_driver: OpenDriver
) -> None:
    operation = kill_at(program, "intent")
    first, second = open_driver(), open_driver()
    pages = {driver: driver.open_operation(operation) for driver in (first, second)}
    sandbox.no_faults()
    sandbox.fault("* *roleAssignments* hold;times=1")
    first.click("operation-resume", pages[first])
    first.until(lambda: first.emergency.operations.runs(operation), "the first window to go on")
    second.click("operation-resume", pages[second])
    told = second.dialog("tell")
    text = second.text("tell-text", told)
    assert text.count(".") <= 2
    assert operation in text or "run" in text
    second.button("tell-close", told).click()
    second.until(lambda: pages[second].report.alive, "the second window to see that it is run")
    assert "Another window or command runs it" in second.text("operation-notice-text", pages[second])
    sandbox.post("release")
    first.ended(pages[first])
    second.until(lambda: not pages[second].report.alive, "the second window to follow")
    assert pages[second].report.outcome is pages[first].report.outcome


def test_closing_the_window_asks_while_an_operation_runs_and_stay_goes_on(driver: Driver, sandbox: Sandbox) -> None:
    page = held_revoke(driver, sandbox)
    driver.window.close()
    asked = driver.dialog("confirm")
    assert "Cut dcc-mysql off mysql-encryption-key" in driver.text("confirm-text", asked)
    driver.key(Qt.Key.Key_Return)
    driver.until(lambda: not driver.dialogs(), "the question to go")
    assert driver.window.isVisible()
    assert page.report.alive
    sandbox.post("release")
    assert driver.ended(page).report.outcome is Outcome.DONE


def test_closing_after_this_step_leaves_what_the_next_start_goes_on_with(
    sandbox: Sandbox, open_driver: OpenDriver
) -> None:
    driver = open_driver()
    page = held_revoke(driver, sandbox)
    operation = page.report.operation
    driver.window.close()
    driver.button("confirm-do", driver.dialog("confirm")).click()
    sandbox.post("release")
    driver.until(lambda: not driver.window.isVisible(), "the window to go")
    driver.close()
    [write] = sandbox.writes()
    assert write["method"] == "DELETE"

    again = open_driver()
    again.until(lambda: "was interrupted" in again.text("message-text"), "the offer")
    page = again.open_operation(operation)
    assert [step.state.value for step in page.report.steps] == ["done"]
    again.click("operation-resume", page)
    again.until(lambda: again.emergency.operations.runs(operation), "it to go on")
    assert again.ended(page).report.outcome is Outcome.DONE
    assert len(sandbox.writes()) == 1


def test_in_the_background_the_window_goes_and_the_operation_is_finished_with_its_watch(
    driver: Driver, sandbox: Sandbox
) -> None:
    mysql = Clients(sandbox, "dcc-mysql-id")
    wrapped = mysql.wrap()
    page = held_revoke(driver, sandbox)
    operation = page.report.operation
    driver.window.close()
    asked = driver.dialog("confirm")
    assert "the program ends by itself" in driver.text("confirm-text", asked)
    # No desktop here, and no tray: that the window cannot be brought back is said before it goes
    assert "this desktop has no system tray" in driver.text("confirm-text", asked)
    gone: list[bool] = []
    driver.window.gone.connect(lambda: gone.append(True))
    driver.button("confirm-background", asked).click()
    driver.until(lambda: not driver.window.isVisible(), "the window to go")
    assert driver.emergency.operations.runs(operation)
    sandbox.post("release")
    driver.until(lambda: gone, "the program to end by itself")
    assert Clients(sandbox).server_state() == "Inaccessible"
    assert not mysql.unwraps(wrapped)


def test_what_is_not_wholly_done_in_the_background_brings_the_window_back(driver: Driver, sandbox: Sandbox) -> None:
    page = held_revoke(driver, sandbox)
    driver.window.close()
    driver.button("confirm-background", driver.dialog("confirm")).click()
    driver.until(lambda: not driver.window.isVisible(), "the window to go")
    # What could not be read again is not known to be closed
    sandbox.fault("GET management.azure.com*/roleAssignments status:403;skip=0")
    sandbox.post("release")
    driver.until(driver.window.isVisible, "the window to come back")
    assert driver.window.pages.currentWidget() is page
    driver.until(lambda: page.report.outcome is Outcome.PARTIAL, "the outcome on the page")


def test_a_hidden_window_is_brought_back_from_the_tray_and_the_operation_goes_on(
    driver: Driver, sandbox: Sandbox
) -> None:
    page = held_revoke(driver, sandbox)
    driver.window.close()
    driver.button("confirm-background", driver.dialog("confirm")).click()
    driver.until(lambda: not driver.window.isVisible(), "the window to go")
    tray = driver.window.findChild(Tray)
    assert tray is not None
    assert tray.icon.toolTip() == "CMK Admin: Cut dcc-mysql off mysql-encryption-key"
    [show] = tray.menu.actions()
    show.trigger()
    driver.until(driver.window.isVisible, "the window to come back")
    # What is given up is deleted by an event loop, and none turns here
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert driver.window.findChild(Tray) is None
    sandbox.post("release")
    assert driver.ended(page).report.outcome is Outcome.DONE
    assert driver.window.isVisible(), "who is back is not sent away at its end"


def test_leaving_the_connection_asks_too_and_leaves_the_operation_to_be_gone_on_with(
    driver: Driver, sandbox: Sandbox
) -> None:
    sandbox.post("clock", {"speed": 10})
    driver.select(*MYSQL)
    driver.shortcut(Qt.Key.Key_R)
    driver.revoke_page()
    operation = driver.start().report.operation
    driver.until(sandbox.writes, "the write")
    driver.window.close_connection()
    asked = driver.dialog("confirm")
    driver.button("confirm-do", asked).click()
    driver.until(lambda: driver.window.doors.isVisible(), "the doors")
    driver.connect(sandbox)
    driver.until(lambda: "was interrupted" in driver.text("message-text"), "the offer")
    assert driver.open_operation(operation).report.resumable


def test_stop_watching_is_never_called_done(driver: Driver, sandbox: Sandbox) -> None:
    sandbox.post("clock", {"speed": 10})
    driver.select(*MYSQL)
    driver.shortcut(Qt.Key.Key_R)
    driver.revoke_page()
    page = driver.start()
    driver.until(lambda: driver.button("operation-stop", page).text() == "&Stop watching", "the watch")
    driver.click("operation-stop", page)
    driver.ended(page)
    assert page.report.outcome is Outcome.PARTIAL
    assert [w.result.value for w in page.report.watch] == ["not_confirmed"]
    assert driver.button("operation-restore", page).isVisible()


def test_what_became_of_a_service_stands_in_the_estate_too(driver: Driver, sandbox: Sandbox) -> None:
    driver.select(*MYSQL)
    driver.shortcut(Qt.Key.Key_R)
    driver.revoke_page()
    assert driver.ended(driver.start()).report.outcome is Outcome.DONE

    def state() -> str | None:
        estate = driver.window.estate
        assert estate is not None
        return next(one.state for one in estate.consumers if one.name == "dcc-mysql")

    driver.until(lambda: state() == "Inaccessible", "the state that the watch has seen")


def test_a_refused_step_says_why_and_that_what_it_was_to_close_is_open(driver: Driver, sandbox: Sandbox) -> None:
    sandbox.fault("DELETE *roleAssignments* status:403")
    driver.select(*MYSQL)
    driver.shortcut(Qt.Key.Key_R)
    driver.revoke_page()
    page = driver.ended(driver.start())
    assert page.report.outcome is Outcome.FAILED
    assert driver.text("step-1-error", page)
    assert driver.text("operation-paths-counts", page) == "1 still open"
    assert not driver.button("operation-restore", page).isVisible()
    sandbox.no_faults()
    assert driver.button("operation-resume", page).text().replace("&", "") == "Try again"
    driver.click("operation-resume", page)
    driver.until(lambda: driver.emergency.operations.runs(page.report.operation), "it to go on")
    assert driver.ended(page).report.outcome is Outcome.DONE


def test_past_operations_are_listed_and_lead_to_each_other(
    program: Program, sandbox: Sandbox, open_driver: OpenDriver
) -> None:
    revoked = program.json(*REVOKE).json["operation"]
    restored = program.json("restore", revoked, "--yes").json["operation"]
    driver = open_driver()
    driver.until(lambda: len(driver.emergency.operations.reports) == 2, "the list")
    page = driver.open_operation(revoked)
    assert not driver.button("operation-restore", page).isVisible()
    assert f"taken back by operation {restored}" in driver.text("operation-notice-text", page)
    driver.click("operation-answer", page)
    driver.until(lambda: driver.window.pages.currentWidget() is not page, "what gave it back")
    assert driver.page(OperationPage).report.operation == restored
