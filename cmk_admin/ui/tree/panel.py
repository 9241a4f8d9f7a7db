"""The left side: grouping, filter, tree."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from cmk_admin.domain.kinds import Grouping
from cmk_admin.domain.words import count
from cmk_admin.ui.announce import announce
from cmk_admin.ui.theme import sizes
from cmk_admin.ui.theme.theme import Theme

if TYPE_CHECKING:
    from cmk_admin.domain.search import Found, Search
    from cmk_admin.ui.tree.view import TreeView

GROUPINGS = {
    Grouping.VAULT: "By vault",
    Grouping.SERVICE: "By service",
    Grouping.IDENTITY: "By identity",
    Grouping.SUBSCRIPTION: "By subscription",
}


class TreePanel(QWidget):
    """Painted with the frame of the window; the tree is put into it afterwards."""

    tree: TreeView

    chosen = Signal(object, object)
    """A `Node` was selected by the user, and the nodes above it, nearest first."""
    opened = Signal()
    menu_wanted = Signal(QPoint)
    grouping_changed = Signal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("tree-panel")
        self.setProperty("role", "surface")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self._search: Search | None = None
        self.filter = QLineEdit()
        self.filter.setObjectName("filter")
        self.filter.setAccessibleName("Filter the tree")
        self.filter.setPlaceholderText("Filter")
        self.filter.setToolTip(
            "Finds names, host names, resource ids, object and client ids, key ids and tags (Ctrl+F)"
        )
        self.filter.setClearButtonEnabled(True)
        self._lens = QAction(self)
        self.filter.addAction(self._lens, QLineEdit.ActionPosition.LeadingPosition)
        self.grouping = QComboBox()
        self.grouping.setObjectName("grouping")
        self.grouping.setAccessibleName("Group the tree")
        for grouping, text in GROUPINGS.items():
            self.grouping.addItem(text, grouping.value)
        self._nothing = QLabel()
        self._nothing.setObjectName("filter-nothing")
        self._nothing.setProperty("role", "quiet")
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._nothing.setWordWrap(True)
        self._nothing.setContentsMargins(16, 24, 16, 24)
        self._nothing.hide()

        top = QHBoxLayout()
        top.setContentsMargins(sizes.GRID, sizes.GRID, sizes.GRID, sizes.GRID)
        top.setSpacing(sizes.GRID)
        top.addWidget(self.filter, 1)
        top.addWidget(self.grouping)
        self._body = body = QVBoxLayout(self)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(0)
        body.addLayout(top)
        body.addWidget(self._nothing)
        body.addStretch()

        self.filter.textChanged.connect(self._filter)
        self.filter.returnPressed.connect(self._take_first)
        self.filter.installEventFilter(self)
        self.grouping.currentIndexChanged.connect(self._regroup)
        theme.changed.connect(self._paint)
        self._paint()

    def put(self, tree: TreeView) -> None:
        """Let this be the tree. What only shows when somebody asks for it is made by now, too."""
        self.tree = tree
        self.grouping.view().setObjectName("grouping-list")
        self.grouping.view().setAccessibleName("Group the tree")
        self._body.addWidget(tree, 1)
        tree.typed.connect(self._type)
        tree.unfiltered.connect(self.filter.clear)
        tree.chosen.connect(self.chosen)
        tree.opened.connect(self.opened)
        tree.menu_wanted.connect(self.menu_wanted)

    def show_tree(self, search: Search) -> None:
        """Show a newer tree, filtered by what is typed."""
        self._search = search
        self._show(self.tree.show_found)

    def current_grouping(self) -> Grouping:
        return Grouping(self.grouping.currentData())

    def set_grouping(self, grouping: Grouping) -> None:
        self.grouping.setCurrentIndex(list(GROUPINGS).index(grouping))

    def focus_filter(self) -> None:
        self.filter.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.filter.selectAll()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.filter and isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            if event.key() == Qt.Key.Key_Escape and self.filter.text():
                self.filter.clear()
                return True
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_PageDown):
                self.tree.setFocus(Qt.FocusReason.TabFocusReason)
                if not self.tree.currentIndex().isValid():
                    self.tree.setCurrentIndex(self.tree.tree_model().index(0, 0))
                return True
        return super().eventFilter(watched, event)

    def sizeHint(self) -> QSize:
        return QSize(sizes.TREE_WIDTH, 400)

    def _filter(self, text: str) -> None:
        found = self._show(self.tree.show_filtered)
        if found is None or not text:
            return
        announce(self, count(len(found.roots), "row") + " at the top" if found.roots else self._nothing.text())

    def _show(self, show: Callable[[Found], None]) -> Found | None:
        """Show by one of the tree's ways what the filter leaves."""
        if self._search is None:
            return None
        found = self._search.find(self.filter.text().strip())
        show(found)
        none = not found.everything and not found.roots
        if none:
            self._nothing.setText(f"Nothing that was read has “{found.text}” in it.\nEsc clears the filter.")
        self._nothing.setVisible(none)
        return found

    def _type(self, text: str) -> None:
        self.filter.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.filter.setText(self.filter.text() + text)

    def _take_first(self) -> None:
        if self._search is None:
            return
        first = self._search.find(self.filter.text().strip()).first()
        if first is None:
            return
        path = _path_to(self.tree, first.id)
        if path:
            self.tree.select_path(path)
            self.tree.setFocus(Qt.FocusReason.TabFocusReason)

    def _regroup(self, _: int) -> None:
        self.grouping_changed.emit(self.current_grouping())

    def _paint(self) -> None:
        self._lens.setIcon(self._theme.icon("search", "secondary"))


def _path_to(tree: TreeView, node_id: str) -> tuple[str, ...]:
    """The path of a row that is shown; the rows above the first match are unfolded already."""
    model = tree.tree_model()

    def walk(parent_path: tuple[str, ...]) -> tuple[str, ...]:
        parent = model.index_of(parent_path)
        if parent_path and not parent.isValid():
            return ()
        for at in range(model.rowCount(parent)):
            node = model.node(model.index(at, 0, parent))
            if node is None:
                continue
            path = (*parent_path, node.id)
            if node.id == node_id:
                return path
            if tree.isExpanded(model.index(at, 0, parent)) and (deeper := walk(path)):
                return deeper
        return ()

    return walk(())
