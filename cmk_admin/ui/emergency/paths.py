"""Every path to the key: what the plan does about it, or what is left of it."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from cmk_admin.domain.plan import PathState, PlannedPath
from cmk_admin.domain.words import count
from cmk_admin.ui.emergency.look import PATHS
from cmk_admin.ui.emergency.parts import Badge, clear, words_label
from cmk_admin.ui.theme import sizes
from cmk_admin.ui.theme.theme import Theme
from cmk_admin.ui.widgets.labels import label

ScopeWords = Callable[[str], str]
"""A scope id in words: ``vault dcc-premium``."""

STATE_WIDTH = 96
MOST = 200
"""Rows shown; that there are more is said."""

_ORDER = (PathState.STAYS_OPEN, PathState.UNKNOWN, PathState.WILL_CLOSE)


class PathList(QWidget):
    """The paths, open ones first, with counts in the heading. Raw ids stand in tooltips."""

    def __init__(self, theme: Theme, name: str, scope_words: ScopeWords) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName("Paths to the key")
        self._theme, self._scope_words = theme, scope_words
        self._shown: tuple[object, ...] = ()
        self.heading = label("Paths to the key", "section", name=f"{name}-heading")
        self.counts = words_label("", "quiet", name=f"{name}-counts")
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(self.heading)
        head.addWidget(self.counts, 1)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(sizes.GRID)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addLayout(head)
        column.addLayout(self._rows)

    def show_paths(self, paths: tuple[PlannedPath, ...], *, after: bool = False, none: str = "") -> None:
        """Show them; `after` the act, what is left is open now. `none`: what is said where there is none."""
        shown = (paths, after, none)
        if shown == self._shown:
            return
        self._shown = shown
        self.counts.setText(count_words(paths, after=after) or none)
        clear(self._rows)
        for path in sorted(paths, key=lambda p: _ORDER.index(p.state))[:MOST]:
            self._rows.addWidget(self._row(path, after=after))
        if len(paths) > MOST:
            self._rows.addWidget(words_label(f"and {count(len(paths) - MOST, 'more path')}", "quiet"))

    def _row(self, path: PlannedPath, *, after: bool) -> QWidget:
        row = QWidget()
        badge = Badge(self._theme)
        badge.show_look(PATHS[path.state], "still open" if after and path.state is PathState.STAYS_OPEN else None)
        badge.setFixedWidth(STATE_WIDTH)
        who = path.principal_name or path.principal
        scope = self._scope_words(path.scope)
        words = words_label(f"{who} → {path.via} → {scope}")
        words.setToolTip(f"Scope: {path.scope}\nIdentity: {path.principal}")
        row.setAccessibleName(f"{badge.word}: {who}, {path.via}, on {scope}. {path.reason or ''}")
        grid = QGridLayout(row)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(sizes.GRID)
        grid.setVerticalSpacing(1)
        grid.addWidget(badge, 0, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(words, 0, 1)
        if path.reason:
            grid.addWidget(words_label(path.reason[:1].upper() + path.reason[1:], "secondary"), 1, 1)
        grid.setColumnStretch(1, 1)
        return row


def count_words(paths: tuple[PlannedPath, ...], *, after: bool = False) -> str:
    """``1 stays open, 2 will close, 1 not known``; states that no path has are left out."""
    found = {state: sum(p.state is state for p in paths) for state in PathState}
    still, closing, unknown = (found[s] for s in (PathState.STAYS_OPEN, PathState.WILL_CLOSE, PathState.UNKNOWN))
    parts = []
    if still:
        parts.append(f"{still} still open" if after else f"{still} {'stays' if still == 1 else 'stay'} open")
    if unknown:
        parts.append(f"{unknown} not known")
    if closing:
        parts.append(f"{'all ' if closing == len(paths) > 1 else ''}{closing} will close")
    return ", ".join(parts)
