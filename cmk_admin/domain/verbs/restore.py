"""Restore: give back exactly what a revoke took, and bring the consumers back."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cmk_admin.domain import words
from cmk_admin.domain.ids import fold, last
from cmk_admin.domain.index import Index
from cmk_admin.domain.plan import Answer, Check, Plan, Watch
from cmk_admin.domain.services import service
from cmk_admin.domain.steps import ASKS_ONLY, Step, StepState, StepVerb
from cmk_admin.domain.unfinished import unfinished
from cmk_admin.domain.verbs import changes, cuts, restore_changed, restore_part, restore_since
from cmk_admin.domain.verbs.ways import naming

DONE = frozenset({StepState.DONE, StepState.ACCEPTED})
MAYBE = frozenset({StepState.INTENT, StepState.SENT, StepState.UNKNOWN})
"""Whether a step in these states was done is not known: whoever runs the inverse looks first."""
CLEAN = "identity-clean"
"""The name of the `Check` that only a person can answer."""
QUESTION = "Is the identity clean?"
_NOTHING = restore_changed.Since()
ANSWERS = {"clean": "The identity is clean", "unknown": "Not known yet"}
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
    if draft.consumers:
        unread = restore_part.unread(index, draft.plan, draft.consumers)
        if unread:
            return unread
        if not restore_part.needed(index, taken(draft), draft.consumers):
            return ("Nothing of what was taken is needed by these services: they have it, or hang on something else.",)
    return ()


def plan(draft: RestoreDraft, index: Index, since: restore_changed.Since = _NOTHING) -> Plan:
    """The inverse of every step that was done or may have been done, or of those that the named consumers need.

    Access first (stage 0), then services that were stopped are started and the others healed (stage 1), then those that
    were started are healed, and at last a rotation policy begins to count again. What was changed since is kept.
    """
    whole = taken(draft)
    chosen = restore_part.needed(index, whole, draft.consumers) if draft.consumers else whole
    rest = [step for step in whole if step not in chosen and step.verb not in ASKS_ONLY]
    named = (*draft.consumers, *restore_part.along(index, draft.plan, whole, chosen, draft.consumers)) if rest else ()
    backs = tuple(
        restore_changed.worded(index, step, _staged(back))
        for step in chosen
        if (back := restore_since.back(index, step, since.rotations))
    )
    steps = _in_order(backs, _healed(draft, index, backs, named)) if backs else ()
    return Plan(
        verb="restore",
        title=_title(draft, index, part=bool(rest)),
        subject=draft.plan.subject,
        steps=steps,
        watches=tuple(one for one in watches(draft, backs, steps) if not named or _is_among(one.consumer_id, named)),
        findings=(
            *restore_changed.changed(index, draft.plan, chosen, draft.began, since),
            *(
                f"{_name(draft, index, one)} was without its data before this revoke already: it is left as it was. "
                "Revalidate it where its key serves it again."
                for one in _lost_before(draft.plan)
            ),
        )
        if backs
        else (),
        warnings=(*doubts(draft), *restore_part.sentences(draft.plan, rest, named[len(draft.consumers) :])),
        problems=problems(draft, index),
        checks=_is_clean(draft, index, chosen) if backs else (),
        not_restored=not_restored([step for step in chosen if not restore_changed.is_there(index, step)]),
        answers=draft.operation,
        context=(*draft.plan.context, *(("consumer", one) for one in named)),
    )


def _title(draft: RestoreDraft, index: Index, *, part: bool) -> str:
    if not part:
        return f"Give back what “{draft.plan.title}” took"
    who = naming.listed([_name(draft, index, one) for one in draft.consumers])
    return f"Give {who} back what “{draft.plan.title}” took"


def _is_among(consumer_id: str, named: Sequence[str]) -> bool:
    return fold(consumer_id) in map(fold, named)


def _staged(step: Step) -> Step:
    return replace(step, stage=1 if step.verb is StepVerb.START_CONSUMER else 0)


def _healed(draft: RestoreDraft, index: Index, backs: Sequence[Step], named: Sequence[str]) -> tuple[Step, ...]:
    """Who was stopped is healed after it was started."""
    started = {fold(step.target) for step in backs if step.verb is StepVerb.START_CONSUMER}
    return tuple(
        replace(step, stage=2) if fold(step.target) in started else step
        for step in healing(draft, index, stage=1)
        if not named or _is_among(step.target, named)
    )


def _in_order(backs: Sequence[Step], healed: Sequence[Step]) -> tuple[Step, ...]:
    """A rotation that begins too early would make a version that nobody has seen yet."""
    late = max((step.stage for step in (*backs, *healed)), default=0) + 1
    first = [step for step in backs if step.verb is not StepVerb.SET_ROTATION]
    rotations = [replace(step, stage=late) for step in backs if step.verb is StepVerb.SET_ROTATION]
    return tuple(sorted((*first, *healed, *rotations), key=lambda step: step.stage))


def _is_clean(draft: RestoreDraft, index: Index, chosen: Sequence[Step]) -> tuple[Check, ...]:
    """The question that only a person can answer. A key that leaked is no matter of identities."""
    if draft.plan.cause == KEY_LEAKED:
        return ()
    who = [words.who(index, one) for one in restore_part.let_in(index, draft.plan, chosen)]
    whose = naming.listed(who) if who else "who uses the key"
    return (
        Check(
            name=CLEAN,
            answer=Answer.UNKNOWN,
            sentence=f"{QUESTION} What is given back lets {whose} at the data again.",
            next="Make sure that nobody else can sign in as it any more, and that the service runs what it should.",
        ),
    )


def answered(plan: Plan, answer: str) -> Plan:
    """The plan with a person's answer to the question: ``clean`` or ``unknown``; where it does not ask, as it is."""
    found = Answer.YES if answer == "clean" else Answer.UNKNOWN
    checks = (replace(one, answer=found, said=ANSWERS[answer]) if one.name == CLEAN else one for one in plan.checks)
    return replace(plan, checks=tuple(checks))


