"""The way from the Qt thread to the background and back. The only file of the window that knows of threads.

What goes over holds no QObject; what comes back is delivered on the Qt thread by one queued signal, and only while the
one who asked still exists.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, TypeVar

from PySide6.QtCore import QObject, Qt, QTimer, Signal

from cmk_admin.domain.errors import CmkError

T = TypeVar("T")

Publish = Callable[[Any], None]
"""Hands a piece of progress over; may be called on any thread, returns at once, never raises."""

Work = Coroutine[Any, Any, Any] | Callable[[Publish], Coroutine[Any, Any, Any]]

PROGRESS_SECONDS = 0.1
"""Progress is shown at most this often: people read no faster, and the Qt thread has other things to do."""

_log = logging.getLogger(__name__)


class Submits(Protocol):
    """The background, as far as the window knows it."""

    def submit(self, coro: Coroutine[Any, Any, T], /) -> "Future[T]": ...


class Job(QObject):
    """Something running in the background for `owner`, whose child it is: when the owner goes, it is cancelled."""

    ended = Signal()
    """It is over, in whichever way; `done` or `failed` was called before unless it was cancelled."""

    def __init__(self, owner: QObject, cancel: Callable[[], None]) -> None:
        super().__init__(owner)
        self._cancel = cancel
        self._running = True

    @property
    def running(self) -> bool:
        return self._running

    def cancel(self) -> None:
        """Stop it and hear nothing more of it. An operation of the engine goes on: this only stops listening."""
        if self._running:
            self._cancel()
            self.end()

    def end(self) -> None:
        """Called by the bridge."""
        if self._running:
            self._running = False
            self.ended.emit()
            self.deleteLater()


class _Relay(QObject):
    arrived = Signal(object)


class _Post:
    """What the background holds: a plain object with the relay's signal in it until the bridge is stopped."""

    def __init__(self, relay: _Relay) -> None:
        self._relay: _Relay | None = relay

    def send(self, what: "tuple[int, Future[Any] | None]") -> None:
        relay = self._relay
        if relay is not None:
            relay.arrived.emit(what)

    def close(self) -> None:
        self._relay = None


class _Newest:
    """The newest piece of progress of one job; older ones that nobody has looked at yet are dropped."""

    def __init__(self, post: _Post, number: int) -> None:
        self._post, self._number = post, number
        self._values: list[Any] = []
        self._told = False

    def publish(self, value: Any) -> None:
        self._values = [value]
        if not self._told:
            self._told = True
            self._post.send((self._number, None))

    def take(self) -> list[Any]:
        """The newest value, or nothing where it was taken already."""
        self._told = False
        values, self._values = self._values, []
        return values


@dataclass(slots=True)
class _Running:
    job: Job
    future: "Future[Any]"
    done: Callable[[Any], None]
    failed: Callable[[Exception], None]
    progress: Callable[[Any], None] | None
    newest: _Newest
    shown_at: float = 0.0
    waiting: bool = False


class Bridge(QObject):
    """Starts work in the background for somebody on the Qt thread. Make it on the Qt thread; one per window is enough."""

    def __init__(self, background: Submits) -> None:
        super().__init__()
        self._background = background
        self._relay = _Relay(self)
        self._relay.arrived.connect(self._arrived, Qt.ConnectionType.QueuedConnection)
        self._post = _Post(self._relay)
        self._running: dict[int, _Running] = {}
        self._count = 0

    def start(
        self,
        owner: QObject,
        work: Work,
        done: Callable[[Any], None],
        failed: Callable[[Exception], None],
        progress: Callable[[Any], None] | None = None,
    ) -> Job:
        """Run a coroutine on the background loop; `done(result)` or `failed(error)` is called on the Qt thread.

        Where `work` is a function it is called with a `publish` to be handed on as the listener (``on_report``,
        ``publish`` ...) and returns the coroutine; `progress` then gets the newest of what was published, at most ten
        times a second. Nothing is delivered after the owner was destroyed or the job cancelled. Neither `work` nor what it
        captures may hold a QObject.
        """
        self._count += 1
        number = self._count
        newest = _Newest(self._post, number)
        coroutine = work if isinstance(work, Coroutine) else work(newest.publish)
        future = self._background.submit(coroutine)
        job = Job(owner, partial(self._forget, number))
        self._running[number] = _Running(job, future, done, failed, progress, newest)
        job.destroyed.connect(partial(self._forget, number))
        future.add_done_callback(partial(_finished, self._post, number))
        return job

    def compute(
        self, owner: QObject, function: Callable[[], T], done: Callable[[T], None], failed: Callable[[Exception], None]
    ) -> Job:
        """Run a plain function beside the background loop, which stays free for urgent calls."""
        return self.start(owner, asyncio.to_thread(function), done, failed)

    @property
    def busy(self) -> int:
        """How many jobs are running."""
        return len(self._running)

    def stop(self) -> None:
        """Cancel everything and deliver nothing more; before the background is stopped."""
        self._post.close()
        for number in list(self._running):
            self._forget(number)

    def _forget(self, number: int, *_: object) -> None:
        running = self._running.pop(number, None)
        if running is not None:
            running.future.cancel()

    def _arrived(self, what: "tuple[int, Future[Any] | None]") -> None:
        number, future = what
        running = self._running.get(number)
        if running is None:
            return
        if future is None:
            self._show_progress(number)
            return
        self._show_progress(number, last=True)
        if self._running.pop(number, None) is None:
            return  # the progress callback cancelled it
        try:
            result = future.result(timeout=0)
        except (CancelledError, asyncio.CancelledError):
            running.job.end()
            return
        except Exception as error:
            if not isinstance(error, CmkError):
                _log.error("work in the background failed", exc_info=error)
            running.job.end()
            running.failed(error)
            return
        running.job.end()
        running.done(result)

    def _show_progress(self, number: int, *, last: bool = False) -> None:
        running = self._running.get(number)
        if running is None or running.progress is None:
            return
        rest = PROGRESS_SECONDS - (time.monotonic() - running.shown_at)
        if rest > 0 and not last:
            if not running.waiting:
                running.waiting = True
                QTimer.singleShot(int(rest * 1000) + 1, running.job, partial(self._waited, number))
            return
        for value in running.newest.take():
            running.shown_at = time.monotonic()
            running.progress(value)

    def _waited(self, number: int) -> None:
        running = self._running.get(number)
        if running is not None:
            running.waiting = False
            self._show_progress(number)


def _finished(post: _Post, number: int, future: "Future[Any]") -> None:
    """Runs on the loop's thread, or at once on the caller's: only posts."""
    post.send((number, future))
