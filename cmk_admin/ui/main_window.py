"""The one window: its frame, which is painted first, and what the other parts of the program may ask of it.

What stands in the frame is put there after the first paint, by `furnishing`: nothing here loads it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QResizeEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

from cmk_admin.domain.kinds import Grouping
from cmk_admin.operations.connection import ConnectionChoice
from cmk_admin.ui import remembered
from cmk_admin.ui.frame import Frame
from cmk_admin.ui.menus import Menus
from cmk_admin.ui.theme.colors import Tone
from cmk_admin.ui.theme.theme import Mode, Theme

if TYPE_CHECKING:
    from cmk_admin.domain.ids import KeyId
    from cmk_admin.domain.index import Index
    from cmk_admin.domain.model import Estate
    from cmk_admin.operations.interface import Backend
    from cmk_admin.ui.actions import Actions
    from cmk_admin.ui.bridge import Bridge
    from cmk_admin.ui.connecting import Connecting
    from cmk_admin.ui.details.panel import Details
    from cmk_admin.ui.doors import Doors
    from cmk_admin.ui.entering import Entering
    from cmk_admin.ui.looking import Looking
    from cmk_admin.ui.palette import Palette
    from cmk_admin.ui.selection import Selection
    from cmk_admin.ui.showing import Showing
    from cmk_admin.ui.table.page import TablePage


def utc_now() -> datetime:
    return datetime.now(UTC)


class MainWindow(QMainWindow):
    """The one window of the program.

    It can be shown as it is made; before anything else is asked of it, it has to be furnished. Other parts plug in by a
    function ``install(window)`` that adds verbs to `verbs`, widgets to the dock and listens to the signals;
    `furnishing.furnish` calls them.
    """

    estate_changed = Signal(object)
    """A newer `Estate` is shown; `index` belongs to it. Comes often while answers arrive."""
    selection_changed = Signal(object)
    """The `Selection` that is now selected."""
    connected = Signal(object)
    """A `Backend` was opened, before its first estate."""
    gone = Signal()
    """It is closed for good; it may have been hidden before, which Qt does not take for the end of the program."""
    disconnected = Signal()
    """The backend is being closed: forget it."""

    # Put here by `furnish`
    bridge: Bridge
    verbs: Actions
    """The registry of verbs (QWidget already has an `actions()`)."""
    connecting: Connecting
    entering: Entering
    looking: Looking
    showing: Showing
    details: Details
    table: TablePage
    palette_: Palette

    def __init__(
        self,
        *,
        home: Path,
        theme: Theme | None = None,
        now: Callable[[], datetime] = utc_now,
        opening: ConnectionChoice | None = None,
    ) -> None:
        """`home` is the folder where the window's own state is remembered (``window.json``); `now` the calendar.

        With `opening` the window looks from the start as it does while that connection is opened; opening it is left to
        the caller.
        """
        super().__init__()
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        self.remembered = remembered.load(home)
        self.theme = theme or Theme(app)
        if theme is None and self.remembered.mode in {mode.value for mode in Mode}:
            self.theme.set_mode(Mode(self.remembered.mode))
        self.may_leave: Callable[[Callable[[], None]], bool] = _always
        """Whether the connection may be closed now. One that says no asks, and calls what it was given on a yes."""
        self.furnished = False
        """Everything is in its place."""
        self.now = now
        self._home = home
        self.closing = False
        """It is being asked whether the window may go, and not only its connection."""
        self._closed = False
        self.setObjectName("main-window")
        self.setWindowTitle("CMK Admin")
        self.setAccessibleName("CMK Admin")
        self.menus = Menus(self.menuBar())
        self.frame = frame = Frame(self.theme, self.remembered.last, self.remembered.tree_width)
        self.strip, self.message, self.pages, self.tree = frame.strip, frame.message, frame.pages, frame.tree
        self.setCentralWidget(frame)
        self.setMinimumSize(760, 480)
        self.resize(1280, 800)
        if self.remembered.geometry:
            self.restoreGeometry(QByteArray.fromBase64(self.remembered.geometry.encode()))
        if self.remembered.grouping in {grouping.value for grouping in Grouping}:
            self.tree.set_grouping(Grouping(self.remembered.grouping))
        if opening is not None:
            frame.show_opening(opening)
        else:
            frame.show_doors(self.remembered.last)
        self.theme.dress()

    # What other parts use

    @property
    def doors(self) -> Doors:
        """What is shown while there is no connection."""
        return self.frame.doors

    @property
    def home(self) -> Path:
        """The folder where the program's own state is remembered."""
        return self._home

    @property
    def backend(self) -> Backend | None:
        """The open connection; None while the doors are shown."""
        return self.connecting.backend

    @property
    def estate(self) -> Estate | None:
        """What is on screen."""
        return self.showing.estate if self.furnished else None

    @property
    def index(self) -> Index | None:
        """The look-ups over what is on screen."""
        return self.showing.index

    def selected(self) -> Selection:
        """What is selected, in ids."""
        return self.showing.selection

    def open(self, choice: ConnectionChoice) -> None:
        """Open a connection; `connected` follows, or the doors say why not. One that is open is closed first."""
        if self.connecting.idle:
            self.connecting.open(choice)
        elif self.backend is not None and self._may_close(partial(self.open, choice)):
            self.connecting.close(partial(self.connecting.open, choice))

    def close_connection(self) -> None:
        """Close the connection and go back to the doors."""
        if self.backend is not None and self._may_close(self.close_connection):
            self.connecting.close(self.entering.show_doors)

    def open_page(self, page: QWidget, *, title: str, icon: str = "info", tone: Tone = "text") -> None:
        """Show a page on a tab of its own over the whole width, or raise it if it is open.

        The window owns it from now on. Closing the tab calls `page.close()`: a page that must not go ignores the close
        event; one that went is deleted. `page.windowTitle()` changes follow on the tab.
        """
        self.pages.open_page(page, title, icon, tone)

    def close_page(self, page: QWidget) -> None:
        """Close a page opened with `open_page`; one that is closed already is passed over."""
        self.pages.close_page(page)

    def dock_bottom(self, widget: QWidget) -> None:
        """Put the one widget at the bottom, under everything, over the whole width; it folds itself by its size hint."""
        self.frame.dock(widget)

    def refresh_all(self) -> None:
        """Read the whole estate again."""
        self.looking.read()

    def refresh_key(self, key: KeyId) -> None:
        """Read one key again from its providers."""
        self.looking.refresh(key)

    def refresh_selected(self) -> None:
        """Read what is selected again: its key, or everything."""
        key = self.selected().key
        if key is not None:
            self.refresh_key(key)
        else:
            self.refresh_all()

    def select_key(self, key: KeyId) -> None:
        """Show a key in the tree and the details."""
        self.go(str(key.key))

    def go(self, target: str) -> None:
        """Show a key id, a resource id or an object id: in the tree where it stands there, and in the details."""
        self.showing.go(target)

    def go_back(self) -> None:
        """Show what was selected before."""
        self.showing.go_back()

    def say(
        self,
        text: str,
        *,
        tone: str = "text",
        urgent: bool = False,
        action: str = "",
        act: Callable[[], None] | None = None,
    ) -> None:
        """A message bar under the strip, also spoken: ``text``, ``caution``, ``danger`` or ``confirmed``.

        With `action` it has a button of that text, which calls `act`.
        """
        self.message.say(text, tone, urgent=urgent, action=action, act=act)

    def show_palette(self) -> None:
        """The command palette."""
        self.palette_.pop_up(self.showing.search, self.selected())

    def focus_filter(self) -> None:
        """To the filter of the page that is shown."""
        if self.pages.currentWidget() is self.table:
            self.table.focus_filter()
        else:
            self.pages.setCurrentIndex(0)
            self.tree.focus_filter()

    def set_mode(self, mode: Mode) -> None:
        """Follow the system's colours, or stay light or dark."""
        self.theme.set_mode(mode)
        self.remembered.mode = mode.value

    # Leaving

    def _may_close(self, again: Callable[[], None]) -> bool:
        """Whether nothing speaks against closing the connection now; `again` is called when that was asked and allowed."""
        return self.may_leave(again) and self.pages.close_opened(again)

    def _close_for_good(self) -> None:
        self._closed = True
        self.close()

    def _remember(self) -> None:
        kept = self.remembered
        kept.geometry = self.saveGeometry().toBase64().toStdString()
        kept.tree_width = self.frame.tree_width
        kept.grouping = self.tree.current_grouping().value
        kept.table = self.table.layout_now()
        remembered.save(self._home, kept)

    # Qt's own

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.furnished:
            self.palette_.close_up()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Quitting finishes the call in flight (bounded), which happens in the background: the window goes after it."""
        if not self.furnished:
            event.accept()
            return
        if self._closed or self.connecting.idle:
            self._remember()
            event.accept()
            self.gone.emit()
            return
        event.ignore()
        if self.backend is not None:
            self.closing = True
            try:
                may = self._may_close(self._close_again)
            finally:
                self.closing = False
            if may:
                self.connecting.close(self._close_for_good)
        elif self.connecting.is_opening:
            # A sandbox that is being started would be left behind: go when it is there
            self.connecting.give_up()
            QTimer.singleShot(100, self, self.close)

    def _close_again(self) -> None:
        self.close()


def _always(_: Callable[[], None]) -> bool:
    return True
