"""Cut MySQL off its key in the window, watch it stop, give the key back; a foreign client says whether it is so."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt

from cmk_admin.domain.verbs.revoke import Cause
from cmk_admin.operations.interface import WatchResult
from cmk_admin.ui.emergency.revoke_page import RevokePage
from tests.journeys.clients import AKS_KEY, MYSQL_KEY, Clients
from tests.journeys.driver import Driver
from tests.support import Sandbox

MYSQL = ("dcc-premium", "mysql-encryption-key", "dcc-mysql")

ROUTES: dict[str, Callable[[Driver], None]] = {
    "menu": lambda driver: driver.menu("key", "revoke"),
    "key": lambda driver: driver.shortcut(Qt.Key.Key_R),
    "context-menu": lambda driver: driver.context_menu("revoke"),
}


def key_scope(sandbox: Sandbox) -> str:
    row = next(r for r in sandbox.truth() if r["consumer_id"].endswith("/dcc-mysql"))
    [scope] = row["role_assignment_scope"]
    return str(scope)


@pytest.mark.parametrize("route", ROUTES)
def test_each_way_into_a_revoke_shows_the_plan_and_sends_nothing(driver: Driver, sandbox: Sandbox, route: str) -> None:
    driver.select(*MYSQL)
    ROUTES[route](driver)
    page = driver.revoke_page()
    assert driver.text("revoke-title", page) == "Cut dcc-mysql off mysql-encryption-key"
    assert driver.text("revoke-paths-counts", page) == "1 will close"
    assert not sandbox.writes()


def test_revoke_and_restore_are_what_a_foreign_client_sees(driver: Driver, sandbox: Sandbox) -> None:
    mysql, disks, admin = Clients(sandbox, "dcc-mysql-id"), Clients(sandbox, "dcc-des"), Clients(sandbox)
    wrapped, wrapped_disks = mysql.wrap(), disks.wrap(AKS_KEY)
    assert mysql.unwraps(wrapped)
    scope = key_scope(sandbox)
    grants = admin.grants(scope)
    aks_grants = admin.grants(scope.replace("mysql-encryption-key", "aks-encryption-key"))

    driver.select(*MYSQL)
    driver.shortcut(Qt.Key.Key_R)
    driver.revoke_page()
    operation = driver.ended(driver.start())
    [watch] = operation.report.watch
    assert watch.result is WatchResult.CONFIRMED
    assert watch.seconds is not None
    assert watch.seconds <= 1200
    assert driver.badge("proof-verdict", operation).startswith("1 closed")
    assert operation.report.outcome.value == "done"
    assert not mysql.unwraps(wrapped)
    assert admin.server_state() == "Inaccessible"
    assert disks.unwraps(wrapped_disks, AKS_KEY)
    assert Clients(sandbox, "dcc-mysql-single").unwraps(wrapped)

    back = driver.restore(operation)
    assert back.report.outcome.value == "done"
    driver.open_operation(operation.report.operation)
    driver.until(lambda: driver.badge("operation-outcome", operation) == "Given back", "the revoke to say so")
    assert driver.badge("proof-verdict", operation) == "given back"
    mysql.await_unwraps(wrapped, wanted=True)
    assert admin.server_state() == "Ready"
    assert admin.grants(scope) == grants
    assert admin.grants(scope.replace("mysql-encryption-key", "aks-encryption-key")) == aks_grants
    assert disks.unwraps(wrapped_disks, AKS_KEY)


def test_a_key_is_revoked_by_disabling_it_and_given_back(driver: Driver, sandbox: Sandbox) -> None:
    mysql, single = Clients(sandbox, "dcc-mysql-id"), Clients(sandbox, "dcc-mysql-single")
    wrapped = mysql.wrap()
    driver.select("dcc-premium", "mysql-encryption-key")
    driver.menu("key", "revoke")
    page = driver.revoke_page()
    assert driver.text("revoke-title", page) == "Disable 1 version of mysql-encryption-key"
    operation = driver.ended(driver.start())
    assert {w.consumer_name for w in operation.report.watch} == {"dcc-mysql", "dcc-mysql-single"}
    assert not mysql.unwraps(wrapped)
    assert not single.unwraps(wrapped)
    driver.restore(operation)
    driver.open_operation(operation.report.operation)
    driver.until(lambda: driver.badge("operation-outcome", operation) == "Given back", "the revoke to say so")
    assert mysql.unwraps(wrapped)
    assert single.unwraps(wrapped)


def test_a_method_chosen_is_planned_anew(driver: Driver, sandbox: Sandbox) -> None:
    driver.select(*MYSQL)
    driver.shortcut(Qt.Key.Key_R)
    page = driver.revoke_page()
    driver.click("revoke-method-disable", page)
    driver.until(lambda: page.plan is not None and page.plan.method == "disable", "the other plan")
    driver.revoke_page()
    assert "dcc-mysql-single" in driver.text("revoke-warnings-text", page)
    assert not sandbox.writes()


def test_a_path_that_stays_open_ends_as_partial_and_is_named(driver: Driver, sandbox: Sandbox) -> None:
    """Beside its own grant on the key, MySQL is given one on the whole group: above the vault, so it stays open."""
    mysql, admin = Clients(sandbox, "dcc-mysql-id"), Clients(sandbox)
    wrapped, scope = mysql.wrap(), key_scope(sandbox)
    [role] = {role for who, role, _ in admin.grants(scope).values() if who == mysql.object_id}
    admin.grant(scope.split("/providers/")[0], role, mysql.object_id)
    sandbox.advance(600)
    driver.select(*MYSQL)
    driver.shortcut(Qt.Key.Key_R)
    page = driver.revoke_page()
    # All that closes every path is what stands there first; whoever keeps the key for others takes the grants
    driver.by_grants(page)
    assert "can at best be partial" in driver.text("revoke-warnings-text", page)
    assert driver.text("revoke-paths-counts", page) == "1 stays open, 1 will close"
    operation = driver.ended(driver.start())
    assert operation.report.outcome.value == "partial"
    assert driver.badge("operation-outcome", operation) == "Partial"
    assert driver.badge("proof-verdict", operation) == "1 open, 1 closed"
    assert driver.text("operation-notice-text", operation).startswith("Not wholly cut off: 1 path")
    assert [w.result for w in operation.report.watch] != [WatchResult.CONFIRMED]
    assert mysql.unwraps(wrapped)


def test_a_group_s_grant_cannot_be_taken_and_the_page_says_so(driver: Driver, sandbox: Sandbox) -> None:
    driver.select("dcc-lab", "train-encryption-key", "dcc-train-mysql")
    driver.shortcut(Qt.Key.Key_R)
    page = driver.revoke_page()
    assert page.plan is not None
    assert page.plan.method == "disable"
    [grants] = [one for one in page.plan.methods if one.name == "grants"]
    assert "There is no grant that may be removed" in (grants.reason or "")
    assert not driver.button("revoke-method-grants", page).isEnabled()
    assert driver.button("revoke-start", page).isEnabled()
    assert not sandbox.writes()


@pytest.mark.parametrize("way", ["esc", "cancel", "close-page"])
def test_leaving_the_revoke_page_sends_nothing(driver: Driver, sandbox: Sandbox, way: str) -> None:
    driver.select(*MYSQL)
    driver.shortcut(Qt.Key.Key_R)
    page = driver.revoke_page()
    driver.click("revoke-cause-unknown", page)
    driver.until(lambda: page.draft.cause is Cause.UNKNOWN, "another cause")
    if way == "esc":
        driver.key(Qt.Key.Key_Escape)
    elif way == "cancel":
        driver.click("revoke-cancel", page)
    else:
        driver.key(Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier)
    driver.until(lambda: not isinstance(driver.window.pages.currentWidget(), RevokePage), "the page to go")
    driver.emergency.revoke()
    again = driver.revoke_page()
    assert again is not page
    assert again.draft.cause is Cause.SERVICE
    assert not sandbox.writes()
    assert not driver.emergency.operations.reports


def test_enter_on_the_revoke_page_never_starts_it(driver: Driver, sandbox: Sandbox) -> None:
    driver.select(*MYSQL)
    driver.shortcut(Qt.Key.Key_R)
    page = driver.revoke_page()
    driver.tab_to("revoke-start")
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
        driver.key(key)
        driver.live(0.2)
    assert driver.window.pages.currentWidget() is page
    assert not sandbox.writes()


def test_the_whole_revoke_by_keyboard_alone(driver: Driver, sandbox: Sandbox) -> None:
    mysql = Clients(sandbox, "dcc-mysql-id")
    wrapped = mysql.wrap()
    driver.window.tree.tree.setFocus()
    for letter in "dcc-mysql":
        driver.type(letter)
    driver.until(lambda: driver.visible_row("dcc-mysql"), "the filter to find it")
    driver.key(Qt.Key.Key_Down)
    driver.walk_to("dcc-mysql")
    driver.shortcut(Qt.Key.Key_R)
    page = driver.revoke_page()
    driver.tab_to("revoke-reason")
    for letter in "drill":
        driver.type(letter)
    driver.tab_to("revoke-start")
    driver.key(Qt.Key.Key_Space)
    operation = driver.operation_page(after=page)
    driver.ended(operation)
    assert operation.report.reason == "drill"
    assert operation.report.outcome.value == "done"
    assert not mysql.unwraps(wrapped)
    driver.tab_to("operation-restore")
    driver.key(Qt.Key.Key_Space)
    answer = driver.answer_page()
    driver.tab_to("answer-clean-clean")
    driver.key(Qt.Key.Key_Space)
    driver.tab_to("answer-start")
    driver.key(Qt.Key.Key_Space)
    driver.ended(driver.operation_page(after=answer))
    mysql.await_unwraps(wrapped, wanted=True)


def test_closing_its_page_never_stops_an_operation(driver: Driver, sandbox: Sandbox) -> None:
    driver.select(*MYSQL)
    driver.shortcut(Qt.Key.Key_R)
    driver.revoke_page()
    page = driver.start()
    operation = page.report.operation
    driver.click("operation-close", page)
    driver.until(lambda: not driver.emergency.operations.runs(operation), "the end of the operation")
    report = driver.emergency.operations.report(operation)
    assert report is not None
    assert report.outcome.value == "done"
    assert Clients(sandbox).server_state() == "Inaccessible"


def test_restore_beside_the_running_watch_stops_it_and_gives_back(driver: Driver, sandbox: Sandbox) -> None:
    mysql = Clients(sandbox, "dcc-mysql-id")
    wrapped = mysql.wrap()
    sandbox.post("clock", {"speed": 60})
    driver.select(*MYSQL)
    driver.shortcut(Qt.Key.Key_R)
    driver.revoke_page()
    page = driver.start()
    driver.click("operation-restore", page)
    answer = driver.answer_page()
    assert answer.plan is not None
    assert not page.report.alive
    sandbox.post("clock", {"speed": 600})
    driver.say_clean()
    driver.start()
    mysql.await_unwraps(wrapped, wanted=True)


def test_the_last_estate_s_plan_is_shown_at_once_and_can_be_started_only_when_checked(
    driver: Driver, sandbox: Sandbox
) -> None:
    sandbox.fault("GET *mysql-encryption-key* hold;times=1")
    driver.select(*MYSQL)
    driver.shortcut(Qt.Key.Key_R)
    page = driver.page(RevokePage)
    driver.until(lambda: page.plan is not None, "the plan of the last estate", seconds=2)
    assert "Checking with Azure" in driver.text("revoke-state", page)
    assert not driver.button("revoke-start", page).isEnabled()
    sandbox.post("release")
    driver.revoke_page()
    assert driver.button("revoke-start", page).isEnabled()


def test_what_cannot_be_read_holds_no_revoke_up(driver: Driver, sandbox: Sandbox) -> None:
    """Every read of the key's vault fails while the responder is at it; the writes go through."""
    mysql = Clients(sandbox, "dcc-mysql-id")
    wrapped = mysql.wrap()
    sandbox.fault("GET *vaults/dcc-premium* status:503")
    sandbox.fault("GET dcc-premium* status:503")
    driver.select(*MYSQL)
    driver.shortcut(Qt.Key.Key_R)
    page = driver.page(RevokePage)
    driver.until(lambda: "not checked" in driver.text("revoke-state", page), "that it could not be checked", 60)
    assert "Azure could not be read just now" in driver.text("revoke-doubt-text", page)
    driver.start()
    mysql.await_unwraps(wrapped, wanted=False)
    sandbox.no_faults()


def test_the_request_that_is_shown_is_the_one_that_is_sent_and_nothing_delays_it(
    driver: Driver, sandbox: Sandbox
) -> None:
    driver.select(*MYSQL)
    driver.shortcut(Qt.Key.Key_R)
    page = driver.revoke_page()
    assert page.plan is not None
    method, path = page.plan.steps[0].request.split(" ")[:2]
    marker = sandbox.last_request()
    driver.ended(driver.start())
    [write] = [w for w in sandbox.writes() if w["method"] == method]
    before = [r for r in sandbox.requests(marker) if r["n"] < write["n"]]
    # Between the click and the write: one look at the grant, one at the server, side by side
    assert len(before) <= 2, before
    assert {r["method"] for r in before} <= {"GET"}
    assert write["path"].split("?")[0].lower() == path.split("?")[0].lower()
    assert MYSQL_KEY.rsplit("/", 1)[1] in write["path"]
