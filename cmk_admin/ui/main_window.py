"""The frame: strip, pages on tabs, the bottom dock, menus. What stands in it is made elsewhere."""

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.model import Estate
from cmk_admin.operations.interface import Backend, ConnectionChoice, Connector
from cmk_admin.ui.actions import Actions
from cmk_admin.ui.bridge import Bridge
from cmk_admin.ui.selection import NOTHING, Selection
from cmk_admin.ui.theme.theme import Theme


class MainWindow(QMainWindow):
    """The one window of the program.

    Other parts plug in by a function ``install(window)`` that adds verbs to `actions`, widgets to the dock and listens
    to the signals; `application.open_window` calls them.
    """

    estate_changed = Signal(object)
    """A newer `Estate` is shown; `index` belongs to it. Comes often while answers arrive."""
    selection_changed = Signal(object)
    """The `Selection` that is now selected."""
    connected = Signal(object)
    """A `Backend` was opened, before its first estate."""
    disconnected = Signal()
    """The backend is being closed: forget it."""

    def __init__(self, *, bridge: Bridge, connector: Connector, home: Path, theme: Theme | None = None) -> None:
        """`home` is the folder where the window's own state is remembered (``window.json``)."""
        super().__init__()
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        self.bridge = bridge
        self.theme = theme or Theme(app)
        self.verbs = Actions(self, self.theme)
        """The registry of verbs (QWidget already has an `actions()`)."""
        self._connector, self._home = connector, home
        self._backend: Backend | None = None
        self._estate: Estate | None = None
        self._selection = NOTHING

    @property
    def backend(self) -> Backend | None:
        """The open connection; None while the doors are shown."""
        return self._backend

    @property
    def estate(self) -> Estate | None:
        """What is on screen."""
        return self._estate

    def selected(self) -> Selection:
        """What is selected, in ids."""
        return self._selection

    def open(self, choice: ConnectionChoice) -> None:
        """Open a connection; `connected` follows, or the doors say why not."""

    def open_page(self, page: QWidget, *, title: str, icon: QIcon | None = None) -> None:
        """Show a page on a tab of its own over the whole width, or raise it if it is open.

        The window owns it from now on. Closing the tab calls `page.close()`: a page that must not go ignores the close
        event; one that went is deleted. `page.windowTitle()` changes follow on the tab.
        """

    def close_page(self, page: QWidget) -> None:
        """Close a page opened with `open_page`."""

    def dock_bottom(self, widget: QWidget) -> None:
        """Put the one widget at the bottom, under everything, over the whole width; it folds itself by its size hint."""

    def refresh_all(self) -> None:
        """Read the whole estate again."""

    def refresh_key(self, key: KeyId) -> None:
        """Read one key again from its providers."""

    def select_key(self, key: KeyId) -> None:
        """Show a key in the tree and the details."""

    def say(self, text: str, *, tone: str = "text", urgent: bool = False) -> None:
        """A message bar under the strip, also spoken: ``text``, ``caution``, ``danger`` or ``confirmed``."""
