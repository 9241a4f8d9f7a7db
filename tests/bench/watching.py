"""Sees when widgets are painted: an event filter over the whole application."""

import time
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QWidget


class Painted(QObject):
    """Calls `all_seen` once every wanted widget has been painted; `wanted` may be unknown until it exists."""

    def __init__(self, wanted: Callable[[], list[QWidget]], all_seen: Callable[[], None]) -> None:
        super().__init__()
        self._wanted, self._all_seen = wanted, all_seen
        self._seen: set[QObject] = set()
        self._told = False
        application = QApplication.instance()
        assert application is not None
        application.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Paint and not self._told:
            self._seen.add(watched)
            wanted = self._wanted()
            if wanted and all(widget in self._seen for widget in wanted):
                self._told = True
                self._all_seen()
        return False


class NextPaint(QObject):
    """When one widget was painted last."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.at: float | None = None
        widget.installEventFilter(self)

    def eventFilter(self, _: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Paint:
            self.at = time.perf_counter()
        return False


def percentile(values: list[float], share: float) -> float:
    """The value that this share of all are not above."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
