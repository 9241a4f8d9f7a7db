"""What Azure accepted and goes on doing: it is asked until it has ended, and for how long a request is tried again."""

import asyncio
from time import monotonic

from cmk_admin.cloud.session import LongRunning
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.operations.line import Line
from cmk_admin.operations.state import OperationState

WAITS = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Real seconds before each further try (KVD general/overview-throttling.md: 1, 2, 4, 8, 16)."""
LONGEST_SECONDS = 86_400.0
"""Real seconds: a day, for what is waited where Azure's clock stands still."""
LONG_RUNNING_SECONDS = 1800.0
"""After this long a long-running operation is left alone; it can be gone on with later."""

_TRANSIENT = frozenset({FailureKind.UNREACHABLE, FailureKind.THROTTLED, FailureKind.LOST})


def is_transient(failure: AzureFailure) -> bool:
    """True where the same request may succeed a moment later."""
    busy = failure.kind is FailureKind.FAILED and (failure.status is None or failure.status >= 500)
    firewall = failure.kind is FailureKind.UNREACHABLE and failure.status is not None
    return (failure.kind in _TRANSIENT and not firewall) or busy


class Polling:
    """The long-running operations of one step."""

    def __init__(self, state: OperationState, n: int, line: Line) -> None:
        self._state, self._n, self._line = state, n, line

    async def ended(self, operations: tuple[LongRunning, ...]) -> bool:
        """Ask until all have ended. False where they were left alone. Raises the first AzureFailure: see `_ended`."""
        answers = await asyncio.gather(*(self._ended(one) for one in operations), return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        return all(answers)

    async def _ended(self, operation: LongRunning) -> bool:
        """Ask until it has ended. False where it was left alone: no further waiting is wanted, or it took too long.

        Raises AzureFailure where it ended badly or could not be asked for a while.
        """
        deadline = monotonic() + LONG_RUNNING_SECONDS
        waits = iter(WAITS)
        pause = operation.retry_after
        while monotonic() + pause < deadline:
            if not await self._state.pause(pause):
                return False
            try:
                poll = await self._state.session.poll(operation, about=self._state.plan.steps[self._n - 1].target)
            except AzureFailure as failure:
                away = await self._line.was_away(failure)
                wait = 0.0 if away else next(waits, None)
                if wait is None or not is_transient(failure):
                    raise
                pause = max(wait, failure.retry_after or 0.0)
            else:
                if poll.done:
                    return True
                waits, pause = iter(WAITS), poll.retry_after
        await self._state.note(f"Step {self._n}: Azure still works on it; it can be gone on with later.")
        return False
