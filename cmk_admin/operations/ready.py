"""What holds the first writes of an operation back: the consumers' signals before them."""

import asyncio
from collections.abc import Iterable


class Ready:
    """Holds the first writes back until what must be known before them is known, and tells when the steps have looked."""

    def __init__(self, steps: Iterable[int]) -> None:
        """`steps` are the numbers of those that are looked at first."""
        self._left = set(steps)
        self._known = asyncio.Event()
        self.all_looked = asyncio.Event()
        if not self._left:
            self.all_looked.set()

    def looked(self, n: int) -> None:
        """Step `n` has looked at its target, or needs no look."""
        self._left.discard(n)
        if not self._left:
            self.all_looked.set()

    def go(self) -> None:
        """What must be known is known."""
        self._known.set()

    async def wait(self) -> None:
        await self._known.wait()
