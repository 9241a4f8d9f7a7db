"""The frame: strip, pages on tabs, the bottom dock, menus. What stands in it is made elsewhere."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from PySide6.QtCore import QByteArray, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QIcon, QResizeEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QMenu, QWidget

from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Estate
from cmk_admin.domain.search import Search
from cmk_admin.domain.tree import Grouping, Kind, Mark, Node
from cmk_admin.operations.interface import Backend, ConnectionChoice, Connector
from cmk_admin.ui import choosing, remembered
from cmk_admin.ui.actions import Actions
from cmk_admin.ui.bridge import Bridge
from cmk_admin.ui.connecting import Connecting
from cmk_admin.ui.coverage import show_coverage
from cmk_admin.ui.dialogs import failure_text, tell_failure
from cmk_admin.ui.frame import Frame
from cmk_admin.ui.looking import Looking, Prepared
from cmk_admin.ui.menus import Menus, add_verbs
from cmk_admin.ui.palette import Palette
from cmk_admin.ui.selection import NOTHING, Selection
from cmk_admin.ui.theme.theme import Mode, Theme

TICK_MS = 5_000
HISTORY = 50


def utc_now() -> datetime:
    return datetime.now(UTC)


class MainWindow(QMainWindow):
    """The one window of the program.

    Other parts plug in by a function ``install(window)`` that adds verbs to `verbs`, widgets to the dock and listens to
    the signals; `application.make_window` calls them.
    """

    estate_changed = Signal(object)
    """A newer `Estate` is shown; `index` belongs to it. Comes often while answers arrive."""
    selection_changed = Signal(object)
    """The `Selection` that is now selected."""
    connected = Signal(object)
    """A `Backend` was opened, before its first estate."""
    disconnected = Signal()
    """The backend is being closed: forget it."""

    def __init__(
        self,
        *,
        bridge: Bridge,
        connector: Connector,
        home: Path,
        theme: Theme | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """`home` is the folder where the window's own state is remembered (``window.json``); `now` the calendar."""
        super().__init__()
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        self.bridge = bridge
        self._remembered = remembered.load(home)
        self.theme = theme or Theme(app)
        if theme is None and self._remembered.mode in {mode.value for mode in Mode}:
            self.theme.set_mode(Mode(self._remembered.mode))
        self.verbs = Actions(self, self.theme)
        """The registry of verbs (QWidget already has an `actions()`)."""
        self.may_leave: Callable[[Callable[[], None]], bool] = _always
        """Whether the connection may be closed now. One that says no asks, and calls what it was given on a yes."""
        self._home, self._now = home, now
        self._prepared: Prepared | None = None
        self._selection = NOTHING
        self._history: list[Selection] = []
        self._closed = False
        self.looking = Looking(bridge, self)
        self.connecting = Connecting(bridge, connector, self)
        self.setObjectName("main-window")
        self.setWindowTitle("CMK Admin")
        self.setAccessibleName("CMK Admin")
        self._make_frame()
        self._connect()
        add_verbs(self)
        self.menus = Menus(self, self.verbs)
        for verb_id in ("palette", "refresh"):
            self.strip.add_button(self.verbs.action(verb_id))
        self._tick = QTimer(self)
        self._tick.setInterval(TICK_MS)
        self._tick.timeout.connect(self._ticked)
        self._tick.start()
        self._restore()
        self._show_doors()
        self.theme.dress()

    # What other parts use

    @property
    def backend(self) -> Backend | None:
        """The open connection; None while the doors are shown."""
        return self.connecting.backend

    @property
    def estate(self) -> Estate | None:
        """What is on screen."""
        return self._prepared.estate if self._prepared else None

    @property
    def index(self) -> Index | None:
        """The look-ups over what is on screen."""
        return self._prepared.index if self._prepared else None

    def selected(self) -> Selection:
        """What is selected, in ids."""
        return self._selection

    def open(self, choice: ConnectionChoice) -> None:
        """Open a connection; `connected` follows, or the doors say why not. One that is open is closed first."""
        if self.connecting.idle:
            self.connecting.open(choice)
        elif self.backend is not None and self._may_close(partial(self.open, choice)):
            self.connecting.close(partial(self.connecting.open, choice))

    def close_connection(self) -> None:
        """Close the connection and go back to the doors."""
        if self.backend is not None and self._may_close(self.close_connection):
            self.connecting.close(self._show_doors)

    def open_page(self, page: QWidget, *, title: str, icon: QIcon | None = None) -> None:
        """Show a page on a tab of its own over the whole width, or raise it if it is open.

        The window owns it from now on. Closing the tab calls `page.close()`: a page that must not go ignores the close
        event; one that went is deleted. `page.windowTitle()` changes follow on the tab.
        """
        self.pages.open_page(page, title, icon)

    def close_page(self, page: QWidget) -> None:
        """Close a page opened with `open_page`; one that is closed already is passed over."""
        self.pages.close_page(page)

    def dock_bottom(self, widget: QWidget) -> None:
        """Put the one widget at the bottom, under everything, over the whole width; it folds itself by its size hint."""
        self._frame.dock(widget)

    def refresh_all(self) -> None:
        """Read the whole estate again."""
        self.looking.read()

    def refresh_key(self, key: KeyId) -> None:
        """Read one key again from its providers."""
        self.looking.refresh(key)

    def refresh_selected(self) -> None:
        """Read what is selected again: its key, or everything."""
        if self._selection.key is not None:
            self.refresh_key(self._selection.key)
        else:
            self.refresh_all()

    def select_key(self, key: KeyId) -> None:
        """Show a key in the tree and the details."""
        self.go(str(key.key))

    def go(self, target: str) -> None:
        """Show a key id, a resource id or an object id: in the tree where it stands there, and in the details."""
        if self._prepared is None:
            return
        found = choosing.selection_of_target(target, self._prepared.index)
        if found.kind == "none":
            self.say(f"{target} is not in what was read.", tone="caution")
            return
        self.pages.setCurrentIndex(0)
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

    def say(self, text: str, *, tone: str = "text", urgent: bool = False) -> None:
        """A message bar under the strip, also spoken: ``text``, ``caution``, ``danger`` or ``confirmed``."""
        self.message.say(text, tone, urgent=urgent)

    def show_palette(self) -> None:
        """The command palette."""
        search = self._prepared.search if self._prepared else Search(())
        self.palette_.pop_up(search, self._selection)

    def focus_filter(self) -> None:
        """To the filter of the page that is shown."""
        if self.pages.currentWidget() is self.table:
            self.table.focus_filter()
        else:
            self.pages.setCurrentIndex(0)
            self.tree.focus_filter()

    def set_mode(self, mode: Mode) -> None:
        """Follow the system's colours, or stay light or dark."""
        self.theme.set_mode(mode)
        self._remembered.mode = mode.value

    # Making

    def _make_frame(self) -> None:
        self._frame = frame = Frame(self.bridge, self.theme, self._remembered.last, self._remembered.tree_width)
        self.strip, self.message, self.doors, self.pages = frame.strip, frame.message, frame.doors, frame.pages
        self.tree, self.details, self.table = frame.tree, frame.details, frame.table
        self.palette_ = Palette(self, self.theme, self.verbs)
        self.setCentralWidget(frame)
        self.setMinimumSize(760, 480)
        self.resize(1280, 800)

    def _connect(self) -> None:
        self.connecting.opening.connect(self._opening)
        self.connecting.opened.connect(self._opened)
        self.connecting.refused.connect(self._refused)
        self.connecting.closing.connect(self._closing)
        self.connecting.closed.connect(self._closed_down)
        self.doors.chosen.connect(self.open)
        self.strip.coverage_clicked.connect(self._show_coverage)
        self.tree.chosen.connect(self._row_chosen)
        self.tree.opened.connect(self._focus_details)
        self.tree.menu_wanted.connect(self._show_menu)
        self.tree.grouping_changed.connect(self._regroup)
        self.details.go.connect(self.go)
        self.details.coverage_wanted.connect(self._show_coverage)
        self.table.opened.connect(self.go)
        self.table.wrote.connect(self._table_written)
        self.table.failed.connect(self._table_not_written)
        self.palette_.picked.connect(self._picked)
        self.looking.prepared.connect(self._show_prepared)
        self.looking.reading_changed.connect(self._reading_changed)
        self.looking.failed.connect(self._looking_failed)

    def _restore(self) -> None:
        kept = self._remembered
        if kept.geometry:
            self.restoreGeometry(QByteArray.fromBase64(kept.geometry.encode()))
        if kept.grouping in {grouping.value for grouping in Grouping}:
            self.tree.set_grouping(Grouping(kept.grouping))
        if kept.table.order:
            self.table.restore_layout(kept.table)

    def _remember(self) -> None:
        kept = self._remembered
        kept.geometry = self.saveGeometry().toBase64().toStdString()
        kept.tree_width = self._frame.tree_width
        kept.grouping = self.tree.current_grouping().value
        kept.table = self.table.layout_now()
        remembered.save(self._home, kept)

    # Connections

    def _may_close(self, again: Callable[[], None]) -> bool:
        """Whether nothing speaks against closing the connection now; `again` is called when that was asked and allowed."""
        return self.may_leave(again) and self.pages.close_opened()

    def _opening(self, choice: ConnectionChoice) -> None:
        self.message.hide()
        self._frame.show_pages()
        self.strip.show_opening("Starting the sandbox…" if choice.own_sandbox else "Opening the connection…")
        self.tree.show_note("Opening…", "The tree fills as answers arrive")
        self.details.show_blank()

    def _opened(self, choice: ConnectionChoice, backend: Backend) -> None:
        self._remembered.remember(choice)
        self.message.hide()
        self.doors.show_idle()
        self.strip.show_connection(backend.info)
        self._frame.show_pages()
        self.tree.show_note("Reading the estate…", "The first vaults appear as answers arrive")
        self.pages.setCurrentIndex(0)
        self.setWindowTitle(f"CMK Admin – {backend.info.kind.value}")
        self.verbs.select(NOTHING)
        self.connected.emit(backend)
        self.looking.attach(backend)
        self.tree.tree.setFocus(Qt.FocusReason.OtherFocusReason)

    def _refused(self, choice: ConnectionChoice, error: Exception) -> None:
        self._show_doors()
        what = f"{choice.file} could not be opened." if choice.file else "The sandbox could not be opened."
        self.doors.show_failure(f"{what} {failure_text(error)}")

    def _show_doors(self) -> None:
        self._frame.show_doors(self._remembered.last)
        self.setWindowTitle("CMK Admin")

    def _closing(self) -> None:
        self.disconnected.emit()
        self.looking.attach(None)
        self._forget_estate()
        self.say("Finishing what is in flight…")

    def _closed_down(self, error: Exception | None) -> None:
        self.message.hide()
        if error is not None and self.isVisible():
            tell_failure(self, "The connection did not close cleanly", error)

    def _forget_estate(self) -> None:
        self._prepared = None
        self._history.clear()
        self._select(NOTHING, remember=False)
        self.tree.show_note("No connection")
        self.table.clear()

    # The estate

    def _show_prepared(self, prepared: Prepared) -> None:
        backend = self.backend
        if backend is None:
            return
        self._prepared = prepared
        self.tree.show_tree(prepared.search)
        self.strip.show_estate(prepared.estate, self._now(), reading=self.looking.reading)
        self.table.show_rows(prepared.rows, prepared.index, backend.info)
        if self._selection.kind != "none":
            self.details.show_selection(self._selection, prepared.index, prepared.estate.read_at)
        elif len(prepared.roots) == 1 and prepared.roots[0].kind is Kind.NOTE:
            self.details.show_empty(prepared.roots[0].text, prepared.roots[0].secondary)
        else:
            self.details.show_blank()
        self.verbs.update()
        self.estate_changed.emit(prepared.estate)

    def _reading_changed(self, reading: bool) -> None:
        self.strip.tick(self._now(), reading=reading)
        self.verbs.update()

    def _looking_failed(self, error: Exception) -> None:
        if self._prepared is None:
            self.tree.show_note("The estate could not be read", failure_text(error), Mark.UNKNOWN)
        self.say(f"Reading failed: {failure_text(error)}", tone="danger", urgent=True)

    def _regroup(self, grouping: Grouping) -> None:
        self.looking.group(grouping)

    def _show_coverage(self) -> None:
        if self._prepared is not None:
            show_coverage(self, self.theme, self._prepared.index)

    def _ticked(self) -> None:
        self.strip.tick(self._now(), reading=self.looking.reading)

    # What is selected

    def _row_chosen(self, node: Node, above: tuple[Node, ...]) -> None:
        if self._prepared is not None:
            self._select(choosing.selection_of(node, above, self._prepared.index))

    def _picked(self, node: Node) -> None:
        if self._prepared is None:
            return
        path = choosing.path_to(self._prepared.roots, node.ref) if node.ref else ()
        self.pages.setCurrentIndex(0)
        if path:
            self.tree.filter.clear()
            self.tree.tree.select_path(path)

    def _select(self, selection: Selection, *, remember: bool = True) -> None:
        self._selection = selection
        if remember and selection.kind != "none":
            self._history = [*self._history[-HISTORY:], selection]
        if self._prepared is not None:
            self.details.show_selection(selection, self._prepared.index, self._prepared.estate.read_at)
        else:
            self.details.show_selection(selection, None, self._now())
        self.verbs.select(selection)
        self.selection_changed.emit(selection)

    def _show_in_tree(self, target: str, key: KeyId | None) -> None:
        """Mark the row of what is shown, where there is one; nothing is selected anew by that."""
        if self._prepared is not None and target:
            path = choosing.path_to(self._prepared.roots, target, key)
            if path:
                self.tree.tree.select_path(path, tell=False)

    def _focus_details(self) -> None:
        """Double click and Enter: the same safe thing, to the page of what is selected."""
        self.details.tabs.tabBar().setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setObjectName("context-menu")
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.menus.fill_context(menu, self._selection)
        if menu.actions():
            menu.popup(at)

    def _table_written(self, path: str) -> None:
        self.say(f"Written to {path}", tone="text")

    def _table_not_written(self, path: str, error: Exception) -> None:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else failure_text(error)
        self.say(f"{path} could not be written: {reason}", tone="danger", urgent=True)

    # Qt's own

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.palette_.close_up()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Quitting finishes the call in flight (bounded), which happens in the background: the window goes after it."""
        if self._closed or self.connecting.idle:
            self._remember()
            event.accept()
            return
        event.ignore()
        if self.backend is not None:
            if self._may_close(self._close_again):
                self.connecting.close(self._close_for_good)
        elif self.connecting.is_opening:
            # A sandbox that is being started would be left behind: go when it is there
            QTimer.singleShot(100, self, self.close)

    def _close_again(self) -> None:
        self.close()

    def _close_for_good(self) -> None:
        self._closed = True
        self.close()


def _always(_: Callable[[], None]) -> bool:
    return True


def _target(selection: Selection) -> str:
    if selection.consumer_id:
        return selection.consumer_id
    if selection.key is not None:
        return str(selection.key)
    return selection.vault_id or selection.principal_id or ""
