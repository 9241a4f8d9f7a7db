"""A grant that is given back soon after it was taken: once the taking counts it lets nobody in, until the giving counts.

Azure goes on letting in for some minutes after a grant is gone, so that a service that is given its key at once takes it,
and then loses it in that gap. So it gets its key only when the grant that came back is sure to count.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cmk_admin.domain.ids import fold, last
from cmk_admin.domain.steps import AT_REST, Step, StepState, StepVerb
from cmk_admin.domain.verbs.changes import ROLE_SECONDS
from cmk_admin.domain.verbs.key_back import gives_key
from cmk_admin.domain.verbs.restore import DONE, MAYBE
from cmk_admin.operations.history import plan_of
from cmk_admin.operations.polling import LONGEST_SECONDS
from cmk_admin.operations.reports import utc_text
from cmk_admin.operations.state import OperationState
from cmk_admin.store.journal import OperationRow


@dataclass(frozen=True, slots=True)
class _GivenBack:
    """A role that this operation gave back."""

    words: str
    """Of the step: which role, where, to whom."""
    until: datetime
    """By when it counts at the latest."""


async def all_count(state: OperationState, stage: Sequence[int]) -> bool:
    """Wait, before a stage that gives a service a key, until grants that were gone for a short while only count again.

    False: no further step is wanted. Raises StoreError.
    """
    left = [state.plan.steps[n - 1] for n in stage if state.step(n).state not in AT_REST]
    names = [last(step.target) for step in left if gives_key(step)]
    given = [one async for one in _given_back(state)] if names else []
    if not given:
        return True
    latest = max(given, key=lambda one: one.until)
    wait = (latest.until - datetime.now(UTC)).total_seconds()
    if wait <= 0:
        return True
    why = (
        f"{names[0]} gets its key at {utc_text(latest.until)}, when “{latest.words}” is sure to count: the role was gone "
        "for a moment only, and before that the service could lose its key again. Meanwhile it goes on as it is."
    )
    await state.note(why)
    with state.waiting(why):
        return await state.pause(wait)


async def _given_back(state: OperationState) -> AsyncIterator[_GivenBack]:
    """What this operation gave back before an operation of this connection that had taken it was sure to count."""
    given = [
        (step, known.changed_at)
        for step, known in zip(state.plan.steps, state.row.steps, strict=True)
        if step.verb is StepVerb.CREATE_ASSIGNMENT and known.state is StepState.DONE
    ]
    taken = _taken(await state.journal.all()) if given else {}
    for step, at in given:
        gone_at = taken.get(_grant(step))
        seconds = min(state.session.clock.real_seconds(step.effect_seconds or ROLE_SECONDS), LONGEST_SECONDS)
        if gone_at is not None and timedelta(0) <= at - gone_at < timedelta(seconds=seconds):
            yield _GivenBack(words=step.words, until=at + timedelta(seconds=seconds))


def _taken(rows: Iterable[OperationRow]) -> dict[tuple[str, str], datetime]:
    """When each grant was taken last."""
    found: dict[tuple[str, str], datetime] = {}
    for row in rows:
        for step, known in zip(plan_of(row).steps, row.steps, strict=True):
            if step.verb is StepVerb.REMOVE_ASSIGNMENT and known.state in DONE | MAYBE:
                found[_grant(step)] = max(known.changed_at, found.get(_grant(step), known.changed_at))
    return found


def _grant(step: Step) -> tuple[str, str]:
    """Whose grant a step gives or takes, and where. Under which name and by which role does not matter here."""
    facts = step.before or step.after or {}
    return fold(str(facts.get("scope"))), str(facts.get("principal_id")).lower()
