"""Undo: turn round what an operation did, in reverse order.

No undo removes a grant or disables a version while any consumer reports, or may report, the key concerned; a grant on the
key of a cluster's secrets in etcd stays in any case.
"""

from collections.abc import Sequence
from dataclasses import replace

from cmk_admin.domain import words
from cmk_admin.domain.ids import contains, fold, key_scope, last, parse_key_id, same
from cmk_admin.domain.index import Index, Use
from cmk_admin.domain.plan import Plan, Watch
from cmk_admin.domain.problems import Problem, blocking, warning
from cmk_admin.domain.steps import ASKS_ONLY, Step, StepVerb
from cmk_admin.domain.surroundings import Surroundings
from cmk_admin.domain.verbs import changes, key_back, making, step_rights
from cmk_admin.domain.verbs.changes_aks import changes_etcd, in_safe_order, stays
from cmk_admin.domain.verbs.restore import (
    MAYBE,
    RestoreDraft,
    doubts,
    followed_back,
    healing,
    taken,
    takes_away,
    watches,
)
from cmk_admin.domain.verbs.unseen import may_use

UndoDraft = RestoreDraft

_BACKED_UP = ("mysql-flexible", "mysql-single")
"""Services whose backups stay encrypted with the key of their day.

Source: DBD mysql/flexible-server/security-customer-managed-key.md.
"""


def problems(draft: UndoDraft, index: Index) -> tuple[str, ...]:
    """Sentences that forbid the start: nothing can be taken back, or it would cut a consumer off."""
    done = _done(draft)
    if not done:
        asked = _activations(draft)
        return asked or ("No step of this operation changed anything, so there is nothing to take back.",)
    steps = _inverses(draft)
    return (*would_cut(index, steps), *_more_than_made(index, steps), *(() if steps else _left(done)))


def plan(draft: UndoDraft, index: Index, around: Surroundings | None = None) -> Plan:
    """The inverse of every step that was done or may have been done, last stage first, then healing.

    What cannot be taken back stays, and is named in `left`. `around` tells what the account may do (`step_rights.scopes`);
    without it nothing is said of that.
    """
    steps = _inverses(draft)
    after = max((step.stage for step in steps), default=0) + 1
    healed = healing(draft, index, stage=after) if steps else ()
    refused = _refused(draft, index, around, (*steps, *healed)) if around else ()
    return Plan(
        verb="undo",
        title=f"Undo “{draft.plan.title}”",
        subject=draft.plan.subject,
        steps=(*steps, *healed),
        watches=(*watches(draft, steps, (*steps, *healed)), *_served_again(draft, steps)),
        warnings=(
            *doubts(draft),
            *key_back.without_grant(index, steps),
            *key_back.waits(index, steps),
            *_kept_by_backups(steps),
            *_silent(draft),
            *_unseen_carriers(steps),
            *warning(refused),
            *(around.unread if around else ()),
        ),
        problems=(*problems(draft, index), *blocking(refused)),
        left=_left(_done(draft)) if steps else (),
        answers=draft.operation,
        context=draft.plan.context,
    )


def _refused(draft: UndoDraft, index: Index, around: Surroundings, steps: Sequence[Step]) -> tuple[Problem, ...]:
    """What Azure would refuse this account, so that it is not half done before that shows.

    What gives back what a revoke took is tried all the same, and so is what only asks a service to come back.
    """
    gives = draft.plan.verb == "revoke"
    surely = [step for step in steps if not gives and step.verb not in ASKS_ONLY]
    found = tuple(step_rights.both(index, around, surely))
    said = {one.sentence for one in found}
    rest = step_rights.both(index, around, [step for step in steps if step not in surely])
    return (*found, *(replace(one, blocks=False) for one in rest if one.sentence not in said))


def _kept_by_backups(steps: Sequence[Step]) -> tuple[str, ...]:
    """Sentences: what was made while a database had the key that is taken off it, and needs that key for good."""
    found = {}
    for step in steps:
        before, after = dict(step.before or {}), dict(step.after or {})
        key = str(before.get("key") or "")
        if step.verb is StepVerb.SET_CONSUMER_KEY and after.get("service") in _BACKED_UP and key:
            name = parse_key_id(key).name
            found[step.target] = (
                f"Backups of {last(step.target)} that were made while it had {name}, and servers restored from them, need "
                "that key and a grant on it for good."
            )
    return tuple(found.values())


def _silent(draft: UndoDraft) -> tuple[str, ...]:
    """Sentences: which services may get the key late without showing it."""
    return tuple(
        f"Whether {last(step.target)} gets the key is not known, and it does not show that it is being changed: no grant is "
        f"taken within {words.duration(changes.SILENT_SECONDS)} of that write."
        for step, state in zip(draft.plan.steps, draft.states, strict=True)
        if state in MAYBE and changes.is_silent(step)
    )


def _unseen_carriers(steps: Sequence[Step]) -> tuple[str, ...]:
    """Sentences: what cannot be known of an identity that is deleted for good."""
    return tuple(
        f"{last(step.target)} is deleted only if Azure names nothing that carries it; what this account may not read, and "
        "what took it within the last minute, is not named."
        for step in steps
        if step.verb is StepVerb.DELETE_IDENTITY
    )


