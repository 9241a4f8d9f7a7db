"""The tour's second half: every wizard, on the sandbox's workshop."""

from PySide6.QtCore import QEvent
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit

from cmk_admin.operations.interface import ConnectionChoice, WatchResult
from cmk_admin.ui.wizards.frame import WizardPage
from cmk_admin.ui.wizards.picking import Picker
from tests.tour.driver import Hand, pause

PREMIUM = "https://ws-premium.vault.azure.net/keys"


def take(driver: Hand, speed: float) -> None:
    """Take the pictures."""
    driver.open(ConnectionChoice(own_sandbox=True, fresh=True, scenario="workshop", speed=speed))
    for part in (_create_key, _grant, _attach_server, _attach_secrets, _attach_disks, _repair):
        part(driver)


def _create_key(driver: Hand) -> None:
    driver.show(_id(driver, "vaults", "ws-premium"))
    wizard = _Wizard(driver, "create-key")
    driver.picture("create-purpose")
    wizard.next("kind")
    driver.picture("create-kind")
    wizard.next("place")
    wizard.type("answer-name", "used-key")
    wizard.press("wizard-next")
    driver.picture("create-refused")
    wizard.type("answer-name", "payments-key")
    wizard.next("dates")
    wizard.press("expiry-set")
    driver.picture("create-dates")
    wizard.next("extras")
    wizard.press("tag-add")
    wizard.type("tag-1-name", "team")
    wizard.type("tag-1-value", "payments")
    driver.picture("create-extras")
    wizard.next("plan")
    driver.picture("create-plan")
    wizard.start()
    driver.picture("created")
    driver.click("operation-close")


def _grant(driver: Hand) -> None:
    driver.show(f"{PREMIUM}/payments-key")
    wizard = _Wizard(driver, "grant")
    driver.picture("grant-key")
    wizard.next("identity")
    wizard.pick("identity", "ws-free-id")
    driver.picture("grant-identity")
    wizard.next("role")
    driver.picture("grant-role")
    wizard.next("plan")
    driver.picture("grant-plan")
    wizard.give_up()


def _attach_server(driver: Hand) -> None:
    driver.show(f"{PREMIUM}/payments-key")
    wizard = _Wizard(driver, "attach")
    driver.picture("attach-service")
    wizard.next("consumer")
    wizard.pick("consumer", "ws-mysql")
    driver.picture("attach-resource")
    wizard.next("key")
    driver.picture("attach-which-key")
    wizard.next("identity")
    wizard.press("choose-identity-new")
    wizard.type("new-identity-name", "payments-mysql-id")
    driver.picture("attach-identity")
    wizard.next("plan")
    driver.picture("attach-plan")
    wizard.start()
    driver.picture("attached")
    driver.click("operation-close")


def _attach_secrets(driver: Hand) -> None:
    driver.show(f"{PREMIUM}/etcd-key")
    wizard = _Wizard(driver, "attach")
    wizard.press("choose-service-aks-etcd")
    wizard.next("consumer")
    wizard.pick("consumer", "ws-aks")
    wizard.next("key")
    wizard.next("engine")
    wizard.press("choose-engine-new")
    driver.picture("attach-engine")
    wizard.next("plan")
    driver.picture("attach-secrets-plan")
    wizard.give_up()


def _attach_disks(driver: Hand) -> None:
    driver.show(f"{PREMIUM}/payments-key")
    wizard = _Wizard(driver, "attach")
    wizard.press("choose-service-aks-disks")
    wizard.next("consumer")
    wizard.pick("consumer", "ws-aks")
    wizard.next("disk_set")
    wizard.type("new-disk-set-name", "payments-disks")
    driver.picture("attach-disk-set")
    wizard.next("key")
    wizard.next("storage")
    wizard.type("answer-storage_class", "payments-encrypted")
    wizard.press("storage-apply")
    driver.picture("attach-storage-class")
    wizard.next("plan")
    driver.picture("attach-disks-plan")
    wizard.give_up()


def _repair(driver: Hand) -> None:
    """First the server loses its grant."""
    server = _id(driver, "consumers", "ws-mysql-attached")
    driver.show(server)
    driver.click("details-action-revoke")
    driver.click("revoke-start")
    driver.until(
        "the server is seen to stop",
        lambda: all(one.result is not WatchResult.WAITING for one in driver.operation().watch),
    )
    driver.click("operation-close")
    driver.read()
    driver.show(server)
    wizard = _Wizard(driver, "repair")
    driver.picture("repair-plan")
    wizard.start()
    driver.picture("repaired")
    driver.click("operation-close")
    driver.show(server)
    _Wizard(driver, "detach").next("plan")
    driver.picture("detach-plan")


def _id(driver: Hand, kind: str, name: str) -> str:
    index = driver.window.index
    assert index is not None
    return next(str(one.id) for one in getattr(index.estate, kind) if one.name == name)


class _Wizard:
    """A hand for one wizard, opened by its verb."""

    def __init__(self, driver: Hand, verb: str) -> None:
        self._driver = driver
        action: QAction = driver.window.verbs.action(verb)
        driver.until(f"{verb} is possible", action.isEnabled)
        action.trigger()
        self._page = driver.find(WizardPage, "wizard-page")
        self._settle()

    def next(self, to: str) -> None:
        self.press("wizard-next")
        self._driver.until(f"the page {to} is there", lambda: self._page.at == to)
        self._settle()

    def press(self, name: str) -> None:
        """Click a button, a box or a choice."""
        self._driver.find(QAbstractButton, name).click()
        self._settle()

    def pick(self, name: str, text: str) -> None:
        """Choose a row of a list."""
        picker = self._driver.find(Picker, f"pick-{name}")
        self._driver.until(f"{text} is in the list", lambda: text in _first_cells(picker))
        picker.view.setFocus()
        picker.view.selectRow(_first_cells(picker).index(text))
        self._settle()

    def type(self, name: str, text: str) -> None:
        """Type into a field, in place of what stands there."""
        field = self._driver.find(QLineEdit, name)
        field.setFocus()
        field.selectAll()
        QTest.keyClicks(field, text)
        self._settle()

    def start(self) -> None:
        """Press the start button and wait for the end of it."""
        self._driver.click("wizard-start")
        self._driver.until("the operation has begun", lambda: not self._page_is_there())
        self._driver.until("the operation has ended", lambda: self._driver.operation().ended_at is not None)
        self._driver.read()

    def give_up(self) -> None:
        self._page.give_up()
        self._driver.until("the wizard is gone", lambda: not self._page_is_there())

    def _page_is_there(self) -> bool:
        pages = self._driver.window.findChildren(WizardPage)
        return any(page.isVisible() for page in pages)

    def _settle(self) -> None:
        pause(60)
        self._driver.until("the checks have ended", lambda: not self._page.busy)
        QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)
        pause(60)


def _first_cells(picker: Picker) -> list[str]:
    return [row.cells[0].text for row in picker.model.rows] if picker.judged else []
