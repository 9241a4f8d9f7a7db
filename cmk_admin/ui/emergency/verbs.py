"""The emergency's verbs: their words and shortcuts, and why one cannot be asked for just now."""

from collections.abc import Callable
from functools import partial
from typing import Protocol

from cmk_admin.operations.interface import OperationReport
from cmk_admin.ui.actions import Verb
from cmk_admin.ui.emergency.restore_folder import ask_restore_folder
from cmk_admin.ui.main_window import MainWindow
from cmk_admin.ui.selection import Selection

REVOKE = Verb(
    id="revoke",
    text="&Revoke access…",
    menu="key",
    icon="revoke",
    shortcut="Ctrl+Shift+R",
    danger=True,
    tip="Cut the selected service off its key, or disable the selected key",
    context=("key", "consumer"),
)
RESTORE = Verb(
    id="restore",
    text="Restore &access…",
    menu="operation",
    icon="restore",
    shortcut="Ctrl+Shift+B",
    tip="Give back what the newest revoke took",
)
ACTIVITY = Verb(
    id="activity",
    text="Show &operations",
    menu="operation",
    icon="activity",
    shortcut="Ctrl+Shift+A",
    tip="The list of running, interrupted and past operations",
)
RESTORE_FOLDER = Verb(
    id="restore-folder",
    text="Where restore &files go…",
    menu="operation",
    icon="save",
    tip="The folder into which a revoke writes the file with which anyone can restore",
)


class Flows(Protocol):
    """What the verbs begin."""

    def revoke(self) -> None: ...
    def restore(self) -> None: ...
    def show_activity(self) -> None: ...


def add_verbs(window: MainWindow, flows: Flows, restorable: Callable[[], OperationReport | None]) -> None:
    """Put them into a window's menus; `restorable` finds the revoke that *Restore* would give back."""
    window.verbs.add(REVOKE, flows.revoke, partial(_why_not_revoke, window))
    window.verbs.add(RESTORE, flows.restore, partial(_why_not_restore, restorable))
    window.verbs.add(ACTIVITY, flows.show_activity)
    window.verbs.add(RESTORE_FOLDER, partial(ask_restore_folder, window, window.home))


def _why_not_revoke(window: MainWindow, selection: Selection) -> str | None:
    if window.backend is None:
        return "Open a connection first."
    if selection.key is None:
        return "Select a key, or a service under its key."
    return None


def _why_not_restore(restorable: Callable[[], OperationReport | None], _: Selection) -> str | None:
    return None if restorable() is not None else "No revoke is waiting to be given back."
