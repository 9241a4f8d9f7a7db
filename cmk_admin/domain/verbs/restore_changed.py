"""What changed since a revoke: a restore says it before it begins, and overwrites none of it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from cmk_admin.domain import words
from cmk_admin.domain.activity import NOT_IN_IT, Event, policies_changed, told, vault_changed
from cmk_admin.domain.ids import KeyId, fold, last, parse_key_id
from cmk_admin.domain.index import Index, guid
from cmk_admin.domain.model import RoleAssignment
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import Step, StepVerb
from cmk_admin.domain.verbs import changes, cuts
from cmk_admin.domain.verbs.ways.operations import operations_of

LOGGED = (StepVerb.SET_POLICY, StepVerb.SET_NETWORK)
"""Verbs of whose changes only the Activity Log tells who made them."""

Events = tuple[Event, ...] | None


def changed(
    index: Index, plan: Plan, steps: Sequence[Step], began: datetime | None, events: Events = None
) -> tuple[str, ...]:
    """Sentences about the targets of these steps of a revoke, its key, and the consumers that it cut."""
    said = [sentence for step in steps if (sentence := _of_step(index, step, events))]
    said += _versions(index, plan, began)
    said += _consumers(index, plan)
    return tuple(dict.fromkeys(said))


def _of_step(index: Index, step: Step, events: Events) -> str | None:
    look = _LOOKS.get(step.verb)
    return look(index, step, events) if look else None


def _assignment(index: Index, step: Step, events: Events) -> str | None:
    before = step.before or {}
    scope, role = str(before.get("scope")), guid(str(before.get("role_definition_id")))
    holder = str(before.get("principal_id")).lower()
    for one in index.assignments_at(scope):
        same = one.principal_id.lower() == holder and guid(one.role_definition_id) == role
        if fold(one.id) == fold(step.target):
            differs = changes.differences(step.verb, before, changes.assignment_facts(one))
            end = f"but {'; '.join(differs)}: it is not overwritten" if differs else "and is left as it is"
            return f"“{step.words}”: it is there again, {_made(index, one)}, {end}."
        if same and (one.condition or None) == (before.get("condition") or None):
            return f"“{step.words}”: the same grant is there again under another name, {_made(index, one)}, and is left as it is."
    return None


def _made(index: Index, assignment: RoleAssignment) -> str:
    by = words.who(index, assignment.created_by) if assignment.created_by else "somebody whom Azure does not name"
    at = f" at {words.exact(assignment.created_on)}" if assignment.created_on else ""
    return f"made by {by}{at}"


def _policy(index: Index, step: Step, events: Events) -> str | None:
    vault_id, object_id, application_id = changes.parse_policy_target(step.target)
    vault = index.vault(vault_id)
    if vault is None:
        return None
    wanted = object_id.lower(), (application_id or "").lower()
    entry = next(
        (one for one in vault.access_policies if (one.object_id.lower(), (one.application_id or "").lower()) == wanted),
        None,
    )
    facts = changes.policy_facts(entry) if entry else None
    differs = changes.differences(step.verb, step.after, facts)
    if not differs:
        return None
    by = told(index, events, lambda found: policies_changed(found, vault_id), " as far as is known")
    if not changes.differences(step.verb, step.before, facts):
        return f"“{step.words}”: the entry is as it was before again, {by}; it is left as it is."
    return f"“{step.words}”: the entry was changed since ({'; '.join(differs)}), {by}; it is not overwritten."


def _version(index: Index, step: Step, events: Events) -> str | None:
    wanted = parse_key_id(step.target)
    key = index.key(wanted)
    if key is None or key.versions is None:
        return None
    version = next((one for one in key.versions if fold(str(one.id)) == fold(step.target)), None)
    if version is None:
        return f"Version {wanted.version} of {wanted.name} is not there any more."
    facts: changes.Facts = {"enabled": version.enabled}
    if step.verb is StepVerb.SET_OPERATIONS:
        found = operations_of(key, version)
        if found is None:
            return None
        facts = {"operations": list(found)}
    differs = changes.differences(step.verb, step.after, facts)
    if not differs:
        return None
    if not changes.differences(step.verb, step.before, facts):
        return f"“{step.words}”: it is as it was before again; {NOT_IN_IT}."
    return f"“{step.words}”: it was changed since ({'; '.join(differs)}) and is not overwritten; {NOT_IN_IT}."


def _network(index: Index, step: Step, events: Events) -> str | None:
    vault = index.vault(step.target)
    if vault is None:
        return None
    facts = {
        "bypass": "AzureServices" if vault.trusted_bypass else "None",
        "default_action": "Deny" if vault.default_deny else "Allow",
    }
    differs = changes.differences(step.verb, step.after, facts)
    if not differs:
        return None
    by = told(index, events, lambda found: vault_changed(found, vault.id), " as far as is known")
    again = not changes.differences(step.verb, step.before, facts)
    end = (
        "it is as it was before again and is left as it is" if again else f"{'; '.join(differs)}: it is not overwritten"
    )
    return f"“{step.words}”: the firewall was changed since, {by}; {end}."


def _deleted(index: Index, step: Step, events: Events) -> str | None:
    key = parse_key_id(step.target)
    return f"The key {key.name} is there again: it was recovered, or made anew." if index.key(key) else None


_LOOKS: Mapping[StepVerb, Callable[[Index, Step, Events], str | None]] = {
    StepVerb.REMOVE_ASSIGNMENT: _assignment,
    StepVerb.SET_POLICY: _policy,
    StepVerb.SET_ENABLED: _version,
    StepVerb.SET_OPERATIONS: _version,
    StepVerb.SET_NETWORK: _network,
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
