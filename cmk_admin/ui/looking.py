"""Looking: gets estates from the backend and makes ready in the background what the screen needs of them."""

import gc
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal

from cmk_admin.domain import table
from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.index import Index
from cmk_admin.domain.lone_keys import LoneKeys
from cmk_admin.domain.model import Estate
from cmk_admin.domain.search import Search
from cmk_admin.domain.tree import Grouping, Node, build
from cmk_admin.operations.interface import Backend
from cmk_admin.ui.bridge import Bridge, Job

FOLLOW_MS = 500
"""How often it is asked whether the backend holds a newer estate than the screen: operations refresh what they touch."""

REST = 2.0
"""While answers arrive, the time between two preparations is at least so many times what the last one took: preparing
and painting share one interpreter."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Prepared:
    """An estate with all that the screen shows of it, worked out beside the Qt thread."""

    estate: Estate
    index: Index
    grouping: Grouping
    roots: tuple[Node, ...]
    search: Search
    rows: Callable[[], tuple[table.Row, ...]]
    """The reviewer's table; worked out when it is first asked for, which belongs beside the Qt thread too."""
    lone: LoneKeys
    """What the next estate's tree can use again."""


def prepare(estate: Estate, grouping: Grouping, known: Prepared | None, now: datetime) -> Prepared:
    """Index, tree and filter of an estate; what the same estate was already prepared for is used again."""
    same = known if known is not None and known.estate is estate else None
    index = same.index if same else Index(estate)
    lone = LoneKeys(known.lone if known is not None else None)
    roots = build(index, grouping, now, lone)
    return Prepared(estate, index, grouping, roots, Search(roots), partial(table.rows, index, now), lone)


class Looking(QObject):
    """Reads, refreshes, prepares; one estate at a time is prepared and the newest one wins."""

    prepared = Signal(object)
    """A `Prepared` to be shown."""
    reading_changed = Signal(bool)
    failed = Signal(object)
    """The error of a reading from which nothing came."""

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._backend: Backend | None = None
        self._grouping = Grouping.VAULT
        self._shown: Prepared | None = None
        self._waiting: Estate | None = None
        self._preparing: Job | None = None
        self._jobs: list[Job] = []
        self._reading = 0
        self._rest_until = 0.0
        self._started = 0.0
        self._follow = QTimer(self)
        self._follow.setInterval(FOLLOW_MS)
        self._follow.timeout.connect(self._follow_backend)

    @property
    def reading(self) -> bool:
        return self._reading > 0

    @property
    def shown(self) -> Prepared | None:
        return self._shown

    def attach(self, backend: Backend | None) -> None:
        """Another connection: show its last estate at once, and read it anew; None: forget what was shown."""
        for job in self._jobs:
            job.cancel()
        self._jobs.clear()
        if self._preparing is not None:
            self._preparing.cancel()
        self._backend, self._shown, self._waiting, self._preparing = backend, None, None, None
        self._set_reading(-self._reading)
        if backend is None:
            self._follow.stop()
            return
        # What was loaded to open the connection stays: the collector need never walk it
        gc.freeze()
        self._keep(self._bridge.start(self, backend.load_last(), self._took_last, self._no_last))

    def read(self) -> None:
        """Read the whole estate."""
        backend = self._backend
        if backend is None or self.reading:
            return
        self._set_reading(1)
        self._follow.stop()
        self._keep(self._bridge.start(self, backend.read, self._read, self._read_failed, self.show))

    def refresh(self, key: KeyId) -> None:
        """Read one key from its providers."""
        backend = self._backend
        if backend is None:
            return
        self._set_reading(1)
        self._keep(self._bridge.start(self, backend.refresh_key(str(key)), self._refreshed, self._refresh_failed))

    def group(self, grouping: Grouping) -> None:
        """Another grouping of the tree."""
        if grouping is not self._grouping:
            self._grouping = grouping
            if self._waiting is None and self._shown is not None:
                self._waiting = self._shown.estate
            self._prepare_next()

    def show(self, estate: Estate) -> None:
        """Prepare an estate and show it; one that is waiting for its turn is dropped for it."""
        self._waiting = estate
        self._prepare_next()

    def _prepare_next(self) -> None:
        if self._preparing is not None or self._waiting is None:
            return
        rest = self._rest_until - time.monotonic()
        if rest > 0 and not self._waiting.coverage.finished:
            QTimer.singleShot(int(rest * 1000) + 1, self, self._prepare_next)
            return
        estate, self._waiting = self._waiting, None
        self._started = time.monotonic()
        work = partial(prepare, estate, self._grouping, self._shown, estate.read_at)
        self._preparing = self._bridge.compute(self, work, self._took_prepared, self._prepare_failed)

    def _took_prepared(self, prepared: Prepared) -> None:
        self._preparing = None
        now = time.monotonic()
        self._rest_until = now + REST * (now - self._started)
        self._shown = prepared
        self.prepared.emit(prepared)
        # It is acyclic, and the collector need never walk it
        gc.freeze()
        if prepared.grouping is not self._grouping and self._waiting is None:
            self._waiting = prepared.estate
        self._prepare_next()

    def _prepare_failed(self, error: Exception) -> None:
        self._preparing = None
        self.failed.emit(error)
        self._prepare_next()

    def _took_last(self, estate: Estate | None) -> None:
        if estate is not None:
            self.show(estate)
        self.read()

    def _no_last(self, error: Exception) -> None:
        _log.warning("the estate that was saved last cannot be read: %s", type(error).__name__)
        self.read()

    def _read(self, estate: Estate) -> None:
        self._set_reading(-1)
        self.show(estate)
        self._follow.start()

    def _read_failed(self, error: Exception) -> None:
        self._set_reading(-1)
        self._follow.start()
        self.failed.emit(error)

    def _refreshed(self, estate: Estate) -> None:
        self._set_reading(-1)
        self.show(estate)

    def _refresh_failed(self, error: Exception) -> None:
        self._set_reading(-1)
        self.failed.emit(error)

    def _follow_backend(self) -> None:
        newest = self._backend.estate if self._backend is not None else None
        shown = self._shown.estate if self._shown is not None else None
        if newest is not None and newest is not shown and newest is not self._waiting and self._preparing is None:
            self.show(newest)

    def _set_reading(self, change: int) -> None:
        before = self.reading
        self._reading = max(0, self._reading + change)
        if before != self.reading:
            self.reading_changed.emit(self.reading)

    def _keep(self, job: Job) -> None:
        self._jobs = [one for one in self._jobs if one.running]
        self._jobs.append(job)
