"""A step that Azure holds up holds no proof up: what the others closed is read again while it waits."""

import asyncio

from cmk_admin.domain.steps import AT_REST
from cmk_admin.operations.proof import prove_run
from cmk_admin.operations.state import OperationState

_QUIET_SECONDS = 3.0
"""Real seconds for which no further step has ended: then the reads are in no write's way."""


async def prove_meanwhile(state: OperationState) -> None:
    """Read the paths as often as further steps have ended and others still wait. Until it is cancelled; raises StoreError."""
    proved = before = _ended(state)
    while not state.stopping.is_set():
        await asyncio.sleep(_QUIET_SECONDS)
        ended = _ended(state)
        if ended == before and ended != proved and not state.all_at_rest:
            await prove_run(state)
            proved = ended
        before = ended


def _ended(state: OperationState) -> frozenset[int]:
    return frozenset(step.n for step in state.row.steps if step.state in AT_REST)
