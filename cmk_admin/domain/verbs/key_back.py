"""A service that is given a key: whether its identity may use that key by then."""

from collections.abc import Iterator, Sequence

from cmk_admin.domain import words
from cmk_admin.domain.access import PathKind, paths
from cmk_admin.domain.ids import KeyId, contains, key_scope, last, parse_key_id, same
from cmk_admin.domain.index import Index
from cmk_admin.domain.services import service
from cmk_admin.domain.steps import Step, StepVerb
from cmk_admin.domain.verbs import changes

_SLOTS = (("key", "identity"), ("geo_key", "geo_identity"))
"""Names, in the settings of a service, of each of its keys and of the identity by which it uses that one."""


def gives_key(step: Step) -> bool:
    """Whether a step gives a service a key of its owner's."""
    return step.verb is StepVerb.SET_CONSUMER_KEY and bool((step.after or {}).get("key"))


def without_grant(index: Index, steps: Sequence[Step]) -> tuple[str, ...]:
    """Sentences: which identities can use none of the key that is given to their service, so that Azure would refuse it.

    What could not be read, and what a step of the same plan gives, is not said to be missing.
    """
    found: dict[str, None] = {}
    for step in filter(gives_key, steps):
        for key, principal in _uses(index, step):
            if _may(index, step, key, principal) or any(_gives(index, one, key, principal) for one in steps):
                continue
            who = words.who(index, principal)
            found[
                f"{who} has no grant on {key.name}, and no step gives it one: Azure will refuse “{step.words}”. Grant it "
                f"access to {key.name} first."
            ] = None
    return tuple(found)


def waits(index: Index, steps: Sequence[Step]) -> tuple[str, ...]:
    """Sentences: which services get their key only when a role that comes back with the same plan is sure to count.

    Whether its role was gone that shortly is known only when it is back: `operations.regranted` waits then.
    """
    found: dict[str, None] = {}
    for giving in filter(gives_key, steps):
        for step in steps:
            if step.verb is StepVerb.CREATE_ASSIGNMENT and step.stage < giving.stage:
                within = words.duration(step.effect_seconds or changes.ROLE_SECONDS)
                who, role = _given(index, step)
                found[
                    f"If {who} was without the role {role} for less than {within}, {last(giving.target)} gets its key only "
                    f"{within} after the role came back, when it is sure to count. Meanwhile it goes on as it is."
                ] = None
    return tuple(found)


def _given(index: Index, step: Step) -> tuple[str, str]:
    """Who gets which role by a step, both by name."""
    facts = step.after or {}
    role_id = str(facts.get("role_definition_id"))
    role = index.role(role_id)
    return words.who(index, str(facts.get("principal_id"))), role.name if role else words.shortened(last(role_id), 13)


def _uses(index: Index, step: Step) -> Iterator[tuple[KeyId, str]]:
    """The keys that a step gives, each with the object id of the identity; those of an identity that is not known left out.

    A service whose settings name no identity uses the key by its own.
    """
    facts = step.after or {}
    for name, by in _SLOTS:
        identity = index.identity_of(str(facts.get(by) or step.target))
        if facts.get(name) and identity is not None:
            yield parse_key_id(str(facts[name])), identity.principal_id


def _may(index: Index, step: Step, key: KeyId, principal: str) -> bool:
    """Whether an identity can use a key, or may be able to for all that is known."""
    actions = service(str((step.after or {}).get("service"))).data_actions
    return any(path.kind is not PathKind.ELIGIBLE for path in paths(index, key, principal, actions))


def _gives(index: Index, step: Step, key: KeyId, principal: str) -> bool:
    """Whether a step gives a grant on a key to an identity, or to somebody who may be a group that it is in."""
    vault, holder = index.vault_of(key), changes.principal_of(step)
    if vault is None or holder is None or step.after is None:
        return False
    covers = any(contains(scope, key_scope(vault.id, key.name)) for scope in changes.keys_touched(index, step))
    return covers and (same(holder, principal) or index.identity(holder) is None)
