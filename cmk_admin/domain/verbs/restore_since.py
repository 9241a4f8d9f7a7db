"""What stands at the target of a revoke's step by now, and what giving back makes of it.

Where nobody touched it since, it becomes what it was. Where somebody did, what the revoke took is added to what stands
there now: what was changed since is kept.
"""

from collections.abc import Mapping
from dataclasses import replace

from cmk_admin.domain.ids import fold, parse_key_id
from cmk_admin.domain.index import Index
from cmk_admin.domain.steps import Json, Step, StepVerb
from cmk_admin.domain.verbs import changes
from cmk_admin.domain.verbs.changes_revoke import is_rotation
from cmk_admin.domain.verbs.ways.operations import operations_of

Rotations = Mapping[str, changes.Facts]
"""Rotation policies as they are now, by the folded id of their key: an estate does not hold them."""
Stands = tuple[changes.Facts | None] | None
"""The facts of a target by now, of which None says that it is gone; None alone: they were not read."""


def stands(index: Index, step: Step, rotations: Rotations | None) -> Stands:
    """How the target of a revoke's step stands, worded as the step words it; None: not read, or no facts of a list."""
    if step.verb is StepVerb.SET_ROTATION:
        policy = (rotations or {}).get(fold(step.target))
        return None if policy is None else (policy,)
    if step.verb is StepVerb.SET_POLICY:
        return _policy(index, step)
    if step.verb is StepVerb.SET_NETWORK:
        return _network(index, step)
    if step.verb in (StepVerb.SET_ENABLED, StepVerb.SET_OPERATIONS):
        return _version(index, step)
    return None


def is_touched(step: Step, now: Stands) -> bool:
    """Whether somebody changed the target since: it is neither as the revoke left it nor as it was before."""
    return now is not None and bool(changes.differences(step.verb, step.after, now[0])) and not is_as_before(step, now)


def is_as_before(step: Step, now: Stands) -> bool:
    """Whether the target is again as it was before the revoke."""
    return now is not None and not changes.differences(step.verb, step.before, now[0])


def back(index: Index, step: Step, rotations: Rotations | None) -> Step | None:
    """The step that gives back what `step` of a revoke took, and keeps what came since; None where there is none."""
    now = stands(index, step, rotations)
    if now is None or not is_touched(step, now):
        return changes.inverse(step)
    return changes.inverse(replace(step, before=_with_what_was_taken(step, now[0]), after=now[0]))


def _with_what_was_taken(step: Step, now: changes.Facts | None) -> changes.Facts | None:
    """What stands there now, with what the step took."""
    before, after = step.before or {}, step.after or {}
    if step.verb is StepVerb.SET_ROTATION and rotates(now):
        return now  # it rotates by somebody's own rule: a second one beside it would make further versions
    return {name: _given(was, after.get(name), (now or {}).get(name, _MISSING)) for name, was in before.items()}


_MISSING = "\0"
"""In the place of a fact of a target that is gone."""


def _given(was: Json, left: Json, now: Json) -> Json:
    """One fact: what was taken of a list is added to it; anything else comes back where nobody set it since."""
    if isinstance(was, list):
        kept = now if isinstance(now, list) else []
        taken = _without(was, left)
        return [*kept, *_without(taken, kept)]
    return was if now in (left, _MISSING) else now


def _without(these: list[Json], those: Json) -> list[Json]:
    known = {str(one).lower() for one in those} if isinstance(those, list) else set()
    return [one for one in these if str(one).lower() not in known]


def rotates(policy: changes.Facts | None) -> bool:
    """Whether a rotation policy makes new versions by itself."""
    listed = (policy or {}).get("lifetime_actions")
    return isinstance(listed, list) and any(map(is_rotation, listed))


def _policy(index: Index, step: Step) -> Stands:
    vault_id, object_id, application_id = changes.parse_policy_target(step.target)
    vault = index.vault(vault_id)
    if vault is None:
        return None
    wanted = object_id.lower(), (application_id or "").lower()
    entries = (
        one for one in vault.access_policies if (one.object_id.lower(), (one.application_id or "").lower()) == wanted
    )
    entry = next(entries, None)
    return (changes.policy_facts(entry) if entry else None,)


def _network(index: Index, step: Step) -> Stands:
    vault = index.vault(step.target)
    if vault is None:
        return None
    facts: changes.Facts = {
        "default_action": "Deny" if vault.default_deny else "Allow",
        "bypass": "AzureServices" if vault.trusted_bypass else "None",
    }
    return (facts,)


def _version(index: Index, step: Step) -> Stands:
    wanted = parse_key_id(step.target)
    key = index.key(wanted)
    version = next(
        (one for one in (key.versions if key else None) or () if fold(str(one.id)) == fold(step.target)), None
    )
    if key is None or version is None:
        return None
    if step.verb is StepVerb.SET_ENABLED:
        return ({"enabled": version.enabled},)
    found = operations_of(key, version)
    return None if found is None else ({"operations": list(found)},)
