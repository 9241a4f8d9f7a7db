"""Starts a bare QMainWindow (``bare``) or the program (``ours FILE``) and prints the time at which it has been painted.

Loads nothing beside Qt before it starts: what is loaded here would be counted on both sides.
"""

import gc
import os
import sys
import time

if sys.argv[1:2] == ["ours"]:
    gc.disable()  # as the program does before it loads Qt, which is loaded here to watch it

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

PARTS = ("menu-bar", "strip", "tree-panel")


class FirstPaint(QObject):
    """Ends the process when every part of the window has been painted; without parts: the window itself."""

    def __init__(self, application: QApplication, parts: tuple[str, ...]) -> None:
        super().__init__()
        self._application, self._parts = application, parts
        self._left: set[QObject] = set()
        application.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Show and isinstance(watched, QMainWindow):
            # From here on only the parts are watched: an event that passes through Python takes its time
            self._application.removeEventFilter(self)
            found = [watched.findChild(QWidget, name) for name in self._parts] or [watched]
            self._left = {one for one in found if one is not None}
            for one in self._left:
                one.installEventFilter(self)
        elif event.type() is QEvent.Type.Paint and watched in self._left:
            self._left.discard(watched)
            if not self._left:
                print(time.time(), flush=True)
                os._exit(0)
        return False


def bare() -> None:
    """The least that a window needs."""
    application = QApplication(["bare"])
    watch = FirstPaint(application, ())
    window = QMainWindow()
    window.resize(1280, 800)
    window.show()
    application.exec()
    del watch


def ours(file: str) -> None:
    """The program on a connection file, by its command line."""
    from cmk_admin.ui.application import make_application

    watch = FirstPaint(make_application(), PARTS)
    from cmk_admin.__main__ import main

    main(["--connection", file])
    del watch


if __name__ == "__main__":
    if sys.argv[1] == "bare":
        bare()
    else:
        ours(sys.argv[2])
