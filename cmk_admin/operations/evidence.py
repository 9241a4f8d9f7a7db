"""What Azure's own log says of each write: by whom and when, looked for once the writes are made."""

from cmk_admin.cloud import activity
from cmk_admin.cloud.lanes import in_lanes
from cmk_admin.domain.activity import Event
from cmk_admin.domain.errors import AzureFailure
from cmk_admin.domain.ids import subscription_of
from cmk_admin.domain.steps import Step, StepState
from cmk_admin.operations.reports import utc_text
from cmk_admin.operations.state import OperationState

NO_LOG = "The Activity Log holds nothing of what is done in a vault itself; Key Vault's own audit log has it."
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
    while await _look(state):
        real = state.session.clock.real_seconds(_PAUSE_AZURE)
        if once or not await state.pause(min(max(real, _PAUSE_LEAST), _PAUSE_MOST)):
            return


async def _look(state: OperationState) -> bool:
    """One round; True where some have not appeared yet and may still."""
    asked: list[tuple[int, str, str]] = []
    for n, step in enumerate(state.plan.steps, start=1):
        row = state.step(n)
        if row.activity is not None or row.correlation_id is None or row.state not in _MADE:
            continue
        subscription = subscription_of(step.target)
        if _in_a_vault(step):
            await state.put_activity(n, NO_LOG)
        elif subscription is not None:
            asked.append((n, subscription, row.correlation_id))

    async def one(what: tuple[int, str, str]) -> bool:
        n, subscription, correlation_id = what
        found = await _event(state, subscription, correlation_id)
        if found is not None:
            await state.put_activity(n, _words(found))
        return found is None

    try:
        return any(await in_lanes(one, asked, _LANES))
    except AzureFailure as failure:
        await state.note(f"The Activity Log could not be read: {failure.message}")
        return False


async def _event(state: OperationState, subscription: str, correlation_id: str) -> Event | None:
    """The newest event of one write. Raises AzureFailure."""
    now = state.session.clock.now()
    events, _ = await activity.events(
        state.session, subscription, about=f"correlationId eq '{correlation_id}'", now=now
    )
    return events[0] if events else None


def _words(event: Event) -> str:
    return f"{event.words}, {event.at:%d %B %Y} at {utc_text(event.at)}, by {event.caller or 'a caller without a name'}"


def _in_a_vault(step: Step) -> bool:
    return step.target.lower().startswith("https://")
