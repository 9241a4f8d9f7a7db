"""The application object: look, font, garbage collection, uncaught errors; and the window with all that plugs into it.

Imports as little as it can: the first paint waits for it.
"""

import gc
import logging
import sys
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from PySide6.QtCore import QCoreApplication, QObject, Qt, QThread, QTimer, Signal
from PySide6.QtWidgets import QApplication

from cmk_admin import __version__
from cmk_admin.operations.interface import ConnectionChoice, Connector
from cmk_admin.ui.bridge import Bridge, Submits
from cmk_admin.ui.dialogs import tell
from cmk_admin.ui.main_window import MainWindow, utc_now
from cmk_admin.ui.theme import fonts
from cmk_admin.ui.theme.theme import Theme

COLLECT_MS = 5_000
"""How often cyclic garbage is collected, always on the Qt thread: a widget in a cycle must not be destroyed elsewhere."""

SWITCH_SECONDS = 0.001
"""How long the background may compute while the Qt thread waits for the interpreter; Python's own is 0.005, which a
thousand calls from one layout turn into a visible pause."""

_log = logging.getLogger(__name__)


class Background(Submits, Protocol):
    """What runs coroutines for the window."""


class Collector(QObject):
    """Collects cyclic garbage on the Qt thread; the automatic collector, which runs on any thread, is off meanwhile."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(COLLECT_MS)
        self._timer.timeout.connect(self.collect)
        self._timer.start()
        gc.callbacks.append(_watch_thread)
        self.destroyed.connect(_stop_watching)

    def collect(self) -> None:
        """Collect what was made since the last time: the rest was found alive then, or is frozen."""
        gc.collect(1)


def _watch_thread(phase: str, _: dict[str, int]) -> None:
    app = QCoreApplication.instance()
    if phase == "start" and app is not None and QThread.currentThread() is not app.thread():
        _log.error("the garbage collector ran outside the Qt thread; a widget may have been destroyed there")


def _stop_watching(*_: object) -> None:
    if _watch_thread in gc.callbacks:
        gc.callbacks.remove(_watch_thread)


class Uncaught(QObject):
    """Errors of our own that nobody caught: logged, and told once at a time without stopping anything."""

    happened = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._window: MainWindow | None = None
        self._shown: Any = None
        self.happened.connect(self._show, Qt.ConnectionType.QueuedConnection)
        self._before = sys.excepthook
        sys.excepthook = self._hook

    def attach(self, window: MainWindow) -> None:
        """Tell in this window."""
        self._window = window

    def detach(self) -> None:
        """Leave errors to Python again."""
        sys.excepthook = self._before
        self._window = None

    def _hook(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QApplication.quit()
            return
        _log.error("an error that nobody caught", exc_info=(kind, error, trace))
        self._before(kind, error, trace)
        self.happened.emit(f"{kind.__name__}: {error}")

    def _show(self, details: str) -> None:
        if self._window is None or self._shown is not None or not self._window.isVisible():
            return
        self._shown = tell(
            self._window,
            "The program made a mistake",
            "Something went wrong inside the program itself. What runs in the background goes on. The log has the details.",
            details=details,
        )
        self._shown.finished.connect(self._forget)

    def _forget(self, _: int) -> None:
        self._shown = None


def make_application(argv: list[str] | None = None, *, bundled_font: bool = False) -> QApplication:
    """The QApplication with name, font and attributes; the one there is, if there is one."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(argv if argv is not None else sys.argv[:1])
    app.setApplicationName("CMK Admin")
    app.setApplicationDisplayName("CMK Admin")
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("cmk-admin")
    fonts.install(app, bundled=bundled_font)
    return app


def make_window(
    *,
    bridge: Bridge,
    connector: Connector,
    home: Path,
    theme: Theme | None = None,
    now: Callable[[], datetime] = utc_now,
) -> MainWindow:
    """The window with everything that plugs into it, not shown yet."""
    window = MainWindow(bridge=bridge, connector=connector, home=home, theme=theme, now=now)
    from cmk_admin.ui.emergency.install import install

    install(window)
    # The verbs that stand on the page of what is selected
    for verb_id in ("refresh", "revoke"):
        window.details.header.add_button(window.verbs.action(verb_id), danger=window.verbs.verb(verb_id).danger)
    return window


def open_window(
    *,
    background: Background,
    connector: Connector,
    home: Path,
    choice: ConnectionChoice | None = None,
    last_crash: str | None = None,
) -> int:
    """Show the window until it is closed; with a choice that connection is opened at once, else the doors are shown.

    `last_crash` is what the crash file says of the time before, and is told. Returns the process's exit code.
    """
    app = make_application()
    sys.setswitchinterval(SWITCH_SECONDS)
    collector = Collector(app)
    uncaught = Uncaught(app)
    bridge = Bridge(background)
    window = make_window(bridge=bridge, connector=connector, home=home)
    uncaught.attach(window)
    window.show()
    if choice is not None:
        QTimer.singleShot(0, window, partial(window.open, choice))
    if last_crash:
        tell(
            window,
            "The program ended badly the last time",
            "It left a note of where it was. Operations that were running then stand under Activity and can be resumed.",
            details=last_crash,
        )
    # What was imported and made so far stays: the collector need never walk it again
    gc.collect()
    gc.freeze()
    code = app.exec()
    bridge.stop()
    uncaught.detach()
    window.deleteLater()
    collector.deleteLater()
    QCoreApplication.sendPostedEvents()
    return code
