"""Puts drills into a window: the verbs, the link on the doors, the clock in the strip, and the debrief."""

from __future__ import annotations

from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from cmk_admin.domain.drill import clock
from cmk_admin.operations.connection import ConnectionChoice
from cmk_admin.ui.actions import Verb
from cmk_admin.ui.dialogs import tell_failure
from cmk_admin.ui.drill.choose import ChooseDrill
from cmk_admin.ui.drill.debrief import DebriefPage

if TYPE_CHECKING:
    from cmk_admin.domain.drill import Debrief
    from cmk_admin.operations.interface import Backend, OperationReport
    from cmk_admin.ui.main_window import MainWindow
    from cmk_admin.ui.selection import Selection


class Drills(QObject):
    """One per window."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._name: str | None = None
        self._begun = 0.0
        self._page: DebriefPage | None = None
        self._second = QTimer(self)
        self._second.setInterval(1000)
        self._second.timeout.connect(self._tick)
        window.connected.connect(self._connected)
        window.disconnected.connect(self._disconnected)
        window.frame.drill_wanted.connect(self.choose)
        window.strip.end_drill.connect(self.end)
        window.verbs.add(
            Verb(
                id="drill",
                text="&Drill…",
                menu="file",
                icon="watch",
                tip="Hold a drill: a fresh sandbox with trouble built in, and a clock",
            ),
            self.choose,
            self._why_not_choose,
        )
        window.verbs.add(
            Verb(
                id="end-drill",
                text="E&nd drill",
                menu="file",
                icon="stop",
                tip="See how the drill turned out",
            ),
            self.end,
            self._why_not_end,
        )

    def choose(self) -> None:
        """Ask which."""
        dialog = ChooseDrill(self._window)
        dialog.chosen.connect(self.start)
        dialog.open()

    def start(self, name: str) -> None:
        """Hold it; what is open is closed first."""
        self._window.open(ConnectionChoice(own_sandbox=True, drill=name))

    def end(self) -> None:
        """Show the score as it is now. The drill goes on until its connection is closed."""
        backend = self._window.backend
        if backend is None or self._name is None:
            return

        async def read() -> tuple[Debrief | None, tuple[OperationReport, ...]]:
            return await backend.debrief(), await backend.operations()

        self._window.bridge.start(self, read(), self._show, self._failed)

    def _failed(self, error: Exception) -> None:
        tell_failure(self._window, "The debrief could not be read", error)

    def _show(self, found: tuple[Debrief | None, tuple[OperationReport, ...]]) -> None:
        debrief, operations = found
        window = self._window
        if debrief is None:
            return
        if self._page is not None:
            window.close_page(self._page)
        page = self._page = DebriefPage(window.theme, debrief, operations)
        page.destroyed.connect(partial(self._gone, id(page)))
        page.again.connect(partial(self.start, debrief.name))
        page.other.connect(self.choose)
        page.look.connect(self.end)
        page.ended.connect(window.close_connection)
        window.open_page(page, title=page.windowTitle(), icon="watch", tone="caution")

    def _gone(self, which: int, *_: object) -> None:
        if self._page is not None and id(self._page) == which:
            self._page = None

    def _connected(self, backend: Backend) -> None:
        self._name = backend.info.drill
        if self._name is not None:
            self._begun = monotonic()
            self._second.start()
            self._tick()
            self._window.bridge.start(self, backend.debrief(), self._tell, self._failed)
        self._window.verbs.update()

    def _tell(self, debrief: Debrief | None) -> None:
        """The story, once the drill is open."""
        if debrief is not None and self._name is not None:
            keep = ", ".join(debrief.keep)
            self._window.say(f"{debrief.story} Must stay up: {keep}.", tone="caution")

    def _disconnected(self) -> None:
        self._name = None
        self._second.stop()
        self._window.verbs.update()

    def _tick(self) -> None:
        self._window.strip.show_drill_clock(clock(monotonic() - self._begun))

    def _why_not_choose(self, _: Selection) -> str | None:
        return "A connection is being opened or closed." if self._window.connecting.is_busy else None

    def _why_not_end(self, _: Selection) -> str | None:
        return None if self._name is not None else "No drill is being held."


def install(window: MainWindow) -> None:
    """The verbs, the link and the clock."""
    Drills(window)
