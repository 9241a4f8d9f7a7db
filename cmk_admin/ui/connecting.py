"""The one connection of a window: opened and closed in the background, one thing at a time."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, Signal

from cmk_admin.operations.interface import Backend, ConnectionChoice, Connector
from cmk_admin.ui.bridge import Bridge, Publish


class _Attempt:
    """One opening in the background, which the Qt thread can ask to stop."""

    def __init__(self, work: Coroutine[Any, Any, Backend]) -> None:
        self._work = work
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None
        self.unwanted = False

    async def run(self) -> Backend | None:
        """What was opened; None where it was stopped."""
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        if self.unwanted:
            self._work.close()
            return None
        try:
            return await self._work
        except asyncio.CancelledError:
            if not self.unwanted:
                raise
            return None

    def stop(self) -> None:
        self.unwanted = True
        if self._loop is not None and self._task is not None:
            self._loop.call_soon_threadsafe(self._task.cancel)


class Connecting(QObject):
    """Knows which backend is open. What is on screen follows its signals."""

    opening = Signal(object)
    """The `ConnectionChoice` that is being opened."""
    opened = Signal(object, object)
    """The `ConnectionChoice` and its `Backend`."""
    refused = Signal(object, object)
    """The `ConnectionChoice` and why it could not be opened."""
    news = Signal(object)
    """`SignInNews` of a live connection that is being opened."""
    cancelled = Signal(object)
    """The `ConnectionChoice` that was given up while it was being opened."""
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
        self._attempt: _Attempt | None = None

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

    @property
    def is_busy(self) -> bool:
        """Something is being opened or closed."""
        return self._opening or self._closing

    def open(self, choice: ConnectionChoice) -> None:
        """Open a connection; only while idle."""
        if not self.idle:
            return
        self._opening = True
        self.opening.emit(choice)
        connector, done, failed = self._connector, partial(self._opened, choice), partial(self._refused, choice)
        if choice.live is None:
            self._bridge.start(self, connector(choice), done, failed)
            return

        def work(publish: Publish) -> Coroutine[Any, Any, Backend | None]:
            self._attempt = _Attempt(connector(choice, publish))
            return self._attempt.run()

        self._bridge.start(self, work, done, failed, self.news.emit)

    def give_up(self) -> None:
        """Stop signing in; `cancelled` follows. A sandbox that is being started is not left half-way."""
        if self._opening and self._attempt is not None:
            self._attempt.stop()

    def close(self, then: Callable[[], None]) -> None:
        """Close what is open, then go on with `then`."""
        backend = self._backend
        if backend is None or self._closing:
            return
        self._closing, self._backend = True, None
        self.closing.emit()
        self._bridge.start(self, backend.close(), partial(self._closed, then), partial(self._not_closed, then))

    def _opened(self, choice: ConnectionChoice, backend: Backend | None) -> None:
        attempt, self._attempt = self._attempt, None
        if backend is not None and attempt is not None and attempt.unwanted:
            # It was signed in just before it was given up
            given_up = partial(self._opened, choice, None)
            self._bridge.start(self, backend.close(), lambda _: given_up(), partial(self._refused, choice))
            return
        self._opening, self._backend = False, backend
        if backend is None:
            self.cancelled.emit(choice)
            return
        self.opened.emit(choice, backend)

    def _refused(self, choice: ConnectionChoice, error: Exception) -> None:
        self._opening, self._attempt = False, None
        self.refused.emit(choice, error)

    def _closed(self, then: Callable[[], None], _: object) -> None:
        self._closing = False
        self.closed.emit(None)
        then()

    def _not_closed(self, then: Callable[[], None], error: Exception) -> None:
        self._closing = False
        then()
        self.closed.emit(error)
