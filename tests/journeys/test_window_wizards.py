"""Each wizard in the window, by menu, key and double click; a foreign client says what came of it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit

from cmk_admin.operations.interface import WatchResult
from cmk_admin.ui.wizards.attach_disks import StorageClass
from cmk_admin.ui.wizards.frame import WizardPage
from tests.journeys.clients import Clients
from tests.journeys.driver import Driver
from tests.journeys.wizards import WizardDriver
from tests.support import Sandbox, serve

PREMIUM = "https://ws-premium.vault.azure.net"
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """A fresh workshop, where every requirement has a vault, a server or a cluster that is about it."""
    running = serve(tmp_path / "azure", speed=300, scenario="workshop")
    yield running
    running.stop()


def attach(driver: Driver, service: str = "mysql-flexible") -> WizardDriver:
    driver.menu("key", "attach")
    wizard = WizardDriver(driver)
    if service != "mysql-flexible":
        driver.click(f"choose-service-{service}", wizard.page)
        wizard.settle()
    wizard.next("consumer")
    return wizard


def test_an_identity_that_is_granted_can_use_that_key_and_no_other(driver: Driver, sandbox: Sandbox) -> None:
    free = Clients(sandbox, "ws-free-id")
    spare, used = f"{PREMIUM}/keys/spare-key", f"{PREMIUM}/keys/used-key"
    wrapped, other = Clients(sandbox, "administrator").wrap(spare), Clients(sandbox, "administrator").wrap(used)
    assert not free.unwraps(wrapped, spare)
    driver.select("ws-premium", "spare-key")
    driver.context_menu("grant")
    wizard = WizardDriver(driver)
    driver.key(Qt.Key.Key_Return)
    wizard.come("identity")
    assert "Choose the identity" in wizard.refused("identity")
    wizard.pick("identity", "ws-free-id")
    wizard.next("role")
    wizard.next("plan")
    wizard.plan()
    assert driver.button("wizard-start", wizard.page).text() == "Grant role"
    assert wizard.start().report.outcome.value == "done"
    free.await_unwraps(wrapped, wanted=True, key_id=spare)
    assert not free.unwraps(other, used)


def test_a_server_attached_by_double_clicks_uses_its_own_key_and_no_other(driver: Driver, sandbox: Sandbox) -> None:
    admin, server = Clients(sandbox), Clients(sandbox, "ws-spare-id")
    spare, used = f"{PREMIUM}/keys/spare-key", f"{PREMIUM}/keys/used-key"
    wrapped, other = admin.wrap(spare), admin.wrap(used)
    driver.select("ws-premium", "spare-key")
    wizard = attach(driver)
    wizard.open("consumer", "ws-mysql")
    wizard.come("key")
    wizard.open("key", "spare-key, ws-premium")
    wizard.come("identity")
    wizard.pick("identity", "ws-spare-id")
    wizard.next("plan")
    wizard.plan()
    assert driver.button("wizard-start", wizard.page).text() == "Attach ws-mysql"
    operation = wizard.start()
    assert operation.report.outcome.value == "done"
    assert operation.report.watch[0].result is WatchResult.CONFIRMED
    assert admin.server_state("ws-mysql") == "Ready"
    assert server.unwraps(wrapped, spare)
    assert not server.unwraps(other, used)
    driver.window.verbs.action("estate").trigger()
    driver.select("ws-premium", "spare-key", "ws-mysql")

    driver.menu("key", "detach")
    wizard = WizardDriver(driver)
    driver.click("drop-grant", wizard.page)
    wizard.settle()
    wizard.next("plan")
    wizard.plan()
    assert "backups made until now" in driver.text("wizard-plan-warnings-text", wizard.page)
    assert wizard.start().report.outcome.value == "done"
    server.await_unwraps(wrapped, wanted=False, key_id=spare)
    assert admin.server_state("ws-mysql") == "Ready"


def test_what_the_service_would_refuse_is_grey_and_says_why(driver: Driver, sandbox: Sandbox) -> None:
    driver.select("ws-premium", "spare-key")
    wizard = attach(driver)
    assert "is Stopped" in wizard.why_not("consumer", "ws-mysql-stopped")
    assert "replica" in wizard.why_not("consumer", "ws-mysql-replica")
    assert not wizard.why_not("consumer", "ws-mysql")
    wizard.pick("consumer", "ws-mysql-stopped")
    assert "is Stopped" in wizard.refused("consumer")
    wizard.pick("consumer", "ws-mysql")
    wizard.next("key")
    assert "does not allow" in wizard.why_not("key", "etcd-key")
    wizard.pick("key", "etcd-key")
    assert "does not allow" in wizard.refused("key")
    assert not sandbox.writes()


def test_answers_of_one_service_come_back_with_it(driver: Driver, sandbox: Sandbox) -> None:
    driver.select("ws-premium", "spare-key")
    wizard = attach(driver)
    wizard.pick("consumer", "ws-mysql-geo")
    wizard.next("key")
    wizard.next("identity")
    driver.click("choose-identity-new", wizard.page)
    wizard.type("new-identity-name", "made-for-geo")
    wizard.next("geo")
    assert "second key" in wizard.refused("geo_key")
    for name in ("identity", "key", "consumer", "service"):
        wizard.back(name)
    driver.click("choose-service-aks-etcd", wizard.page)
    wizard.settle()
    wizard.next("consumer")
    assert not wizard.page.draft.consumer
    assert wizard.page.draft.create_identity is None
    wizard.back("service")
    driver.click("choose-service-mysql-flexible", wizard.page)
    wizard.settle()
    wizard.next("consumer")
    assert wizard.page.draft.consumer.endswith("/ws-mysql-geo")
    wizard.next("key")
    wizard.next("identity")
    assert driver.find(QLineEdit, "new-identity-name", wizard.page).text() == "made-for-geo"
    assert not sandbox.writes()


def test_the_new_engine_is_said_to_be_final_before_the_plan_and_in_it(driver: Driver, sandbox: Sandbox) -> None:
    driver.select("ws-premium", "etcd-key")
    wizard = attach(driver, "aks-etcd")
    wizard.pick("consumer", "ws-aks")
    wizard.next("key")
    wizard.next("engine")
    driver.click("choose-engine-new", wizard.page)
    wizard.settle()
    assert "cannot be switched off again" in wizard.problem("engine")
    wizard.next("plan")
    wizard.plan()
    assert "cannot be switched off again" in driver.text("wizard-plan-warnings-text", wizard.page)
    wizard.back("engine")
    driver.click("choose-engine-legacy", wizard.page)
    driver.click("rewrite-secrets", wizard.page)
    wizard.settle()
    wizard.next("plan")
    wizard.plan()
    assert wizard.start().report.outcome.value == "done"
    changed = [one for one in sandbox.writes() if one["method"] == "PUT" and one["path"].endswith("/ws-aks")]

    assert changed


def test_a_storage_class_is_saved_as_it_is_shown_and_applied(driver: Driver, sandbox: Sandbox, tmp_path: Path) -> None:
    driver.select("ws-premium", "spare-key")
    wizard = attach(driver, "aks-disks")
    wizard.pick("consumer", "ws-aks")
    assert "only when a cluster is made" in wizard.problem("consumer")
    wizard.next("disk_set")
    assert "Choose a disk encryption set, or make one." in wizard.refused("new_disk_set")
    wizard.type("new-disk-set-name", "made-here")
    wizard.next("key")
    wizard.next("storage")
    wizard.type("answer-storage_class", "encrypted")
    shown = driver.find(QPlainTextEdit, "storage-yaml", wizard.page).toPlainText()
    assert "made-here" in shown
    driver.click("storage-copy", wizard.page)
    assert QApplication.clipboard().text() == shown
    page = wizard.page.page
    assert isinstance(page, StorageClass)
    file = tmp_path / "class.yaml"
    page.save_to(str(file))
    driver.until(file.exists, "the file")
    driver.click("storage-apply", wizard.page)
    wizard.settle()
    wizard.next("plan")
    wizard.plan()
    assert wizard.start().report.outcome.value == "done"
    assert file.read_text() == shown
    made = [
        one["path"]
        for one in sandbox.writes()
        if one["method"] == "PUT" and "diskEncryptionSets/made-here" in one["path"]
    ]
    assert made


def test_a_server_that_lost_its_grant_is_repaired(driver: Driver, sandbox: Sandbox) -> None:
    server, admin = Clients(sandbox, "ws-attached-id"), Clients(sandbox)
    used = f"{PREMIUM}/keys/used-key"
    wrapped = server.wrap(used)
    row = next(one for one in sandbox.truth() if one["consumer_id"].endswith("/ws-mysql-attached"))
    [scope] = row["role_assignment_scope"]
    [name] = [name for name, (who, _, _) in admin.grants(scope).items() if who == server.object_id]
    admin.remove_grant(scope, name)
    sandbox.advance(1200)
    driver.until(lambda: admin.server_state("ws-mysql-attached") == "Inaccessible", "the server to lose its key")
    driver.select("ws-premium", "used-key", "ws-mysql-attached")
    repair = driver.button("details-action-repair", driver.window)
    assert not repair.isVisible(), "as it was read the server has its key"
    driver.key(Qt.Key.Key_F5)
    driver.until(repair.isVisible, "the page to offer the repair")
    driver.click("details-action-repair")
    wizard = WizardDriver(driver)
    wizard.plan()
    assert "ws-attached-id" in driver.text("wizard-plan-findings", wizard.page)
    assert wizard.start().report.outcome.value == "done"
    assert server.unwraps(wrapped, used)
    assert admin.server_state("ws-mysql-attached") == "Ready"


def test_verbs_on_a_service_say_what_to_select(driver: Driver, sandbox: Sandbox) -> None:
    driver.select("ws-premium")
    for verb in ("detach", "revalidate", "repair"):
        assert driver.window.verbs.why_not(verb) == "Select a service under its key."
    driver.select("ws-premium", "disk-key", "ws-des")
    driver.menu("key", "detach")
    wizard = WizardDriver(driver)
    wizard.plan()
    assert "always has a key" in driver.text("wizard-plan-problems-text", wizard.page)
    assert not driver.button("wizard-start", wizard.page).isEnabled()
    assert not sandbox.writes()


def answer_geo(wizard: WizardDriver) -> None:
    wizard.pick("geo-key", "spare-key, ws-north")
    wizard.pick("geo-identity", "ws-north-id")


WALKS: dict[str, tuple[tuple[str, ...], str, tuple[tuple[str, Callable[[WizardDriver], None]], ...]]] = {
    "grant": (
        ("ws-premium", "spare-key"),
        "grant",
        (
            ("key", lambda wizard: None),
            ("identity", lambda wizard: wizard.pick("identity", "ws-free-id")),
            ("role", lambda wizard: None),
        ),
    ),
    "geo": (
        ("ws-premium", "spare-key"),
        "attach",
        (
            ("service", lambda wizard: None),
            ("consumer", lambda wizard: wizard.pick("consumer", "ws-mysql-geo")),
            ("key", lambda wizard: None),
            ("identity", lambda wizard: wizard.pick("identity", "ws-free-id")),
            ("geo", answer_geo),
        ),
    ),
    "etcd": (
        ("ws-premium", "etcd-key"),
        "attach",
        (
            ("service", lambda wizard: wizard.press("choose-service-aks-etcd")),
            ("consumer", lambda wizard: wizard.pick("consumer", "ws-aks")),
            ("key", lambda wizard: None),
            ("engine", lambda wizard: wizard.press("rewrite-secrets")),
        ),
    ),
    "disks": (
        ("ws-premium", "spare-key"),
        "attach",
        (
            ("service", lambda wizard: wizard.press("choose-service-aks-disks")),
            ("consumer", lambda wizard: wizard.pick("consumer", "ws-aks")),
            ("disk_set", lambda wizard: wizard.type("new-disk-set-name", "never-made")),
            ("key", lambda wizard: None),
            ("storage", lambda wizard: wizard.type("answer-storage_class", "never-made")),
        ),
    ),
    "detach": (
        ("ws-premium", "used-key", "ws-mysql-attached"),
        "detach",
        (("grant", lambda wizard: wizard.press("drop-grant")),),
    ),
}
"""What is selected, the verb, and each page with an answer to it."""


@pytest.mark.full
@pytest.mark.parametrize("walk", WALKS)
def test_each_wizard_goes_forth_and_back_without_loss_and_is_given_up_at_each_page(
    driver: Driver, sandbox: Sandbox, walk: str
) -> None:
    selected, verb, pages = WALKS[walk]
    for last in range(len(pages) + 1):
        driver.window.verbs.action("estate").trigger()
        driver.select(*selected)
        driver.menu("key", verb)
        wizard = WizardDriver(driver)
        for at, (name, answer) in enumerate(pages[: last + 1]):
            wizard.come(name)
            answer(wizard)
            if at < last:
                wizard.next(pages[at + 1][0] if at + 1 < len(pages) else "plan")
        if last == len(pages):
            wizard.plan()
            assert driver.button("wizard-start", wizard.page).isEnabled()
        draft = wizard.page.draft
        for name, _ in reversed(pages[:last]):
            wizard.back(name)
        for name in (*(name for name, _ in pages[1 : last + 1]), *(("plan",) if last == len(pages) else ())):
            wizard.next(name)
        assert wizard.page.draft == draft
        driver.key(Qt.Key.Key_Escape)
        driver.live(0.05)
        for dialog in driver.dialogs():
            driver.click("confirm-do", dialog)
        driver.until(lambda: not isinstance(driver.window.pages.currentWidget(), WizardPage), f"{walk} to go")
    assert not sandbox.writes()
