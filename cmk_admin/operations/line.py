"""The way to Azure: when nothing of it answers, an operation waits, and goes on by itself when something does again."""

import asyncio
from datetime import UTC, datetime

from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.operations.interface import AWAY
from cmk_admin.operations.reports import utc_text
from cmk_admin.operations.state import OperationState

_PROBE_SECONDS = 2.0
"""Real seconds between tries while nothing answers."""


class Line:
    """One for all steps of an operation, so that it is asked once and not by each."""

    def __init__(self, state: OperationState) -> None:
        self._state = state
        self._asking = asyncio.Lock()
        self._back_at: datetime | None = None

    async def was_away(self, failure: AzureFailure) -> bool:
        """Whether it was the network that failed, and not one host; returns when it is back, or no waiting is wanted.

        A host that alone does not answer is the step's own trouble, which it tries again for a while. Raises StoreError.
        """
        if failure.kind is not FailureKind.UNREACHABLE or failure.status is not None:
            return False
        began = datetime.now(UTC)
        async with self._asking:
            if self._back_at is not None and self._back_at >= began:
                return True  # another step waited for it meanwhile
            if self._state.stopping.is_set() or await self._state.session.answers():
                return False
            await self._wait()
            return True

    async def _wait(self) -> None:
        why = f"{AWAY} since {utc_text(datetime.now(UTC))}. It goes on by itself when the network is back."
        with self._state.waiting(why):
            await self._state.note(why)
            while await self._state.pause(_PROBE_SECONDS):
                if await self._state.session.answers():
                    self._back_at = datetime.now(UTC)
                    await self._state.note(f"The network is back since {utc_text(self._back_at)}; it goes on.")
                    return
