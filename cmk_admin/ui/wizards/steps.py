"""The narrow list of steps at the left of a wizard: what is answered, what is asked, what is to come."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QListWidget, QListWidgetItem

from cmk_admin.ui.theme import sizes
from cmk_admin.ui.theme.colors import Tone
from cmk_admin.ui.theme.theme import Theme
from cmk_admin.ui.wizards.flow import PLAN, Mark, Stops

WIDTH = 184

_LOOKS: dict[Mark, tuple[str, Tone, str]] = {
    Mark.NOW: ("step-now", "accent", "this page"),
    Mark.DONE: ("step-done", "secondary", "answered"),
    Mark.WRONG: ("warning", "caution", "has to be answered anew"),
    Mark.LATER: ("step-later", "secondary", "to come"),
}


class Steps(QListWidget):
    """Arrow keys walk in it, Enter, Space or a click goes to a page that was there before."""

    wanted = Signal(str)
    """The name of a page."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._shown: dict[str, Mark] = {}
        self.setObjectName("wizard-steps")
        self.setAccessibleName("Steps")
        self.setProperty("role", "steps")
        self.setFixedWidth(WIDTH)
        self.setIconSize(QSize(sizes.ICON, sizes.ICON))
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setUniformItemSizes(True)
        self.itemClicked.connect(self._ask)
        theme.changed.connect(self._paint)

    def show_steps(self, stops: Stops, marks: dict[str, Mark], open_ones: frozenset[str]) -> None:
        """Show every page with its mark; only `open_ones` can be gone to."""
        titles = {**{stop.name: stop.title for stop in stops}, PLAN: "Plan"}
        if list(titles) != list(self._shown):
            self.clear()
            for name, title in titles.items():
                item = QListWidgetItem(title)
                item.setData(Qt.ItemDataRole.UserRole, name)
                item.setSizeHint(QSize(0, sizes.ROW + 4))
                self.addItem(item)
        self._shown = {name: marks[name] for name in titles}
        for at, (name, mark) in enumerate(self._shown.items()):
            item = self.item(at)
            can = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
            item.setFlags(can if name in open_ones or mark is Mark.NOW else Qt.ItemFlag.NoItemFlags)
            words = f"{titles[name]}, {_LOOKS[mark][2]}"
            item.setData(Qt.ItemDataRole.AccessibleTextRole, words)
            item.setToolTip(words)
            if mark is Mark.NOW:
                self.setCurrentItem(item)
        self._paint()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            if self.currentItem() is not None:
                self._ask(self.currentItem())
            return
        if event.key() == Qt.Key.Key_Escape:
            event.ignore()
            return
        super().keyPressEvent(event)

    def _ask(self, item: QListWidgetItem) -> None:
        name = str(item.data(Qt.ItemDataRole.UserRole))
        if item.flags() & Qt.ItemFlag.ItemIsEnabled and self._shown.get(name) is not Mark.NOW:
            self.wanted.emit(name)

    def _paint(self) -> None:
        for at, mark in enumerate(self._shown.values()):
            icon, tone, _ = _LOOKS[mark]
            item = self.item(at)
            item.setIcon(self._theme.icon(icon, tone))
            font = item.font()
            font.setBold(mark is Mark.NOW)
            item.setFont(font)
            # An answered page stands out from one that is still shut
            item.setForeground(self._theme.color("secondary" if mark is Mark.LATER else "text"))
