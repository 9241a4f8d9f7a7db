"""The revoke page as it opens: what can be done stands there chosen, and what cannot says so once, with its cure."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QWidget

from cmk_admin.domain.plan import Answer, PathState
from cmk_admin.ui.emergency.revoke_page import RevokePage
from tests.journeys.driver import Driver
from tests.support import Program, Sandbox, serve


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """`incident`, in which every kind of path is; these tests change nothing in it."""
    running = serve(tmp_path_factory.mktemp("azure") / "incident", speed=300, scenario="incident")
    yield running
    running.stop()


@pytest.fixture
def responder(program: Program, sandbox: Sandbox, qapp: object, monkeypatch: pytest.MonkeyPatch) -> Iterator[Driver]:
    """A window of somebody who may do nothing before a role is activated."""
    monkeypatch.setenv("CMK_ADMIN_HOME", str(program.home))
    Path(program.home).mkdir(exist_ok=True)
    driver = Driver(program.home)
    yield driver.connect(sandbox, "responder")
    driver.close()


def opened(driver: Driver, *names: str) -> RevokePage:
    driver.select(*names)
    driver.shortcut(Qt.Key.Key_R)
    return driver.revoke_page()


def happened(driver: Driver, page: RevokePage, cause: str) -> None:
    driver.click(f"revoke-cause-{cause}", page)
    driver.until(lambda: page.plan is not None and page.plan.cause == cause, "the plan of that cause")
    driver.revoke_page()


def top(widget: QWidget, page: QWidget) -> int:
    return widget.mapTo(page, QPoint(0, 0)).y()


def test_a_service_with_two_ways_in_is_opened_with_the_method_that_stops_it(driver: Driver, sandbox: Sandbox) -> None:
    page = opened(driver, "in-main", "shared-key", "in-mysql-shared-1")
    assert page.plan is not None
    assert page.plan.method == "disable"
    assert driver.button("revoke-method-disable", page).isChecked()
    assert driver.text("revoke-paths-counts", page).endswith("both will close")
    assert driver.button("revoke-start", page).text() == "Disable 1 version, cut 2 services"
    [chosen] = [one for one in page.plan.methods if one.recommended]
    assert (chosen.reason or "").startswith("Recommended, since “Remove 1 grant” leaves 1 path open or unknown.")
    driver.by_grants(page)
    assert driver.button("revoke-start", page).text() == "Remove 1 grant, no service stops"
    assert not sandbox.writes()


def test_what_lacks_a_right_says_so_once_and_offers_the_role_for_it(responder: Driver, sandbox: Sandbox) -> None:
    driver = responder
    page = opened(driver, "in-main", "own-key", "in-mysql-own")
    assert page.plan is not None
    assert page.plan.problems
    assert {path.state for path in page.plan.paths} != {PathState.WILL_CLOSE}
    assert driver.button("revoke-start", page).text() == "Cannot revoke"
    assert not [one for one in page.findChildren(QWidget) if one.objectName().startswith("revoke-method-")
                and one.property("checked")]  # fmt: skip
    missing = page.plan.problems[0]
    words = [str(one.property("text") or "") for one in page.findChildren(QWidget) if one.isVisible()]
    assert sum(missing[:60] in one for one in words) == 1
    disable, operations = ("This account may not update keys in in-main", "For the same reason.")
    assert (sum(one.startswith(disable) for one in words), sum(one == operations for one in words)) == (1, 1)
    assert "A right for giving back is missing too." in words
    action = driver.button("revoke-problems-action", page)
    assert action.isVisible()
    assert action.text().startswith("Activate your role User Access Administrator")
    driver.click("revoke-problems-action", page)
    driver.until(lambda: page.plan is not None and not page.plan.problems, "the plan with the role")
    driver.revoke_page()
    assert not action.isVisible()
    assert not [one.sentence for one in page.plan.checks if one.answer is Answer.NO]
    assert any("once the role that the plan activates counts" in one.sentence for one in page.plan.checks)
    [box] = [one for one in page.plan.choices if one.id.startswith("activate:")]
    shown = driver.button(f"revoke-choice-{box.id}", page)
    assert shown.isChecked()
    assert shown.text().replace("\n", " ") == box.title
    assert driver.button("revoke-start", page).isEnabled()
    assert not sandbox.writes()


def test_a_leak_opens_with_what_comes_next_and_spares_services_of_other_keys(driver: Driver, sandbox: Sandbox) -> None:
    page = opened(driver, "in-main", "own-key")
    happened(driver, page, "key-leaked")
    assert page.plan is not None
    assert page.plan.effects == ()
    assert any("in-mysql-pinned" in one.why for one in page.plan.choices)
    assert driver.button("revoke-start", page).text() == "Remove 1 grant, no service stops"
    next_card, causes = (driver.find(QWidget, name, page) for name in ("revoke-next", "revoke-causes"))
    assert top(next_card, page) == top(causes, page)
    assert driver.button("revoke-next-create-key", page).isVisible()
    assert not sandbox.writes()
