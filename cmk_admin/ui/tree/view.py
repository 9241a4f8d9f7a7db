"""The tree's view: keyboard, what is unfolded, and the selection, all kept by id while rows come and go."""

from collections.abc import Iterable
from itertools import islice

from PySide6.QtCore import (
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QCursor, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractItemView, QStyleOptionViewItem, QTreeView, QWidget

from cmk_admin.domain.search import Found
from cmk_admin.domain.tree import Kind, Node
from cmk_admin.ui.theme import sizes
from cmk_admin.ui.theme.theme import Theme
from cmk_admin.ui.tree.delegate import Marks, RowDelegate
from cmk_admin.ui.tree.model import TreeModel

SHOWN_MATCHES = 40
"""The rows above so many matches are unfolded while something is typed: more than a screen holds."""

FIRST_ROWS = 100
"""So many rows at the top are laid out at each key press, more than any screen holds: Qt asks for every one of them."""

REST_MS = 250
"""The other rows follow when no key was pressed for so long."""

Path = tuple[str, ...]


class TreeView(QTreeView):
    chosen = Signal(object, object)
    """A `Node` was selected by the user, and the nodes above it, nearest first."""
    opened = Signal()
    """Double click or Enter: the same safe thing."""
    typed = Signal(str)
    """A character that belongs into the filter."""
    unfiltered = Signal()
    """Escape, while only some rows are shown: all are wanted again."""
    menu_wanted = Signal(QPoint)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._model = TreeModel(self)
        self._unfolded: set[Path] = set()
        """By the user, while nothing is typed."""
        self._by_filter: set[Path] = set()
        """Unfolded above matches while something is typed, and folded again after it."""
        self._selected: Path = ()
        self._filtered = False
        self._quiet = False
        """While rows are exchanged: what happens then is not the user's doing."""
        self._exchanging = False
        """While rows come and go and are unfolded: one layout follows, not one for each."""
        self._place = 0
        """How far down it was scrolled before something was typed."""
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self.complete)
        self._selected_number = self._focused_number = self._hovered_number = 0
        """Internal ids of the rows that are drawn so; no row has 0."""
        self.setObjectName("tree")
        self.setAccessibleName("Vaults, keys and the services that use them")
        self.setModel(self._model)
        self._delegate = RowDelegate(theme, self)
        self.setItemDelegate(self._delegate)
        self.setHeaderHidden(True)
        self.setUniformRowHeights(True)
        self.setAnimated(False)
        self.setIndentation(18)
        self.setExpandsOnDoubleClick(False)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._ask_menu)
        self.setMouseTracking(True)
        self.expanded.connect(self._unfold)
        self.collapsed.connect(self._fold)
        self.doubleClicked.connect(self._open)
        theme.changed.connect(self.viewport().update)

    def tree_model(self) -> TreeModel:
        return self._model

    def show_found(self, found: Found) -> None:
        """Show a newer tree or what the filter leaves of it. Selection, what is unfolded and the place stay."""
        self._rest.stop()
        self._quiet = True
        self._filtered = not found.everything
        try:
            self._exchanging = True
            self._model.show(found)
            self._unfold_exactly(self._above_matches(found) if self._filtered else self._unfolded)
            self._exchanging = False
            self._select_again()
        finally:
            self._quiet = self._exchanging = False

    def show_filtered(self, found: Found) -> None:
        """Show what a key press in the filter leaves of the same tree: the first rows at once, the rest soon after.

        It begins at the top; when nothing is typed any more, it goes back to what is selected, or to where it was.
        """
        if not self._filtered:
            self._place = self.verticalScrollBar().value()
        self._quiet = True
        self._filtered = not found.everything
        wanted = self._above_matches(found) if self._filtered else self._unfolded
        try:
            self._model.begin(found, FIRST_ROWS)
            self._unfold_these(wanted)
            self._by_filter = wanted - self._unfolded if self._filtered else set()
            self._select_again()
        finally:
            self._quiet = False
        if self._filtered or not (self._selected or self._place):
            self.verticalScrollBar().setValue(0)
            self._rest.start()
            return
        self.complete()
        index = self._model.index_of(self._selected)
        if index.isValid():
            self.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)
        else:
            self.doItemsLayout()
            self.verticalScrollBar().setValue(self._place)

    def complete(self) -> None:
        """Show the rows that `show_filtered` left for later."""
        self._rest.stop()
        if not self._model.waiting:
            return
        self._quiet = True
        try:
            self._model.complete()
            if not self._filtered:
                self._unfold_these(self._unfolded)
            self._select_again()
        finally:
            self._quiet = False

    def select_path(self, path: Path, *, tell: bool = True) -> bool:
        """Select the row that these node ids lead to, unfolding what is above; False where it is not shown."""
        self.complete()
        index = self._model.index_of(path)
        if not index.isValid():
            return False
        self._quiet = not tell
        try:
            above = index.parent()
            while above.isValid():
                self.setExpanded(above, True)
                above = above.parent()
            self.setCurrentIndex(index)
            self.scrollTo(index)
        finally:
            self._quiet = False
        self._selected = path
        return True

    @property
    def selected_path(self) -> Path:
        """Node ids of what is selected, from the top; it stays while a filter hides the row."""
        return self._selected

    def current_node(self) -> Node | None:
        return self._model.node(self.currentIndex())

    # Qt's own

    def doItemsLayout(self) -> None:
        if self._exchanging:
            self.scheduleDelayedItemsLayout()
        else:
            super().doItemsLayout()

    def selectionChanged(self, selected: QItemSelection, deselected: QItemSelection) -> None:
        super().selectionChanged(selected, deselected)
        if self._quiet:
            return
        indexes = self.selectedIndexes()
        node = self._model.node(indexes[0]) if indexes else None
        if node is not None and node.kind is not Kind.NOTE:
            self._selected = self._model.path_of(indexes[0])
            self.chosen.emit(node, tuple(self._model.above(indexes[0])))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        self.complete()
        text = event.text()
        plain = event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier == Qt.KeyboardModifier.NoModifier
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.opened.emit()
        elif text and text.isprintable() and plain and text != " ":
            self.typed.emit(text)
        elif event.key() == Qt.Key.Key_Escape and self._filtered:
            self.unfiltered.emit()
        else:
            super().keyPressEvent(event)

    def keyboardSearch(self, search: str) -> None:
        """Typing goes to the filter instead."""

    def paintEvent(self, event: QPaintEvent) -> None:
        # Asked once, not for every row
        selected = self.selectedIndexes()
        self._selected_number = selected[0].internalId() if selected else 0
        self._focused_number = self.currentIndex().internalId() if self.hasFocus() else 0
        viewport = self.viewport()
        under = self.indexAt(viewport.mapFromGlobal(QCursor.pos())) if viewport.underMouse() else QModelIndex()
        self._hovered_number = under.internalId()
        self._delegate.begin(viewport.devicePixelRatioF())
        super().paintEvent(event)

    def drawRow(
        self, painter: QPainter, options: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        node = self._model.node(index)
        if node is None:
            return
        number = index.internalId()
        fold = ""
        if self._model.hasChildren(index):
            fold = "chevron-down" if self.isExpanded(index) else "chevron-right"
        marks = Marks(
            indent=self.indentation() * (self._model.depth(index) + 1),
            fold=fold,
            selected=number == self._selected_number,
            hovered=number == self._hovered_number,
            focused=number == self._focused_number,
        )
        self._delegate.draw(painter, options.rect, node, marks)

    # What is unfolded and selected

    def _unfold(self, index: QModelIndex) -> None:
        if not self._quiet and not self._filtered:
            self._unfolded.add(self._model.path_of(index))

    def _fold(self, index: QModelIndex) -> None:
        if not self._quiet and not self._filtered:
            self._unfolded.discard(self._model.path_of(index))

    def _unfold_exactly(self, wanted: set[Path]) -> None:
        """Unfold these rows; of those that the filter has unfolded, fold the others."""
        fold = [self._model.index_of(path) for path in self._by_filter - wanted - self._unfolded]
        unfold = [self._model.index_of(path) for path in sorted(wanted, key=len)]
        fold = [index for index in fold if index.isValid() and self.isExpanded(index)]
        unfold = [index for index in unfold if index.isValid() and not self.isExpanded(index)]
        if fold or unfold:
            # While a layout is pending these are only noted, so that one layout follows and not one for each
            self.scheduleDelayedItemsLayout()
        for index in fold:
            self.setExpanded(index, False)
            self._model.forget(index)
        for index in unfold:
            self.setExpanded(index, True)
        self._by_filter = wanted - self._unfolded if self._filtered else set()

    def _unfold_these(self, wanted: set[Path]) -> None:
        # While a layout is pending these are only noted
        self.scheduleDelayedItemsLayout()
        for path in sorted(wanted, key=len):
            index = self._model.index_of(path)
            if index.isValid() and not self.isExpanded(index):
                self.setExpanded(index, True)

    def _above_matches(self, found: Found) -> set[Path]:
        """The rows above the first matches, which are looked for top down until a screenful is found."""
        above: set[Path] = set()
        left = {node.id for node in islice(found.matches(), SHOWN_MATCHES)}

        def walk(nodes: Iterable[Node], path: Path) -> None:
            for node in nodes:
                if not left:
                    return
                if node.id in left:
                    left.discard(node.id)
                elif node.children:
                    above.add((*path, node.id))
                    walk(found.children(node), (*path, node.id))

        walk(found.roots, ())
        return above

    def _select_again(self) -> None:
        if not self._selected:
            return
        index = self._model.index_of(self._selected)
        if not index.isValid():
            # Qt selects a neighbour of a row that goes; nobody chose it
            self.selectionModel().clear()
        elif not self.selectionModel().isSelected(index):
            self.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def _open(self, _: QModelIndex) -> None:
        self.opened.emit()

    def _ask_menu(self, at: QPoint) -> None:
        self.menu_wanted.emit(self.viewport().mapToGlobal(at))

    def sizeHintForRow(self, row: int) -> int:
        return sizes.ROW
