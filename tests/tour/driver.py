"""A hand for the real window: waits for what is on screen, clicks and types where a person would, takes pictures."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QEvent, QEventLoop, QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QPushButton, QScrollArea, QWidget

from cmk_admin import app as program
from cmk_admin.operations.interface import ConnectionChoice, OperationReport
from cmk_admin.runtime.background import Background
from cmk_admin.ui.application import SWITCH_SECONDS, make_application, make_window
from cmk_admin.ui.bridge import Bridge
from cmk_admin.ui.emergency.operation_page import OperationPage
from cmk_admin.ui.guards import Collector
from cmk_admin.ui.main_window import MainWindow, utc_now
from cmk_admin.ui.theme.theme import Mode

WAIT_SECONDS = 60.0
"""What does not happen within that will not happen."""

W = TypeVar("W", bound=QWidget)


def pause(milliseconds: int) -> None:
    """Let the window work. QTest.qWait would hold the interpreter, and with it the background, for that long."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


class Hand:
    """Drives one window."""

    def __init__(self, window: MainWindow, pictures: Path | None = None) -> None:
        self.window, self._pictures = window, pictures
        self._number = 0
        self.written: list[Path] = []

    def until(self, what: str, true: Callable[[], bool], seconds: float = WAIT_SECONDS) -> None:
        """Let the window work until something is so. Raises TimeoutError naming what did not happen."""
        end = time.monotonic() + seconds
        while not true():
            if time.monotonic() > end:
                raise TimeoutError(f"the window did not come to this within {seconds:g} s: {what}")
            pause(10)

    def find(self, kind: type[W], name: str) -> W:
        """The visible widget of that name, once it is there."""
        found: list[W] = []

        def seen() -> bool:
            found[:] = [w for w in self.window.findChildren(kind, name) if w.isVisible()]
            return bool(found)

        self.until(f"{name} is visible", seen)
        return found[-1]

    def click(self, name: str) -> None:
        """Click a button, once it can be clicked."""
        button = self.find(QPushButton, name)
        self.until(f"{name} is enabled", button.isEnabled)
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    def press(self, name: str) -> None:
        """Choose an answer, as the mouse does: it is clicked at its left end, where its circle or box is."""
        button = self.find(QAbstractButton, name)
        self.until(f"{name} is enabled", button.isEnabled)
        QTest.mouseClick(button, Qt.MouseButton.LeftButton, pos=QPoint(8, button.height() // 2))
        pause(20)

    def reveal(self, name: str) -> None:
        """Scroll until a part of the page is in sight."""
        part = self.find(QWidget, name)
        above = part.parentWidget()
        while above is not None and not isinstance(above, QScrollArea):
            above = above.parentWidget()
        if isinstance(above, QScrollArea):
            above.ensureWidgetVisible(part)

    def type(self, widget: QWidget, text: str) -> None:
        """Type into a field."""
        widget.setFocus()
        QTest.keyClicks(widget, text)

    def open(self, choice: ConnectionChoice) -> None:
        """Open a connection and wait for its whole estate."""
        self.window.open(choice)
        self.read()

    def read(self) -> None:
        """Wait until the estate has been read to its end."""
        self.until(
            "the estate is read",
            lambda: (
                (estate := self.window.estate) is not None
                and estate.coverage.finished
                and not self.window.looking.reading
            ),
        )

    def show(self, target: str) -> None:
        """Show a key or a service, by its id."""
        self.window.go(target)
        self.until(f"{target} is shown", lambda: self.window.details.page is not None)
        pause(50)

    def operation(self) -> OperationReport:
        """The operation whose page is in front."""
        return self.find(OperationPage, "operation-page").report

    def picture(self, stage: str) -> None:
        """Save what is on screen, light and dark, as ``NN-stage-light.png`` and ``NN-stage-dark.png``."""
        if self._pictures is None:
            return
        self._number += 1
        for mode in (Mode.LIGHT, Mode.DARK):
            self.window.set_mode(mode)
            self._settle()
            file = self._pictures / f"{self._number:02}-{stage}-{mode.value}.png"
            shown = QApplication.activeModalWidget() or self.window
            if not shown.grab().save(str(file)):
                raise OSError(f"the picture {file} could not be written")
            self.written.append(file)

    def _settle(self) -> None:
        for _ in range(3):
            QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)
            QApplication.processEvents()
            pause(30)


@contextmanager
def hand(home: Path, pictures: Path | None = None, size: tuple[int, int] = (1280, 800)) -> Iterator[Hand]:
    """The whole program with its window, as `open_window` makes it, until the block ends.

    The window's calendar stands still at the moment when its estate was read, so that ages do not differ between runs.
    """
    application = make_application(["cmk-admin"], bundled_font=True)
    switch_seconds = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    collector = Collector(application)
    background = Background().start()
    bridge = Bridge(background)
    made: list[MainWindow] = []

    def now() -> datetime:
        estate = made[0].estate if made else None
        return estate.read_at if estate is not None else utc_now()

    window = make_window(bridge=bridge, connector=program.connect, home=home, now=now)
    made.append(window)
    window.resize(*size)
    window.show()
    driver = Hand(window, pictures)
    try:
        yield driver
    finally:
        if window.backend is not None:
            window.close_connection()
            driver.until("the connection is closed", lambda: window.backend is None and bridge.busy == 0)
        window.hide()
        bridge.stop()
        background.stop()
        sys.setswitchinterval(switch_seconds)
        window.deleteLater()
        collector.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
