"""What the window is made of and where it stands: strip, message, doors or pages, dock."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from cmk_admin.operations.interface import ConnectionChoice
from cmk_admin.ui.bridge import Bridge
from cmk_admin.ui.details.panel import Details
from cmk_admin.ui.doors import Doors
from cmk_admin.ui.message_bar import MessageBar
from cmk_admin.ui.pages import Pages
from cmk_admin.ui.strip import Strip
from cmk_admin.ui.table.page import TablePage
from cmk_admin.ui.theme import sizes
from cmk_admin.ui.theme.theme import Theme
from cmk_admin.ui.tree.panel import TreePanel

LEAST_TREE = 220
LEAST_DETAILS = 380


class Frame(QWidget):
    """The centre of the window. Decides nothing."""

    def __init__(self, bridge: Bridge, theme: Theme, last: ConnectionChoice | None, tree_width: int) -> None:
        """`last` is what the third door opens; `tree_width` as remembered, 0 for the usual."""
        super().__init__()
        self.setObjectName("centre")
        self._tree_width = tree_width or sizes.TREE_WIDTH
        self._placed = False
        self.strip = Strip(theme)
        self.message = MessageBar(theme)
        self.doors = Doors(theme, last)
        self.tree = TreePanel(theme)
        self.details = Details(bridge, theme)
        self.table = TablePage(bridge, theme)
        self.pages = Pages(theme)
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.setObjectName("split")
        self._split.setChildrenCollapsible(False)
        self._split.setHandleWidth(1)
        self._split.addWidget(self.tree)
        self._split.addWidget(self.details)
        self._split.setStretchFactor(0, 0)
        self._split.setStretchFactor(1, 1)
        self.tree.setMinimumWidth(LEAST_TREE)
        self.details.setMinimumWidth(LEAST_DETAILS)
        self.pages.add_fixed(self._split, "Estate", "tree")
        self.pages.add_fixed(self.table, "Table", "table")
        self._places = QStackedWidget()
        self._places.setObjectName("places")
        self._places.addWidget(self.doors)
        self._places.addWidget(self.pages)
        self._dock = QWidget()
        self._dock.setObjectName("bottom")
        self._dock_column = QVBoxLayout(self._dock)
        self._dock_column.setContentsMargins(0, 0, 0, 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.strip)
        column.addWidget(self.message)
        column.addWidget(self._places, 1)
        column.addWidget(self._dock)

    @property
    def tree_width(self) -> int:
        """As it is now, or as it was remembered where the tree was not shown."""
        return self._split.sizes()[0] if self._placed else self._tree_width

    def dock(self, widget: QWidget) -> None:
        """Put a widget at the bottom."""
        self._dock_column.addWidget(widget)

    def show_pages(self) -> None:
        """A connection: strip, pages and dock."""
        self.strip.show()
        self._dock.show()
        self._places.setCurrentWidget(self.pages)
        if not self._placed:
            self._placed = True
            self._split.setSizes([self._tree_width, max(LEAST_DETAILS, self.width() - self._tree_width)])

    def show_doors(self, last: ConnectionChoice | None) -> None:
        """No connection: the doors alone."""
        self.doors.show_last(last)
        self.doors.show_idle()
        self._places.setCurrentWidget(self.doors)
        self.strip.show_connection(None)
        self.strip.hide()
        self._dock.hide()
        self.message.hide()
