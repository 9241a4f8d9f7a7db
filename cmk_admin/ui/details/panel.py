"""The details of what is selected: header and tabs. Made from a `Page`, which is worked out beside the Qt thread."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from cmk_admin.domain.index import Index
from cmk_admin.ui.bridge import Bridge, Job
from cmk_admin.ui.details.cards import FactsCard, SectionCard
from cmk_admin.ui.details.describe import describe, same_thing
from cmk_admin.ui.details.page import Page
from cmk_admin.ui.selection import NOTHING, Selection
from cmk_admin.ui.theme import sizes
from cmk_admin.ui.theme.theme import Theme
from cmk_admin.ui.widgets.grid import GridTab
from cmk_admin.ui.widgets.labels import ChipLabel, Elided, ToneIcon, label
from cmk_admin.ui.widgets.places import clear

MARGIN, SPACING = 20, 14
LEAST_TITLE = 140
"""Pixels that a name is left beside the buttons; where it would have less, they show their icons alone."""


class Header(QFrame):
    """Name, chips, where it is; at the right what can be done."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("details-header")
        self.setProperty("role", "surface")
        self._theme = theme
        self._icon = ToneIcon(theme, "key", "accent", 24)
        self.title = Elided("", "title", Qt.TextElideMode.ElideMiddle)
        self.title.setObjectName("details-title")
        self._chips = QHBoxLayout()
        self._chips.setSpacing(6)
        self.where = Elided("", "quiet")
        self._when: list[tuple[QPushButton, QAction, Callable[[], bool]]] = []
        self._worded: dict[QPushButton, str] = {}
        self._fitted: tuple[int, tuple[QPushButton, ...]] = (0, ())
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(sizes.GRID)
        second = QHBoxLayout()
        second.setSpacing(10)
        second.addLayout(self._chips)
        second.addWidget(self.where, 1)
        words = QVBoxLayout()
        words.setSpacing(6)
        words.addWidget(self.title)
        words.addLayout(second)
        row = QHBoxLayout(self)
        row.setContentsMargins(MARGIN, 16, MARGIN, 10)
        row.setSpacing(SPACING)
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)
        row.addLayout(self._buttons)

    def add_button(self, action: QAction, *, danger: bool = False, when: Callable[[], bool] | None = None) -> None:
        """A verb as a button; hidden where it is not possible on what is selected, or `when` says no."""
        text = action.text().replace("&", "")
        button = QPushButton()
        self._worded[button] = f" {text}"  # a style sheet leaves no gap after the icon
        button.setText(self._worded[button])
        button.setObjectName(f"details-{action.objectName()}")
        button.setAccessibleName(text)
        button.setIconSize(QSize(sizes.ICON, sizes.ICON))
        if danger:
            button.setProperty("role", "danger-outline")
        button.setIcon(action.icon())
        button.setToolTip(action.toolTip())
        button.setVisible(action.isEnabled() and when is None)
        button.clicked.connect(partial(_trigger, action))
        if when is None:
            action.enabledChanged.connect(button.setVisible)
        else:
            self._when.append((button, action, when))
        action.changed.connect(partial(_follow_icon, button, action))
        self._buttons.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)

    def show_page(self, page: Page) -> None:
        self._icon.show_icon(page.icon, "accent")
        self.title.setText(page.title)
        self.title.setAccessibleName(f"{page.kind} {page.title}")
        self.where.setText(page.where)
        clear(self._chips)
        for chip in page.chips:
            made = ChipLabel(self._theme, chip.text, chip.tone, chip.icon)
            made.setToolTip(chip.tip)
            self._chips.addWidget(made)
        for button, action, when in self._when:
            button.setVisible(action.isEnabled() and when())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.LayoutRequest:
            # A button came or went
            self._fit()
        return super().event(event)

    def _fit(self) -> None:
        """Words beside the icons where there is room for all of them; a word that is cut off says nothing."""
        seen = tuple(button for button in self._worded if not button.isHidden())
        if self._fitted == (self.width(), seen):
            return
        self._fitted = (self.width(), seen)
        for button in seen:
            button.setText(self._worded[button])
        wanted = sum(button.sizeHint().width() + self._buttons.spacing() for button in seen)
        room = self.width() - self._icon.width() - 2 * (MARGIN + SPACING) - LEAST_TITLE
        if wanted > room:
            for button in seen:
                button.setText("")


def _trigger(action: QAction, *_: object) -> None:
    action.trigger()


def _follow_icon(button: QPushButton, action: QAction) -> None:
    button.setIcon(action.icon())


