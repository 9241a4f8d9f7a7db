"""The application object, and the window from its first paint to its end.

Imports as little as it can: the first paint waits for it.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QApplication

from cmk_admin import __version__
from cmk_admin.operations.connection import ConnectionChoice
from cmk_admin.ui.interrupts import Interrupts
from cmk_admin.ui.later import AfterFirstPaint
from cmk_admin.ui.main_window import MainWindow, utc_now
from cmk_admin.ui.theme import fonts
from cmk_admin.ui.theme.theme import Theme

if TYPE_CHECKING:
    from cmk_admin.operations.interface import Connector
    from cmk_admin.ui.bridge import Bridge, Submits

SWITCH_SECONDS = 0.001
"""How long the background may compute while the Qt thread waits for the interpreter; Python's own is 0.005, which a
thousand calls from one layout turn into a visible pause."""

LOADED_LATER = (
    "asyncio",
    "cmk_admin.domain.model",
    "cmk_admin.domain.tree",
    "cmk_admin.operations.interface",
    "cmk_admin.ui.details.panel",
    "cmk_admin.ui.table.page",
    "cmk_admin.ui.palette",
    "cmk_admin.ui.emergency.revoke_page",
    "cmk_admin.ui.emergency.operation_page",
    "cmk_admin.ui.furnishing",
    "cmk_admin.ui.guards",
)
"""What takes long to load, one slice each; `furnishing` and `guards` load the rest."""


def make_application(argv: list[str] | None = None, *, bundled_font: bool = False) -> QApplication:
    """The QApplication with name, font and attributes; the one there is, if there is one."""
    app = QApplication.instance()
    if isinstance(app, QApplication):
        app.setStyle("Fusion")
    else:
        # As an argument, because a style that passes through Python costs a tenth of the whole start
        app = QApplication([*(argv or sys.argv[:1]), "-style", "Fusion"])
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
    """The whole window, not shown yet."""
    from cmk_admin.ui.furnishing import furnish

    window = MainWindow(home=home, theme=theme, now=now)
    for _ in furnish(window, bridge, connector):
        pass
    return window


class _Session:
    """The one window of a process: first its frame, then, slice by slice, all that makes it work."""

    def __init__(
        self,
        window: MainWindow,
        start_background: Callable[[], Submits],
        connector: Connector,
        choice: ConnectionChoice | None,
        last_crash: str | None,
    ) -> None:
        self._window, self._start_background, self._connector = window, start_background, connector
        self._choice, self._last_crash = choice, last_crash
        self._ends: list[Callable[[], None]] = []

    def slices(self) -> Iterator[None]:
        """Load, furnish, watch; then open what was chosen."""
        for name in LOADED_LATER:
            import_module(name)
            yield
        from cmk_admin.ui import guards
        from cmk_admin.ui.bridge import Bridge
        from cmk_admin.ui.dialogs import tell
        from cmk_admin.ui.furnishing import furnish

        window = self._window
        bridge = Bridge(self._start_background())
        self._ends.append(bridge.stop)
        yield from furnish(window, bridge, self._connector)
        collector, uncaught = guards.Collector(window), guards.Uncaught(window)
        self._ends += [uncaught.detach, collector.deleteLater]
        uncaught.attach(window)
        yield
        if self._choice is not None:
            window.open(self._choice)
        if self._last_crash:
            tell(
                window,
                "The program ended badly the last time",
                "It left a note of where it was. Operations that were running then stand under Activity and can be "
                "resumed.",
                details=self._last_crash,
            )
        yield
        # What was imported and made so far stays: the collector need never walk it again
        gc.collect()
        gc.freeze()

    def end(self) -> None:
        """Nothing is delivered to the window any more."""
        for end in self._ends:
            end()


def open_window(
    *,
    start_background: Callable[[], Submits],
    connector: Connector,
    home: Path,
    choice: ConnectionChoice | None = None,
    last_crash: str | None = None,
) -> int:
    """Show the window until it is closed; with a choice that connection is opened at once, else the doors are shown.

    `start_background` is called after the first paint. `last_crash` is what the crash file says of the time before, and
    is told. Returns the process's exit code.
    """
    app = make_application()
    sys.setswitchinterval(SWITCH_SECONDS)
    window = MainWindow(home=home, opening=choice)
    window.gone.connect(app.quit, Qt.ConnectionType.QueuedConnection)
    interrupts = Interrupts(window)
    session = _Session(window, start_background, connector, choice, last_crash)
    rest = AfterFirstPaint(window, session.slices())
    window.show()
    code = app.exec()
    session.end()
    interrupts.stop()
    window.deleteLater()
    QCoreApplication.sendPostedEvents()
    if rest.error is not None:
        raise rest.error
    return code
