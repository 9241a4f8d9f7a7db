"""Creating a key in the window, by menu, key and context menu; a foreign client says what came of it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QDateTime, Qt
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QDateTimeEdit, QRadioButton

from cmk_admin.ui.emergency.operation_page import OperationPage
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


ROUTES: dict[str, Callable[[Driver], None]] = {
    "menu": lambda driver: driver.menu("key", "create-key"),
    "key": lambda driver: driver.key(Qt.Key.Key_N, CTRL),
    "context-menu": lambda driver: driver.context_menu("create-key"),
}


def create_key(driver: Driver, route: str = "key") -> WizardDriver:
    ROUTES[route](driver)
    return WizardDriver(driver)


def test_each_way_into_create_key_begins_in_the_selected_vault(driver: Driver, sandbox: Sandbox) -> None:
    driver.select("ws-premium")
    for route in ROUTES:
        wizard = create_key(driver, route)
        assert wizard.at == "purpose"
        assert wizard.page.draft.vault_id.endswith("/ws-premium")
        driver.click("wizard-cancel", wizard.page)
        driver.until(lambda: not isinstance(driver.window.pages.currentWidget(), WizardPage), "the wizard to go")
        driver.select("ws-premium")
    assert not sandbox.writes()


def test_a_key_made_by_keyboard_alone_is_what_a_foreign_client_sees(driver: Driver, sandbox: Sandbox) -> None:
    driver.select("ws-premium")
    driver.key(Qt.Key.Key_N, CTRL)
    wizard = WizardDriver(driver)
    focused = QApplication.focusWidget()
    assert isinstance(focused, QRadioButton), "the first question has the focus"
    assert focused.text() == "MySQL flexible server"
    driver.key(Qt.Key.Key_Down)
    driver.key(Qt.Key.Key_Down)
    assert wizard.page.draft.purpose == "aks-etcd"
    wizard.enter("kind")
    driver.tab_to("answer-size")
    driver.key(Qt.Key.Key_Down)
    wizard.enter("place")
    focused = QApplication.focusWidget()
    assert focused is not None
    assert focused.objectName() == "answer-name", "the vault is chosen already"
    driver.type("made-by-hand")
    wizard.enter("dates")
    wizard.enter("extras")
    driver.tab_to("tag-add")
    driver.key(Qt.Key.Key_Space)
    driver.type("team")
    driver.key(Qt.Key.Key_Tab)
    driver.type("payments")
    wizard.enter("plan")
    wizard.plan()
    assert driver.text("wizard-plan-title", wizard.page) == "Create key made-by-hand in ws-premium"
    driver.key(Qt.Key.Key_Return)
    driver.live(0.2)
    assert not sandbox.writes(), "Enter starts nothing"
    WizardDriver(driver)
    # Enter pressed the safe button: back to the page before, where nothing was lost
    assert wizard.at == "extras"
    assert wizard.page.draft.tags == (("team", "payments"),)
    wizard.next("plan")
    wizard.plan()
    driver.tab_to("wizard-reason")
    driver.type("for the new cluster")
    driver.tab_to("wizard-start")
    driver.key(Qt.Key.Key_Space)
    operation = driver.ended(driver.page(OperationPage))
    assert operation.report.outcome.value == "done"
    assert operation.report.reason == "for the new cluster"
    made = Clients(sandbox).keys(PREMIUM).get_key("made-by-hand")
    assert made.key_type == "RSA-HSM"
    assert len(vars(made.key)["n"]) * 8 == 3072
    assert sorted(made.key_operations) == ["decrypt", "encrypt"]
    assert made.properties.tags == {"team": "payments"}
    driver.window.verbs.action("estate").trigger()
    driver.select("ws-premium", "made-by-hand")


def test_dates_and_a_backup_are_kept_and_undo_deletes_the_key_softly(
    driver: Driver, sandbox: Sandbox, tmp_path: Path
) -> None:
    driver.select("ws-premium")
    wizard = create_key(driver)
    wizard.next("kind")
    wizard.next("place")
    wizard.type("answer-name", "with-dates")
    wizard.next("dates")
    driver.click("expiry-set", wizard.page)
    end = datetime.now(UTC).replace(microsecond=0, second=0) + timedelta(days=400)
    driver.find(QDateTimeEdit, "expiry-time", wizard.page).setDateTime(
        QDateTime.fromSecsSinceEpoch(int(end.timestamp()))
    )
    wizard.settle()
    assert "may stop on that day" in wizard.problem("expires"), "a warning, which holds nothing up"
    wizard.next("extras")
    file = tmp_path / "with-dates.keybackup"
    wizard.type("backup-path", str(file))
    wizard.next("plan")
    wizard.plan()
    assert driver.button("wizard-start", wizard.page).text() == "Create key and back it up"
    assert "may stop on that day" in driver.text("wizard-plan-warnings-text", wizard.page)
    assert wizard.start().report.outcome.value == "done"
    made = Clients(sandbox).keys(PREMIUM).get_key("with-dates")
    assert made.properties.expires_on == end
    assert file.stat().st_size > 0

    driver.click("operation-undo", driver.page(OperationPage))
    answer = driver.answer_page()
    assert "with-dates.keybackup” cannot be taken back" in driver.text("answer-left-text", answer)
    assert driver.ended(driver.start()).report.outcome.value == "partial", "the file is the person's own and stays"
    assert Clients(sandbox).keys(PREMIUM).get_deleted_key("with-dates").name == "with-dates"


def test_cancel_at_each_page_leaves_nothing(driver: Driver, sandbox: Sandbox) -> None:
    driver.select("ws-premium")
    pages = ("purpose", "kind", "place", "dates", "extras", "plan")
    for last in pages:
        wizard = create_key(driver)
        for name in pages[1 : pages.index(last) + 1]:
            wizard.next(name)
            if name == "place":
                wizard.type("answer-name", "never-made")
        if last == "plan":
            wizard.plan()
        driver.key(Qt.Key.Key_Escape)
        if last in pages[2:]:
            dialog = driver.dialog("confirm")
            driver.click("confirm-do", dialog)
        driver.until(lambda: not isinstance(driver.window.pages.currentWidget(), WizardPage), f"{last} to go")
        driver.select("ws-premium")
    assert not sandbox.writes()


def test_closing_the_window_asks_for_what_would_be_lost_and_then_goes_on(driver: Driver, sandbox: Sandbox) -> None:
    driver.select("ws-premium")
    wizard = create_key(driver)
    wizard.next("kind")
    driver.click("tick-operation-sign", wizard.page)
    driver.window.close()
    driver.click("confirm-keep", driver.dialog("confirm"))
    driver.live(0.05)
    assert wizard.page.isVisible()
    driver.window.close()
    driver.click("confirm-do", driver.dialog("confirm"))
    driver.until(lambda: not driver.window.isVisible(), "the window to go by itself")
    assert not sandbox.writes()


def test_back_loses_nothing_and_an_answer_that_became_wrong_is_marked(driver: Driver, sandbox: Sandbox) -> None:
    driver.select("ws-unprotected")
    wizard = create_key(driver)
    driver.click("choose-purpose-none", wizard.page)
    wizard.next("kind")
    driver.find(QComboBox, "answer-size", wizard.page).setFocus()
    driver.key(Qt.Key.Key_End)
    driver.click("tick-operation-sign", wizard.page)
    wizard.next("place")
    wizard.type("answer-name", "kept")
    wizard.next("dates")
    draft = wizard.page.draft
    for name in ("place", "kind", "purpose"):
        wizard.back(name)
    assert wizard.page.draft is draft
    driver.click("choose-purpose-mysql-flexible", wizard.page)
    wizard.settle()
    steps = driver.find(type(wizard.page.steps), "wizard-steps", wizard.page)
    said = [str(steps.item(at).data(Qt.ItemDataRole.AccessibleTextRole)) for at in range(steps.count())]
    assert "Vault and name, has to be answered anew" in said
    wizard.next("kind")
    assert driver.find(QComboBox, "answer-size", wizard.page).currentData() == 4096
    assert driver.find(QCheckBox, "tick-operation-sign", wizard.page).isChecked()
    wizard.next("place")
    assert "has no purge protection" in wizard.refused("vault_id")
    assert wizard.at == "place"
    assert not sandbox.writes()


REFUSALS = (
    ("ws-premium", "used-key", "name", "would make a new version of that key"),
    ("ws-premium", "no spaces", "name", "is not a key's name"),
    ("ws-standard", "any", "vault_id", "holds software keys only"),
    ("ws-thirty", "any", "vault_id", "30 days"),
)


def test_what_is_refused_stands_under_its_field(driver: Driver, sandbox: Sandbox) -> None:
    driver.select("ws-premium")
    wizard = create_key(driver)
    wizard.next("kind")
    wizard.next("place")
    for vault, name, field, said in REFUSALS:
        wizard.pick("vault", vault)
        wizard.type("answer-name", name)
        assert said in wizard.refused(field)
        assert wizard.at == "place"
    assert not sandbox.writes()
