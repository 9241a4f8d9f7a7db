"""The steps themselves: how each is written down, turned round, and when Azure's facts count as the same."""

from collections.abc import Mapping
from dataclasses import replace

from cmk_admin.domain import words
from cmk_admin.domain.ids import KeyId, fold, is_management_group, key_scope, parse_key_id
from cmk_admin.domain.index import Index, guid
from cmk_admin.domain.model import AccessPolicy, KeyVersion, RoleAssignment, Vault
from cmk_admin.domain.services import service
from cmk_admin.domain.services.facts import Heal
from cmk_admin.domain.steps import Json, Step, StepVerb

ROLE_SECONDS = 600
"""Azure's seconds within which a role assignment counts everywhere (RBACD troubleshooting.md)."""
ROLE_SOURCE = "RBACD troubleshooting.md"

UNUSED = " (no known use)"
UNLESS_KEPT = ", unless secrets may need the key by then: AKS asks to keep it granted"
"""What a plan adds to the undo of a grant for secrets in etcd (AKSD use-kms-etcd-encryption.md)."""

SILENT = frozenset({"mysql-single"})
"""Services whose state does not show that they are being changed (`userVisibleState` has no word for it)."""
SILENT_SECONDS = 1800
"""Azure's seconds after which a change of such a service that nobody heard of again cannot come any more.

Azure documents none; a long-running operation is waited for as long.
"""

Facts = Mapping[str, Json]

INVERSES = {
    StepVerb.REMOVE_ASSIGNMENT: StepVerb.CREATE_ASSIGNMENT,
    StepVerb.CREATE_ASSIGNMENT: StepVerb.REMOVE_ASSIGNMENT,
    StepVerb.SET_POLICY: StepVerb.SET_POLICY,
    StepVerb.SET_ENABLED: StepVerb.SET_ENABLED,
    StepVerb.SET_NETWORK: StepVerb.SET_NETWORK,
    StepVerb.CREATE_KEY: StepVerb.DELETE_KEY,
    StepVerb.DELETE_KEY: StepVerb.RECOVER_KEY,
    StepVerb.RECOVER_KEY: StepVerb.DELETE_KEY,
    StepVerb.CREATE_IDENTITY: StepVerb.DELETE_IDENTITY,
    StepVerb.SET_CONSUMER_KEY: StepVerb.SET_CONSUMER_KEY,
    StepVerb.CREATE_DISK_SET: StepVerb.DELETE_DISK_SET,
    StepVerb.APPLY_STORAGE_CLASS: StepVerb.DELETE_STORAGE_CLASS,
    StepVerb.SET_OPERATIONS: StepVerb.SET_OPERATIONS,
    StepVerb.SET_ROTATION: StepVerb.SET_ROTATION,
    StepVerb.STOP_CONSUMER: StepVerb.START_CONSUMER,
    StepVerb.START_CONSUMER: StepVerb.STOP_CONSUMER,
    StepVerb.REMOVE_ELIGIBILITY: StepVerb.CREATE_ELIGIBILITY,
    StepVerb.CREATE_ELIGIBILITY: StepVerb.REMOVE_ELIGIBILITY,
}
"""Which verb takes a step back; a verb that is missing here cannot be."""

_PERMISSIONS = ("keys", "secrets", "certificates", "storage")


def assignment_facts(assignment: RoleAssignment) -> dict[str, Json]:
    """All that a PUT of the same name needs to make the assignment again.

    scope, role_definition_id, principal_id, principal_type, condition, condition_version, description,
    delegated_identity.
    """
    return {
        "scope": assignment.scope,
        "role_definition_id": assignment.role_definition_id,
        "principal_id": assignment.principal_id,
        "principal_type": assignment.principal_type,
        "condition": assignment.condition,
        "condition_version": assignment.condition_version,
        "description": assignment.description,
        "delegated_identity": assignment.delegated_identity,
    }


