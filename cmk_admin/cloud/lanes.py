"""Doing several things at once, so that nothing is left running behind an error."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

_T = TypeVar("_T")
_R = TypeVar("_R")


async def together(*work: Awaitable[Any]) -> list[Any]:
    """Do all of it side by side and wait for all; then the results in order, or the first error."""
    results = await asyncio.gather(*work, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return results


async def in_lanes(work: Callable[[_T], Awaitable[_R]], items: Sequence[_T], lanes: int) -> list[_R]:
    """Do `work` for each item, `lanes` at a time; the results in the items' order."""
    if lanes <= 1:
        return [await work(item) for item in items]
    results: dict[int, _R] = {}
    left = iter(enumerate(items))

    async def lane() -> None:
        for at, item in left:
            results[at] = await work(item)

    await together(*(lane() for _ in range(lanes)))
    return [results[at] for at in range(len(items))]
