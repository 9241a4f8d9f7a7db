"""Who did what a plan or a step found done: another operation of this connection, or whom Azure's Activity Log names."""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cmk_admin.cloud import activity
from cmk_admin.domain import words
from cmk_admin.domain.activity import Event, policies_changed
from cmk_admin.domain.ids import fold, subscription_of
from cmk_admin.domain.index import Index
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import MAY_HAVE_ACTED, Step, StepState, StepVerb
from cmk_admin.domain.verbs.changes import ROLE_SECONDS, assignment_of, parse_policy_target
from cmk_admin.domain.verbs.revoke import GRANTS
from cmk_admin.operations.executors.role_assignments import given_already
from cmk_admin.operations.history import plan_of
from cmk_admin.operations.reports import ended, utc_text
from cmk_admin.operations.state import OperationState
from cmk_admin.runtime.clock import Clock
from cmk_admin.store.journal import OperationRow, StepRow

NO_LOG = "The Activity Log holds nothing of what is done in a vault itself; Key Vault's own audit log has it."
SO = "It was so already"
_ACTED = frozenset({StepState.INTENT, StepState.SENT, StepState.ACCEPTED, StepState.DONE})
_ABOUT = ("key", "method", "principal", "action")
"""Names in a plan's `context` of what it takes, how, and from whom."""


def told(plan: Plan, others: Sequence[OperationRow], clock: Clock) -> Plan:
    """A revoke's plan with the operation of this connection that does the same, or did it and was not answered since.

    `others`: operations, newest first; `clock` tells until when a removal may not count. Raises BadInput ``bad-plan`` where
    the journal was tampered with.
    """
    nothing_to_do = bool(plan.problems) and not plan.steps
    if not nothing_to_do and all(map(ended, others)):
        return plan  # the usual plan reads no other one
    row = next((one for one in others if _does(one, plan)), None)
    if row is None:
        return plan
    if not ended(row):
        said = f"Operation {row.id} of this connection, which does the same, has not ended: look there first."
        return replace(plan, warnings=(said, *plan.warnings))
    if not nothing_to_do:
        return plan
    at = f" at {utc_text(row.last_write_at)}" if row.last_write_at else ""
    said = (
        f"Operation {row.id} of this connection did it{at}{_late(plan, row, clock)}: restore that one to give it back."
    )
    return replace(plan, problems=(*plan.problems, said))


def _late(plan: Plan, row: OperationRow, clock: Clock) -> str:
    """Until when Azure may let in by a grant that an operation took; empty where that is over."""
    seconds = clock.real_seconds(ROLE_SECONDS)
    if plan.method != GRANTS or row.last_write_at is None or math.isinf(seconds):
        return ""
    until = row.last_write_at + timedelta(seconds=seconds)
    return f", and Azure may let in until {utc_text(until)}" if until > datetime.now(UTC) else ""


def _does(row: OperationRow, plan: Plan) -> bool:
    """Whether an operation takes the same key in the same way from whoever a plan would take it from."""
    acted = any(step.state in MAY_HAVE_ACTED for step in row.steps)
    if row.verb != plan.verb or row.answered_by is not None or not acted:
        return False
    theirs = set(plan_of(row).context)
    return {one for one in plan.context if one[0] in _ABOUT} <= theirs


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
    maker = await _maker(state, step)
    if maker is not None:
        return f"{SO}, under another name: {maker}."
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


async def _maker(state: OperationState, step: Step) -> str | None:
    """By whom and when the same grant was made under another name; None: there is none, or Azure does not name who.

    No event of that is about the step's target. Raises AzureFailure.
    """
    if step.verb is not StepVerb.CREATE_ASSIGNMENT or step.after is None:
        return None
    wanted = assignment_of(step.target, step.after)
    if wanted.principal_id.startswith("/"):
        return None  # the identity of a resource that an earlier step has made: nobody else had granted it anything
    found = await given_already(state.session, wanted)
    if found is None or not found.created_by:
        return None
    at = f" at {words.exact(found.created_on)}" if found.created_on else ""
    return f"made by {_named(state, found.created_by) or found.created_by}{at}"


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
    return _named(state, event.caller_id) or event.caller or "a caller without a name"


def _named(state: OperationState, object_id: str | None) -> str | None:
    account, estate = state.session.account, state.inventory.estate
    if object_id == account.object_id:
        return account.name
    return Index(estate).name_of(object_id) if estate is not None and object_id else None


def in_a_vault(step: Step) -> bool:
    """Whether a step is done in a vault itself, past the resource manager."""
    return step.target.lower().startswith("https://")