def assignment_of(assignment_id: str, facts: Facts) -> RoleAssignment:
    """The assignment that these facts describe."""
    return RoleAssignment(
        id=assignment_id,
        scope=_text(facts, "scope"),
        role_definition_id=_text(facts, "role_definition_id"),
        principal_id=_text(facts, "principal_id"),
        principal_type=_optional(facts, "principal_type"),
        condition=_optional(facts, "condition"),
        condition_version=_optional(facts, "condition_version"),
        description=_optional(facts, "description"),
        delegated_identity=_optional(facts, "delegated_identity"),
    )


def policy_facts(policy: AccessPolicy) -> dict[str, Json]:
    """tenant_id, object_id, application_id, keys, secrets, certificates, storage (lists as Azure spells them)."""
    return {
        "tenant_id": policy.tenant_id,
        "object_id": policy.object_id,
        "application_id": policy.application_id,
        "keys": list(policy.keys),
        "secrets": list(policy.secrets),
        "certificates": list(policy.certificates),
        "storage": list(policy.storage),
    }


def policy_of(facts: Facts) -> AccessPolicy:
    """The entry that these facts describe."""
    return AccessPolicy(
        tenant_id=_text(facts, "tenant_id"),
        object_id=_text(facts, "object_id"),
        application_id=_optional(facts, "application_id"),
        keys=_texts(facts, "keys"),
        secrets=_texts(facts, "secrets"),
        certificates=_texts(facts, "certificates"),
        storage=_texts(facts, "storage"),
    )


def policy_target(vault_id: str, policy: AccessPolicy) -> str:
    """``VAULT_ID|OBJECT_ID[|APPLICATION_ID]``."""
    return "|".join(filter(None, (vault_id, policy.object_id, policy.application_id)))


def parse_policy_target(target: str) -> tuple[str, str, str | None]:
    """Vault id, object id, application id."""
    vault_id, object_id, *more = target.split("|")
    return vault_id, object_id, more[0] if more else None


def without_keys(policy: AccessPolicy) -> AccessPolicy | None:
    """The entry without its key permissions; None where nothing else is in it. Other permissions stay."""
    if policy.secrets or policy.certificates or policy.storage:
        return replace(policy, keys=())
    return None


def remove_assignment(index: Index, assignment: RoleAssignment) -> Step:
    """before: `assignment_facts`; after: None (gone)."""
    role = index.role(assignment.role_definition_id)
    name = role.name if role else words.shortened(guid(assignment.role_definition_id), 13)
    who, where = words.who(index, assignment.principal_id), words.scope_in_full(index, assignment.scope)
    return Step(
        verb=StepVerb.REMOVE_ASSIGNMENT,
        target=assignment.id,
        words=f"Remove role {name} of {who} on {where}",
        undo_words=f"Give role {name} on {where} back to {who}",
        before=assignment_facts(assignment),
        after=None,
        # At a management group Azure speaks of "several hours" and names no bound
        effect_seconds=None if is_management_group(assignment.scope) else ROLE_SECONDS,
        effect_source=ROLE_SOURCE,
        request=f"DELETE {assignment.id}",
    )


def set_policy(index: Index, vault: Vault, before: AccessPolicy | None, after: AccessPolicy | None) -> Step:
    """before, after: `policy_facts`, or None for no entry. At least one of them is an entry."""
    entry = before or after
    if entry is None:
        raise ValueError("an access-policy step needs an entry before or after it")
    who = words.who(index, entry.object_id)
    if entry.application_id:
        who = f"{who} (together with application {words.who(index, entry.application_id)})"
    taking = len(after.keys if after else ()) < len(before.keys if before else ())
    take = f"Remove {who}'s key permissions from the access policies of {vault.name}"
    give = f"Give {who} its key permissions in the access policies of {vault.name} back"
    return Step(
        verb=StepVerb.SET_POLICY,
        target=policy_target(vault.id, entry),
        words=take if taking else give,
        undo_words=give if taking else take,
        before=policy_facts(before) if before else None,
        after=policy_facts(after) if after else None,
        request=_policy_request(vault.id, after is None),
    )


