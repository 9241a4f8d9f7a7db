"""The menus: five titles from the first paint on, filled from the registry of verbs.

The verbs of a menu stand in the order in which they came, what takes away apart from them, and what ends the program last:
in whatever order the parts of the window add theirs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMenu, QMenuBar

if TYPE_CHECKING:
    from cmk_admin.ui.actions import Actions, Verb
    from cmk_admin.ui.selection import Selection

TITLES = {
    "file": "&File",
    "view": "&View",
    "key": "&Key",
    "operation": "&Operation",
    "help": "&Help",
}


class Menus:
    """The menu bar of a window, empty until it is filled."""

    _verbs: Actions

    def __init__(self, bar: QMenuBar) -> None:
        self._menus: dict[str, QMenu] = {}
        bar.setObjectName("menu-bar")
        for name, title in TITLES.items():
            menu = bar.addMenu(title)
            menu.setObjectName(f"menu-{name}")
            menu.setToolTipsVisible(True)
            self._menus[name] = menu

    def fill(self, verbs: Actions) -> None:
        """Show the verbs that there are; those that are added later find their menu."""
        self._verbs = verbs
        for verb in verbs:
            self.add(verb)
        verbs.added.connect(self.add)

    def add(self, verb: Verb) -> None:
        """Put a verb into its menu, which is set out anew."""
        menu = self._menus.get(verb.menu)
        if menu is None:
            return
        menu.clear()
        mine = [one for one in self._verbs if one.menu == verb.menu]
        for group in ("", "danger", "ending"):
            found = [one for one in mine if one.group == group]
            if found and not menu.isEmpty():
                menu.addSeparator()
            menu.addActions([self._verbs.action(one.id) for one in found])

    def fill_context(self, menu: QMenu, selection: Selection) -> None:
        """The verbs on what is selected, dangerous ones last and apart."""
        chosen = [verb for verb in self._verbs if selection.kind in verb.context]
        for verb in chosen:
            if not verb.danger:
                menu.addAction(self._verbs.action(verb.id))
        dangers = [verb for verb in chosen if verb.danger]
        if dangers and menu.actions():
            menu.addSeparator()
        for verb in dangers:
            menu.addAction(self._verbs.action(verb.id))
