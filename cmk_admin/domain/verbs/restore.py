"""Restore: give back exactly what a revoke took, and bring the consumers back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cmk_admin.domain import words
from cmk_admin.domain.ids import fold, last
from cmk_admin.domain.index import Index
from cmk_admin.domain.plan import Plan, Watch
from cmk_admin.domain.services import service
from cmk_admin.domain.steps import Step, StepState, StepVerb
from cmk_admin.domain.verbs import changes

DONE = frozenset({StepState.DONE, StepState.ACCEPTED})
MAYBE = frozenset({StepState.INTENT, StepState.SENT, StepState.UNKNOWN})
"""Whether a step in these states was done is not known: whoever runs the inverse looks first."""
_TAKING = frozenset(
    {
        StepVerb.REMOVE_ASSIGNMENT,
        StepVerb.REMOVE_ELIGIBILITY,
        StepVerb.DELETE_KEY,
        StepVerb.DELETE_IDENTITY,
        StepVerb.STOP_CONSUMER,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreDraft:
    """The operation that is answered, as the journal or a file knows it."""

    operation: str
    plan: Plan
    states: tuple[StepState, ...]
    """The state of each step of `plan`, in its order."""
    began: datetime | None = None
    """When the operation was begun, aware; None: not known."""
    consumers: tuple[str, ...] = ()
    """Ids of the consumers to bring back; none named: all of it."""


def problems(draft: RestoreDraft, index: Index) -> tuple[str, ...]:
    """Sentences that forbid the start."""
    if draft.plan.verb != "revoke":
        return (f"Only a revoke can be restored; this operation is a {draft.plan.verb}. Undo it instead.",)
    if not taken(draft):
        return ("No step of this operation was done, so there is nothing to give back.",)
    return ()


def plan(draft: RestoreDraft, index: Index) -> Plan:
    """The inverse of every step that was done or may have been done (stage 0), then healing (stage 1)."""
    steps = tuple(replace(back, stage=0) for step in taken(draft) if (back := changes.inverse(step)))
    return Plan(
        verb="restore",
        title=f"Give back what “{draft.plan.title}” took",
        subject=draft.plan.subject,
        steps=(*steps, *healing(draft, index, stage=1)) if steps else (),
        watches=watches(draft, steps),
        warnings=doubts(draft),
        problems=problems(draft, index),
        answers=draft.operation,
        context=draft.plan.context,
    )


def gives_part(plan: Plan) -> bool:
    """Whether a plan gives back a part only of what it answers."""
    return plan.verb == "restore" and any(name == "consumer" for name, _ in plan.context)


def taken(draft: RestoreDraft) -> tuple[Step, ...]:
    """The steps of the answered operation that were done or may have been done."""
    return tuple(step for step, state in zip(draft.plan.steps, draft.states, strict=True) if state in DONE | MAYBE)


def healing(draft: RestoreDraft, index: Index, *, stage: int) -> tuple[Step, ...]:
    """A step for each consumer that the answered operation cut, where it does not come back by itself."""
    found = (
        changes.heal(one.consumer_id, _name(draft, index, one.consumer_id), one.service, stage=stage)
        for one in draft.plan.watches
        if one.wanted == "lost"
    )
    return tuple({(step.verb, fold(step.target)): step for step in found if step}.values())


def watches(draft: RestoreDraft, steps: Sequence[Step]) -> tuple[Watch, ...]:
    """Each consumer that was cut is followed until it is back."""
    effect = max((step.effect_seconds or 0 for step in steps), default=0)
    found = []
    for one in draft.plan.watches:
        back = service(one.service).back_seconds
        if one.wanted == "lost" and steps:
            within = None if back is None else effect + back
            found.append(replace(one, wanted="back", within_seconds=within))
    return tuple(found)


def doubts(draft: RestoreDraft) -> tuple[str, ...]:
    """What must be known before the start about steps whose outcome nobody knows."""
    unsure = sum(state in MAYBE for state in draft.states)
    if not unsure:
        return ()
    what = words.count(unsure, "step has an outcome that is", "steps have outcomes that are")
    return (f"{what} not known: Azure is asked first, and what is so already is left as it is.",)


def takes_away(step: Step) -> bool:
    """Whether a step removes a grant, disables a version or narrows what it may be used for, deletes a key or an identity,
    shuts a firewall, or stops a service."""
    if step.verb in _TAKING:
        return True
    if step.verb is StepVerb.SET_OPERATIONS:
        return bool(_words(step.before, "operations") - _words(step.after, "operations"))
    if step.verb is StepVerb.SET_ENABLED:
        return not (step.after or {}).get("enabled", True)
    if step.verb is StepVerb.SET_POLICY:
        return bool(_words(step.before, "keys") - _words(step.after, "keys"))
    if step.verb is StepVerb.SET_NETWORK:
        after = step.after or {}
        return after.get("bypass") == "None" or after.get("default_action") == "Deny"
    return False


def _words(facts: changes.Facts | None, name: str) -> frozenset[str]:
    """The words of a list among a step's facts, folded."""
    found = (facts or {}).get(name)
    return frozenset(str(one).lower() for one in found) if isinstance(found, list) else frozenset()


def _name(draft: RestoreDraft, index: Index, consumer_id: str) -> str:
    if found := index.consumer(consumer_id):
        return found.name
    told = (one.consumer_name for one in draft.plan.effects if fold(one.consumer_id) == fold(consumer_id))
    return next(told, last(consumer_id))