def set_enabled(version: KeyVersion, enabled: bool, *, known_use: bool = True) -> Step:
    """before, after: ``{"enabled": bool}``; the target is the versioned key id."""
    what = f"version {words.shortened(version.id.version or '', 13)} of {version.id.name}"
    off, on = f"Disable {what}", f"Enable {what}"
    return Step(
        verb=StepVerb.SET_ENABLED,
        target=str(version.id),
        words=(on if enabled else off) + ("" if known_use else UNUSED),
        undo_words=off if enabled else on,
        before={"enabled": not enabled},
        after={"enabled": enabled},
        request=_enabled_request(str(version.id), enabled),
    )


def heal(consumer_id: str, name: str, service_name: str, *, stage: int) -> Step | None:
    """The step that brings a consumer back after its key, where it needs one.

    REVALIDATE or START_NODES; before: ``{}``, after: ``{"service": NAME}``; it has no undo.
    """
    how = service(service_name).heal
    if how is Heal.AUTOMATIC:
        return None
    again = how is Heal.REVALIDATE
    return Step(
        verb=StepVerb.REVALIDATE if again else StepVerb.START_NODES,
        target=consumer_id,
        words=f"Ask {name} to try its key again" if again else f"Start the nodes of {name} that are stopped",
        undo_words=None,
        before={},
        after={"service": service_name},
        request=f"{consumer_id}: its encryption settings, unchanged"
        if again
        else f"{consumer_id}: start of its scale sets",
        stage=stage,
    )


def inverse(step: Step) -> Step | None:
    """The step that takes this one back; None where there is none."""
    verb = INVERSES.get(step.verb)
    if verb is None or step.undo_words is None:
        return None
    return replace(
        step,
        verb=verb,
        words=_plainly(step.undo_words),
        undo_words=_plainly(step.words),
        before=step.after,
        after=step.before,
        request=_request(verb, step),
    )


def _plainly(words: str) -> str:
    """The words of a step without what only its plan had to add."""
    return words.removesuffix(UNUSED).removesuffix(UNLESS_KEPT)


def is_silent(step: Step) -> bool:
    """Whether a step changes the key of a service that does not show that it is being changed."""
    return step.verb is StepVerb.SET_CONSUMER_KEY and (step.after or {}).get("service") in SILENT


def principal_of(step: Step) -> str | None:
    """Whose grant a step gives or takes: an object id, or the ARM id of the resource whose identity it is; None: nobody's."""
    if step.verb in (StepVerb.CREATE_ASSIGNMENT, StepVerb.REMOVE_ASSIGNMENT):
        return _text(step.before or step.after or {}, "principal_id")
    if step.verb is StepVerb.SET_POLICY:
        return parse_policy_target(step.target)[1]
    if step.verb is StepVerb.DELETE_IDENTITY:
        return step.target
    return None


def keys_touched(index: Index, step: Step) -> tuple[str, ...]:
    """Folded scopes of the keys that a step gives or takes access to, as ``VAULT_ID/keys/NAME``, or a vault's id.

    ``/`` for an identity: whatever key it is used for.
    """
    if step.verb is StepVerb.DELETE_IDENTITY:
        return ("/",)
    if step.verb is StepVerb.SET_POLICY:
        return (fold(parse_policy_target(step.target)[0]),)
    if step.verb is StepVerb.SET_NETWORK:
        return (fold(step.target),)
    if step.verb in (StepVerb.CREATE_ASSIGNMENT, StepVerb.REMOVE_ASSIGNMENT):
        facts = step.before or step.after or {}
        return (fold(_text(facts, "scope")),)
    if step.verb in (StepVerb.SET_ENABLED, StepVerb.SET_OPERATIONS, StepVerb.DELETE_KEY):
        key = parse_key_id(step.target)
        vault = index.vault_of(key)
        return (fold(key_scope(vault.id, key.name)),) if vault else ()
    return ()


def key_of(step: Step) -> KeyId:
    """The key that a step's target names."""
    return parse_key_id(step.target)


def differences(verb: StepVerb, expected: Facts | None, found: Facts | None) -> tuple[str, ...]:
    """In what two sets of facts differ, in words; empty where they are the same.

    Ids and permissions compare without case, permissions without order; facts that `expected` does not name do not
    count, and no text is the same as an empty one.
    """
    if expected is None or found is None:
        if expected is None and found is None:
            return ()
        return ("it is there" if expected is None else "it is gone",)
    return tuple(
        f"{name.replace('_', ' ')} is {_said(found.get(name))} instead of {_said(wanted)}"
        for name, wanted in expected.items()
        if not _agree(name, wanted, found)
    )


