"""What a consumer lacks that it needs to use its key: permission, key, version, vault, firewall, identity."""

from collections.abc import Iterator
from dataclasses import dataclass

from cmk_admin.domain import activity, words
from cmk_admin.domain.access import AccessPath, PathKind, paths
from cmk_admin.domain.activity import NOT_IN_IT, told
from cmk_admin.domain.ids import fold, key_scope, last
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Consumer, Key, KeySlot, KeyVersion, Source, Vault
from cmk_admin.domain.permissions import DATA_ACTIONS
from cmk_admin.domain.services import service
from cmk_admin.domain.services.facts import Service
from cmk_admin.domain.surroundings import Surroundings

GIVEN_BACK = frozenset({"permission", "key-deleted", "version-disabled", "firewall"})
"""The codes of what a repair can give back; for all others a person must do something first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """One thing that is missing, as far as it is known."""

    code: str
    """permission, permission-unknown, key-deleted, key-gone, key-unknown, version-disabled, version-gone,
    version-unknown, expired, not-yet-valid, operations, vault-deleted, vault-unseen, firewall, identity-gone,
    identity-replaced, identity-not-carried, identity-unknown."""
    sentence: str
    """What is missing, since when and by whom, without its full stop."""
    slot: KeySlot
    instead: str = ""
    """What to do where a repair cannot give it back, without its full stop."""
    blocks: bool = True
    """False: the service may work all the same."""
    missing: tuple[str, ...] = ()
    """permission: what the identity may not do, in access-policy words."""

    @property
    def given_back(self) -> bool:
        return self.code in GIVEN_BACK


def lacks(index: Index, consumer: Consumer, around: Surroundings) -> tuple[Lack, ...]:
    """All that is missing for each slot by which the consumer's data hang on a key, each once."""
    facts = service(consumer.service)
    found: dict[tuple[str, str], Lack] = {}
    for slot in index.slots_of(consumer):
        for one in _of_slot(index, facts, consumer, slot, around):
            found.setdefault((one.code, f"{one.slot.key_id.folded}|{one.sentence}"), one)
    return tuple(found.values())


def is_lost(consumer: Consumer, around: Surroundings) -> bool | None:
    """Whether the consumer says that it is without its data; None: what it shows says neither.

    Its signal counts before its state: a cluster is Running while its nodes are not.
    """
    if around.signal is not None:
        return around.signal_lost
    facts, word = service(consumer.service), (consumer.state or "").lower()
    return True if word in facts.lost_words else False if word in facts.up_words else None


def needed_words(facts: Service) -> tuple[str, ...]:
    """What the service's identity must be allowed to do, in those access-policy words that a role knows too."""
    known = {word.lower(): word for word in DATA_ACTIONS}
    return tuple(known[word.lower()] for word in facts.needs.permissions if word.lower() in known)


def _of_slot(index: Index, facts: Service, consumer: Consumer, slot: KeySlot, around: Surroundings) -> Iterator[Lack]:
    vault = index.vault_of(slot.key_id)
    identity = _identity(index, consumer, slot, around)
    if identity is not None:
        yield identity
    if vault is None:
        yield _no_vault(index, slot, around)
        return
    firewall = _firewall(index, facts, slot, vault, around)
    if firewall is not None:
        yield firewall
    yield from _of_key(index, facts, slot, vault, around)
    if identity is None:
        yield from _permission(index, facts, slot, vault, around)


# Identity


