"""The estate on screen, and what of it is selected: tree, strip, table and details follow both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt, QTimer
from PySide6.QtWidgets import QMenu

from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Estate
from cmk_admin.domain.search import Search
from cmk_admin.domain.tree import Grouping, Kind, Mark, Node
from cmk_admin.ui import choosing
from cmk_admin.ui.coverage import show_coverage
from cmk_admin.ui.dialogs import failure_text
from cmk_admin.ui.looking import Prepared
from cmk_admin.ui.selection import NOTHING, Selection
from cmk_admin.ui.tree.note import note

if TYPE_CHECKING:
    from cmk_admin.ui.main_window import MainWindow

TICK_MS = 5_000
HISTORY = 50


class Showing(QObject):
    """One per window."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._prepared: Prepared | None = None
        self._selection = NOTHING
        self._history: list[Selection] = []
        window.strip.coverage_clicked.connect(self._show_coverage)
        window.tree.chosen.connect(self._row_chosen)
        window.tree.opened.connect(self._focus_details)
        window.tree.menu_wanted.connect(self._show_menu)
        window.tree.grouping_changed.connect(self._regroup)
        window.details.go.connect(self.go)
        window.details.coverage_wanted.connect(self._show_coverage)
        window.table.opened.connect(self.go)
        window.table.wrote.connect(self._table_written)
        window.table.failed.connect(self._table_not_written)
        window.palette_.picked.connect(self._picked)
        window.looking.prepared.connect(self._show_prepared)
        window.looking.reading_changed.connect(self._reading_changed)
        window.looking.failed.connect(self._looking_failed)
        self._tick = QTimer(self)
        self._tick.setInterval(TICK_MS)
        self._tick.timeout.connect(self._ticked)
        self._tick.start()

    @property
    def estate(self) -> Estate | None:
        return self._prepared.estate if self._prepared else None

    @property
    def index(self) -> Index | None:
        return self._prepared.index if self._prepared else None

    @property
    def search(self) -> Search:
        """The tree that is shown, to be searched; an empty one while there is none."""
        return self._prepared.search if self._prepared else Search(())

    @property
    def selection(self) -> Selection:
        return self._selection

    def go(self, target: str) -> None:
        """Show a key id, a resource id or an object id: in the tree where it stands there, and in the details."""
        if self._prepared is None:
            return
        found = choosing.selection_of_target(target, self._prepared.index)
        if found.kind == "none":
            self._window.say(f"{target} is not in what was read.", tone="caution")
            return
        self._window.pages.setCurrentIndex(0)
        self._select(found)
        self._show_in_tree(_target(found), found.key)

    def go_back(self) -> None:
        """Show what was selected before."""
        if len(self._history) < 2:
            return
        self._history.pop()
        before = self._history[-1]
        self._select(before, remember=False)
        self._show_in_tree(_target(before), before.key)

    def forget(self) -> None:
        """The connection goes: nothing is shown any more."""
        self._prepared = None
        self._history.clear()
        self._select(NOTHING, remember=False)
        self._window.tree.show_tree(note("No connection"))
        self._window.table.clear()

    # The estate

    def _show_prepared(self, prepared: Prepared) -> None:
        window = self._window
        backend = window.backend
        if backend is None:
            return
        self._prepared = prepared
        window.tree.show_tree(prepared.search)
        window.strip.show_estate(prepared.estate, window.now(), reading=window.looking.reading)
        window.table.show_rows(prepared.rows, prepared.index, backend.info)
        if self._selection.kind != "none":
            window.details.show_selection(self._selection, prepared.index, prepared.estate.read_at)
        elif len(prepared.roots) == 1 and prepared.roots[0].kind is Kind.NOTE:
            window.details.show_empty(prepared.roots[0].text, prepared.roots[0].secondary)
        else:
            window.details.show_blank()
        window.verbs.update()
        window.estate_changed.emit(prepared.estate)

    def _reading_changed(self, reading: bool) -> None:
        self._window.strip.tick(self._window.now(), reading=reading)
        self._window.verbs.update()

    def _looking_failed(self, error: Exception) -> None:
        if self._prepared is None:
            self._window.tree.show_tree(note("The estate could not be read", failure_text(error), Mark.UNKNOWN))
        self._window.say(f"Reading failed: {failure_text(error)}", tone="danger", urgent=True)

    def _regroup(self, grouping: Grouping) -> None:
        self._window.looking.group(grouping)

    def _show_coverage(self) -> None:
        if self._prepared is not None:
            show_coverage(self._window, self._window.theme, self._prepared.index)

    def _ticked(self) -> None:
        self._window.strip.tick(self._window.now(), reading=self._window.looking.reading)

    # What is selected

    def _row_chosen(self, node: Node, above: tuple[Node, ...]) -> None:
        if self._prepared is not None:
            self._select(choosing.selection_of(node, above, self._prepared.index))

    def _picked(self, node: Node) -> None:
        if self._prepared is None:
            return
        path = choosing.path_to(self._prepared.roots, node.ref) if node.ref else ()
        self._window.pages.setCurrentIndex(0)
        if path:
            self._window.tree.filter.clear()
            self._window.tree.tree.select_path(path)

    def _select(self, selection: Selection, *, remember: bool = True) -> None:
        window = self._window
        self._selection = selection
        if remember and selection.kind != "none":
            self._history = [*self._history[-HISTORY:], selection]
        if self._prepared is not None:
            window.details.show_selection(selection, self._prepared.index, self._prepared.estate.read_at)
        else:
            window.details.show_selection(selection, None, window.now())
        window.verbs.select(selection)
        window.selection_changed.emit(selection)

    def _show_in_tree(self, target: str, key: KeyId | None) -> None:
        """Mark the row of what is shown, where there is one; nothing is selected anew by that."""
        if self._prepared is not None and target:
            path = choosing.path_to(self._prepared.roots, target, key)
            if path:
                self._window.tree.tree.select_path(path, tell=False)

    def _focus_details(self) -> None:
        """Double click and Enter: the same safe thing, to the page of what is selected."""
        self._window.details.tabs.tabBar().setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_menu(self, at: QPoint) -> None:
        menu = QMenu(self._window)
        menu.setObjectName("context-menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._window.menus.fill_context(menu, self._selection)
        if menu.actions():
            menu.popup(at)

    def _table_written(self, path: str) -> None:
        self._window.say(f"Written to {path}", tone="text")

    def _table_not_written(self, path: str, error: Exception) -> None:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else failure_text(error)
        self._window.say(f"{path} could not be written: {reason}", tone="danger", urgent=True)


def _target(selection: Selection) -> str:
    if selection.consumer_id:
        return selection.consumer_id
    if selection.key is not None:
        return str(selection.key)
    return selection.vault_id or selection.principal_id or ""
