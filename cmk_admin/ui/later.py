"""After the first paint: what a window can be painted without is loaded and made then."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

LONGEST_MS = 1_000
"""A window that nobody sees (shown minimised, or on another desktop) is not painted: it is not waited for longer."""

_ASKS = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.ShortcutOverride,
        QEvent.Type.Shortcut,
        QEvent.Type.InputMethod,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
        QEvent.Type.ContextMenu,
        QEvent.Type.DragEnter,
    }
)
"""What a person does to a window; all of it finds a whole window. Closing it does not need one."""


class AfterFirstPaint(QObject):
    """Does the slices of some work when the window has been painted, and paints between them.

    Whoever presses something before the last slice gets all that are left first: nothing can be asked of a window that
    is half made. Where a slice raises, the program ends; `error` is what it raised.
    """

    done = Signal()
    """The last slice is done."""

    def __init__(self, window: QWidget, slices: Iterator[None]) -> None:
        """Make it before the window is shown."""
        super().__init__(window)
        self.error: Exception | None = None
        self._window, self._slices = window, slices
        self._painted = self._over = self._working = False
        self._turn = QTimer(self)
        self._turn.setInterval(0)
        self._turn.timeout.connect(self._next)
        window.installEventFilter(self)
        QTimer.singleShot(LONGEST_MS, self, self._begin)

    def finish(self) -> None:
        """Do at once what is left."""
        while not self._over and not self._working:
            self._next()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind in _ASKS:
            self.finish()
        elif kind is QEvent.Type.Paint and watched is self._window:
            self._begin()
        return False

    def _begin(self) -> None:
        """The window is being painted, and everything in it with it: the timer comes after that."""
        if not self._painted and not self._over:
            self._painted = True
            self._window.removeEventFilter(self)
            self._application().installEventFilter(self)
            self._turn.start()

    def _next(self) -> None:
        self._working = True
        try:
            next(self._slices)
        except StopIteration:
            self._stop()
            self.done.emit()
        except Exception as error:
            self._stop()
            self.error = error
            self._application().exit(1)
        finally:
            self._working = False

    def _stop(self) -> None:
        self._over = True
        self._turn.stop()
        self._window.removeEventFilter(self)
        self._application().removeEventFilter(self)

    def _application(self) -> QCoreApplication:
        application = QCoreApplication.instance()
        assert application is not None
        return application