def _identity(index: Index, consumer: Consumer, slot: KeySlot, around: Surroundings) -> Lack | None:
    """The identity by which the service unwraps is gone, is another one, or is not carried any more."""
    name = slot.identity_name or (last(slot.identity_resource_id) if slot.identity_resource_id else "its identity")
    again = f"create an identity, and attach {slot.key_id.name} to {consumer.name} again by it"
    resource_id = slot.identity_resource_id
    user_assigned = resource_id is not None and "/userassignedidentities/" in fold(resource_id)
    if resource_id is not None and user_assigned and fold(resource_id) in around.identities:
        now = around.identities[fold(resource_id)]
        if now is None:
            since = told(index, around.events, lambda events: activity.identity_deleted(events, resource_id))
            what = f"The identity {name}, by which {consumer.name} uses its key, does not exist any more"
            return Lack(code="identity-gone", sentence=f"{what}; {since}", slot=slot, instead=again)
        if slot.principal_id is not None and now.lower() != slot.principal_id.lower():
            since = told(index, around.events, lambda events: activity.identity_deleted(events, resource_id))
            what = f"The identity {name} was deleted and made again, which makes it another principal"
            instead = f"attach {slot.key_id.name} to {consumer.name} again by the new one"
            return Lack(code="identity-replaced", sentence=f"{what}; {since}", slot=slot, instead=instead)
    target = around.target(consumer.id)
    if resource_id is not None and user_assigned and target is not None and not target.carries(resource_id):
        since = told(
            index,
            around.events,
            lambda events: activity.resource_changed(events, consumer.id),
            ", which may have been another change",
        )
        what = f"{consumer.name} does not carry the identity {name} any more, by which it uses its key"
        instead = f"attach {slot.key_id.name} to {consumer.name} again by an identity of its own"
        return Lack(code="identity-not-carried", sentence=f"{what}; {since}", slot=slot, instead=instead)
    if slot.principal_id is None:
        what = f"It could not be found out as which identity {consumer.name} uses {slot.key_id.name}"
        instead = "look at the identities of the service itself"
        return Lack(code="identity-unknown", sentence=what, slot=slot, instead=instead)
    return None


# Vault


def _no_vault(index: Index, slot: KeySlot, around: Surroundings) -> Lack:
    host = slot.key_id.host
    if around.deleted_vaults is not None and slot.key_id.vault_name.lower() in around.deleted_vaults:
        since = told(index, around.events, lambda events: activity.vault_deleted(events, host))
        instead = "recover the vault, grant the identity anew (its role assignments do not come back), and repair again"
        what = f"Vault {slot.key_id.vault_name} is deleted and can be recovered"
        return Lack(code="vault-deleted", sentence=f"{what}; {since}", slot=slot, instead=instead)
    instead = "ask somebody who may read it whether it is there; a vault that is purged takes its keys with it"
    what = f"Vault {host} is gone, or not visible to this account"
    return Lack(code="vault-unseen", sentence=what, slot=slot, instead=instead)


def _firewall(index: Index, facts: Service, slot: KeySlot, vault: Vault, around: Surroundings) -> Lack | None:
    if vault.trusted_bypass or not (vault.default_deny or not vault.public_access):
        return None
    since = told(
        index,
        around.events,
        lambda events: activity.vault_changed(events, vault.id),
        ", which may have been another change",
    )
    what = (
        f"The firewall of vault {vault.name} does not let trusted Azure services in, so that {facts.title} is refused"
    )
    return Lack(code="firewall", sentence=f"{what}; {since}", slot=slot)


# Key and version


def _of_key(index: Index, facts: Service, slot: KeySlot, vault: Vault, around: Surroundings) -> Iterator[Lack]:
    key = index.key(slot.key_id)
    if key is None:
        yield _no_key(slot, vault, around)
        return
    wanted = (slot.key_id.version or key.current_version or "").lower()
    version = next((one for one in key.versions or () if (one.id.version or "").lower() == wanted), None)
    if version is not None:
        yield from _of_version(facts, slot, key, version, around)
    elif key.versions is None:
        what = f"The versions of {key.id.name} could not be read, so that it is not known whether the one in use is enabled"
        yield Lack(code="version-unknown", sentence=what, slot=slot, blocks=False)
    else:
        what = f"{key.id.name} has no version {words.shortened(wanted, 13)}, which {slot.slot} needs; {NOT_IN_IT}"
        instead = f"another key was made under the name; restore a backup of the old {key.id.name} in its place"
        yield Lack(code="version-gone", sentence=what, slot=slot, instead=instead)


def _no_key(slot: KeySlot, vault: Vault, around: Surroundings) -> Lack:
    name = slot.key_id.name
    folded = slot.key_id.key.folded
    if folded in around.soft_deleted:
        deleted = around.soft_deleted[folded]
        since = f"since {words.exact(deleted)}; by whom, the Activity Log does not say" if deleted else NOT_IN_IT
        return Lack(code="key-deleted", sentence=f"{name} is deleted and can be recovered; {since}", slot=slot)
    if vault.keys_from is Source.UNREAD or slot.key_id.host.lower() not in around.asked_deleted:
        what = f"Whether {name} is still in vault {vault.name} could not be read"
        instead = "repair it as somebody who may read the vault's keys and its deleted keys"
        return Lack(code="key-unknown", sentence=what, slot=slot, instead=instead)
    instead = f"restore a backup of {name} into vault {vault.name}, where there is one: without it the data are lost"
    what = f"{name} is in vault {vault.name} neither as a key nor as a deleted one; {NOT_IN_IT}"
    return Lack(code="key-gone", sentence=what, slot=slot, instead=instead)


