"""The left side: grouping, filter, tree."""

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from cmk_admin.domain.search import Search
from cmk_admin.domain.tree import Grouping, Kind, Mark, Node
from cmk_admin.domain.words import count
from cmk_admin.ui.announce import announce
from cmk_admin.ui.theme import sizes
from cmk_admin.ui.theme.theme import Theme
from cmk_admin.ui.tree.view import TreeView

GROUPINGS = {
    Grouping.VAULT: "By vault",
    Grouping.SERVICE: "By service",
    Grouping.IDENTITY: "By identity",
    Grouping.SUBSCRIPTION: "By subscription",
}


class TreePanel(QWidget):
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
        self._search = Search(())
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
        self.grouping.view().setObjectName("grouping-list")
        self.grouping.view().setAccessibleName("Group the tree")
        for grouping, text in GROUPINGS.items():
            self.grouping.addItem(text, grouping.value)
        self.tree = TreeView(theme)
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
        body = QVBoxLayout(self)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(0)
        body.addLayout(top)
        body.addWidget(self._nothing)
        body.addWidget(self.tree, 1)

        self.filter.textChanged.connect(self._filter)
        self.filter.returnPressed.connect(self._take_first)
        self.filter.installEventFilter(self)
        self.grouping.currentIndexChanged.connect(self._regroup)
        self.tree.typed.connect(self._type)
        self.tree.chosen.connect(self.chosen)
        self.tree.opened.connect(self.opened)
        self.tree.menu_wanted.connect(self.menu_wanted)
        theme.changed.connect(self._paint)
        self._paint()

    def show_tree(self, search: Search) -> None:
        """Show a newer tree, filtered by what is typed."""
        self._search = search
        self._show()

    def show_note(self, text: str, secondary: str = "", mark: Mark = Mark.NONE) -> None:
        """One row of text instead of a tree: reading, failed ..."""
        self.show_tree(Search((Node(id="note", kind=Kind.NOTE, text=text, secondary=secondary, mark=mark),)))

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
        self._show()
        if text and self._nothing.isVisible():
            announce(self, self._nothing.text())
        elif text:
            announce(self, count(self.tree.tree_model().rowCount(), "row") + " at the top")

    def _show(self) -> None:
        text = self.filter.text().strip()
        found = self._search.find(text)
        self.tree.show_found(found)
        none = bool(text) and not found.roots
        if none:
            self._nothing.setText(f"Nothing that was read has “{text}” in it.\nEsc clears the filter.")
        self._nothing.setVisible(none)

    def _type(self, text: str) -> None:
        self.filter.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.filter.setText(self.filter.text() + text)

    def _take_first(self) -> None:
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