def _agree(name: str, wanted: Json, found: Facts) -> bool:
    """Whether a fact is as expected. ``with`` and ``without`` name some of what stands in the facts' ``with``."""
    if name in ("with", "without") and isinstance(wanted, list):
        there = found.get("with")
        carried = {str(one).lower() for one in there} if isinstance(there, list) else set()
        named = {str(one).lower() for one in wanted}
        return named <= carried if name == "with" else not named & carried
    return _comparable(name, wanted) == _comparable(name, found.get(name))


def _comparable(name: str, value: Json) -> object:
    if name == "role_definition_id" and isinstance(value, str):
        return guid(value)
    if isinstance(value, str):
        # A condition and a description keep their case, ids and kinds do not
        return (value if name in ("condition", "description") else fold(value)) or None
    if isinstance(value, dict):
        return sorted(value.items(), key=str)
    if isinstance(value, list):
        return frozenset(str(one).lower() for one in value)
    return frozenset() if value is None and name in _PERMISSIONS else value


def _said(value: Json) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(one) for one in value) or "nothing"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {one}" for key, one in value.items()) or "nothing"
    return "nothing" if value in (None, "") else str(value)


def _request(verb: StepVerb, step: Step) -> str:
    """The raw request of the inverse of a step."""
    method = _METHODS.get(verb)
    if method is not None:
        return f"{method} {step.target}"
    if verb is StepVerb.RECOVER_KEY:
        key = parse_key_id(step.target)
        return f"POST https://{key.host}/deletedkeys/{key.name}/recover"
    if verb is StepVerb.SET_POLICY:
        return _policy_request(parse_policy_target(step.target)[0], step.before is None)
    if verb in (StepVerb.SET_CONSUMER_KEY, StepVerb.SET_NETWORK, StepVerb.SET_ROTATION):
        return step.request
    if verb is StepVerb.SET_OPERATIONS:
        return operations_request(step.target, _texts(step.before or {}, "operations"))
    if verb is StepVerb.DELETE_STORAGE_CLASS:
        cluster_id, _, name = step.target.partition("|")
        return f"POST {cluster_id}/runCommand: kubectl delete storageclass {name}"
    return _enabled_request(step.target, bool((step.before or {}).get("enabled")))


_METHODS = {
    StepVerb.REMOVE_ASSIGNMENT: "DELETE",
    StepVerb.CREATE_ASSIGNMENT: "PUT",
    StepVerb.DELETE_KEY: "DELETE",
    StepVerb.DELETE_IDENTITY: "DELETE",
    StepVerb.DELETE_DISK_SET: "DELETE",
    StepVerb.REMOVE_ELIGIBILITY: "PUT",
    StepVerb.CREATE_ELIGIBILITY: "PUT",
    StepVerb.STOP_CONSUMER: "POST stop of",
    StepVerb.START_CONSUMER: "POST start of",
}


def operations_request(key_id: str, operations: tuple[str, ...]) -> str:
    """The raw request that sets what a version of a key may be used for."""
    named = ", ".join(f'"{one}"' for one in operations)
    return f'PATCH {key_id} {{"key_ops": [{named}]}}'


def _policy_request(vault_id: str, gone: bool) -> str:
    return f"PUT {vault_id}/accessPolicies/{'remove' if gone else 'replace'}"


def _enabled_request(key_id: str, enabled: bool) -> str:
    return f'PATCH {key_id} {{"attributes": {{"enabled": {"true" if enabled else "false"}}}}}'


def _text(facts: Facts, name: str) -> str:
    value = facts.get(name)
    if not isinstance(value, str):
        raise ValueError(f"the facts lack “{name}”")
    return value


def _optional(facts: Facts, name: str) -> str | None:
    value = facts.get(name)
    return value if isinstance(value, str) else None


def _texts(facts: Facts, name: str) -> tuple[str, ...]:
    value = facts.get(name)
    return tuple(str(one) for one in value) if isinstance(value, list) else ()
