"""The wizards' pages by themselves: names, focus, targets, words, and that a large estate does not hold them up."""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QPushButton, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.ids import KeyId, fold
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Estate
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.surroundings import Surroundings, Target
from cmk_admin.domain.verbs import attach as attach_verb
from cmk_admin.domain.verbs import create_key as create_key_verb
from cmk_admin.domain.verbs import detach as detach_verb
from cmk_admin.domain.verbs import grant as grant_verb
from cmk_admin.domain.verbs.attach import AttachDraft
from cmk_admin.domain.verbs.create_key import CreateKeyDraft
from cmk_admin.domain.verbs.detach import DetachDraft
from cmk_admin.domain.verbs.grant import GrantDraft
from cmk_admin.operations.interface import ConnectionInfo, ConnectionKind
from cmk_admin.ui.bridge import Bridge
from cmk_admin.ui.theme.theme import Theme
from cmk_admin.ui.wizards import attach, create_key, grant, of_consumer
from cmk_admin.ui.wizards.frame import WizardPage
from cmk_admin.ui.wizards.picking import Picker
from cmk_admin.ui.wizards.question import Question
from cmk_admin.ui.wizards.wizard import Room, Wizard
from tests.domain import estates
from tests.ui.conftest import focusable

PLANS: dict[type, Callable[[Any, Index, Surroundings], Plan]] = {
    DetachDraft: detach_verb.plan,
    CreateKeyDraft: create_key_verb.plan,
    GrantDraft: grant_verb.plan,
    AttachDraft: attach_verb.plan,
}
LONG = "a-name-that-is-longer-than-anybody-would-think-of-but-somebody-did-after-all-"
MENUS = "fvkoh"
"""The letters that the menus take with Alt."""
STARTS: dict[str, Callable[[], Wizard]] = {
    "create-key": lambda: create_key.wizard(CreateKeyDraft(vault_id=estates.PREMIUM.id, purpose="mysql-flexible")),
    "grant": lambda: grant.wizard(GrantDraft(key=estates.MYSQL_KEY.id)),
    "attach": lambda: attach.wizard(AttachDraft(key=estates.MYSQL_KEY.id, service="mysql-flexible")),
    "detach": lambda: of_consumer.detach_wizard(DetachDraft(consumer=estates.MYSQL.id, service="mysql-flexible")),
}


class Reads:
    """What the wizards need of a backend, over an estate that is handed to it."""

    def __init__(self, estate: Estate) -> None:
        self.index = Index(estate)
        self.failure: Exception | None = None
        self.unread: tuple[str, ...] = ()
        """Sentences: what a survey could not read; a resource is among it."""
        self.info = ConnectionInfo(
            kind=ConnectionKind.SANDBOX, key="test", account=estate.account, folder=Path("nowhere"), speed=60.0
        )

    async def targets(self, service: str) -> tuple[Target, ...]:
        if self.failure is not None:
            raise self.failure
        return tuple(
            Target(
                id=one.id,
                service=service,
                name=one.name,
                location=one.location,
                subscription_id=one.subscription_id,
                state="Ready",
            )
            for one in self.index.estate.consumers
            if one.service == service
        )

    async def survey(self, draft: Any) -> Surroundings:
        if self.failure is not None:
            raise self.failure
        found = {}
        if isinstance(draft, AttachDraft) and draft.consumer and not self.unread:
            found = {fold(one.id): one for one in await self.targets(draft.service)}
        return Surroundings(
            now=estates.NOW, account_id=estates.ME, targets=found, deleted_keys=frozenset(), unread=self.unread
        )

    async def prepare(self, draft: Any) -> Plan:
        return PLANS[type(draft)](draft, self.index, await self.survey(draft))


def room(bridge: Bridge, theme: Theme, backend: Reads) -> Room:
    known: Any = backend
    return Room(bridge=bridge, backend=known, theme=theme, index=lambda: backend.index, now=lambda: estates.NOW)


@pytest.fixture
def backend() -> Reads:
    return Reads(estates.dcc())


def opened(bridge: Bridge, theme: Theme, qtbot: QtBot, backend: Reads, wizard: Wizard) -> WizardPage:
    page = WizardPage(room(bridge, theme, backend), wizard)
    qtbot.addWidget(page, before_close_func=partial(_let_go, qtbot))
    page.resize(1280, 700)
    page.show()
    qtbot.waitUntil(lambda: not page.busy)
    return page


def _let_go(qtbot: QtBot, page: WizardPage) -> None:
    """As Escape and a yes do."""
    page.give_up()


