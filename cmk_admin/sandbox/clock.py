"""The sandbox's one clock: a calendar, and Azure's seconds, which the speed divides."""

import asyncio
import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Two readings that move together only when somebody pushes the clock.

    The *calendar* is real time plus every push; speed never moves it, so tokens, certificates and key dates stay honest.
    *Azure seconds* are the time that documented delays are counted in: real seconds times speed, plus every push.
    """

    def __init__(self, *, speed: float = 1.0, azure_seconds: float = 0.0, pushed: float = 0.0) -> None:
        self._speed = speed
        self._pushed = pushed
        self._azure_base = azure_seconds
        self._real_base = time.monotonic()
        self._moved = asyncio.Event()

    @property
    def speed(self) -> float:
        """Azure's seconds in one real second; 0 is a stopped clock."""
        return self._speed

    @property
    def pushed(self) -> float:
        """Seconds by which the calendar is ahead of real time."""
        return self._pushed

    def now(self) -> datetime:
        """The calendar, in UTC."""
        return datetime.now(UTC) + timedelta(seconds=self._pushed)

    def azure(self) -> float:
        """Azure's seconds since this state was made; never goes back, kept over restarts."""
        return self._azure_base + (time.monotonic() - self._real_base) * self._speed

    def advance(self, seconds: float) -> None:
        """Push both readings forward. Raises ValueError for a negative push: Azure's clock never goes back."""
        if seconds < 0:
            raise ValueError("the clock only goes forward")
        self._rebase()
        self._pushed += seconds
        self._azure_base += seconds
        self._wake()

    def set_speed(self, speed: float) -> None:
        """Change how many of Azure's seconds pass in a real one. Raises ValueError below 0."""
        if speed < 0:
            raise ValueError("the speed cannot be negative")
        self._rebase()
        self._speed = speed
        self._wake()

    async def sleep_until(self, azure_seconds: float) -> None:
        """Return once Azure's seconds reach the given reading; a push or a new speed is noticed at once."""
        while (left := azure_seconds - self.azure()) > 0:
            moved = self._moved
            try:
                # Not wait_for: before Python 3.12 it loses a cancellation that comes together with a push.
                async with asyncio.timeout(left / self._speed if self._speed else None):
                    await moved.wait()
            except TimeoutError:
                continue

    def _rebase(self) -> None:
        self._azure_base, self._real_base = self.azure(), time.monotonic()

    def _wake(self) -> None:
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()
