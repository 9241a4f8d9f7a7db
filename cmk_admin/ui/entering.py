"""What the window shows while a connection is opened, open, and closed again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt

from cmk_admin.operations.interface import Backend, ConnectionChoice, ConnectionKind
from cmk_admin.ui.connect.words import signed_in, window_title
from cmk_admin.ui.dialogs import failure_text, tell_failure
from cmk_admin.ui.selection import NOTHING
from cmk_admin.ui.tree.note import note

if TYPE_CHECKING:
    from cmk_admin.ui.main_window import MainWindow


class Entering(QObject):
    """Follows `Connecting`."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        connecting = window.connecting
        connecting.opening.connect(self._opening)
        connecting.opened.connect(self._opened)
        connecting.refused.connect(self._refused)
        connecting.cancelled.connect(self._cancelled)
        connecting.closing.connect(self._closing)
        connecting.closed.connect(self._closed_down)

    def show_doors(self) -> None:
        """No connection."""
        self._window.frame.show_doors(self._window.remembered.last)
        self._window.setWindowTitle("CMK Admin")

    def _opening(self, choice: ConnectionChoice) -> None:
        window = self._window
        window.frame.show_opening(choice)
        window.tree.show_tree(note("Opening…", "The tree fills as answers arrive"))
        window.details.show_blank()

    def _opened(self, choice: ConnectionChoice, backend: Backend) -> None:
        window = self._window
        window.remembered.remember(choice)
        window.message.hide()
        window.strip.show_connection(backend.info)
        window.frame.show_pages()
        window.tree.show_tree(note("Reading the estate…", "The first vaults appear as answers arrive"))
        window.pages.setCurrentIndex(0)
        window.setWindowTitle(window_title(backend.info))
        if backend.info.kind is ConnectionKind.LIVE:
            window.say(signed_in(backend.info))
        window.verbs.select(NOTHING)
        window.connected.emit(backend)
        window.looking.attach(backend)
        window.tree.tree.setFocus(Qt.FocusReason.OtherFocusReason)

    def _refused(self, choice: ConnectionChoice, error: Exception) -> None:
        self.show_doors()
        if choice.live is not None:
            return  # the dialog that signed in says why
        what = f"{choice.file} could not be opened." if choice.file else "The sandbox could not be opened."
        self._window.doors.show_failure(f"{what} {failure_text(error)}")

    def _cancelled(self, _: ConnectionChoice) -> None:
        self.show_doors()

    def _closing(self) -> None:
        window = self._window
        window.disconnected.emit()
        window.looking.attach(None)
        window.showing.forget()
        window.say("Finishing what is in flight…")

    def _closed_down(self, error: Exception | None) -> None:
        self._window.message.hide()
        if error is not None and self._window.isVisible():
            tell_failure(self._window, "The connection did not close cleanly", error)
