"""The one connection of a window: opened and closed in the background, one thing at a time."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal

from cmk_admin.operations.interface import Backend, ConnectionChoice, Connector
from cmk_admin.ui.bridge import Bridge


class Connecting(QObject):
    """Knows which backend is open. What is on screen follows its signals."""

    opening = Signal(object)
    """The `ConnectionChoice` that is being opened."""
    opened = Signal(object, object)
    """The `ConnectionChoice` and its `Backend`."""
    refused = Signal(object, object)
    """The `ConnectionChoice` and why it could not be opened."""
    closing = Signal()
    """The backend finishes what is in flight (bounded) and is not to be used any more."""
    closed = Signal(object)
    """It is closed; the error where it did not close cleanly, else None."""

    def __init__(self, bridge: Bridge, connector: Connector, parent: QObject) -> None:
        super().__init__(parent)
        self._bridge, self._connector = bridge, connector
        self._backend: Backend | None = None
        self._opening = False
        self._closing = False

    @property
    def backend(self) -> Backend | None:
        """The open connection."""
        return self._backend

    @property
    def is_opening(self) -> bool:
        return self._opening

    @property
    def is_closing(self) -> bool:
        return self._closing

    @property
    def idle(self) -> bool:
        """Nothing is open, being opened or being closed."""
        return self._backend is None and not self._opening and not self._closing

    def open(self, choice: ConnectionChoice) -> None:
        """Open a connection; only while idle."""
        if not self.idle:
            return
        self._opening = True
        self.opening.emit(choice)
        connector = self._connector
        self._bridge.start(self, connector(choice), partial(self._opened, choice), partial(self._refused, choice))

    def close(self, then: Callable[[], None]) -> None:
        """Close what is open, then go on with `then`."""
        backend = self._backend
        if backend is None or self._closing:
            return
        self._closing, self._backend = True, None
        self.closing.emit()
        self._bridge.start(self, backend.close(), partial(self._closed, then), partial(self._not_closed, then))

    def _opened(self, choice: ConnectionChoice, backend: Backend) -> None:
        self._opening, self._backend = False, backend
        self.opened.emit(choice, backend)

    def _refused(self, choice: ConnectionChoice, error: Exception) -> None:
        self._opening = False
        self.refused.emit(choice, error)

    def _closed(self, then: Callable[[], None], _: object) -> None:
        self._closing = False
        self.closed.emit(None)
        then()

    def _not_closed(self, then: Callable[[], None], error: Exception) -> None:
        self._closing = False
        then()
        self.closed.emit(error)
