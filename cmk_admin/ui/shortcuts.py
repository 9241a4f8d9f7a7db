"""The list of all keys, as F1 shows it: by menu, the keys beside what they do, all of it in sight at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QGridLayout, QWidget

from cmk_admin.ui.dialogs import tell
from cmk_admin.ui.menus import TITLES
from cmk_admin.ui.theme import sizes
from cmk_admin.ui.widgets.labels import label

if TYPE_CHECKING:
    from cmk_admin.ui.actions import Actions
    from cmk_admin.ui.main_window import MainWindow

TEXT = (
    "Typing in the tree filters it; Esc clears the filter. Enter and double click open the page of what is selected. "
    "Alt and an underlined letter open a menu or press a button."
)
Row = tuple[str, str]
"""Keys as this platform writes them, and what they do."""


def grouped(verbs: Actions) -> dict[str, list[Row]]:
    """Every shortcut that there is, by the title of its menu, in the order of the menus."""
    found: dict[str, list[Row]] = {title.replace("&", ""): [] for title in TITLES.values()}
    for verb in verbs:
        if verb.shortcut:
            keys = QKeySequence(verb.shortcut, QKeySequence.SequenceFormat.PortableText)
            title = TITLES.get(verb.menu, "Other").replace("&", "")
            found.setdefault(title, []).append((keys.toString(QKeySequence.SequenceFormat.NativeText), verb.words))
    return {title: rows for title, rows in found.items() if rows}


def show(window: MainWindow) -> None:
    """Open the list."""
    tell(window, "Keyboard shortcuts", TEXT, content=_table(grouped(window.verbs)))


def _table(groups: dict[str, list[Row]]) -> QWidget:
    table = QWidget()
    table.setObjectName("shortcuts")
    table.setAccessibleName("Keyboard shortcuts")
    grid = QGridLayout(table)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(3 * sizes.GRID)
    grid.setVerticalSpacing(2)
    grid.setColumnStretch(1, 1)
    at = 0
    for title, rows in groups.items():
        heading = label(title, "section")
        heading.setContentsMargins(0, sizes.HALF if at else 0, 0, 0)
        grid.addWidget(heading, at, 0, 1, 2)
        for keys, words in rows:
            at += 1
            grid.addWidget(label(keys, "strong"), at, 0)
            grid.addWidget(label(words), at, 1)
        at += 1
    return table
