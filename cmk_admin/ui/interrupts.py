"""Ctrl+C in the terminal that the window was started from."""

import os
import signal
import sys
from types import FrameType

from PySide6.QtCore import QObject, QSocketNotifier, QTimer
from PySide6.QtWidgets import QWidget


class Interrupts(QObject):
    """The first Ctrl+C (or SIGTERM) closes the window, as its own button does; a second one ends the process.

    Python would raise KeyboardInterrupt wherever it happens to be, be it in the middle of a paint.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._before = {number: signal.signal(number, self._take) for number in (signal.SIGINT, signal.SIGTERM)}
        self._ends: tuple[int, ...] = ()
        if sys.platform != "win32":
            # Qt's loop does not let Python look for signals: what is written here when one comes makes it do so
            self._ends = reading, writing = os.pipe()
            for end in self._ends:
                os.set_blocking(end, False)
            signal.set_wakeup_fd(writing)
            self._awake = QSocketNotifier(reading, QSocketNotifier.Type.Read, self)
            self._awake.activated.connect(self._read)

    def stop(self) -> None:
        """Leave signals to Python again."""
        if self._ends:
            self._awake.setEnabled(False)
            signal.set_wakeup_fd(-1)
            for end in self._ends:
                os.close(end)
        for number, before in self._before.items():
            signal.signal(number, before)

    def _take(self, number: int, _: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        QTimer.singleShot(0, self._window, self._window.close)

    def _read(self) -> None:
        os.read(self._ends[0], 64)
