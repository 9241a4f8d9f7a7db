"""What the operation that is given back left under way in Azure.

Not every service shows that it is being changed: it looks as it did before, and a moment later has its key. So nothing
is taken back before that has ended.
"""

from time import monotonic

from cmk_admin.cloud.session import LongRunning
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.operations.reports import AT_REST
from cmk_admin.operations.state import OperationState
from cmk_admin.operations.stepper import LONG_RUNNING_SECONDS, WAITS, is_transient


async def still_under_way(state: OperationState) -> str | None:
    """Wait until all that Azure accepted of the answered operation has ended, well or badly; None: it has.

    Else a sentence: why it is not known, or that Azure still works on it. `state.stopping` ends the waiting. Raises
    StoreError.
    """
    row = await state.journal.load(state.row.answers) if state.row.answers else None
    for step in row.steps if row else ():
        for address in (step.address or "").splitlines() if step.state not in AT_REST else ():
            why = await _until_ended(state, LongRunning(address=address))
            if why is not None:
                return f"What operation {state.row.answers} began is not known to have ended, so that nothing is taken: {why}"
    return None


async def _until_ended(state: OperationState, operation: LongRunning) -> str | None:
    deadline = monotonic() + LONG_RUNNING_SECONDS
    waits = iter(WAITS)
    while True:
        try:
            poll = await state.session.poll(operation)
        except AzureFailure as failure:
            if _ended_badly(failure):
                return None
            wait = next(waits, None) if is_transient(failure) else None
            if wait is None:
                return failure.message
            pause = max(wait, failure.retry_after or 0.0)
        else:
            if poll.done:
                return None
            waits, pause = iter(WAITS), poll.retry_after
        if monotonic() + pause > deadline or not await state.pause(pause):
            return "Azure still works on it."


def _ended_badly(failure: AzureFailure) -> bool:
    """Whether it is over, or so long over that Azure does not know it any more."""
    return failure.kind is FailureKind.NOT_FOUND or failure.status == 400