class Blank(QWidget):
    """A heading and a sentence in the middle, where there is no page to show."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("details-blank")
        self._heading = label("", "section", name="details-blank-heading")
        self._text = label("", "quiet", name="details-blank-text", wrap=True)
        self._text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._text.setMaximumWidth(480)
        self.more = QPushButton("Show what was read")
        self.more.setObjectName("details-blank-more")
        self.more.setAccessibleName("Show what was read")
        body = QVBoxLayout(self)
        body.setSpacing(8)
        body.addStretch(2)
        middle = Qt.AlignmentFlag.AlignHCenter
        body.addWidget(ToneIcon(theme, "vault", "secondary", 32), 0, middle)
        body.addSpacing(4)
        body.addWidget(self._heading, 0, middle)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self._text, 10)
        row.addStretch(1)
        body.addLayout(row)
        body.addSpacing(8)
        body.addWidget(self.more, 0, middle)
        body.addStretch(3)

    def say(self, heading: str, text: str, *, more: bool = False) -> None:
        self._heading.setText(heading)
        self._text.setText(text)
        self.more.setVisible(more)


class Details(QWidget):
    coverage_wanted = Signal()
    go = Signal(str)
    """Something on the page was opened: a key id, a resource id or an object id."""

    def __init__(self, bridge: Bridge, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("details")
        self._bridge, self._theme = bridge, theme
        self._selection = NOTHING
        self._job: Job | None = None
        self._page: Page | None = None
        self._grids: dict[str, GridTab] = {}
        self._wanted_tab = "overview"
        self._placing = False
        self.header = Header(theme)
        self.tabs = QTabWidget()
        self.tabs.setObjectName("details-tabs")
        self.tabs.setAccessibleName("Pages of what is selected")
        self.tabs.tabBar().setObjectName("details-tab-bar")
        self.tabs.tabBar().setAccessibleName("Pages of what is selected")
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setExpanding(False)
        self._overview = QScrollArea()
        self._overview.setObjectName("overview")
        self._overview.setAccessibleName("Overview")
        self._overview.setWidgetResizable(True)
        self._overview.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._overview.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.tabs.addTab(self._overview, "Overview")
        self.tabs.currentChanged.connect(self._remember_tab)

        page = QWidget()
        page.setObjectName("details-page")
        body = QVBoxLayout(page)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(0)
        body.addWidget(self.header)
        body.addWidget(self.tabs, 1)
        self._blank = Blank(theme)
        self._blank.more.clicked.connect(self.coverage_wanted)
        self.show_blank()
        self._stack = QStackedWidget()
        self._stack.addWidget(self._blank)
        self._stack.addWidget(page)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._stack)

    def show_blank(self) -> None:
        """Nothing is selected."""
        self._blank.say("Nothing selected", "Select a vault, a key or a service at the left; typing filters.")

    def show_empty(self, heading: str, text: str) -> None:
        """There is nothing that could be selected: why, and where to look next."""
        self._blank.say(heading, text, more=True)

    @property
    def page(self) -> Page | None:
        """What is shown."""
        return self._page

    def show_selection(self, selection: Selection, index: Index | None, now: datetime) -> None:
        """Show what is selected; what was shown stays until the new page is made."""
        if self._job is not None:
            self._job.cancel()
            self._job = None
        if selection.kind == "none" or index is None:
            self._selection = selection
            self._page = None
            self._stack.setCurrentIndex(0)
            return
        self._job = self._bridge.compute(
            self, partial(describe, index, selection, now), partial(self._show, selection), self._failed
        )

    def show_tab(self, name: str) -> None:
        """Turn to a tab by its grid's name."""
        tab = self._grids.get(name)
        if tab is not None:
            self.tabs.setCurrentWidget(tab)

    def _show(self, selection: Selection, page: Page | None) -> None:
        self._job = None
        if page is None:
            self._blank.say(
                f"{selection.name or 'What was selected'} is gone",
                "It is not in the estate any more, as it was read last.",
            )
            self._page = None
            self._stack.setCurrentIndex(0)
            return
        moved = not same_thing(selection, self._selection)
        self._selection = selection
        if page == self._page:
            self._stack.setCurrentIndex(1)
            return
        overview_changed = self._page is None or (page.sections, page.facts) != (self._page.sections, self._page.facts)
        self._page = page
        self.header.show_page(page)
        if overview_changed:
            self._show_overview(page, keep_place=not moved)
        self._show_grids(page)
        self._stack.setCurrentIndex(1)

    def _show_overview(self, page: Page, *, keep_place: bool) -> None:
        place = self._overview.verticalScrollBar().value() if keep_place else 0
        inner = QWidget()
        inner.setObjectName("overview-page")
        inner.setProperty("role", "page")
        column = QVBoxLayout(inner)
        column.setContentsMargins(20, 16, 20, 20)
        column.setSpacing(12)
        for section in page.sections:
            card = SectionCard(self._theme, section)
            card.go.connect(self.go)
            card.tab.connect(self.show_tab)
            column.addWidget(card)
        if page.facts:
            column.addWidget(FactsCard(self._theme, page.facts))
        column.addStretch(1)
        self._overview.setWidget(inner)
        if place:
            inner.adjustSize()
            self._overview.verticalScrollBar().setValue(place)

    def _show_grids(self, page: Page) -> None:
        """The tabs of this page, the one that was open before again."""
        self._placing = True
        names = [grid.name for grid in page.grids]
        if [name for name in self._grids if self.tabs.indexOf(self._grids[name]) >= 0] != names:
            while self.tabs.count() > 1:
                self.tabs.removeTab(1)
            for grid in page.grids:
                tab = self._grids.get(grid.name)
                if tab is None:
                    tab = self._grids[grid.name] = GridTab(self._theme, grid.name)
                    tab.opened.connect(self.go)
                self.tabs.addTab(tab, grid.title)
            self._grids = {name: self._grids[name] for name in [*names, *(n for n in self._grids if n not in names)]}
        for at, grid in enumerate(page.grids, start=1):
            self._grids[grid.name].show_grid(grid)
            self.tabs.setTabText(at, grid.title)
        if self._wanted_tab in names:
            self.tabs.setCurrentWidget(self._grids[self._wanted_tab])
        else:
            self.tabs.setCurrentIndex(0)
        self._placing = False

    def _remember_tab(self, at: int) -> None:
        if not self._placing:
            widget = self.tabs.widget(at)
            self._wanted_tab = next((name for name, tab in self._grids.items() if tab is widget), "overview")

    def _failed(self, error: Exception) -> None:
        self._job = None
        self._blank.say("This page could not be made", "The program's log says why.")
        self._stack.setCurrentIndex(0)
        raise error
