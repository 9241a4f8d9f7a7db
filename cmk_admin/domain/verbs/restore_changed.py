"""What changed since a revoke: a restore says it before it begins, and overwrites none of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cmk_admin.domain import words
from cmk_admin.domain.activity import NOT_IN_IT, Event, policies_changed, told, vault_changed
from cmk_admin.domain.ids import KeyId, fold, last, parse_key_id
from cmk_admin.domain.index import Index, guid
from cmk_admin.domain.model import RoleAssignment
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import Step, StepVerb
from cmk_admin.domain.verbs import changes, cuts, restore_since

LOGGED = (StepVerb.SET_POLICY, StepVerb.SET_NETWORK)
"""Verbs of whose changes only the Activity Log tells who made them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """What was read for a restore beside the estate."""

    events: tuple[Event, ...] | None = None
    """Of the Activity Log; None: it could not be read."""
    rotations: restore_since.Rotations | None = None
    """Of the keys whose rotation was suspended; one that is missing could not be read. None: they were not asked for."""


def changed(index: Index, plan: Plan, steps: Sequence[Step], began: datetime | None, since: Since) -> tuple[str, ...]:
    """Sentences about the targets of these steps of a revoke, its key, and the consumers that it cut."""
    said = [sentence for step in steps if (sentence := _of_step(index, step, since))]
    said += _versions(index, plan, began)
    said += _consumers(index, plan)
    return tuple(dict.fromkeys(said))


def _of_step(index: Index, step: Step, since: Since) -> str | None:
    look = _LOOKS.get(step.verb)
    return look(index, step, since) if look else None


def _assignment(index: Index, step: Step, since: Since) -> str | None:
    one, before = _again(index, step), step.before or {}
    if one is None:
        return None
    if fold(one.id) == fold(step.target):
        differs = changes.differences(step.verb, before, changes.assignment_facts(one))
        end = f"but {'; '.join(differs)}: it is not overwritten" if differs else "and is left as it is"
        return f"“{step.words}”: it is there again, {made(index, one)}, {end}."
    return f"“{step.words}”: {_other_name(one, before)}, {made(index, one)}, and is left as it is."


def _again(index: Index, step: Step) -> RoleAssignment | None:
    """What stands in the place of a role assignment that was removed: of its name, or of the same role and holder."""
    before = step.before or {}
    scope, role = str(before.get("scope")), guid(str(before.get("role_definition_id")))
    holder = str(before.get("principal_id")).lower()
    for one in index.assignments_at(scope):
        same = one.principal_id.lower() == holder and guid(one.role_definition_id) == role
        if same or fold(one.id) == fold(step.target):
            return one
    return None


def is_there(index: Index, step: Step) -> bool:
    """Whether what a step of a revoke took is there again as it was, so that giving back adds nothing to it."""
    found = _again(index, step) if step.verb is StepVerb.REMOVE_ASSIGNMENT else None
    if found is None:
        return False
    before = step.before or {}
    if fold(found.id) == fold(step.target):
        return not changes.differences(step.verb, before, changes.assignment_facts(found))
    return _is_of_condition(found, before)


def worded(index: Index, step: Step, back: Step) -> Step:
    """The step that gives back what `step` took; where that is there again, its words say so: it adds nothing then."""
    return replace(back, words=f"{back.words}: it is there already") if is_there(index, step) else back


def _other_name(found: RoleAssignment, before: changes.Facts) -> str:
    """Azure takes one assignment of a role to a principal at a scope, whatever its condition."""
    if _is_of_condition(found, before):
        return "the same grant is there again under another name"
    return (
        "the same role is there again under another name, but on another condition, so that Azure takes no second one"
    )


def _is_of_condition(found: RoleAssignment, before: changes.Facts) -> bool:
    """Whether it holds wherever the one before did."""
    return (found.condition or None) in (None, before.get("condition") or None)


def made(index: Index, assignment: RoleAssignment) -> str:
    """By whom and when, as Azure has it of an assignment: ``made by alex at 2026-03-12 09:14 UTC``."""
    by = words.who(index, assignment.created_by) if assignment.created_by else "somebody whom Azure does not name"
    at = f" at {words.exact(assignment.created_on)}" if assignment.created_on else ""
    return f"made by {by}{at}"


