"""The door to a real Azure in the window: choosing, signing in, giving up, and how LIVE is told."""

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QRadioButton, QWidget
from pytestqt.qtbot import QtBot

from cmk_admin import app as composition
from cmk_admin.domain.sign_in import SignInNews
from cmk_admin.operations.interface import (
    Backend,
    ConnectionChoice,
    ConnectionInfo,
    ConnectionKind,
    HostReach,
    LiveChoice,
    OnSignIn,
)
from cmk_admin.ui.connect.dialog import ConnectDialog
from cmk_admin.ui.connect.form import ConnectForm
from cmk_admin.ui.connect.hosts import HostsDialog
from cmk_admin.ui.connect.where import where_it_is_done
from cmk_admin.ui.main_window import MainWindow
from cmk_admin.ui.strip import Strip
from cmk_admin.ui.theme.theme import Theme
from tests.domain import estates
from tests.live import enter, service_principal, way_there
from tests.support import Sandbox, serve
from tests.ui.conftest import Windows, focusable
from tests.ui.shown import Shown

W = TypeVar("W", bound=QWidget)
TENANT = "8f3c0000-0000-4000-8000-00000000000a"


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    running = serve(tmp_path_factory.mktemp("azure"))
    yield running
    running.stop()


@pytest.fixture
def window(windows: Windows) -> MainWindow:
    """The doors, with the program's own connector behind them."""
    return windows.doors(composition.connect)


def found(window: MainWindow, kind: type[W], name: str) -> W:
    shown = [one for one in window.findChildren(kind, name) if one.isVisible()]
    assert shown, f"{name} is not on screen"
    return shown[-1]


def dialog(window: MainWindow) -> ConnectDialog | None:
    shown = [one for one in window.findChildren(ConnectDialog) if one.isVisible()]
    return shown[-1] if shown else None


def click(window: MainWindow, name: str) -> None:
    QTest.mouseClick(found(window, QPushButton, name), Qt.MouseButton.LeftButton)


def choose(window: MainWindow, way: str) -> None:
    found(window, QRadioButton, f"connect-way-{way}").click()


def live_info(folder: Path, **more: Any) -> ConnectionInfo:
    account = estates.dcc().account
    return ConnectionInfo(kind=ConnectionKind.LIVE, key="live", account=account, folder=folder, **more)


def test_the_door_asks_which_azure_and_how_to_sign_in(window: MainWindow) -> None:
    click(window, "door-azure-open")
    opened = dialog(window)
    assert opened is not None
    assert [opened.form.cloud.itemText(n) for n in range(3)] == [
        "Azure public cloud", "Azure US Government", "Azure China (21Vianet)",
    ]  # fmt: skip
    assert opened.form.choice() == LiveChoice()
    assert not [one for one in focusable(opened) if not (one.accessibleName() or getattr(one, "text", str)())]
    QTest.keyClick(opened, Qt.Key.Key_Escape)
    assert dialog(window) is None
    assert window.doors.isVisible()


def test_the_same_is_in_the_menu(window: MainWindow) -> None:
    window.verbs.action("connect").trigger()
    assert dialog(window) is not None
    assert window.verbs.why_not("test-connection") == "Open a connection first."
    click(window, "connect-cancel")


@pytest.mark.parametrize(
    ("way", "chosen"), [("at-hand", None), ("browser", "browser"), ("device", "device"), ("managed", "managed")]
)
def test_what_is_filled_in_is_what_is_opened(way: str, chosen: str | None, qtbot: QtBot, theme: Theme) -> None:
    form = ConnectForm()
    qtbot.addWidget(form)
    form.show()
    form.cloud.setCurrentIndex(1)
    form.tenant.setText(" contoso.example ")
    form.anew.setChecked(True)
    form.choose(way)
    asks = way in ("browser", "device")
    assert form.anew.isVisible() is asks
    choice = form.choice()
    assert choice == LiveChoice(cloud="usgov", tenant="contoso.example", way=chosen, anew=asks)
    form.show_choice(LiveChoice())
    form.show_choice(choice)
    assert form.choice() == choice


