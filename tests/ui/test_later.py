import gc
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from cmk_admin.operations.interface import Backend, ConnectionChoice
from cmk_admin.runtime.background import Background
from cmk_admin.ui import application
from cmk_admin.ui.bridge import Bridge
from cmk_admin.ui.furnishing import furnish
from cmk_admin.ui.later import AfterFirstPaint
from cmk_admin.ui.main_window import MainWindow
from cmk_admin.ui.theme.theme import Theme
from tests.domain import estates
from tests.ui.conftest import CHOICE
from tests.ui.shown import Shown


@pytest.fixture
def unfurnished(app: QApplication, theme: Theme, tmp_path: Path) -> Iterator[MainWindow]:
    """A window as the program shows it first, while a connection is being opened."""
    window = MainWindow(home=tmp_path, theme=theme, opening=CHOICE)
    yield window
    window.close()
    window.deleteLater()


def furnishing(window: MainWindow, bridge: Bridge, home: Path) -> Iterator[None]:
    async def connector(choice: ConnectionChoice, _: object = None, /) -> Backend:
        return Shown(estates.dcc(), home)

    yield
    yield from furnish(window, bridge, connector)


def test_a_window_is_painted_before_the_rest_of_it_is_made(
    unfurnished: MainWindow, bridge: Bridge, tmp_path: Path, qtbot: QtBot
) -> None:
    seen: list[bool] = []

    def slices() -> Iterator[None]:
        seen.append(unfurnished.tree.visibleRegion().isEmpty())
        yield from furnishing(unfurnished, bridge, tmp_path)

    rest = AfterFirstPaint(unfurnished, slices())
    assert seen == []
    with qtbot.waitSignal(rest.done):
        unfurnished.show()
    assert seen == [False]
    assert unfurnished.furnished


def test_a_frame_looks_as_it_does_when_the_window_is_whole(
    unfurnished: MainWindow, bridge: Bridge, tmp_path: Path, qtbot: QtBot
) -> None:
    rest = AfterFirstPaint(unfurnished, furnishing(unfurnished, bridge, tmp_path))

    def places() -> list[tuple[int, int, int, int]]:
        parts = [unfurnished.menuBar(), unfurnished.strip, unfurnished.tree, unfurnished.tree.filter]
        return [part.geometry().getRect() for part in parts]  # type: ignore[misc]

    unfurnished.show()
    before = places()
    with qtbot.waitSignal(rest.done):
        pass
    QApplication.processEvents()
    assert places() == before


@pytest.mark.parametrize("pressed", ["Ctrl+K", "menu"])
def test_what_is_pressed_right_after_the_first_paint_finds_a_whole_window(
    pressed: str, unfurnished: MainWindow, bridge: Bridge, tmp_path: Path, qtbot: QtBot
) -> None:
    begun: list[bool] = []

    def slices() -> Iterator[None]:
        begun.append(True)
        yield from furnishing(unfurnished, bridge, tmp_path)

    rest = AfterFirstPaint(unfurnished, slices())
    unfurnished.show()
    while not begun:
        QApplication.processEvents()
    assert not unfurnished.furnished
    if pressed == "menu":
        bar = unfurnished.menuBar()
        QTest.mouseClick(bar, Qt.MouseButton.LeftButton, pos=bar.actionGeometry(bar.actions()[0]).center())
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        assert [action.text() for action in menu.actions()][:2] == ["Connect to &Azure…", "&Test the connection…"]
        menu.close()
    else:
        QTest.keyClick(unfurnished, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
        assert unfurnished.palette_.isVisible()
    assert unfurnished.furnished
    rest.finish()


def test_a_window_that_is_closed_before_it_is_whole_goes_and_forgets_nothing(
    unfurnished: MainWindow, bridge: Bridge, tmp_path: Path
) -> None:
    begun: list[bool] = []

    def slices() -> Iterator[None]:
        begun.append(True)
        yield from furnishing(unfurnished, bridge, tmp_path)

    rest = AfterFirstPaint(unfurnished, slices())
    unfurnished.show()
    while not begun:
        QApplication.processEvents()
    assert unfurnished.close()
    assert not unfurnished.furnished
    rest.finish()
    assert not (tmp_path / "window.json").exists()


def test_an_error_while_the_rest_is_made_ends_the_program_and_is_not_hidden(app: QApplication, tmp_path: Path) -> None:
    async def connector(choice: ConnectionChoice, _: object = None, /) -> Backend:
        raise AssertionError("nothing is opened")

    def broken() -> Background:
        raise RuntimeError("no threads left")

    before = sys.getswitchinterval()
    try:
        with pytest.raises(RuntimeError, match="no threads left"):
            application.open_window(start_background=broken, connector=connector, home=tmp_path)
    finally:
        sys.setswitchinterval(before)
        gc.enable()
        gc.unfreeze()
