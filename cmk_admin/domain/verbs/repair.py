"""Repair: from a consumer that lost its key, what is missing, since when and by whom; and give it back.

What cannot be given back by a step (a purged key, an identity that is gone) is a problem that says what to do instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cmk_admin.domain import diagnosis, words
from cmk_admin.domain.diagnosis import Lack
from cmk_admin.domain.ids import KeyId, fold, key_scope
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import AccessPolicy, Consumer, KeySlot, Vault
from cmk_admin.domain.plan import Plan, Watch
from cmk_admin.domain.problems import Problem, blocking, warning
from cmk_admin.domain.roles import definition_id
from cmk_admin.domain.services import service
from cmk_admin.domain.services.facts import Heal
from cmk_admin.domain.steps import Step
from cmk_admin.domain.surroundings import Surroundings
from cmk_admin.domain.verbs import changes, making, step_rights


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairDraft:
    """Which consumer is to be given back what it lacks."""

    consumer: str = ""
    """ARM id."""
    service: str = ""
    """A name of `domain.services`; empty: the first by which the resource uses a key."""


def consumer_of(draft: RepairDraft, index: Index) -> Consumer | None:
    """The consumer that a draft names, where it was read."""
    found = index.consumers(draft.consumer) if draft.consumer else ()
    return next((one for one in found if draft.service in ("", one.service)), None)


def keys_of(draft: RepairDraft, index: Index) -> tuple[KeyId, ...]:
    """The keys on which its data hang, without versions, that of its primary slot first."""
    consumer = consumer_of(draft, index)
    slots = _primary_first(index.slots_of(consumer)) if consumer else ()
    return tuple(dict.fromkeys(slot.key_id.key for slot in slots))


def problems(draft: RepairDraft, index: Index, around: Surroundings) -> tuple[Problem, ...]:
    """What stands in the way, or should be known; nothing to repair is a problem too."""
    consumer = consumer_of(draft, index)
    if consumer is None:
        unknown = f"No service with the id {draft.consumer} that uses a key was read." if draft.consumer else ""
        sentence = unknown or "Choose the service that lost its key."
        return (Problem(code="no-consumer", sentence=sentence, field="consumer"),)
    if not index.slots_of(consumer):
        sentence = f"It could not be read which key {consumer.name} uses, so that it is not known what it lacks."
        return (Problem(code="no-key", sentence=sentence, field="consumer"),)
    found = diagnosis.lacks(index, consumer, around)
    steps = _steps(index, consumer, found, around)
    said = [_beyond(one, found) for one in found if not one.given_back]
    if not steps:
        said += _nothing_to_do(consumer, found, around)
    return (*said, *step_rights.both(index, around, steps, field="consumer"))


def plan(draft: RepairDraft, index: Index, around: Surroundings) -> Plan:
    """What is missing, in words; the steps that give it back (stage 0) and ask for another try (1); who is watched."""
    wrong = problems(draft, index, around)
    consumer = consumer_of(draft, index)
    slots = _primary_first(index.slots_of(consumer)) if consumer else ()
    if consumer is None or not slots:
        subject = draft.consumer
        return Plan(verb="repair", title="Repair", subject=subject, steps=(), problems=blocking(wrong))
    found = diagnosis.lacks(index, consumer, around)
    steps = _steps(index, consumer, found, around)
    key = slots[0].key_id.key
    return Plan(
        verb="repair",
        title=f"Give {consumer.name} {key.name} back",
        subject=str(key),
        steps=steps,
        watches=_watches(index, consumer, steps),
        findings=_findings(consumer, found, around),
        warnings=(*warning(wrong), *around.unread),
        problems=blocking(wrong),
        context=_context(index, slots),
    )


def _primary_first(slots: Sequence[KeySlot]) -> tuple[KeySlot, ...]:
    return tuple(sorted(slots, key=lambda slot: slot.slot != "primary"))


def _context(index: Index, slots: Sequence[KeySlot]) -> tuple[tuple[str, str], ...]:
    key = slots[0].key_id.key
    vault = index.vault_of(key)
    # an undo reads each key again, also that of geo-redundant backup: somebody may use it by then
    keys = dict.fromkeys(slot.key_id.key for slot in slots)
    found = [("key", str(one)) for one in keys if one == key or index.vault_of(one) is not None]
    found += [("vault", vault.id)] if vault else []
    found += [("principal", one) for one in dict.fromkeys(s.principal_id for s in slots if s.principal_id)]
    return tuple(found)


# What is said


def _findings(consumer: Consumer, found: Sequence[Lack], around: Surroundings) -> tuple[str, ...]:
    if found:
        return tuple(dict.fromkeys(f"{one.sentence}." for one in found))
    lost = diagnosis.is_lost(consumer, around)
    if lost is False:
        return (
            f"Nothing is missing: {consumer.name} has its key, and shows that it is up ({_shown(consumer, around)}).",
        )
    if service(consumer.service).heal is Heal.AUTOMATIC:
        return (f"Nothing is missing for {consumer.name} to use its key.",)
    return (f"Nothing is missing for {consumer.name} to use its key: it only has to try it again.",)


def _shown(consumer: Consumer, around: Surroundings) -> str:
    return around.signal or consumer.state or "not known"


def _beyond(one: Lack, found: Sequence[Lack]) -> Problem:
    """What a repair cannot give back, and what to do instead. It forbids the start where the data hang on it."""
    instead = f"; {one.instead}" if one.instead else ""
    other = one.slot.slot != "primary" and any(each.given_back for each in found if each.slot.slot == "primary")
    return Problem(
        code=one.code, sentence=f"{one.sentence}{instead}.", blocks=one.blocks and not other, field="consumer"
    )


def _nothing_to_do(consumer: Consumer, found: Sequence[Lack], around: Surroundings) -> tuple[Problem, ...]:
    if any(one.blocks for one in found):
        return ()
    if diagnosis.is_lost(consumer, around) is False:
        sentence = f"There is nothing to repair: {consumer.name} is up ({_shown(consumer, around)})."
    else:
        sentence = (
            f"There is nothing to give back: {consumer.name} lacks neither permission, key, version, identity nor a way "
            "through the firewall, and needs no other write to come back."
        )
    return (Problem(code="nothing-missing", sentence=sentence, field="consumer"),)


# What is done


def _steps(index: Index, consumer: Consumer, found: Sequence[Lack], around: Surroundings) -> tuple[Step, ...]:
    """Nothing where nothing is missing and the consumer is up."""
    giving = [step for one in found if (step := _giving(index, consumer, one, found, around)) is not None]
    if not giving and (diagnosis.is_lost(consumer, around) is False or any(one.blocks for one in found)):
        return ()
    healing = [
        step
        for one in (consumer, *index.held_by(consumer.id))
        if (step := changes.heal(one.id, one.name, one.service, stage=1)) is not None
    ]
    once = {(step.verb, fold(step.target)): step for step in (*giving, *healing)}
    return tuple(once.values())


def _giving(index: Index, consumer: Consumer, one: Lack, found: Sequence[Lack], around: Surroundings) -> Step | None:
    vault = index.vault_of(one.slot.key_id)
    if vault is None:
        return None
    if one.code == "permission" or (one.code == "permission-unknown" and _only_doubt(consumer, found, around)):
        return _grant(index, consumer, one, vault)
    if one.code == "key-deleted":
        return making.recover_key(one.slot.key_id.key)
    if one.code == "firewall":
        return making.let_trusted_in(vault)
    if one.code == "version-disabled":
        return _enable(index, one)
    return None


def _only_doubt(consumer: Consumer, found: Sequence[Lack], around: Surroundings) -> bool:
    """Whether a grant that may be there is all that can explain that the consumer is lost."""
    return bool(diagnosis.is_lost(consumer, around)) and all(
        one.code == "permission-unknown" for one in found if one.blocks
    )


def _enable(index: Index, one: Lack) -> Step | None:
    key = index.key(one.slot.key_id)
    wanted = (one.slot.key_id.version or (key.current_version if key else None) or "").lower()
    versions = (key.versions if key else None) or ()
    version = next((each for each in versions if (each.id.version or "").lower() == wanted), None)
    return changes.set_enabled(version, True) if version is not None else None


def _grant(index: Index, consumer: Consumer, one: Lack, vault: Vault) -> Step | None:
    """The least role of the service at the key, or its entry in the access policies with what it lacks."""
    facts, principal = service(consumer.service), one.slot.principal_id
    if principal is None:
        return None
    if not vault.rbac:
        return changes.set_policy(index, vault, _entry(vault, principal), _entry_with(vault, principal, consumer))
    definition = definition_id(facts.role, vault.subscription_id)
    if definition is None:
        return None
    return making.create_assignment(
        index,
        scope=key_scope(vault.id, one.slot.key_id.name),
        role_definition_id=definition,
        role_name=facts.role,
        principal=principal,
        who=words.who(index, principal),
        stage=0,
    )


def _entry(vault: Vault, principal: str) -> AccessPolicy | None:
    """The principal's own entry, without an application."""
    mine = (one for one in vault.access_policies if one.application_id is None)
    return next((one for one in mine if one.object_id.lower() == principal.lower()), None)


def _entry_with(vault: Vault, principal: str, consumer: Consumer) -> AccessPolicy:
    before = _entry(vault, principal) or AccessPolicy(tenant_id=vault.tenant_id, object_id=principal)
    held = {word.lower() for word in before.keys}
    more = tuple(word for word in service(consumer.service).needs.permissions if word.lower() not in held)
    return replace(before, keys=(*before.keys, *more))


def _watches(index: Index, consumer: Consumer, steps: Sequence[Step]) -> tuple[Watch, ...]:
    """The consumer and what hangs under it, until they are back."""
    if not steps:
        return ()
    effect = max((step.effect_seconds or 0 for step in steps), default=0)
    found = []
    for one in (consumer, *index.held_by(consumer.id)):
        back = service(one.service).back_seconds
        within = None if back is None else effect + back
        followed = service(one.service).heal is not Heal.AUTOMATIC or one is consumer
        if followed:
            found.append(Watch(consumer_id=one.id, service=one.service, wanted="back", within_seconds=within))
    return tuple(found)
