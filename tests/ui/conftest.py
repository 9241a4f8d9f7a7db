"""A window on an estate that is handed to it; nothing of it outlives its test."""

import gc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from cmk_admin.domain.model import Estate
from cmk_admin.operations.interface import Backend, ConnectionChoice
from cmk_admin.runtime.background import Background
from cmk_admin.ui import application
from cmk_admin.ui.bridge import Bridge
from cmk_admin.ui.main_window import MainWindow
from cmk_admin.ui.theme.theme import Mode, Theme
from tests.domain import estates
from tests.ui.shown import Shown

CHOICE = ConnectionChoice(own_sandbox=True)


@pytest.fixture(scope="session")
def app() -> QApplication:
    return application.make_application([], bundled_font=True)


@pytest.fixture
def theme(app: QApplication) -> Iterator[Theme]:
    made = Theme(app, Mode.LIGHT)
    yield made
    made.deleteLater()


@pytest.fixture
def background() -> Iterator[Background]:
    made = Background().start()
    yield made
    assert made.stop(), "something in the background did not end"


@pytest.fixture
def bridge(app: QApplication, background: Background) -> Iterator[Bridge]:
    made = Bridge(background)
    yield made
    made.stop()
    made.deleteLater()


@dataclass
class Windows:
    """Opens windows and takes them away again."""

    bridge: Bridge
    theme: Theme
    home: Path
    qtbot: QtBot
    opened: list[MainWindow]

    def doors(self, connector: Callable[[ConnectionChoice], object] | None = None) -> MainWindow:
        """A window with nothing open."""

        async def shown(_: ConnectionChoice) -> Backend:
            return Shown(estates.dcc(), self.home)

        window = application.make_window(
            bridge=self.bridge,
            connector=connector or shown,  # type: ignore[arg-type]
            home=self.home,
            theme=self.theme,
            now=lambda: estates.NOW,
        )
        window.resize(1280, 800)
        self.opened.append(window)
        window.show()
        return window

    def on(self, backend: "Estate | Backend") -> MainWindow:
        """A window on an estate, or on a backend, when the first estate is shown."""
        shown: Backend = Shown(backend, self.home) if isinstance(backend, Estate) else backend

        async def connector(_: ConnectionChoice) -> Backend:
            return shown

        window = self.doors(connector)
        window.open(CHOICE)
        self.qtbot.waitUntil(lambda: window.estate is not None, timeout=10_000)
        return window


@pytest.fixture
def windows(app: QApplication, bridge: Bridge, theme: Theme, tmp_path: Path, qtbot: QtBot) -> Iterator[Windows]:
    made = Windows(bridge, theme, tmp_path, qtbot, [])
    yield made
    while made.opened:
        window = made.opened.pop()
        window.close()
        qtbot.waitUntil(lambda: not window.isVisible(), timeout=10_000)  # noqa: B023 - waited for at once
        window.deleteLater()
        del window
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    gc.collect()
    left = [widget for widget in QApplication.topLevelWidgets() if widget.isVisible()]
    assert not left, f"left open: {left}"


def focusable(root: QWidget) -> list[QWidget]:
    """Every widget below that the keyboard reaches; Qt's own inner parts aside."""
    found = [
        widget
        for widget in root.findChildren(QWidget)
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus and not widget.objectName().startswith("qt_")
    ]
    return [widget for widget in found if not _inner(widget)]


def _inner(widget: QWidget) -> bool:
    """Parts that Qt makes inside its own widgets: they speak for their owner."""
    parent = widget.parentWidget()
    name = type(widget).__name__
    return name in ("QLineEditIconButton", "QComboBoxPrivateContainer", "QComboBoxListView", "QMenuBar") or (
        parent is not None
        and type(parent).__name__ in ("QComboBoxPrivateContainer", "QTabBar")
        and not widget.objectName()
    )
