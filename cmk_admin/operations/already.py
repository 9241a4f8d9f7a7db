"""Who did what a step found done: another operation of this connection, or whom Azure's Activity Log names."""

from collections.abc import Sequence

from cmk_admin.cloud import activity
from cmk_admin.domain.activity import Event, policies_changed
from cmk_admin.domain.ids import fold, subscription_of
from cmk_admin.domain.index import Index
from cmk_admin.domain.steps import Step, StepState, StepVerb
from cmk_admin.domain.verbs.changes import parse_policy_target
from cmk_admin.operations.history import plan_of
from cmk_admin.operations.reports import utc_text
from cmk_admin.operations.state import OperationState
from cmk_admin.store.journal import OperationRow, StepRow

NO_LOG = "The Activity Log holds nothing of what is done in a vault itself; Key Vault's own audit log has it."
SO = "It was so already"
_ACTED = frozenset({StepState.INTENT, StepState.SENT, StepState.ACCEPTED, StepState.DONE})


async def by_whom(state: OperationState, n: int, others: Sequence[OperationRow], *, last: bool) -> str | None:
    """A sentence about a step that was skipped; None: nothing tells yet. `others`: operations, newest first.

    `last`: it is waited no longer. Raises AzureFailure (the log could not be read).
    """
    step = state.plan.steps[n - 1]
    here = _done_here(step, [row for row in others if row.id != state.row.id])
    if here is not None:
        row, done = here
        at = f" at {utc_text(done.changed_at)}" if done.state is StepState.DONE else ""
        return f"{SO}: done by operation {row.id} of this connection{at}."
    if in_a_vault(step):
        return f"{SO}. By whom is not known: {NO_LOG}"
    event = await _event(state, step)
    if event is not None:
        return f"{SO}: {event_words(state, event)}."
    return f"{SO}. By whom is not known: the Activity Log did not tell when it was asked." if last else None


def _done_here(step: Step, others: Sequence[OperationRow]) -> tuple[OperationRow, StepRow] | None:
    """The newest operation that did something to the target, where it did the same."""
    for row in others:
        if fold(step.target) not in fold(row.plan):
            continue
        for planned, done in zip(plan_of(row).steps, row.steps, strict=True):
            if fold(planned.target) == fold(step.target) and done.state in _ACTED:
                same = (planned.verb, planned.after) == (step.verb, step.after)
                return (row, done) if same else None
    return None


async def _event(state: OperationState, step: Step) -> Event | None:
    """The newest event by which the target became as the step would leave it. Raises AzureFailure."""
    subscription = subscription_of(step.target)
    if subscription is None:
        return None
    policy = step.verb is StepVerb.SET_POLICY
    about = activity.OF_VAULTS if policy else f"resourceUri eq '{step.target}'"
    found, _ = await activity.events(state.session, subscription, about=about, now=state.session.clock.now())
    if policy:
        return policies_changed(found, parse_policy_target(step.target)[0])
    end = "/delete" if step.after is None else "/write"
    return next((e for e in found if e.operation.endswith(end) and fold(e.resource_id) == fold(step.target)), None)


def event_words(state: OperationState, event: Event) -> str:
    """``Delete role assignment, 12 March 2026 at 12:04:10 UTC, by administrator``."""
    return f"{event.words}, {event.at:%d %B %Y} at {utc_text(event.at)}, by {_caller(state, event)}"


def _caller(state: OperationState, event: Event) -> str:
    """By name where this account or the estate knows it: of what is no person the log has the id only."""
    account, estate = state.session.account, state.inventory.estate
    if event.caller_id == account.object_id:
        return account.name
    named = Index(estate).name_of(event.caller_id) if estate is not None and event.caller_id else None
    return named or event.caller or "a caller without a name"


def in_a_vault(step: Step) -> bool:
    """Whether a step is done in a vault itself, past the resource manager."""
    return step.target.lower().startswith("https://")
