"""The verbs that the window itself has."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QApplication

from cmk_admin import __version__
from cmk_admin.ui import shortcuts
from cmk_admin.ui.actions import Verb
from cmk_admin.ui.dialogs import tell
from cmk_admin.ui.selection import Selection
from cmk_admin.ui.theme.theme import Mode

if TYPE_CHECKING:
    from cmk_admin.ui.main_window import MainWindow


def add_verbs(window: MainWindow) -> None:
    """The verbs of the frame."""
    add = window.verbs.add

    def open_connection(_: Selection) -> str | None:
        return None if window.backend is not None else "Open a connection first."

    def with_estate(_: Selection) -> str | None:
        return None if window.estate is not None else "There is no estate on screen yet."

    def has_id(selection: Selection) -> str | None:
        return None if selection_id(selection) else "Select something that has an id."

    add(
        Verb(
            id="close-connection",
            text="Close the &connection",
            menu="file",
            icon="cloud",
            tip="Finish what is in flight and go back to the doors",
        ),
        window.close_connection,
        open_connection,
    )
    add(
        Verb(
            id="export",
            text="&Export the table…",
            menu="file",
            icon="export",
            shortcut="Ctrl+E",
            tip="Write the rows that the table shows to a CSV or JSON file",
        ),
        window.table.export,
        with_estate,
    )
    add(
        Verb(id="close-page", text="Close the &page", menu="file", icon="close", shortcut="Ctrl+W"),
        window.pages.close_current,
        lambda _: None if window.pages.on_opened_page else "This page stays open.",
    )
    add(Verb(id="quit", text="&Quit", menu="file", shortcut="Ctrl+Q", ends=True), lambda: _close(window))
    add(
        Verb(id="estate", text="Show the &estate", menu="view", icon="tree", shortcut="Ctrl+1"),
        partial(_turn, window, 0),
        open_connection,
    )
    add(
        Verb(id="table", text="Show the &table", menu="view", icon="table", shortcut="Ctrl+2"),
        partial(_turn, window, 1),
        open_connection,
    )
    add(
        Verb(
            id="filter",
            text="&Filter",
            menu="view",
            icon="filter",
            shortcut="Ctrl+F",
            tip="Find by name, host, resource id, object or client id, key id or tag",
        ),
        window.focus_filter,
        open_connection,
    )
    add(
        Verb(
            id="palette",
            text="Find a co&mmand",
            menu="view",
            icon="command",
            shortcut="Ctrl+K",
            tip="Every command on what is selected, and everything in the estate, by typing",
        ),
        window.show_palette,
    )
    add(
        Verb(
            id="back", text="Go &back", menu="view", icon="undo", shortcut="Alt+Left", tip="To what was selected before"
        ),
        window.go_back,
        with_estate,
    )
    group = QActionGroup(window)
    for mode, text in (
        (Mode.SYSTEM, "Colours of the &system"),
        (Mode.LIGHT, "&Light colours"),
        (Mode.DARK, "&Dark colours"),
    ):
        icon = {Mode.SYSTEM: "contrast", Mode.LIGHT: "sun", Mode.DARK: "moon"}[mode]
        action = add(
            Verb(id=f"colours-{mode.value}", text=text, menu="view", icon=icon),
            partial(window.set_mode, mode),
            checkable=True,
        )
        group.addAction(action)
        action.setChecked(window.theme.mode is mode)
    kinds = ("vault", "key", "version", "consumer", "identity", "service", "subscription")
    add(
        Verb(
            id="refresh",
            text="Re&fresh",
            menu="key",
            icon="refresh",
            shortcut="F5",
            tip="Read what is selected again",
            context=kinds,
        ),
        window.refresh_selected,
        open_connection,
    )
    add(
        Verb(
            id="refresh-all",
            text="Read &everything again",
            menu="key",
            icon="refresh",
            shortcut="Shift+F5",
            tip="Read the whole estate again",
        ),
        window.refresh_all,
        open_connection,
    )
    add(
        Verb(
            id="copy-id",
            text="&Copy the id",
            menu="key",
            icon="copy",
            shortcut="Ctrl+Shift+C",
            tip="Copy the id of what is selected",
            context=kinds,
        ),
        lambda: QApplication.clipboard().setText(selection_id(window.selected())),
        has_id,
    )
    add(
        Verb(id="shortcuts", text="&Keyboard shortcuts", menu="help", icon="command", shortcut="F1"),
        partial(shortcuts.show, window),
    )
    add(Verb(id="about", text="&About CMK Admin", menu="help", icon="info"), partial(_tell_about, window))
    window.pages.turned.connect(window.verbs.update)


def selection_id(selection: Selection) -> str:
    """The id of what is selected, as it is copied."""
    if selection.consumer_id:
        return selection.consumer_id
    if selection.key is not None:
        return f"{selection.key}/{selection.version}" if selection.version else str(selection.key)
    return selection.principal_id or selection.vault_id or selection.subscription_id or ""


def _close(window: MainWindow) -> None:
    window.close()


def _turn(window: MainWindow, page: int) -> None:
    window.pages.setCurrentIndex(page)
    (window.table.view if page else window.tree.tree).setFocus()


def _tell_about(window: MainWindow) -> None:
    tell(
        window,
        "CMK Admin",
        f"Version {__version__}. See which service uses which customer-managed key, cut one off, give the key back.",
    )