def _of_version(facts: Service, slot: KeySlot, key: Key, version: KeyVersion, around: Surroundings) -> Iterator[Lack]:
    name = f"version {words.shortened(version.id.version or '', 13)} of {key.id.name}"
    if not version.enabled:
        current = (key.current_version or "").lower() == (version.id.version or "").lower()
        changed = f"; it was changed last at {words.exact(key.updated)}" if current and key.updated else ""
        sentence = f"{_first_up(name)} is disabled{changed}; {NOT_IN_IT}"
        yield Lack(code="version-disabled", sentence=sentence, slot=slot)
    if version.expires is not None and version.expires <= around.now:
        what = (
            f"{_first_up(name)} expired on {words.exact(version.expires)}: Key Vault still unwraps and decrypts with it"
        )
        instead = f"set a later expiry or none at the key: documents of {facts.title} say that it may stop"
        yield Lack(code="expired", sentence=what, slot=slot, instead=instead, blocks=False)
    if version.not_before is not None and version.not_before > around.now:
        what = f"{_first_up(name)} may be used only from {words.exact(version.not_before)}"
        instead = "take its activation date away, or set an earlier one"
        yield Lack(code="not-yet-valid", sentence=what, slot=slot, instead=instead, blocks=False)
    allowed = {one.lower() for one in key.operations} if key.operations is not None else None
    refused = [one for one in facts.needs.operations if allowed is not None and one.lower() not in allowed]
    if refused:
        what = f"{key.id.name} does not allow {words.listed(refused, 'or')}; {NOT_IN_IT}"
        yield Lack(code="operations", sentence=what, slot=slot, instead="allow it again at the key")


# Permission


def _permission(index: Index, facts: Service, slot: KeySlot, vault: Vault, around: Surroundings) -> Iterator[Lack]:
    if slot.principal_id is None:
        return
    wanted = needed_words(facts)
    every = paths(index, slot.key_id, slot.principal_id, tuple(DATA_ACTIONS[word] for word in wanted))
    found = tuple(path for path in every if path.kind is not PathKind.ELIGIBLE)
    missing = _not_allowed(wanted, [one for one in found if one.unknown is None])
    if not missing:
        return
    who = words.who(index, slot.principal_id)
    what = f"{who} may not {words.listed(missing, 'or')} with {slot.key_id.name}"
    if not _not_allowed(wanted, found):
        doubt = next(one.unknown for one in found if one.unknown)
        sentence = f"Whether {what.replace(' may not ', ' may ', 1)} could not be found out: {doubt}"
        yield Lack(code="permission-unknown", sentence=sentence, slot=slot, blocks=False, missing=missing)
        return
    yield Lack(
        code="permission",
        sentence=f"{what}: no {'role' if vault.rbac else 'access policy'} lets it; "
        f"{_permission_lost(index, slot.principal_id, slot, vault, around)}",
        slot=slot,
        missing=missing,
    )


def _not_allowed(wanted: tuple[str, ...], found: list[AccessPath] | tuple[AccessPath, ...]) -> tuple[str, ...]:
    """What none of the paths allows; one that counts only with an application does not count for a service, and one
    of which nothing is known may allow all."""
    counted = [one for one in found if one.kind is not PathKind.POLICY_COMPOUND]
    if any(one.unknown and not one.allows for one in counted):
        return ()
    allowed = {word for one in counted for word in one.allows}
    return tuple(word for word in wanted if word not in allowed)


def _permission_lost(index: Index, principal_id: str, slot: KeySlot, vault: Vault, around: Surroundings) -> str:
    if vault.rbac:
        scope = key_scope(vault.id, slot.key_id.name)
        return told(index, around.events, lambda events: activity.removal(events, scope, principal_id))
    doubt = ", which may have been another change"
    return told(index, around.events, lambda events: activity.policies_changed(events, vault.id), doubt)


def _first_up(text: str) -> str:
    return text[0].upper() + text[1:]