def _served_again(draft: UndoDraft, steps: Sequence[Step]) -> tuple[Watch, ...]:
    """Each service that gets a key of its own again is followed until all that came back counts: it must not lose it."""
    given = {fold(one.target) for one in filter(key_back.gives_key, steps)}
    return followed_back(
        (one for one in draft.plan.watches if one.wanted == "back" and fold(one.consumer_id) in given), steps
    )


def _activations(draft: UndoDraft) -> tuple[str, ...]:
    """Sentences: the roles that were asked for, which no undo takes back."""
    return tuple(
        f"“{step.words}”: the activation is still waiting for approval, or active until it ends by itself. Cancel it in "
        "Privileged Identity Management. No other step changed anything."
        for step in taken(draft)
        if step.verb is StepVerb.ACTIVATE_ROLE
    )


def _done(draft: UndoDraft) -> list[Step]:
    return [step for step in taken(draft) if step.verb not in ASKS_ONLY]


def _left(done: Sequence[Step]) -> tuple[str, ...]:
    """Sentences: what cannot be taken back, and what must not."""
    return (*_stuck(done), *(stays(step) for step in _kept(done)))


def _kept(done: Sequence[Step]) -> tuple[Step, ...]:
    """The steps that gave what a key of secrets in etcd still needs: they are not turned round."""
    if not any(changes_etcd(step) for step in done):
        return ()
    grants = (StepVerb.CREATE_ASSIGNMENT, StepVerb.SET_POLICY)
    backs = ((step, changes.inverse(step)) for step in done if step.verb in grants)
    return tuple(step for step, back in backs if back is not None and takes_away(back))


def _stuck(done: Sequence[Step]) -> tuple[str, ...]:
    return tuple(f"“{step.words}” cannot be taken back." for step in done if changes.inverse(step) is None)


def _inverses(draft: UndoDraft) -> tuple[Step, ...]:
    done = _done(draft)
    top = max((step.stage for step in done), default=0)
    kept = _kept(done)
    return in_safe_order(
        replace(back, stage=top - step.stage)
        for step in reversed(done)
        if step not in kept and (back := _inverse(draft, step)) is not None
    )


def _inverse(draft: UndoDraft, step: Step) -> Step | None:
    back = changes.inverse(step)
    if back is None or step.verb is not StepVerb.CREATE_KEY:
        return back
    state = draft.states[draft.plan.steps.index(step)]
    return making.as_it_was_made(back, certain=state not in MAYBE, began=draft.began)


def _more_than_made(index: Index, steps: Sequence[Step]) -> tuple[str, ...]:
    """Sentences: which keys have got further versions since they were made; deleting takes all of them."""
    found = []
    for step in steps:
        made = step.verb is StepVerb.DELETE_KEY and step.before
        key = index.key(changes.key_of(step)) if made else None
        if key is not None and key.versions is not None and len(key.versions) > 1:
            found.append(f"“{step.words}” is not done: {making.several_versions(len(key.versions))}.")
    return tuple(found)


def would_cut(index: Index, steps: Sequence[Step]) -> tuple[str, ...]:
    """Sentences: which consumers still report, or may report, a key that a step takes from them.

    A consumer that an earlier stage gives another key does not count. A grant concerns those who use the key as its
    principal, or nobody knows as whom; a version or a whole key everybody.
    """
    taking = [(step, scope) for step in steps if takes_away(step) for scope in changes.keys_touched(index, step)]
    if not taking:
        return ()
    said: dict[str, None] = {}
    for use in index.uses:
        vault = index.vault_of(use.slot.key_id)
        used = key_scope(vault.id, use.slot.key_id.name) if vault else None
        for step, scope in taking:
            touched = scope == "/" if used is None else contains(scope, used)
            if touched and _concerns(index, step, use) and not _released(steps, step, use):
                said[f"“{step.words}” waits: {use.consumer.name} uses {use.slot.key_id.name}."] = None
    for step, _ in taking:
        said.update(dict.fromkeys(may_use(index, step)))
    if not said and not index.consumers_read:
        said["Not all services could be read, so that one may use the key: nothing is taken from it."] = None
    return tuple(said)


def _concerns(index: Index, step: Step, use: Use) -> bool:
    """Whether what a step takes away is what lets this consumer in."""
    holder = changes.principal_of(step)
    mine = use.slot.principal_id
    if holder is None:
        return True
    if holder.startswith("/"):
        known = index.identity(mine) if mine is not None else None
        resource = use.slot.identity_resource_id or (known.resource_id if known else None)
        if resource is not None:
            return same(resource, holder)
        identity = index.identity_of(holder)
        return identity is None or mine is None or identity.principal_id.lower() == mine.lower()
    if mine is None:
        return True
    if holder.lower() == mine.lower():
        return True
    # Only of managed identities it is certain that they have no members
    return index.identity(holder) is None


def _released(steps: Sequence[Step], taking: Step, use: Use) -> bool:
    """Whether an earlier stage gives the consumer another key, or a platform-managed one.

    Secrets in etcd may need their former key for ever: see `changes_aks.ALIVE`.
    """
    for step in steps:
        if step.verb is StepVerb.DELETE_DISK_SET and step.stage < taking.stage and same(step.target, use.consumer.id):
            return True
        if step.verb is StepVerb.SET_CONSUMER_KEY and step.stage < taking.stage and same(step.target, use.consumer.id):
            facts = step.after or {}
            kept = str(facts.get("key") or "").lower().startswith(f"{use.slot.key_id.key}".lower() + "/")
            if facts.get("service") == use.consumer.service and not kept and not changes_etcd(step):
                return True
    return False
