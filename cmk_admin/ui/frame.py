"""What the window is made of and where it stands: strip, message, doors or pages, dock."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QSizePolicy, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from cmk_admin.operations.connection import ConnectionChoice
from cmk_admin.ui.message_bar import MessageBar
from cmk_admin.ui.pages import Pages
from cmk_admin.ui.strip import Strip
from cmk_admin.ui.theme import sizes
from cmk_admin.ui.theme.theme import Theme
from cmk_admin.ui.tree.panel import TreePanel

if TYPE_CHECKING:
    from cmk_admin.ui.details.panel import Details
    from cmk_admin.ui.doors import Doors
    from cmk_admin.ui.table.page import TablePage

LEAST_TREE = 220
LEAST_DETAILS = 380
LEAST_PAGES = 232
"""Height that the pages keep; below that the list of operations gives way."""
FOLDED_DOCK = 31
"""What the dock takes while it is folded away; kept free for it, so that nothing moves when it comes."""


class _Estate(QSplitter):
    """Tree and details; whoever comes to them by themselves is in the tree, where the arrow keys do something."""

    def __init__(self, tree: TreePanel) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._tree = tree

    def focusInEvent(self, _: QFocusEvent) -> None:
        self._tree.tree.setFocus(Qt.FocusReason.OtherFocusReason)


class Frame(QWidget):
    """The centre of the window. Decides nothing. Details and table have their places in it, and come after its paint."""

    door_chosen = Signal(object)
    """A `ConnectionChoice`."""
    azure_wanted = Signal()
    drill_wanted = Signal()
    """The door to a real Azure."""

    def __init__(self, theme: Theme, last: ConnectionChoice | None, tree_width: int) -> None:
        """`last` is what the third door opens; `tree_width` as remembered, 0 for the usual."""
        super().__init__()
        self._theme, self._last = theme, last
        self.setObjectName("centre")
        self._tree_width = tree_width or sizes.TREE_WIDTH
        self._placed = False
        self.strip = Strip(theme)
        self.message = MessageBar(theme)
        self.tree = TreePanel(theme)
        self.pages = Pages(theme)
        self._details: QWidget = QWidget()
        self._table: QWidget = QWidget()
        self._split = _Estate(self.tree)
        self._split.setObjectName("split")
        self._split.setChildrenCollapsible(False)
        self._split.setHandleWidth(1)
        self._split.addWidget(self.tree)
        self._split.addWidget(self._details)
        self._split.setStretchFactor(0, 0)
        self._split.setStretchFactor(1, 1)
        self.tree.setMinimumWidth(LEAST_TREE)
        self._details.setMinimumWidth(LEAST_DETAILS)
        self.pages.add_fixed(self._split, "Estate", "tree")
        self.pages.add_fixed(self._table, "Table", "table")
        self._places = QStackedWidget()
        self._places.setObjectName("places")
        self._places.addWidget(self.pages)
        # What is hidden in it, as the doors, must not take the room of the list below it
        self._places.setMinimumHeight(LEAST_PAGES)
        self._places.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Ignored)
        self._dock = QWidget()
        self._dock.setObjectName("bottom")
        self._dock.setProperty("role", "surface")
        self._dock.setMinimumHeight(FOLDED_DOCK)
        self._dock_column = QVBoxLayout(self._dock)
        self._dock_column.setContentsMargins(0, 0, 0, 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.strip)
        column.addWidget(self.message)
        column.addWidget(self._places, 1)
        column.addWidget(self._dock)

    @cached_property
    def doors(self) -> Doors:
        """What is shown while there is no connection; made when it is first shown, which may be never."""
        from cmk_admin.ui.doors import Doors

        doors = Doors(self._theme, self._last)
        doors.chosen.connect(self.door_chosen)
        doors.azure_wanted.connect(self.azure_wanted)
        doors.drill_wanted.connect(self.drill_wanted)
        self._places.addWidget(doors)
        return doors

    @property
    def tree_width(self) -> int:
        """As it is now, or as it was remembered where the tree was not shown."""
        return self._split.sizes()[0] if self._placed else self._tree_width

    def put_details(self, details: Details) -> None:
        """In their place beside the tree."""
        widths = self._split.sizes()
        details.setMinimumWidth(LEAST_DETAILS)
        self._split.replaceWidget(1, details)
        self._split.setStretchFactor(1, 1)
        self._split.setSizes(widths)
        self._details.deleteLater()
        self._details = details

    def put_table(self, table: TablePage) -> None:
        """On its tab."""
        self.pages.replace(self._table, table)
        self._table = table

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

    def show_opening(self, choice: ConnectionChoice) -> None:
        """A connection is being opened: its frame, still empty."""
        self.message.hide()
        self.show_pages()
        self.strip.show_opening(choice)

    def show_doors(self, last: ConnectionChoice | None) -> None:
        """No connection: the doors alone."""
        self.doors.show_last(last)
        self.doors.show_idle()
        self._places.setCurrentWidget(self.doors)
        self.strip.show_connection(None)
        self.strip.hide()
        self._dock.hide()
        self.message.hide()
