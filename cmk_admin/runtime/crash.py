"""The crash file: what the interpreter says when it dies, kept for the next start."""

import faulthandler
from pathlib import Path
from typing import TextIO

from cmk_admin.runtime.paths import private_folder

_FILES: list[TextIO] = []  # faulthandler keeps only the descriptor: the file object has to live as long as the process


def _path(folder: Path) -> Path:
    return folder / "crash.txt"


def watch(folder: Path) -> str | None:
    """Note crashes of this process in `folder` from now on; returns what the last crash left there, or None.

    The note is moved to ``crash-last.txt``, so that it is offered once and can still be looked at. Holds the stacks of
    all threads (file names, line numbers, function names), never values.
    """
    private_folder(folder)
    path = _path(folder)
    last = None
    if path.exists():
        last = path.read_text(encoding="utf-8", errors="replace").strip() or None
        if last:
            path.replace(folder / "crash-last.txt")
    file = path.open("w", encoding="utf-8")
    path.chmod(0o600)
    _FILES.append(file)
    faulthandler.enable(file, all_threads=True)
    return last


def unwatch() -> None:
    """Stop noting crashes: for an orderly end, and for tests."""
    faulthandler.disable()
    while _FILES:
        _FILES.pop().close()