def not_restored(steps: Sequence[Step]) -> tuple[str, ...]:
    """Sentences: what of these steps of a revoke Azure cannot give back."""
    verbs = {step.verb for step in steps}
    return tuple(sentence for verb, sentence in _NOT_RESTORED.items() if verb in verbs)


KEY_LEAKED = "key-leaked"
"""As `revoke.Cause` words it."""
_NOT_RESTORED = {
    StepVerb.REMOVE_ASSIGNMENT: "Role assignments come back under their own names, but Azure dates them anew and names who "
    "gives them back as their creator.",
    StepVerb.REMOVE_ELIGIBILITY: "An eligible role comes back under a new schedule, which begins anew.",
    StepVerb.SET_ENABLED: "Azure dates the last change of each version anew.",
    StepVerb.STOP_CONSUMER: "What a stopped service did not do meanwhile, as backups on a schedule, is not made up for.",
}


def gives_part(plan: Plan) -> bool:
    """Whether a plan gives back a part only of what it answers."""
    return plan.verb == "restore" and any(name == "consumer" for name, _ in plan.context)


def taken(draft: RestoreDraft) -> tuple[Step, ...]:
    """The steps of the answered operation that were done or may have been done."""
    return tuple(step for step, state in zip(draft.plan.steps, draft.states, strict=True) if state in DONE | MAYBE)


def cut(draft: RestoreDraft) -> list[Watch]:
    """The watches of whom the operation cut, or may have cut.

    Not of those that were without their data before, nor of those of whose own steps none can have been done and that were
    not stopped.
    """
    before = set(map(fold, _lost_before(draft.plan)))
    lost = [one for one in draft.plan.watches if one.wanted == "lost" and fold(one.consumer_id) not in before]
    acted_on = {fold(step.target) for step in taken(draft)}

    def untouched(one: Watch) -> bool:
        left = unfinished(draft.plan, one, draft.states)
        return left is not None and left.untouched and fold(one.consumer_id) not in acted_on

    return [one for one in lost if not untouched(one)]


def _lost_before(plan: Plan) -> list[str]:
    return [value for name, value in plan.context if name == cuts.LOST_BEFORE]


def healing(draft: RestoreDraft, index: Index, *, stage: int) -> tuple[Step, ...]:
    """A step for each consumer that the answered operation cut, where it does not come back by itself."""
    found = (
        changes.heal(one.consumer_id, _name(draft, index, one.consumer_id), one.service, stage=stage)
        for one in cut(draft)
    )
    return tuple({(step.verb, fold(step.target)): step for step in found if step}.values())


def watches(draft: RestoreDraft, steps: Sequence[Step], arranged: Sequence[Step]) -> tuple[Watch, ...]:
    """Each consumer that was cut is followed until it is back. `arranged`: all steps of the plan, in their order."""
    gone = cut(draft) if steps else []
    return tuple(
        replace(back, steps=_own_steps(draft.plan, one, arranged))
        for one, back in zip(gone, followed_back(gone, steps), strict=True)
    )


def _own_steps(plan: Plan, cut: Watch, arranged: Sequence[Step]) -> tuple[int, ...]:
    """Numbers of the steps that give a service back what was taken from it, and that bring it up again.

    A revoke that names no steps of its own for it (`Watch.steps`) says nothing of what it needs.
    """
    taken_from = {fold(step.target) for n, step in enumerate(plan.steps, 1) if n in cut.steps}
    own = {*taken_from, fold(cut.consumer_id)} if taken_from else set()
    return tuple(n for n, step in enumerate(arranged, 1) if fold(step.target) in own)


def followed_back(services: Iterable[Watch], steps: Sequence[Step]) -> tuple[Watch, ...]:
    """Follow these until they are back: the time by which what the steps give counts comes before a service's own."""
    effect = max((step.effect_seconds or 0 for step in steps), default=0)
    found = []
    for one in services:
        back = service(one.service).back_seconds
        found.append(replace(one, wanted="back", within_seconds=None if back is None else effect + back, steps=()))
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
