"""What Azure's own log says of each write: by whom and when, looked for once the writes are made.

A step that was skipped was somebody else's write: it is told whose.
"""

from collections.abc import Sequence
from datetime import timedelta
from email.utils import parsedate_to_datetime
from functools import partial

from cmk_admin.cloud import activity
from cmk_admin.cloud.lanes import in_lanes
from cmk_admin.domain.activity import Event
from cmk_admin.domain.errors import AzureFailure
from cmk_admin.domain.ids import provider_of, subscription_of
from cmk_admin.domain.steps import StepState
from cmk_admin.operations.already import NO_LOG, by_whom, event_words, in_a_vault
from cmk_admin.operations.state import OperationState

_PAUSE_AZURE = 60.0
"""Azure's seconds between questions to the log: an event shows within minutes (AD azure-monitor/platform/activity-log.md)."""
_PAUSE_LEAST, _PAUSE_MOST = 1.0, 60.0
_LANES = 10
"""Questions to the log that are under way at once."""
_SINGLE = 3
"""Writes that are each asked for by themselves; more of one provider are looked for in one answer: Azure lets an account
read 250 times at once, and 25 times a second after that (AD azure-resource-manager/management/
request-limits-and-throttling.md)."""
_BEFORE = timedelta(minutes=5)
"""How long before the answer to the first write its event may be dated, to be safe."""
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
    asked: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for n, step in enumerate(state.plan.steps, start=1):
        row = state.step(n)
        if row.activity is not None or row.correlation_id is None or row.state not in _MADE:
            continue
        subscription, provider = subscription_of(step.target), provider_of(step.target)
        if in_a_vault(step):
            await state.put_activity(n, NO_LOG)
        elif subscription is not None and provider is not None:
            asked.setdefault((subscription, provider), []).append((n, row.correlation_id))

    async def some(where: tuple[str, str]) -> bool:
        left = asked[where]
        if len(left) > _SINGLE:
            together, whole = await _events_of(state, *where, [n for n, _ in left])
            for n, correlation_id in left:
                if event := together.get(correlation_id.lower()):
                    await state.put_activity(n, event_words(state, event))
            left = [(n, one) for n, one in left if one.lower() not in together]
            if whole:
                return bool(left)
        return any(await in_lanes(partial(_look_for_one, state, where[0]), left, _LANES))

    return any(await in_lanes(some, list(asked), _LANES))


async def _look_for_one(state: OperationState, subscription: str, what: tuple[int, str]) -> bool:
    """True where it has not appeared yet. Raises AzureFailure."""
    n, correlation_id = what
    about = f"correlationId eq '{correlation_id}'"
    events, _ = await activity.events(state.session, subscription, about=about, now=state.session.clock.now())
    if events:
        await state.put_activity(n, event_words(state, events[0]))
    return not events


async def _events_of(
    state: OperationState, subscription: str, provider: str, steps: Sequence[int]
) -> tuple[dict[str, Event], bool]:
    """What a provider logged since the first of these writes, by correlation id, and whether that is all. Raises
    AzureFailure."""
    dates = [parsedate_to_datetime(date) for n in steps if (date := state.step(n).azure_date)]
    events, whole = await activity.events(
        state.session,
        subscription,
        about=f"resourceProvider eq '{provider}'",
        now=state.session.clock.now(),
        since=min(dates) - _BEFORE if dates else None,
    )
    return {one.correlation_id.lower(): one for one in reversed(events) if one.correlation_id}, whole