def questions(bridge: Bridge, theme: Theme, qtbot: QtBot, backend: Reads, name: str) -> Iterator[Question]:
    """Every page of a wizard, shown."""
    wizard = STARTS[name]()
    for make in wizard.pages.values():
        made = make(room(bridge, theme, backend))
        qtbot.addWidget(made)
        made.show_draft(wizard.draft, Surroundings(now=estates.NOW))
        made.resize(1080, 640)
        made.show()
        qtbot.waitUntil(lambda: bridge.busy == 0)
        yield made


@pytest.mark.parametrize("name", STARTS)
def test_every_page_is_open_to_everybody(bridge: Bridge, theme: Theme, qtbot: QtBot, backend: Reads, name: str) -> None:
    for page in questions(bridge, theme, qtbot, backend, name):
        for widget in reached(page):
            text = widget.text() if isinstance(widget, QAbstractButton) else ""
            assert widget.objectName(), widget
            assert widget.accessibleName() or text, widget.objectName()
        small = [w.objectName() for w in reached(page) if w.isVisible() and w.height() < 24]
        assert not small, "WCAG 2.2 SC 2.5.8: 24 px"
        letters = Counter(_letters(page))
        assert [one for one, times in letters.items() if times > 1 or one in f"{MENUS}bn"] == []
        assert all(label.textFormat() is Qt.TextFormat.PlainText for label in page.findChildren(QLabel) if label.text())


def reached(page: QWidget) -> list[QWidget]:
    """What the keyboard reaches on a page; what Qt opens for its own widgets (calendars, completions) aside."""
    return [widget for widget in focusable(page) if widget.window() is page.window()]


def _letters(page: QWidget) -> list[str]:
    texts = [label.text() for label in page.findChildren(QLabel) if label.buddy() is not None]
    texts += [button.text() for button in page.findChildren(QPushButton)]
    return [found[1].lower() for text in texts if (found := re.search(r"&(\w)", text))]


@pytest.mark.parametrize("name", STARTS)
def test_pages_open_no_windows_of_their_own(
    bridge: Bridge, theme: Theme, qtbot: QtBot, backend: Reads, name: str
) -> None:
    pages = list(questions(bridge, theme, qtbot, backend, name))
    others = [w for w in QApplication.topLevelWidgets() if w.isVisible() and w not in pages]
    assert not others


def test_long_names_widen_no_page(bridge: Bridge, theme: Theme, qtbot: QtBot) -> None:
    estate = estates.dcc()
    long = replace(
        estate,
        vaults=tuple(replace(one, name=LONG + one.name) for one in estate.vaults),
        consumers=tuple(replace(one, name=LONG + one.name) for one in estate.consumers),
        identities=tuple(replace(one, name=LONG + one.name) for one in estate.identities),
    )
    for name in STARTS:
        for page in questions(bridge, theme, qtbot, Reads(long), name):
            page.resize(560, 480)
            QApplication.processEvents()
            body = page.findChild(QWidget, f"{page.objectName()}-scroll-body")
            assert isinstance(body, QWidget)
            assert body.minimumSizeHint().width() <= 560, page.objectName()


def test_enter_goes_on_and_never_starts_a_change(bridge: Bridge, theme: Theme, qtbot: QtBot, backend: Reads) -> None:
    page = opened(bridge, theme, qtbot, backend, STARTS["create-key"]())
    started: list[object] = []
    page.start.connect(lambda *told: started.append(told))
    for name in ("kind", "place"):
        QTest.keyClick(QApplication.focusWidget() or page, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: page.at == name)  # noqa: B023 - waited for at once
    field = page.findChild(QLineEdit, "answer-name")
    assert isinstance(field, QLineEdit)
    QTest.keyClicks(field, "made")
    for name in ("dates", "extras", "plan"):
        QTest.keyClick(QApplication.focusWidget() or page, Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: page.at == name)  # noqa: B023 - waited for at once
    button = page.findChild(QPushButton, "wizard-start")
    assert isinstance(button, QPushButton)
    qtbot.waitUntil(button.isEnabled)
    assert not button.isDefault()
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
        QTest.keyClick(button, key)
        QTest.keyClick(page, key)
    assert page.at == "plan"
    assert not started
    QTest.keyClick(button, Qt.Key.Key_Space)
    QTest.keyClick(button, Qt.Key.Key_Space)
    assert len(started) == 1


def test_nothing_is_asked_before_something_was_answered(
    bridge: Bridge, theme: Theme, qtbot: QtBot, backend: Reads
) -> None:
    page = opened(bridge, theme, qtbot, backend, STARTS["attach"]())
    gone: list[bool] = []
    page.cancelled.connect(lambda: gone.append(True))
    QTest.keyClick(page, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: bool(gone))


