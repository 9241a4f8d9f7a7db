"""The clock that the rooms are handed: the calendar, a stopwatch, and how fast Azure's time runs."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What a room may know of time."""

    @property
    def speed(self) -> float:
        """Azure's seconds in one real second: 1 for a live connection, more for a sandbox that runs fast."""

    def now(self) -> datetime:
        """The connection's calendar, aware, in UTC."""

    def monotonic(self) -> float:
        """Real seconds from some fixed moment; never goes back. Not comparable between processes."""

    def azure_seconds(self, real_seconds: float) -> float:
        """Azure's seconds in that many real ones."""

    def real_seconds(self, azure_seconds: float) -> float:
        """How long that many of Azure's seconds last."""


class ConnectionClock:
    """The machine's own clock, shifted to the connection's calendar.

    A sandbox's calendar can be pushed ahead of the machine's; `ahead` is by how much, and follows what the cloud room
    reads. Speed never moves the calendar.
    """

    def __init__(self, *, speed: float = 1.0, ahead: timedelta = timedelta(0)) -> None:
        self._speed = speed
        self.ahead = ahead

    @property
    def speed(self) -> float:
        return self._speed

    @speed.setter
    def speed(self, value: float) -> None:
        self._speed = value

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def monotonic(self) -> float:
        return time.monotonic()

    def azure_seconds(self, real_seconds: float) -> float:
        return real_seconds * self._speed

    def real_seconds(self, azure_seconds: float) -> float:
        """Infinite where the sandbox's clock is stopped."""
        return azure_seconds / self._speed if self._speed else float("inf")
