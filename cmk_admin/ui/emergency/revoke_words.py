"""What the revoke page says of a plan in a few words."""

from collections.abc import Iterable

from cmk_admin.domain.ids import last
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import Step, StepVerb
from cmk_admin.domain.verbs.revoke import Cause, RevokeDraft
from cmk_admin.domain.words import count, listed

_DONE: tuple[tuple[str, str, frozenset[StepVerb]], ...] = (
    ("disable", "version", frozenset({StepVerb.SET_ENABLED})),
    ("restrict", "version", frozenset({StepVerb.SET_OPERATIONS})),
    (
        "remove",
        "grant",
        frozenset({StepVerb.REMOVE_ASSIGNMENT, StepVerb.SET_POLICY, StepVerb.REMOVE_ELIGIBILITY}),
    ),
    ("shut", "vault", frozenset({StepVerb.SET_NETWORK})),
    ("delete", "key", frozenset({StepVerb.DELETE_KEY})),
    ("stop", "service", frozenset({StepVerb.STOP_CONSUMER})),
)
"""What a revoke does to what, by its steps; those that only make ready or ask are not counted."""


def what_of(draft: RevokeDraft) -> str:
    """What is to be cut, while there is no plan yet: the services that were named, else the key."""
    return listed([last(one) for one in draft.consumers]) if draft.consumers else draft.key.name


def button_words(plan: Plan, *, complete: bool) -> str:
    """``Disable 2 versions, cut 5 services``; "at least" where a service may not have been read."""
    if plan.problems and (plan.steps or plan.effects):
        return "Cannot revoke"
    if not plan.steps:
        return "Nothing to revoke"
    done = _done(plan.steps)
    stopped = len({effect.consumer_id.lower() for effect in plan.effects if not effect.goes_on})
    if not stopped:
        return f"{done}, no service stops" if complete else f"{done}, no known service stops"
    return f"{done}, cut {'' if complete else 'at least '}{count(stopped, 'service')}"


def nothing_words(plan: Plan) -> tuple[str, bool]:
    """What stands where the steps would, and whether the plan's findings stand there: empty with steps.

    That nothing is left to remove is good news, and no error.
    """
    if plan.steps:
        return "", False
    if plan.problems or not plan.findings:
        return "Nothing can be done this way.", False
    return "\n".join(plan.findings), True


def no_paths(plan: Plan, *, found: bool) -> str:
    """What stands in place of paths. `found`: it is known that there is none to remove."""
    if plan.cause == Cause.OPERATOR.value and not any(name == "principal" for name, _ in plan.context):
        return "Choose an account first."
    return "None to remove." if found else "None was found."


def gate_words(plan: Plan, name: dict[str, str]) -> str:
    """Where a staged plan waits; empty where it does not. `name`: of consumers, by their folded ids."""
    waits = [name.get(gate.consumer_id.lower(), gate.consumer_id.rsplit("/", 1)[-1]) for gate in plan.gates]
    return (
        f"It waits until {listed(list(dict.fromkeys(waits)))} is seen to be cut off, then does the rest."
        if waits
        else ""
    )


def _done(steps: Iterable[Step]) -> str:
    steps = tuple(steps)
    said = []
    for verb, thing, verbs in _DONE:
        number = len({step.target for step in steps if step.verb in verbs})
        if number:
            said.append(f"{verb} {count(number, thing)}")
    words = listed(said) if said else f"do {count(len(steps), 'step')}"
    return words[:1].upper() + words[1:]