def test_what_azure_cannot_be_asked_is_said_and_holds_nothing_up(
    bridge: Bridge, theme: Theme, qtbot: QtBot, backend: Reads
) -> None:
    backend.failure = AzureFailure(FailureKind.UNREACHABLE, "Azure did not answer.")
    page = opened(bridge, theme, qtbot, backend, STARTS["create-key"]())
    doubt = page.findChild(QWidget, "wizard-doubt")
    assert isinstance(doubt, QWidget)
    assert "Azure did not answer." in doubt.accessibleName()
    page.go_on()
    qtbot.waitUntil(lambda: page.at == "kind")


def test_a_plan_that_cannot_be_made_is_asked_for_again(
    bridge: Bridge, theme: Theme, qtbot: QtBot, backend: Reads
) -> None:
    wizard = grant.wizard(GrantDraft(key=estates.AKS_KEY.id, identity=estates.MYSQL_ID))
    page = opened(bridge, theme, qtbot, backend, wizard)
    for name in ("identity", "role"):
        page.go_on()
        qtbot.waitUntil(lambda: page.at == name and not page.busy)  # noqa: B023 - waited for at once
    backend.failure = AzureFailure(FailureKind.UNREACHABLE, "Azure did not answer.")
    page.go_on()
    again = page.findChild(QPushButton, "wizard-plan-check")
    assert isinstance(again, QPushButton)
    qtbot.waitUntil(again.isVisible)
    backend.failure = None
    again.click()
    button = page.findChild(QPushButton, "wizard-start")
    assert isinstance(button, QPushButton)
    qtbot.waitUntil(button.isEnabled)
    assert button.text() == "Grant role"


def test_the_plan_of_other_answers_is_not_shown_for_the_new_ones(
    bridge: Bridge, theme: Theme, qtbot: QtBot, backend: Reads
) -> None:
    draft = CreateKeyDraft(vault_id=estates.PREMIUM.id, purpose="mysql-flexible", name="first")
    page = opened(bridge, theme, qtbot, backend, create_key.wizard(draft))
    for name in ("kind", "place", "dates", "extras", "plan"):
        page.go_on()
        qtbot.waitUntil(lambda: page.at == name and not page.busy)  # noqa: B023 - waited for at once
    title = page.findChild(QLabel, "wizard-plan-title")
    steps = page.findChild(QWidget, "wizard-plan-steps")
    start = page.findChild(QPushButton, "wizard-start")
    assert isinstance(title, QLabel)
    assert isinstance(steps, QWidget)
    assert isinstance(start, QPushButton)
    assert "first" in title.text()
    assert steps.isVisible()
    page.go_back()
    assert page.page is not None
    page.page.put(name="second")
    qtbot.waitUntil(lambda: not page.busy)
    backend.failure = AzureFailure(FailureKind.UNREACHABLE, "Azure did not answer.")
    page.go_on()
    assert page.at == "plan"
    assert (title.text(), start.text()) == ("Create a key", "Create a key"), "while it is read"
    assert not steps.isVisible()
    again = page.findChild(QPushButton, "wizard-plan-check")
    assert isinstance(again, QPushButton)
    qtbot.waitUntil(again.isVisible)
    assert title.text() == "Create a key", "when it could not be read"
    assert not steps.isVisible()
    backend.failure = None
    again.click()
    qtbot.waitUntil(steps.isVisible)
    assert "second" in title.text()


def test_what_could_not_be_read_is_said_and_asked_for_again_where_it_is_in_the_way(
    bridge: Bridge, theme: Theme, qtbot: QtBot, backend: Reads
) -> None:
    draft = AttachDraft(consumer=estates.MYSQL.id, service="mysql-flexible")
    backend.unread = ("How the server stands could not be read: the connection broke off.",)
    page = opened(bridge, theme, qtbot, backend, attach.wizard(draft))
    doubt = page.findChild(QWidget, "wizard-doubt")
    assert isinstance(doubt, QWidget)
    assert "the connection broke off" in doubt.accessibleName()
    page.go_on()
    qtbot.waitUntil(lambda: page.at == "consumer" and not page.busy)
    page.go_on()
    qtbot.waitUntil(lambda: not page.busy)
    assert page.at == "consumer", "the server is not known"
    assert page.page is not None
    assert page.page.fields["consumer"].wrong
    backend.unread = ()
    page.go_on()
    qtbot.waitUntil(lambda: page.at == "key")
    assert not doubt.isVisible()


def test_one_long_name_leaves_the_other_columns_room(
    bridge: Bridge, theme: Theme, qtbot: QtBot, backend: Reads
) -> None:
    longest = KeyId(estates.MYSQL_KEY.id.host, "k" * 127)
    keys = (*backend.index.estate.keys, replace(estates.MYSQL_KEY, id=longest))
    page = opened(bridge, theme, qtbot, Reads(replace(backend.index.estate, keys=keys)), STARTS["grant"]())
    picker = page.findChild(Picker, "pick-key")
    assert isinstance(picker, Picker)
    qtbot.waitUntil(lambda: bool(picker.model.rows))
    view, metrics = picker.view, picker.view.fontMetrics()
    for column, title in enumerate(picker.model.columns):
        if title in ("Vault", "Type", "Operations"):
            texts = [row.cells[column].text for row in picker.model.rows]
            assert view.columnWidth(column) >= max(map(metrics.horizontalAdvance, texts)), title