def test_where_nobody_is_signed_in_the_browser_is_offered(
    window: MainWindow, azure: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, qtbot: QtBot
) -> None:
    enter(monkeypatch, way_there(azure.described))
    monkeypatch.setenv("PATH", str(tmp_path))
    click(window, "door-azure-open")
    click(window, "connect-do")
    qtbot.waitUntil(lambda: (d := dialog(window)) is not None and d.form.problem.isVisible(), timeout=10_000)
    opened = dialog(window)
    assert opened is not None
    assert "Azure CLI is not installed here" in opened.form.problem.text()
    assert "environment names no service principal" in opened.form.problem.text()
    assert opened.form.way == "browser"
    assert window.doors.isVisible()
    assert not window.doors.message.isVisible()
    click(window, "connect-cancel")


def entered(azure: Sandbox, window: MainWindow, qtbot: QtBot) -> str:
    """Wait for the code; returns it."""
    qtbot.waitUntil(lambda: (d := dialog(window)) is not None and d.waiting.card.isVisible(), timeout=10_000)
    return found(window, QLabel, "connect-code").text()


def test_a_device_code_is_shown_copied_and_opens_the_connection(
    window: MainWindow, azure: Sandbox, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    enter(monkeypatch, way_there(azure.described))
    tenant = str(azure.described["tenant_id"])
    click(window, "door-azure-open")
    opened = dialog(window)
    assert opened is not None
    QTest.keyClicks(opened.form.tenant, tenant)
    choose(window, "device")
    click(window, "connect-do")
    code = entered(azure, window, qtbot)
    words = found(window, QLabel, "connect-words").text()
    for part in (tenant, code, "https://microsoft.com/devicelogin", "Azure public cloud"):
        assert part in words
    assert found(window, QPushButton, "connect-open").toolTip() == "https://microsoft.com/devicelogin"
    click(window, "connect-copy")
    assert QApplication.clipboard().text() == code
    azure.post("device", {"user_code": code, "principal": "administrator"})
    qtbot.waitUntil(lambda: window.estate is not None and window.estate.coverage.finished, timeout=30_000)
    assert dialog(window) is None
    assert window.windowTitle() == f"CMK Admin – LIVE – tenant {tenant}"
    assert window.strip.pill.text() == "LIVE"
    assert window.strip.account.text() == "administrator@dcc.example"
    assert "Azure public cloud" in window.strip.scope.text()
    assert "signed in as administrator@dcc.example through a device code" in window.message.text.text().lower()
    assert tenant in window.message.text.text()


def test_the_next_start_goes_on_where_it_was_and_keeps_no_secret(
    windows: Windows, window: MainWindow, azure: Sandbox, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    enter(monkeypatch, way_there(azure.described), service_principal(azure.described))
    window.open(ConnectionChoice(live=LiveChoice(tenant=str(azure.described["tenant_id"]), way="environment")))
    qtbot.waitUntil(lambda: window.estate is not None and window.estate.coverage.finished, timeout=30_000)
    window.close_connection()
    qtbot.waitUntil(window.doors.isVisible, timeout=10_000)
    assert window.doors.last.isVisible()
    assert str(azure.described["tenant_id"]) in window.doors.last.more.text()
    window.close()
    kept = json.loads((windows.home / "window.json").read_text())
    assert (kept["last_cloud"], kept["last_way"]) == ("public", "environment")
    assert service_principal(azure.described)["AZURE_CLIENT_SECRET"] not in json.dumps(kept)
    again = windows.doors(composition.connect)
    again.doors.last.button.click()
    qtbot.waitUntil(lambda: again.estate is not None and again.estate.coverage.finished, timeout=30_000)
    assert again.strip.pill.text() == "LIVE"


def test_another_azure_is_opened_from_the_menu_in_place_of_what_is_open(
    windows: Windows, azure: Sandbox, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    enter(monkeypatch, way_there(azure.described), service_principal(azure.described))
    monkeypatch.setenv("PATH", str(windows.home))
    window = windows.doors(composition.connect)
    window.open(ConnectionChoice(file=azure.file))
    qtbot.waitUntil(lambda: window.estate is not None and window.estate.coverage.finished, timeout=30_000)
    assert window.strip.pill.text() == "SANDBOX"
    window.verbs.action("connect").trigger()
    click(window, "connect-do")
    qtbot.waitUntil(lambda: window.strip.pill.text() == "LIVE", timeout=30_000)
    qtbot.waitUntil(lambda: window.estate is not None and window.estate.coverage.finished, timeout=30_000)
    assert dialog(window) is None


def test_giving_up_goes_back_to_the_choice_and_leaves_nothing_open(
    window: MainWindow, azure: Sandbox, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    enter(monkeypatch, way_there(azure.described))
    window.open(ConnectionChoice(live=LiveChoice(way="device")))
    entered(azure, window, qtbot)
    opened = dialog(window)
    assert opened is not None
    QTest.keyClick(opened, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: window.connecting.idle, timeout=10_000)
    assert not opened.is_waiting
    assert opened.form.way == "device"
    assert window.doors.isVisible()
    before = azure.last_request()
    qtbot.wait(1500)
    # One question may have been on its way
    assert len([r for r in azure.requests(before) if r["path"].endswith("/token")]) <= 1
    click(window, "connect-cancel")


def test_a_window_that_is_closed_waits_for_nobody(
    window: MainWindow, azure: Sandbox, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    enter(monkeypatch, way_there(azure.described))
    window.open(ConnectionChoice(live=LiveChoice(way="device")))
    entered(azure, window, qtbot)
    window.close()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=10_000)
    assert window.connecting.idle


def test_a_connection_that_opens_as_it_is_given_up_is_closed_again(windows: Windows, qtbot: QtBot) -> None:
    backend = Shown(estates.dcc(), windows.home)
    give_up: list[Callable[[], None]] = []

    async def connector(_: ConnectionChoice, on_sign_in: OnSignIn | None = None, /) -> Backend:
        give_up[0]()  # too late for a cancel: the answer is there
        return backend

    window = windows.doors(connector)
    give_up.append(window.connecting.give_up)
    window.open(ConnectionChoice(live=LiveChoice()))
    qtbot.waitUntil(lambda: window.connecting.idle, timeout=10_000)
    assert backend.closed
    assert window.backend is None
    assert window.doors.isVisible()
    click(window, "connect-cancel")


def test_what_a_sign_in_says_is_on_screen_while_it_lasts(windows: Windows, qtbot: QtBot) -> None:
    async def connector(_: ConnectionChoice, on_sign_in: OnSignIn | None = None, /) -> Backend:
        assert on_sign_in is not None
        on_sign_in(SignInNews(words="Signing in to tenant contoso.example through Azure CLI…"))
        on_sign_in(SignInNews(words="Enter it.", code="ABC", address="http://plain.example", expires_at=None))
        await asyncio.sleep(60)
        return Shown(estates.dcc(), windows.home)

    window = windows.doors(connector)
    window.open(ConnectionChoice(live=LiveChoice(tenant="contoso.example")))
    qtbot.waitUntil(lambda: (d := dialog(window)) is not None and d.waiting.words.text() == "Enter it.", timeout=10_000)
    # Only a web page that is one is opened
    assert not found(window, QPushButton, "connect-open").isEnabled()
    click(window, "connect-cancel")
    qtbot.waitUntil(lambda: window.connecting.idle, timeout=10_000)
    click(window, "connect-cancel")


def test_live_and_the_tenant_stand_beside_the_red_button_and_not_on_a_sandbox(
    tmp_path: Path, qtbot: QtBot, theme: Theme
) -> None:
    info = live_info(tmp_path)
    live = where_it_is_done(info, "where")
    qtbot.addWidget(live)
    live.show()
    texts = [one.text() for one in live.findChildren(QLabel)]
    assert texts[0] == "LIVE"
    assert info.account.tenant_id in texts[1]
    assert info.account.tenant_id in live.accessibleName()
    sandbox = where_it_is_done(
        ConnectionInfo(kind=ConnectionKind.SANDBOX, key="s", account=info.account, folder=tmp_path), "where"
    )
    qtbot.addWidget(sandbox)
    assert sandbox.isHidden()


def test_the_strip_says_live_with_tenant_and_cloud_in_words(tmp_path: Path, qtbot: QtBot, theme: Theme) -> None:
    strip = Strip(theme)
    qtbot.addWidget(strip)
    info = live_info(tmp_path, signed_in_by="cli")
    strip.show_connection(info)
    assert (strip.pill.text(), strip.pill.property("tone")) == ("LIVE", "live")
    assert info.account.tenant_id in strip.pill.toolTip()
    assert "done for real" in strip.pill.toolTip()
    assert "through Azure CLI" in strip.account.toolTip()
    strip.show_estate(estates.dcc(), estates.NOW, reading=False)
    assert "tenant" in strip.scope.text()
    strip.show_connection(
        ConnectionInfo(kind=ConnectionKind.SANDBOX, key="s", account=info.account, folder=tmp_path, speed=60)
    )
    assert (strip.pill.text(), strip.pill.property("tone")) == ("SANDBOX", "sandbox")
    assert "Azure public cloud" not in strip.scope.text()


class Reached(Shown):
    """A connection of which one host is down."""

    async def reach(self, vault: str | None = None) -> tuple[HostReach, ...]:
        return (
            HostReach(name="sign-in", host="login.microsoftonline.com", ok=True, message="Signed in as jane."),
            HostReach(name="arm", host="management.azure.com", ok=True, message="3 subscriptions can be seen."),
            HostReach(name="vault", host="", ok=False, message="The account sees no vault.", next="Ask for Reader."),
            HostReach(name="graph", host="graph.microsoft.com", ok=False, message="It broke off.", next="Try again."),
        )


def test_the_connection_test_says_which_host_is_down_and_what_to_do(windows: Windows, qtbot: QtBot) -> None:
    window = windows.on(Reached(estates.dcc(), windows.home))
    window.verbs.action("test-connection").trigger()
    shown = next(one for one in window.findChildren(HostsDialog) if one.isVisible())
    qtbot.waitUntil(lambda: "Without an answer" in shown.sentence.text(), timeout=10_000)
    assert shown.sentence.text() == "Without an answer: Vault, Microsoft Graph."
    heads = {name: found(window, QLabel, f"hosts-{name}").text() for name in ("sign-in", "arm", "vault", "graph")}
    assert heads["sign-in"] == "Sign-in (login.microsoftonline.com): answers"
    assert heads["vault"] == "Vault: failed"
    assert "Try again." in " ".join(one.text() for one in shown.findChildren(QLabel))
    assert not [one for one in focusable(shown) if not (one.accessibleName() or getattr(one, "text", str)())]
    click(window, "hosts-close")


@pytest.mark.parametrize("width", [760, 1280])
def test_the_doors_stand_beside_each_other_at_any_width(window: MainWindow, width: int, qtbot: QtBot) -> None:
    window.resize(width, 480)
    window.doors.show_last(ConnectionChoice(live=LiveChoice(tenant=TENANT)))
    qtbot.wait(50)
    doors = (window.doors.sandbox, window.doors.azure, window.doors.last)
    rights = [door.mapTo(window.doors, door.rect().topRight()).x() for door in doors]
    lefts = [door.mapTo(window.doors, door.rect().topLeft()).x() for door in doors]
    assert lefts[0] >= 0
    assert rights[0] < lefts[1]
    assert rights[1] < lefts[2]
    assert rights[2] < window.doors.width()
    # The running sandbox's file is still to be opened, by keyboard too
    assert window.doors.file.isVisible()
    assert window.doors.file.focusPolicy() & Qt.FocusPolicy.TabFocus
