"""Every path to the key: what the plan does about it, or what is left of it."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from cmk_admin.domain.plan import PathState, PlannedPath
from cmk_admin.domain.words import ITSELF, PATH_KINDS, count, path_holder, scope_in_full
from cmk_admin.ui.emergency.fold import Fold
from cmk_admin.ui.emergency.look import PATHS, Look
from cmk_admin.ui.emergency.parts import Badge, words_label
from cmk_admin.ui.theme import sizes
from cmk_admin.ui.theme.theme import Theme
from cmk_admin.ui.widgets.labels import label
from cmk_admin.ui.widgets.places import clear

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
        self._shown: tuple[tuple[PlannedPath, ...], bool, bool, str] = ((), False, False, "")
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
        self.fold = Fold(f"{name}-all", "Show all {} that will close")
        self.fold.turned.connect(self._fill)
        column.addWidget(self.fold, 0, Qt.AlignmentFlag.AlignLeft)

    def show_paths(
        self, paths: tuple[PlannedPath, ...], *, after: bool = False, none: str = "", quiet: bool = False
    ) -> None:
        """Show them; `after` the act, what is left is open now. `none`: what is said where there is none.

        `quiet`: they count for nothing, and have no state.
        """
        shown = (paths, after, quiet, none)
        if shown == self._shown:
            return
        self._shown = shown
        self.counts.setText("" if quiet else count_words(paths, after=after) or none)
        self.counts.setVisible(not quiet)
        self._fill()

    def _fill(self) -> None:
        paths, after, quiet, _ = self._shown
        clear(self._rows)
        # What is not closed is never folded
        closing = self.fold.first([one for one in paths if one.state is PathState.WILL_CLOSE])
        rows = [*(one for one in paths if one.state is not PathState.WILL_CLOSE), *closing]
        for path in sorted(rows, key=lambda p: _ORDER.index(p.state))[:MOST]:
            self._rows.addWidget(path_row(self._theme, path, self._scope_words, None if quiet else _look(path, after)))
        if len(rows) > MOST:
            self._rows.addWidget(words_label(f"and {count(len(rows) - MOST, 'more path')}", "quiet"))


def path_row(
    theme: Theme, path: PlannedPath, scope_words: ScopeWords, look: Look | None, notes: tuple[str, ...] | None = None
) -> QWidget:
    """One path in words, with its state where it has one. `notes` stand under it, instead of the plan's own."""
    row = QWidget()
    grid = QGridLayout(row)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(sizes.GRID)
    grid.setVerticalSpacing(1)
    if look is not None:
        badge = Badge(theme)
        badge.show_look(look)
        badge.setFixedWidth(STATE_WIDTH)
        grid.addWidget(badge, 0, 0, Qt.AlignmentFlag.AlignTop)
    who = path_holder(path)
    itself = path.via == ITSELF
    scope = scope_in_full(None, path.scope) if itself else scope_words(path.scope)
    words = words_label(f"{who} → {scope}" if itself else f"{who} → {path.via} → {scope}")
    words.setToolTip(f"Key: {path.scope}" if itself else f"Scope: {path.scope}\nIdentity: {path.principal}")
    grid.addWidget(words, 0, 1)
    under = path_notes(path) if notes is None else notes
    for at, note in enumerate(under, 1):
        grid.addWidget(words_label(note[:1].upper() + note[1:], "secondary"), at, 1)
    state = f"{look.word}: " if look is not None else ""
    by = "" if itself else f", {path.via}"
    row.setAccessibleName(f"{state}{who}{by}, on {scope}. {' '.join(under)}".strip())
    grid.setColumnStretch(1, 1)
    return row


def path_notes(path: PlannedPath) -> tuple[str, ...]:
    """What is to be known of a path besides: what kind it is, why it stays open, its condition."""
    notes = [PATH_KINDS.get(path.kind, ""), path.reason or ""]
    if path.condition and path.condition not in (path.reason or ""):
        notes.append(f"The grant has a condition, which is not evaluated: {path.condition}")
    return tuple(filter(None, notes))


def _look(path: PlannedPath, after: bool) -> Look:
    look = PATHS[path.state]
    return look._replace(word="still open") if after and path.state is PathState.STAYS_OPEN else look


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
        every = {2: "both"}.get(closing, f"all {closing}") if closing == len(paths) > 1 else closing
        parts.append(f"{every} will close")
    return ", ".join(parts)
