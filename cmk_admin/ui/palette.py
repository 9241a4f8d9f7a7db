"""The command palette: every verb on what is selected, and everything in the estate, by typing."""

from dataclasses import dataclass
from itertools import islice

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QKeyEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHeaderView,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from cmk_admin.domain.search import Search
from cmk_admin.domain.tree import Kind, Node
from cmk_admin.ui.actions import Actions, Verb
from cmk_admin.ui.selection import Selection
from cmk_admin.ui.theme import sizes
from cmk_admin.ui.theme.theme import Theme
from cmk_admin.ui.tree import look

WIDTH = 600
ROWS = 12
THINGS = 20


@dataclass(frozen=True, slots=True)
class _Entry:
    verb: str | None
    node: Node | None


class Palette(QFrame):
    """Lies over the window; Esc or a click elsewhere closes it."""

    picked = Signal(object)
    """A `Node` was picked."""

    def __init__(self, window: QWidget, theme: Theme, verbs: Actions) -> None:
        super().__init__(window)
        self.setObjectName("palette")
        self.setProperty("role", "palette")
        self.setAccessibleName("Commands")
        self._theme, self._verbs = theme, verbs
        self._search = Search(())
        self._kind = "none"
        self._entries: list[_Entry] = []
        self._back: QWidget | None = None
        self.field = QLineEdit()
        self.field.setObjectName("palette-field")
        self.field.setAccessibleName("Type a command or a name")
        self.field.installEventFilter(self)
        self.field.textChanged.connect(self._fill)
        self.list = QTreeWidget()
        self.list.setObjectName("palette-list")
        self.list.setAccessibleName("Commands and things")
        self.list.setColumnCount(2)
        self.list.setHeaderHidden(True)
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setIconSize(QSize(sizes.ICON, sizes.ICON))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.header().setStretchLastSection(False)
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.list.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.list.itemClicked.connect(self._clicked)
        theme.changed.connect(self._recolour)
        body = QVBoxLayout(self)
        body.setContentsMargins(8, 8, 8, 8)
        body.setSpacing(6)
        body.addWidget(self.field)
        body.addWidget(self.list)
        self.hide()

    def pop_up(self, search: Search, selection: Selection) -> None:
        """Show it for what is selected."""
        self._search, self._kind = search, selection.kind
        subject = selection.name
        self._back = QApplication.focusWidget()
        window = self.parentWidget()
        assert window is not None
        width = min(WIDTH, window.width() - 48)
        self.setGeometry((window.width() - width) // 2, 88, width, 56 + ROWS * sizes.ROW)
        self.field.setPlaceholderText(f"What to do with {subject}, or a name to go to" if subject else "What to do")
        self.field.clear()
        self._fill("")
        self.show()
        self.raise_()
        self.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def close_up(self) -> None:
        """Hide it; the focus goes back to where it was."""
        if not self.isVisible():
            return
        self.hide()
        if self._back is not None:
            self._back.setFocus(Qt.FocusReason.PopupFocusReason)
            self._back = None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field and isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress:
            key = event.key()
            if key == Qt.Key.Key_Escape:
                self.close_up()
                return True
            if key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
                self._step(1 if key == Qt.Key.Key_Down else -1)
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._do(self.list.currentItem())
                return True
        if watched is self.field and event.type() is QEvent.Type.FocusOut and not self.list.underMouse():
            self._back = None
            self.hide()
        return super().eventFilter(watched, event)

    def _fill(self, text: str) -> None:
        wanted = text.lower().split()
        self.list.clear()
        self._entries = []
        possible: list[tuple[Verb, str, str | None]] = []
        others: list[tuple[Verb, str, str | None]] = []
        # What can be done with the thing that is selected comes first, and last of that what takes away
        for verb in sorted(self._verbs, key=lambda one: (self._kind not in one.context, one.danger)):
            if verb.id == "palette":
                continue
            plain = verb.text.replace("&", "")
            if all(word in f"{plain} {verb.tip}".lower() for word in wanted):
                reason = self._verbs.why_not(verb.id)
                (others if reason else possible).append((verb, plain, reason))
        for verb, plain, _ in possible:
            item = self._add(_Entry(verb.id, None), plain, verb.shortcut or "")
            if verb.icon:
                item.setIcon(0, self._theme.icon(verb.icon, "danger" if verb.danger else "secondary"))
            if verb.danger:
                item.setForeground(0, QBrush(self._theme.color("danger")))
        if wanted:
            for node in islice(self._search.find(text).matches(), THINGS):
                if node.kind is not Kind.NOTE:
                    item = self._add(_Entry(None, node), node.text, node.secondary or node.kind.value)
                    item.setIcon(0, self._theme.icon(*look.icon(node)))
        for verb, plain, reason in others:
            item = self._add(_Entry(verb.id, None), plain, reason or "")
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            if verb.icon:
                item.setIcon(0, self._theme.icon(verb.icon, "secondary"))
        height = min(ROWS, max(1, self.list.topLevelItemCount())) * sizes.ROW
        self.list.setFixedHeight(height + 2)
        self.resize(self.width(), self.field.sizeHint().height() + height + 26)
        self._step(0)

    def _add(self, entry: _Entry, text: str, right: str) -> QTreeWidgetItem:
        item = QTreeWidgetItem([text, right])
        item.setSizeHint(0, QSize(0, sizes.ROW))
        item.setForeground(1, QBrush(self._theme.color("secondary")))
        item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.list.addTopLevelItem(item)
        self._entries.append(entry)
        return item

    def _recolour(self) -> None:
        if self.isVisible():
            self._fill(self.field.text())

    def _step(self, by: int) -> None:
        """The next row that can be picked, up or down; 0: the first one."""
        count = self.list.topLevelItemCount()
        current = self.list.currentItem()
        at = self.list.indexOfTopLevelItem(current) if by and current is not None else -1
        direction = by or 1
        for _ in range(count):
            at = (at + direction) % count
            item = self.list.topLevelItem(at)
            if item is not None and item.flags() & Qt.ItemFlag.ItemIsEnabled:
                self.list.setCurrentItem(item)
                return

    def _clicked(self, item: QTreeWidgetItem, _: int) -> None:
        self._do(item)

    def _do(self, item: QTreeWidgetItem | None) -> None:
        if item is None or not item.flags() & Qt.ItemFlag.ItemIsEnabled:
            return
        entry = self._entries[self.list.indexOfTopLevelItem(item)]
        self.close_up()
        if entry.verb is not None:
            self._verbs.run(entry.verb)
        elif entry.node is not None:
            self.picked.emit(entry.node)
