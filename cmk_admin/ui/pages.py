"""The tabs over the whole width: the estate, the table, and pages that were opened beside them."""

from collections import Counter
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtWidgets import QApplication, QTabBar, QTabWidget, QToolButton, QWidget

from cmk_admin.domain.words import shortened
from cmk_admin.ui.theme import sizes
from cmk_admin.ui.theme.colors import Tone
from cmk_admin.ui.theme.theme import Theme

LONGEST_TITLE = 36
LONGEST_DETAIL = 20
SHORTEST_TITLE = 24
"""Kept of a title beside its detail."""
BETWEEN = " · "
"""What stands between a title and the detail that tells it from another one."""

TITLE, DETAIL = "tab-title", "tab-detail"
"""Properties of an opened page: what its tab says, and what is added to that where another tab says the same."""


class Pages(QTabWidget):
    """The first tabs stay; pages opened later can be closed, and ask whether they may go."""

    turned = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._fixed = 0
        self.setObjectName("pages")
        self.setAccessibleName("Pages")
        self.setProperty("role", "pages")
        self.setDocumentMode(True)
        self.setIconSize(QSize(sizes.ICON, sizes.ICON))
        bar = self.tabBar()
        bar.setObjectName("pages-bar")
        bar.setAccessibleName("Pages")
        bar.setProperty("role", "pages")
        bar.setExpanding(False)
        bar.setElideMode(Qt.TextElideMode.ElideRight)
        bar.setUsesScrollButtons(True)
        # Who closes a record is back at the operation it was opened from
        bar.setSelectionBehaviorOnRemove(QTabBar.SelectionBehavior.SelectPreviousTab)
        self.currentChanged.connect(self._turned)
        theme.changed.connect(self._paint)

    def add_fixed(self, page: QWidget, title: str, icon: str) -> None:
        """A tab that is always there."""
        page.setProperty("tab-icon", icon)
        page.setProperty("tab-tone", "secondary")
        self.addTab(page, self._theme.icon(icon, "secondary"), title)
        self._fixed += 1

    def replace(self, before: QWidget, page: QWidget) -> None:
        """Another page on a tab that is always there; the one before is deleted."""
        at, shown = self.indexOf(before), self.currentIndex()
        title, icon = self.tabText(at), self.tabIcon(at)
        for name in ("tab-icon", "tab-tone"):
            page.setProperty(name, before.property(name))
        with QSignalBlocker(self):
            self.removeTab(at)
            self.insertTab(at, page, icon, title)
            self.setCurrentIndex(shown)
        before.deleteLater()

    def open_page(self, page: QWidget, title: str, icon: str, tone: Tone) -> None:
        """Show a page on a tab of its own, or raise it; its property `DETAIL` tells it from one with the same title."""
        at = self.indexOf(page)
        if at < 0:
            page.setProperty("tab-icon", icon)
            page.setProperty("tab-tone", tone)
            at = self.addTab(page, self._theme.icon(icon, tone), "")
            close = QToolButton()
            close.setObjectName(f"close-{page.objectName() or 'page'}")
            close.setIcon(self._theme.icon("close", "secondary"))
            close.setIconSize(QSize(12, 12))
            close.setFixedSize(24, 24)
            close.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Ctrl+W does the same by keyboard
            close.clicked.connect(partial(self._close_clicked, page))
            self.tabBar().setTabButton(at, QTabBar.ButtonPosition.RightSide, close)
            page.windowTitleChanged.connect(partial(self._retitle, page))
        page.setProperty(TITLE, title)
        self._name_tabs()
        focused = QApplication.focusWidget()
        inside = focused is not None and page.isAncestorOf(focused)
        self.setCurrentIndex(at)
        # Turning to it gives the focus to whatever comes first: the page knows better where one begins
        if not inside:
            page.setFocus(Qt.FocusReason.OtherFocusReason)

    def close_page(self, page: QWidget) -> bool:
        """Close a page that was opened; False where it must not go yet."""
        at = self.indexOf(page)
        if at < self._fixed:
            return False
        if not page.close():
            return False
        shown = self.currentWidget() is page
        self.removeTab(self.indexOf(page))
        page.deleteLater()
        self._name_tabs()
        left = self.currentWidget()
        if shown and left is not None:
            # To what had it there before; a page that was not gone into yet knows where one begins
            had = left.focusWidget()
            back = had if had is not None and had.isVisible() and had.isEnabled() else left
            back.setFocus(Qt.FocusReason.OtherFocusReason)
        return True

    def close_opened(self, again: Callable[[], None] | None = None) -> bool:
        """Close all that were opened; False where one must not go: it is raised.

        One that asks whether it may go, and has an attribute `then`, calls `again` when that was answered with yes.
        """
        for page in self.opened():
            if not self.close_page(page):
                self.setCurrentWidget(page)
                if hasattr(page, "then"):
                    page.then = again
                return False
        return True

    def opened(self) -> tuple[QWidget, ...]:
        """The pages that can be closed, left to right."""
        return tuple(page for at in range(self._fixed, self.count()) if (page := self.widget(at)) is not None)

    def close_current(self) -> None:
        page = self.currentWidget()
        if page is not None:
            self.close_page(page)

    @property
    def on_opened_page(self) -> bool:
        """True where the current page is one that can be closed."""
        return self.currentIndex() >= self._fixed

    def _close_clicked(self, page: QWidget, *_: object) -> None:
        self.close_page(page)

    def _retitle(self, page: QObject, title: str) -> None:
        if title:
            page.setProperty(TITLE, title)
            self._name_tabs()

    def _name_tabs(self) -> None:
        """Tabs that would say the same say what tells them apart; what is cut off stands in the tooltip."""
        titles = Counter(str(page.property(TITLE)) for page in self.opened())
        for page in self.opened():
            title, detail = str(page.property(TITLE)), str(page.property(DETAIL) or "")
            if titles[title] == 1:
                detail = ""
            whole = f"{title}{BETWEEN}{detail}" if detail else title
            at = self.indexOf(page)
            self.setTabText(at, tab_text(title, detail))
            self.setTabToolTip(at, whole)
            close = self.tabBar().tabButton(at, QTabBar.ButtonPosition.RightSide)
            if isinstance(close, QToolButton):
                close.setAccessibleName(f"Close {whole}")
                close.setToolTip(f"Close “{whole}” (Ctrl+W)")

    def _turned(self, _: int) -> None:
        self.turned.emit()

    def _paint(self) -> None:
        for at in range(self.count()):
            page = self.widget(at)
            if page is not None:
                self.setTabIcon(at, self._theme.icon(page.property("tab-icon"), page.property("tab-tone")))
            close = self.tabBar().tabButton(at, QTabBar.ButtonPosition.RightSide)
            if isinstance(close, QToolButton):
                close.setIcon(self._theme.icon("close", "secondary"))


def tab_text(title: str, detail: str = "") -> str:
    """A tab's text, cut in its middle: both the name and the act are seen. An ampersand is no mnemonic there."""
    end = f"{BETWEEN}{shortened(detail, LONGEST_DETAIL)}" if detail else ""
    return f"{shortened(title, max(LONGEST_TITLE - len(end), SHORTEST_TITLE))}{end}".replace("&", "&&")
