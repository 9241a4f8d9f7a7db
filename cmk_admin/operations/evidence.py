"""What Azure's own log says of each write: by whom and when, looked for once the writes are made.

A step that was skipped was somebody else's write: it is told whose.
"""

from cmk_admin.cloud import activity
from cmk_admin.cloud.lanes import in_lanes
from cmk_admin.domain.activity import Event
from cmk_admin.domain.errors import AzureFailure
from cmk_admin.domain.ids import subscription_of
from cmk_admin.domain.steps import StepState
from cmk_admin.operations.already import NO_LOG, by_whom, event_words, in_a_vault
from cmk_admin.operations.state import OperationState

_PAUSE_AZURE = 60.0
"""Azure's seconds between questions to the log: an event shows within minutes (AD azure-monitor/platform/activity-log.md)."""
_PAUSE_LEAST, _PAUSE_MOST = 1.0, 60.0
_LANES = 10
"""Questions to the log that are under way at once."""
_MADE = (StepState.ACCEPTED, StepState.DONE)


async def attach(state: OperationState, *, once: bool) -> None:
    """Look for the entry of every write that Azure accepted and keep it; again and again until each is found.

    `once`: look once, and leave those that have not appeared. A log that cannot be read is not waited for. Whoever needs
    no more of it cancels this. Raises StoreError.
    """
    while await _look(state, last=once):
        real = state.session.clock.real_seconds(_PAUSE_AZURE)
        if once or not await state.pause(min(max(real, _PAUSE_LEAST), _PAUSE_MOST)):
            return


async def _look(state: OperationState, *, last: bool) -> bool:
    """One round; True where some have not appeared yet and may still."""
    try:
        waiting = await _look_for_doers(state, last=last)
        return await _look_for_writes(state) or waiting
    except AzureFailure as failure:
        await state.note(f"The Activity Log could not be read: {failure.message}")
        return False


async def _look_for_doers(state: OperationState, *, last: bool) -> bool:
    """One round for the steps that were found done. Raises AzureFailure."""
    skipped = [row.n for row in state.row.steps if row.state is StepState.SKIPPED and row.activity is None]
    others = await state.journal.all() if skipped else ()

    async def one(n: int) -> bool:
        said = await by_whom(state, n, others, last=last)
        if said is not None:
            await state.put_activity(n, said)
        return said is None

    return any(await in_lanes(one, skipped, _LANES))


async def _look_for_writes(state: OperationState) -> bool:
    """One round for this operation's own writes. Raises AzureFailure."""
    asked: list[tuple[int, str, str]] = []
    for n, step in enumerate(state.plan.steps, start=1):
        row = state.step(n)
        if row.activity is not None or row.correlation_id is None or row.state not in _MADE:
            continue
        subscription = subscription_of(step.target)
        if in_a_vault(step):
            await state.put_activity(n, NO_LOG)
        elif subscription is not None:
            asked.append((n, subscription, row.correlation_id))

    async def one(what: tuple[int, str, str]) -> bool:
        n, subscription, correlation_id = what
        found = await _event(state, subscription, correlation_id)
        if found is not None:
            await state.put_activity(n, event_words(state, found))
        return found is None

    return any(await in_lanes(one, asked, _LANES))


async def _event(state: OperationState, subscription: str, correlation_id: str) -> Event | None:
    """The newest event of one write. Raises AzureFailure."""
    now = state.session.clock.now()
    events, _ = await activity.events(
        state.session, subscription, about=f"correlationId eq '{correlation_id}'", now=now
    )
    return events[0] if events else None
