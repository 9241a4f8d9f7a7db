"""Undo: turn round what an operation did, in reverse order.

No undo removes a grant or disables a version while any consumer reports, or may report, the key concerned.
"""

from collections.abc import Sequence
from dataclasses import replace

from cmk_admin.domain.ids import contains, key_scope
from cmk_admin.domain.index import Index
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import Step, StepVerb
from cmk_admin.domain.verbs import changes
from cmk_admin.domain.verbs.restore import RestoreDraft, doubts, healing, taken, takes_away, watches

UndoDraft = RestoreDraft

_LEAVE_NOTHING = frozenset({StepVerb.REVALIDATE, StepVerb.START_NODES})
"""Steps that ask for something and change no fact: there is nothing of them to take back."""


def problems(draft: UndoDraft, index: Index) -> tuple[str, ...]:
    """Sentences that forbid the start: what cannot be taken back, and what would cut a consumer off."""
    done = [step for step in taken(draft) if step.verb not in _LEAVE_NOTHING]
    if not done:
        return ("No step of this operation changed anything, so there is nothing to take back.",)
    stuck = tuple(f"“{step.words}” cannot be taken back." for step in done if changes.inverse(step) is None)
    return (*stuck, *_would_cut(index, _inverses(draft)))


def plan(draft: UndoDraft, index: Index) -> Plan:
    """The inverse of every step that was done or may have been done, last stage first, then healing."""
    steps = _inverses(draft)
    after = max((step.stage for step in steps), default=0) + 1
    return Plan(
        verb="undo",
        title=f"Undo “{draft.plan.title}”",
        subject=draft.plan.subject,
        steps=(*steps, *healing(draft, index, stage=after)) if steps else (),
        watches=watches(draft, steps),
        warnings=doubts(draft),
        problems=problems(draft, index),
        answers=draft.operation,
        context=draft.plan.context,
    )


def _inverses(draft: UndoDraft) -> tuple[Step, ...]:
    done = [step for step in taken(draft) if step.verb not in _LEAVE_NOTHING]
    top = max((step.stage for step in done), default=0)
    return tuple(
        replace(back, stage=top - step.stage) for step in reversed(done) if (back := changes.inverse(step)) is not None
    )


def _would_cut(index: Index, steps: Sequence[Step]) -> tuple[str, ...]:
    scopes = {scope: step for step in steps if takes_away(step) for scope in changes.keys_touched(index, step)}
    if not scopes:
        return ()
    said: dict[str, None] = {}
    for use in index.uses:
        vault = index.vault_of(use.slot.key_id)
        if vault is None:
            continue
        for scope, step in scopes.items():
            if contains(scope, key_scope(vault.id, use.slot.key_id.name)):
                said[f"“{step.words}” waits: {use.consumer.name} uses {use.slot.key_id.name}."] = None
    if not said and not index.consumers_read:
        said["Not all services could be read, so that one may use the key: nothing is taken from it."] = None
    return tuple(said)