def test_names_can_be_read_in_a_narrow_window(bridge: Bridge, theme: Theme, qtbot: QtBot, backend: Reads) -> None:
    page = opened(bridge, theme, qtbot, backend, STARTS["create-key"]())
    page.resize(760, 400)
    for name in ("kind", "place"):
        page.go_on()
        qtbot.waitUntil(lambda: page.at == name and not page.busy)  # noqa: B023 - waited for at once
    picker = page.findChild(Picker, "pick-vault")
    assert isinstance(picker, Picker)
    qtbot.waitUntil(lambda: picker.judged and bool(picker.model.rows))
    names = [row.cells[0].text for row in picker.model.rows]
    icon = 24
    assert picker.view.columnWidth(0) >= max(map(picker.view.fontMetrics().horizontalAdvance, names)) + icon


def test_what_has_the_focus_and_what_is_wrong_with_it_are_in_sight_in_a_small_window(
    bridge: Bridge, theme: Theme, qtbot: QtBot, backend: Reads
) -> None:
    page = opened(bridge, theme, qtbot, backend, STARTS["create-key"]())
    page.resize(760, 320)
    for name in ("kind", "place"):
        page.go_on()
        qtbot.waitUntil(lambda: page.at == name and not page.busy)  # noqa: B023 - waited for at once
    field = page.findChild(QLineEdit, "answer-name")
    area = page.findChild(QScrollArea, "question-place-scroll")
    assert isinstance(field, QLineEdit)
    assert isinstance(area, QScrollArea)
    assert field.hasFocus()

    def in_sight(widget: QWidget) -> bool:
        seen = area.viewport().rect()
        return seen.contains(widget.rect().translated(widget.mapTo(area.viewport(), QPoint())), proper=False)

    qtbot.waitUntil(lambda: in_sight(field))
    area.verticalScrollBar().setValue(0)
    QTest.keyClicks(field, "no_name")
    qtbot.waitUntil(lambda: page.findChild(QLabel, "problem-bad-name") is not None)
    said = page.findChild(QLabel, "problem-bad-name")
    assert isinstance(said, QLabel)
    qtbot.waitUntil(lambda: in_sight(said))


def test_a_list_is_walked_from_its_filter(bridge: Bridge, theme: Theme, qtbot: QtBot) -> None:
    page = opened(bridge, theme, qtbot, Reads(estates.large(20, 5)), STARTS["grant"]())
    picker = page.findChild(Picker, "pick-key")
    assert isinstance(picker, Picker)
    qtbot.waitUntil(lambda: bool(picker.model.rows))
    QTest.keyClicks(picker.filter, "vault-00007 key-003")
    qtbot.waitUntil(lambda: len(picker.model.rows) == 1)
    QTest.keyClick(picker.filter, Qt.Key.Key_Return)
    assert page.at == "key"
    assert page.draft.key is not None
    assert page.draft.key.name == "key-003"
    QTest.keyClick(picker.filter, Qt.Key.Key_Escape)
    assert not picker.filter.text()


def test_a_large_estate_holds_no_page_up(bridge: Bridge, theme: Theme, qtbot: QtBot) -> None:
    """20,000 keys: most rows are not shown, and typing finds any."""
    page = opened(bridge, theme, qtbot, Reads(estates.large(400, 50)), STARTS["grant"]())
    picker = page.findChild(Picker, "pick-key")
    assert isinstance(picker, Picker)
    qtbot.waitUntil(lambda: bool(picker.model.rows), timeout=20_000)
    assert "not shown: type to narrow the list" in picker.note.text()
    began = time.perf_counter()
    picker.filter.setText("vault-00399 key-049")
    typed = time.perf_counter() - began
    qtbot.waitUntil(lambda: len(picker.model.rows) == 1)
    assert typed < 1, "far more than it takes, on any machine"


def test_live_and_its_tenant_stand_beside_what_starts_a_change(
    bridge: Bridge, theme: Theme, qtbot: QtBot, backend: Reads
) -> None:
    backend.info = replace(backend.info, kind=ConnectionKind.LIVE)
    page = opened(bridge, theme, qtbot, backend, STARTS["detach"]())
    where = page.findChild(QWidget, "wizard-where")
    assert isinstance(where, QWidget)
    assert not where.isVisible()
    page.go_on()
    qtbot.waitUntil(where.isVisible)
    assert "Live Azure, tenant t" in where.accessibleName()
