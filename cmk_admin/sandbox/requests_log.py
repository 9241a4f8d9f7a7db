"""What was asked of the sandbox: enough to see who did what, never a token, a query or a body."""

from collections import deque
from typing import Any

from .state import World
from .wire import Call

# A full discovery of the largest estate is some ten thousand calls; older entries are dropped.
KEPT = 50_000


class RequestsLog:
    """Numbered entries, oldest first; numbers go on over a reset, so that `since` stays meaningful."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._entries: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._last = 0

    def add(self, call: Call, status: int | None, **notes: str | bool | list[str]) -> None:
        """Note one request as it ended; status is None where the client got no answer at all.

        Notes tell what an entry cannot: ``fault`` the kind of fault it met, ``unknown`` that no route stands there,
        ``changes`` the paths that a write of a whole resource changes (paths only, never what stands there).
        """
        self._last += 1
        self._entries.append(
            {
                "n": self._last,
                "time": self._world.clock.now().isoformat(timespec="milliseconds"),
                "host": call.host,
                "method": call.method,
                "path": call.path,
                "status": status,
                "principal": call.caller.name if call.caller is not None else None,
                **notes,
            }
        )

    def since(self, n: int) -> list[dict[str, Any]]:
        """The entries numbered above n."""
        return [entry for entry in self._entries if entry["n"] > n]
