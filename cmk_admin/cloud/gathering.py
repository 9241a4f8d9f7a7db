"""Questions about many things of one place that are asked in the same moment, answered by one list of that place.

A revoke looks at each of fifty grants at a key at once: fifty requests are a fifth of the reads that Azure lets an account
have (`cloud.limits`), on as many connections, and one list says the same.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from cmk_admin.domain.errors import AzureFailure

LEAST = 8
"""So many are worth a list; fewer are asked one by one, which tells more where one of them fails."""
LIST_SECONDS = 1.0
"""A list that takes longer holds nobody up: each asks for itself then."""

T = TypeVar("T")


@dataclass(slots=True)
class _Round(Generic[T]):
    """Those that asked in one turn of the loop."""

    list_all: Callable[[], Awaitable[Mapping[str, T]]]
    asked: int = 0
    answer: "asyncio.Task[Mapping[str, T]] | None" = field(default=None)


class Gathering(Generic[T]):
    """See the module."""

    def __init__(self) -> None:
        self._rounds: dict[str, _Round[T]] = {}

    async def ask(
        self,
        place: str,
        name: str,
        one: Callable[[], Awaitable[T | None]],
        list_all: Callable[[], Awaitable[Mapping[str, T]]],
    ) -> T | None:
        """What `name` in `place` is: from the list, where enough are asked for; from `one` where the list does not have it,
        failed or is late. Raises what `one` raises."""
        round_ = self._rounds.get(place)
        if round_ is None:
            round_ = self._rounds[place] = _Round(list_all)
            round_.answer = asyncio.create_task(self._answer(place, round_))
        round_.asked += 1
        assert round_.answer is not None
        # Shielded: who no longer waits takes the answer from none of the others
        found = (await asyncio.shield(round_.answer)).get(name)
        return found if found is not None else await one()

    async def _answer(self, place: str, round_: _Round[T]) -> Mapping[str, T]:
        """Begins in the next turn of the loop, when all have asked."""
        del self._rounds[place]
        if round_.asked < LEAST:
            return {}
        try:
            return await asyncio.wait_for(round_.list_all(), LIST_SECONDS)
        except (AzureFailure, TimeoutError):
            return {}  # each asks for itself, and tells what is wrong with its own