def _policy(index: Index, step: Step, since: Since) -> str | None:
    vault_id, _, _ = changes.parse_policy_target(step.target)
    by = told(index, since.events, lambda found: policies_changed(found, vault_id), " as far as is known")
    return _of_facts(index, step, since, "the entry", by)


def _version(index: Index, step: Step, since: Since) -> str | None:
    wanted = parse_key_id(step.target)
    key = index.key(wanted)
    if key is None or key.versions is None:
        return None
    if not any(fold(str(one.id)) == fold(step.target) for one in key.versions):
        return f"Version {wanted.version} of {wanted.name} is not there any more."
    return _of_facts(index, step, since, "it", NOT_IN_IT)


def _network(index: Index, step: Step, since: Since) -> str | None:
    by = told(index, since.events, lambda found: vault_changed(found, step.target), " as far as is known")
    return _of_facts(index, step, since, "the firewall", by)


def _rotation(index: Index, step: Step, since: Since) -> str | None:
    return _of_facts(index, step, since, "the rotation policy", NOT_IN_IT)


def _of_facts(index: Index, step: Step, since: Since, what: str, by: str) -> str | None:
    """What became of facts that can be given back beside what was changed since."""
    now = restore_since.stands(index, step, since.rotations)
    if now is None:
        unread = step.verb is StepVerb.SET_ROTATION and since.rotations is not None
        return (
            f"“{step.words}”: whether {what} was changed since could not be read; then it is left alone."
            if unread
            else None
        )
    if restore_since.is_as_before(step, now):
        return f"“{step.words}”: {what} is as it was before again, {by}; it is left as it is."
    if not restore_since.is_touched(step, now):
        return None
    differs = "; ".join(changes.differences(step.verb, step.after, now[0]))
    said = f"“{step.words}”: {what} was changed since ({differs}), {by}"
    back = restore_since.back(index, step, since.rotations)
    if back is None or not changes.differences(back.verb, back.after, now[0]):
        return f"{said}; nothing of what was taken is missing, and it is left as it is."
    return f"{said}; that is kept, and only what was taken is given back."


def _deleted(index: Index, step: Step, since: Since) -> str | None:
    key = parse_key_id(step.target)
    return f"The key {key.name} is there again: it was recovered, or made anew." if index.key(key) else None


_LOOKS: Mapping[StepVerb, Callable[[Index, Step, Since], str | None]] = {
    StepVerb.REMOVE_ASSIGNMENT: _assignment,
    StepVerb.SET_POLICY: _policy,
    StepVerb.SET_ENABLED: _version,
    StepVerb.SET_OPERATIONS: _version,
    StepVerb.SET_NETWORK: _network,
    StepVerb.SET_ROTATION: _rotation,
    StepVerb.DELETE_KEY: _deleted,
}


def _versions(index: Index, plan: Plan, began: datetime | None) -> list[str]:
    """Versions that came since: they are not touched."""
    if began is None:
        return []
    keys = [key for name, value in plan.context if name == "key" and (key := index.key(parse_key_id(value)))]
    return [
        f"{key.id.name} has a version {version.id.version} that was made at {words.exact(version.created)}, after the "
        "revoke; it stays as it is."
        for key in keys
        for version in key.versions or ()
        if version.created is not None and version.created > began
    ]


def _consumers(index: Index, plan: Plan) -> list[str]:
    """Services that are gone, or use another key by now."""
    keys = [parse_key_id(value) for name, value in plan.context if name == "key"]
    whole = any(step.verb is StepVerb.SET_NETWORK for step in plan.steps)
    said = []
    for watch in plan.watches:
        found = index.consumers(watch.consumer_id)
        mine = [slot for one in found if one.service == watch.service for slot in index.slots_of(one)]
        if not found and index.consumers_read:
            said.append(f"{last(watch.consumer_id)} is not there any more.")
        elif mine and keys and not any(_is_of(slot.key_id, key, whole) for slot in mine for key in keys):
            now = words.listed(list(dict.fromkeys(f"{slot.key_id.vault_name}/{slot.key_id.name}" for slot in mine)))
            said.append(f"{found[0].name} uses {now} by now: giving back does not move it.")
    return said


def _is_of(used: KeyId, key: KeyId, whole: bool) -> bool:
    """Whether a revoke of `key` reached what a service uses: also another key of a vault that was shut as a whole."""
    return cuts.same_key(used, key) or (whole and used.host == key.host)
