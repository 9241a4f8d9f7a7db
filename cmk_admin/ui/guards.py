"""What watches over the running window: where garbage is collected, and errors that nobody caught."""

import gc
import logging
import sys
from types import TracebackType
from typing import Any

from PySide6.QtCore import QCoreApplication, QObject, Qt, QThread, QTimer, Signal
from PySide6.QtWidgets import QApplication, QWidget

from cmk_admin.ui.dialogs import tell

COLLECT_MS = 5_000
"""How often cyclic garbage is collected, always on the Qt thread: a widget in a cycle must not be destroyed elsewhere."""

_log = logging.getLogger(__name__)


class Collector(QObject):
    """Collects cyclic garbage on the Qt thread; the automatic collector, which runs on any thread, is off meanwhile."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(COLLECT_MS)
        self._timer.timeout.connect(self.collect)
        self._timer.start()
        gc.callbacks.append(_watch_thread)
        self.destroyed.connect(_stop_watching)

    def collect(self) -> None:
        """Collect what was made since the last time: the rest was found alive then, or is frozen."""
        gc.collect(1)


def _watch_thread(phase: str, _: dict[str, int]) -> None:
    app = QCoreApplication.instance()
    if phase == "start" and app is not None and QThread.currentThread() is not app.thread():
        _log.error("the garbage collector ran outside the Qt thread; a widget may have been destroyed there")


def _stop_watching(*_: object) -> None:
    if _watch_thread in gc.callbacks:
        gc.callbacks.remove(_watch_thread)


class Uncaught(QObject):
    """Errors of our own that nobody caught: logged, and told once at a time without stopping anything."""

    happened = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._window: QWidget | None = None
        self._shown: Any = None
        self.happened.connect(self._show, Qt.ConnectionType.QueuedConnection)
        self._before = sys.excepthook
        sys.excepthook = self._hook

    def attach(self, window: QWidget) -> None:
        """Tell in this window."""
        self._window = window

    def detach(self) -> None:
        """Leave errors to Python again."""
        sys.excepthook = self._before
        self._window = None

    def _hook(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QApplication.quit()
            return
        _log.error("an error that nobody caught", exc_info=(kind, error, trace))
        self._before(kind, error, trace)
        self.happened.emit(f"{kind.__name__}: {error}")

    def _show(self, details: str) -> None:
        if self._window is None or self._shown is not None or not self._window.isVisible():
            return
        self._shown = tell(
            self._window,
            "The program made a mistake",
            "Something went wrong inside the program itself. What runs in the background goes on. The log has the details.",
            details=details,
        )
        self._shown.finished.connect(self._forget)

    def _forget(self, _: int) -> None:
        self._shown = None
