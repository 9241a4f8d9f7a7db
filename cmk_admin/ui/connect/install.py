"""Puts the door to a real Azure into a window: its verbs, and the dialog that follows a sign-in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from cmk_admin.domain.sign_in import SignInNews
from cmk_admin.operations.connection import ConnectionChoice, LiveChoice
from cmk_admin.ui.actions import Verb
from cmk_admin.ui.connect.dialog import ConnectDialog
from cmk_admin.ui.connect.hosts import HostsDialog
from cmk_admin.ui.selection import Selection

if TYPE_CHECKING:
    from cmk_admin.operations.interface import Backend
    from cmk_admin.ui.main_window import MainWindow


class Connect(QObject):
    """One per window."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._dialog: ConnectDialog | None = None
        connecting = window.connecting
        connecting.opening.connect(self._opening)
        connecting.news.connect(self._news)
        connecting.opened.connect(self._opened)
        connecting.refused.connect(self._refused)
        connecting.cancelled.connect(self._cancelled)
        window.frame.azure_wanted.connect(self.choose)
        window.verbs.add(
            Verb(
                id="connect",
                text="Connect to &Azure…",
                menu="file",
                icon="cloud",
                tip="Choose the cloud and the tenant, and sign in",
            ),
            self.choose,
            self._why_not_connect,
        )
        window.verbs.add(
            Verb(
                id="test-connection",
                text="&Test the connection…",
                menu="file",
                icon="activity",
                tip="Ask the sign-in host, the resource manager, a vault and Microsoft Graph whether they answer",
            ),
            self.test,
            self._why_not_test,
        )

    def choose(self) -> None:
        """Ask which Azure; what was open last is filled in."""
        last = self._window.remembered.last
        dialog = self._shown()
        if last is not None and last.live is not None:
            dialog.form.show_choice(last.live)
        dialog.show_form()

    def test(self) -> None:
        """Ask each host."""
        window = self._window
        if window.backend is not None:
            HostsDialog(window, bridge=window.bridge, backend=window.backend, theme=window.theme).open()

    def _why_not_connect(self, _: Selection) -> str | None:
        backend = self._window.backend
        if backend is not None and backend.info.drill is not None:
            return "A drill is being held. Close it before you sign in to a real Azure."
        return "A connection is being opened or closed." if self._window.connecting.is_busy else None

    def _why_not_test(self, _: Selection) -> str | None:
        return None if self._window.backend is not None else "Open a connection first."

    def _shown(self) -> ConnectDialog:
        if self._dialog is None:
            dialog = self._dialog = ConnectDialog(self._window)
            dialog.wanted.connect(self._wanted)
            dialog.given_up.connect(self._window.connecting.give_up)
            dialog.finished.connect(self._gone)
            dialog.open()
        return self._dialog

    def _wanted(self, choice: LiveChoice) -> None:
        if self._window.backend is not None and self._dialog is not None:
            # What is open is closed first, which may ask: nothing stands before that
            self._dialog.accept()
        self._window.open(ConnectionChoice(live=choice))

    def _opening(self, choice: ConnectionChoice) -> None:
        if choice.live is not None:
            self._shown().show_waiting(choice.live)

    def _news(self, news: SignInNews) -> None:
        if self._dialog is not None:
            self._dialog.show_news(news)

    def _opened(self, _: ConnectionChoice, backend: Backend) -> None:
        if self._dialog is not None:
            self._dialog.accept()

    def _refused(self, choice: ConnectionChoice, error: Exception) -> None:
        if choice.live is not None:
            self._shown().show_failure(error)

    def _cancelled(self, _: ConnectionChoice) -> None:
        if self._dialog is not None:
            self._dialog.show_form()

    def _gone(self, *_: object) -> None:
        self._dialog = None
        self._window.verbs.update()


def install(window: MainWindow) -> None:
    """The verbs and the dialog."""
    Connect(window)
