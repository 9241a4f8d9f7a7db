"""Where the files are written with which anyone can restore: asked in a small dialog, counts from the next connection on."""

import os
from functools import partial
from pathlib import Path

from cmk_admin.domain.errors import BadInput
from cmk_admin.runtime.settings import RESTORE_VARIABLE, restore_folder, set_restore_folder
from cmk_admin.ui.dialogs import ask, tell, tell_failure
from cmk_admin.ui.main_window import MainWindow

TEXT = (
    "Before its first change a revoke writes a file with which anyone who has the rights can restore, on another machine "
    "too. Name a folder that others reach, as a share. Left empty, it is written into the connection's own folder. "
    "It counts from the next connection on."
)


def ask_restore_folder(window: MainWindow, home: Path) -> None:
    """Ask for the folder and keep it in the settings."""
    named = os.environ.get(RESTORE_VARIABLE)
    if named:
        tell(window, "Where restore files go", f"They are written to {named}: {RESTORE_VARIABLE} says so.")
        return
    try:
        now = restore_folder(home)
    except BadInput as error:
        tell_failure(window, "The settings cannot be read", error)
        return
    ask(
        window,
        "Where restore files go",
        TEXT,
        label="Folder",
        verb="Keep this folder",
        value=str(now) if now is not None else "",
        problem=folder_problem,
        done=partial(_keep, window, home),
    )


def folder_problem(text: str) -> str | None:
    """Why no file can be written there, in a sentence."""
    wanted = text.strip()
    if not wanted:
        return None
    folder = Path(wanted).expanduser()
    if not folder.is_absolute():
        return "Name the folder in full, from the root on."
    if not folder.is_dir():
        return "There is no such folder."
    return None if os.access(folder, os.W_OK | os.X_OK) else "Nothing can be written there."


def _keep(window: MainWindow, home: Path, text: str) -> None:
    folder = str(Path(text.strip()).expanduser()) if text.strip() else ""
    try:
        set_restore_folder(home, folder)
    except BadInput as error:
        tell_failure(window, "The folder was not kept", error)
    except OSError as error:
        tell(window, "The folder was not kept", f"{home} could not be written to: {error.strerror or error}.")
    else:
        window.say(f"Restore files go to {folder or 'the connection’s own folder'} from the next connection on.")
