"""What the operation that is given back left under way in Azure.

Not every service shows that it is being changed: it looks as it did before, and a moment later has its key. So nothing
is taken back before that has ended.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from time import monotonic

from cmk_admin.cloud.session import LongRunning
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.ids import fold, last
from cmk_admin.domain.steps import AT_REST
from cmk_admin.domain.verbs.changes import SILENT_SECONDS, is_silent
from cmk_admin.domain.verbs.restore import MAYBE, takes_away
from cmk_admin.operations.executors import EXECUTORS, Seen
from cmk_admin.operations.history import plan_of
from cmk_admin.operations.polling import LONG_RUNNING_SECONDS, LONGEST_SECONDS, WAITS, is_transient
from cmk_admin.operations.reports import utc_text
from cmk_admin.operations.state import OperationState

_LOOK_SECONDS = 5.0
"""Real seconds between looks at what may come."""


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


async def none_comes_late(state: OperationState, stage: Sequence[int]) -> bool:
    """Wait, before a stage, for writes of the answered operation of which nobody knows what came, and nothing shows it.

    A service's key is turned round as soon as the service shows it; no grant is taken before such a write cannot come
    any more. False: no further step is wanted. Raises StoreError.
    """
    untils = await _untils(state)
    left = [n for n in stage if state.step(n).state not in AT_REST]
    planned = {n: state.plan.steps[n - 1] for n in left}
    if untils and any(takes_away(step) for step in planned.values()):
        name, until = max(untils.items(), key=lambda one: one[1])
        return await _pause_until(state, last(name), until)
    for n, step in planned.items():
        until_shown = untils.get(fold(step.target)) if is_silent(step) else None
        if until_shown is not None and not await _until_shown(state, n, until_shown):
            return False
    return True


async def _untils(state: OperationState) -> dict[str, datetime]:
    """By folded id of a service until when a change of it may come."""
    row = await state.journal.load(state.row.answers) if state.row.answers else None
    if row is None:
        return {}
    seconds = min(state.session.clock.real_seconds(SILENT_SECONDS), LONGEST_SECONDS)
    return {
        fold(step.target): known.changed_at + timedelta(seconds=seconds)
        for step, known in zip(plan_of(row).steps, row.steps, strict=True)
        if known.state in MAYBE and not known.address and is_silent(step)
    }


async def _pause_until(state: OperationState, name: str, until: datetime) -> bool:
    wait = (until - datetime.now(UTC)).total_seconds()
    if wait <= 0:
        return True
    await state.note(
        f"Whether {name} gets the key is not known, and it does not show that it is being changed: no grant is taken "
        f"before {utc_text(until)}. Until then this can be cancelled, and gone on with later."
    )
    return await state.pause(wait)


async def _until_shown(state: OperationState, n: int, until: datetime) -> bool:
    """Look at the target of a step until it shows what is to be taken back, at the longest `until`."""
    step = state.plan.steps[n - 1]
    while (wait := (until - datetime.now(UTC)).total_seconds()) > 0:
        try:
            look = await EXECUTORS[step.verb].look(state.session, step)
        except AzureFailure:
            return True  # the step itself looks again, and says why it cannot
        if look.seen is not Seen.AFTER:
            return True
        if not await state.pause(min(wait, _LOOK_SECONDS)):
            return False
    return True


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
