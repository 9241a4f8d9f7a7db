"""The composition root: who gets which object. With `opening` it is the one place that knows all rooms.

Nothing is loaded here that the first paint of the window, or the help of the command line, does not need.
"""

from __future__ import annotations

import gc
import os
from contextlib import ExitStack
from typing import TYPE_CHECKING

from cmk_admin.domain.errors import BadInput
from cmk_admin.runtime import crash
from cmk_admin.runtime.display import has_display
from cmk_admin.runtime.paths import home

if TYPE_CHECKING:
    from pathlib import Path

    from cmk_admin.domain.record import Record
    from cmk_admin.operations.interface import Backend, ConnectionChoice, OnSignIn
    from cmk_admin.runtime.background import Background


async def connect(choice: ConnectionChoice, on_sign_in: OnSignIn | None = None, /) -> Backend:
    """Open a connection: to a live Azure, to the sandbox of a connection file, or to our own, which ends when the backend
    is closed.

    `on_sign_in` is told what a live sign-in has to say. Raises BadInput (file unreadable, no such principal, no such
    tenant), Refused (our own sandbox cannot be made fresh while another process uses it), SandboxFailed, AzureFailure.
    """
    from cmk_admin import opening

    return await opening.connect(choice, on_sign_in)


def vault_suffixes(choice: ConnectionChoice | None) -> tuple[str, ...]:
    """Of the cloud that is meant; a sandbox speaks as the public one."""
    from cmk_admin.cloud.names import CLOUDS, PUBLIC

    cloud = CLOUDS[choice.live.cloud] if choice is not None and choice.live is not None else PUBLIC
    return cloud.vault_suffixes


def print_record(record: Record, path: Path) -> None:
    """Write a record as a PDF file, mode 0600; needs no display.

    Raises OSError, BadInput where Qt's system libraries are missing.
    """
    # Nothing is shown, so that a display that is there is left alone, and none is missed. Set before Qt is loaded.
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    try:
        from PySide6.QtGui import QGuiApplication

        from cmk_admin.ui.record.pdf import print_record as print_it
    except ImportError as error:
        raise _no_qt(error) from error
    application = QGuiApplication.instance() or QGuiApplication(["cmk-admin"])
    print_it(record, path)
    del application


def _no_qt(error: ImportError) -> BadInput:
    return BadInput(
        "no-qt",
        f"Qt cannot be loaded: {error}.",
        next="“make setup” installs the system libraries that it needs, or names them.",
    )


def open_window(choice: ConnectionChoice | None) -> int:
    """Show the window until it is closed; with a choice that connection is opened at once, else the doors are shown.

    Raises BadInput where there is no display, or where Qt's system libraries are missing.
    """
    if not has_display():
        raise BadInput(
            "no-display",
            "There is no display here to show a window on.",
            next="The command line needs none: see “cmk-admin --help”.",
        )
    # Cyclic garbage may hold widgets, and the collector runs on whichever thread allocates: only the Qt thread may
    # collect, so that nothing of Qt is destroyed elsewhere.
    gc.disable()
    folder = home()
    last_crash = crash.watch(folder / "crash")
    with ExitStack() as ending:
        ending.callback(crash.unwatch)

        def start_background() -> Background:
            from cmk_admin.runtime.background import Background
            from cmk_admin.runtime.log import close_log, open_log

            ending.callback(close_log, open_log(folder / "log"))
            background = Background().start()
            ending.callback(background.stop)
            return background

        try:
            from cmk_admin.ui.application import open_window as show
        except ImportError as error:
            raise _no_qt(error) from error
        return show(
            start_background=start_background, connector=connect, home=folder, choice=choice, last_crash=last_crash
        )
