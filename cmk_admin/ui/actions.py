"""The registry of verbs: menus, buttons, context menus and the command palette all read it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QKeySequence

from cmk_admin.ui.selection import NOTHING, Selection
from cmk_admin.ui.theme.theme import Theme

Check = Callable[[Selection], str | None]
"""Why a verb is not possible on what is selected, in a sentence; None: it is."""


def always(_: Selection) -> str | None:
    """The check of a verb that can always be used."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """What the user can do, as menus and the palette show it."""

    id: str
    """``revoke``, ``refresh`` ...: also the action's object name."""
    text: str
    """A verb and an object, with a mnemonic for the menu: ``&Revoke access…``."""
    menu: str
    """Which menu it stands in: file, view, key, operation, help; empty: in none."""
    icon: str | None = None
    """Name of a file in resources/icons without its ending."""
    shortcut: str | None = None
    """In Qt's portable form: ``Ctrl+Shift+R``."""
    danger: bool = False
    """It takes something away: drawn red, kept apart in menus."""
    ends: bool = False
    """It ends the program: last in its menu, and apart."""
    tip: str = ""
    """One sentence for the status line and the palette."""
    context: tuple[str, ...] = ()
    """Kinds of tree nodes in whose context menu it stands."""

    @property
    def group(self) -> str:
        """Which part of its menu it stands in: empty, ``danger`` or ``ending``."""
        return "danger" if self.danger else "ending" if self.ends else ""

    @property
    def words(self) -> str:
        """Its text without the mnemonic and the dots."""
        return self.text.replace("&", "").rstrip("…")


class Actions(QObject):
    """The verbs of one window, each with its QAction.

    Other parts add theirs with `add` before or after the window is shown; menus follow by `added`.
    """

    added = Signal(object)
    """The `Verb` that was added."""

    def __init__(self, parent: QObject, theme: Theme) -> None:
        super().__init__(parent)
        self._theme = theme
        self._verbs: dict[str, Verb] = {}
        self._actions: dict[str, QAction] = {}
        self._checks: dict[str, Check] = {}
        self._runs: dict[str, Callable[[], None]] = {}
        self._selection: Selection = NOTHING
        theme.changed.connect(self._recolour)

    def add(self, verb: Verb, run: Callable[[], None], why_not: Check = always, *, checkable: bool = False) -> QAction:
        """Register a verb. `run` is called without arguments; `why_not(selection)` says why it is greyed out, or None.

        Raises ValueError where the id or the shortcut is taken.
        """
        if verb.id in self._verbs:
            raise ValueError(f"the verb {verb.id} is registered twice")
        taken = {v.shortcut for v in self._verbs.values() if v.shortcut}
        if verb.shortcut and verb.shortcut in taken:
            raise ValueError(f"the shortcut {verb.shortcut} of {verb.id} is taken")
        action = QAction(verb.text, self.parent())
        action.setObjectName(f"action-{verb.id}")
        action.setCheckable(checkable)
        action.setToolTip(verb.tip or verb.text.replace("&", ""))
        if verb.shortcut:
            action.setShortcut(QKeySequence(verb.shortcut, QKeySequence.SequenceFormat.PortableText))
        action.triggered.connect(partial(self._run, verb.id))
        self._verbs[verb.id], self._actions[verb.id] = verb, action
        self._checks[verb.id], self._runs[verb.id] = why_not, run
        self._paint(verb)
        self._apply(verb)
        self.added.emit(verb)
        return action

    def action(self, verb_id: str) -> QAction:
        """The QAction of a verb, to put on a button (`setDefaultAction`) or in a menu."""
        return self._actions[verb_id]

    def verb(self, verb_id: str) -> Verb:
        return self._verbs[verb_id]

    def why_not(self, verb_id: str) -> str | None:
        """Why the verb is not possible on what is selected now."""
        return self._checks[verb_id](self._selection)

    def run(self, verb_id: str) -> None:
        """Do it, if it is possible."""
        if self.why_not(verb_id) is None:
            self._runs[verb_id]()

    def select(self, selection: Selection) -> None:
        """What is selected has changed: enable and disable."""
        self._selection = selection
        self.update()

    def update(self) -> None:
        """Ask every check again (the estate or an operation has changed)."""
        for verb in self._verbs.values():
            self._apply(verb)

    def __iter__(self) -> Iterator[Verb]:
        return iter(tuple(self._verbs.values()))

    def _run(self, verb_id: str, *_: object) -> None:
        self.run(verb_id)

    def _apply(self, verb: Verb) -> None:
        reason = self._checks[verb.id](self._selection)
        action = self._actions[verb.id]
        action.setEnabled(reason is None)
        action.setStatusTip(reason or verb.tip)

    def _paint(self, verb: Verb) -> None:
        if verb.icon:
            self._actions[verb.id].setIcon(self._theme.icon(verb.icon, "danger" if verb.danger else "text"))

    def _recolour(self) -> None:
        for verb in self._verbs.values():
            self._paint(verb)
