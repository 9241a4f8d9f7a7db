"""A restore file in the window: what it is, and the page that gives back from it where it is of this connection."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from cmk_admin.ui.dialogs import tell

if TYPE_CHECKING:
    from cmk_admin.domain.restore_file import RestoreFile
    from cmk_admin.ui.emergency.install import Emergency
    from cmk_admin.ui.main_window import MainWindow


def show(window: MainWindow, emergency: Emergency, path: Path, file: RestoreFile) -> None:
    """Open the page that gives back from a whole restore file; else say with which command it is used, and what that needs."""
    backend = window.backend
    if backend is not None and backend.info.takes(file):
        emergency.restore_file(path, file.operation)
        window.say(f"This is a restore file of operation {file.operation}: its page shows what it gives back.")
        return
    what = f"{path} is a restore file of operation {file.operation}"
    where = "No connection is open." if backend is None else f"It belongs to another connection: {file.whose}."
    command = shlex.join(("cmk-admin", "restore", str(path)))
    tell(
        window,
        "This is a restore file",
        f"{what}. {where}\n\nOpen its connection and choose “Restore from a file…”, or use the command below. "
        f"Either needs the rights to give back what was taken{_needs(file)}.",
        details=f"{command} {file.option}".rstrip(),
        copy="Copy the command",
    )


def tell_useless(window: MainWindow, path: Path, *, damaged: bool) -> None:
    """Why nothing can be given back from a file, as the command line says it."""
    what = "is damaged: it is not as the revoke wrote it" if damaged else "is not a file that a revoke wrote"
    tell(window, "Nothing can be given back from this file", f"“{path}” {what}. Nothing was sent.")


def _needs(file: RestoreFile) -> str:
    if file.sandbox:
        return (
            ", and the very sandbox: --sandbox means the program’s own; for another, --connection and its file instead"
        )
    if file.connection is not None:
        return ", and the option that names its connection: --live, --sandbox or --connection"
    return ", and a sign-in to its tenant"
