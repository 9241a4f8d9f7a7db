"""The mapping: which service uses which key, through which identity and which grants. One row per consumer and slot."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from cmk_admin.domain.access import AccessPath, PathKind, paths
from cmk_admin.domain.errors import FailureKind
from cmk_admin.domain.ids import KeyId, contains, fold, key_scope, subscription_of
from cmk_admin.domain.index import Index, Use
from cmk_admin.domain.model import Consumer, Key, KeySlot, KeyVersion, Source, Vault
from cmk_admin.domain.permissions import GETS_AT_DATA, allowed_words

_PRIMARY = "primary"
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingRow:
    """A row; None is *not known*."""

    use: Use | None
    service: str
    consumer_id: str
    slot: str
    vault: str | None = None
    """The vault's name."""
    key_name: str | None = None
    key_id: str | None = None
    version: str | None = None
    """None too where the consumer follows the newest."""
    identity_name: str | None = None
    identity_object_id: str | None = None
    identity_resource_id: str | None = None
    paths: tuple[AccessPath, ...] = ()
    """By which the identity gets at the data, unknown ones included."""
    role_assignment_scope: tuple[str, ...] | None = None
    """Sorted scopes of the grants by which the identity unwraps or decrypts, or ``access-policy:VAULT_ID``."""
    key_type: str | None = None
    key_size: int | None = None
    key_options: tuple[str, ...] | None = None
    state: str | None = None
    problems: tuple[str, ...] = ()


def rows(index: Index, now: datetime | None = None) -> tuple[MappingRow, ...]:
    """All rows, sorted by service, consumer and slot. `now` decides what is expired; None: when the estate was read."""
    at = now or index.estate.read_at
    return index.remember("mapping", at, lambda: _rows(index, at))


def _rows(index: Index, at: datetime) -> tuple[MappingRow, ...]:
    found = (row for consumer in index.estate.consumers for row in _rows_of(index, consumer, at))
    return tuple(sorted(found, key=lambda row: (row.service, fold(row.consumer_id), row.slot, row.key_id or "")))


def state_of(index: Index, key: KeyId, now: datetime) -> str:
    """enabled, disabled, expired, not-yet-valid, deleted or unknown; of the version, without one of the current one."""
    found = index.key(key)
    if found is None:
        vault = index.vault_of(key)
        read = vault is not None and vault.keys_from is not Source.UNREAD and index.estate.coverage.finished
        return "deleted" if read else UNKNOWN
    version = (key.version or found.current_version or "").lower()
    for one in found.versions or ():
        if (one.id.version or "").lower() == version:
            return _state(one.enabled, one.not_before, one.expires, now)
    if version == (found.current_version or "").lower():
        return _state(found.enabled, found.not_before, found.expires, now)
    return UNKNOWN


def key_state(key: Key, now: datetime) -> str:
    """The state of a key's current version."""
    return _state(key.enabled, key.not_before, key.expires, now)


def version_state(version: KeyVersion, now: datetime) -> str:
    """The state of one version."""
    return _state(version.enabled, version.not_before, version.expires, now)


def is_software(key: Key) -> bool:
    """True where the key's type is known and is none of an HSM's."""
    return key.key_type is not None and not key.key_type.upper().endswith("-HSM")


def is_unreachable(vault: Vault) -> bool:
    """True where the vault's data plane cannot be reached from here."""
    return vault.problem is not None and vault.problem.kind is FailureKind.UNREACHABLE


def has_unused_grant(index: Index, key: KeyId) -> bool:
    """Whether a grant on exactly this key lets a service's identity unwrap that no consumer that was read uses for it."""
    vault = index.vault_of(key)
    if vault is None or not vault.rbac:
        return False
    granted = index.assignments_at(key_scope(vault.id, key.name))
    if not granted:
        return False
    used = {use.slot.principal_id.lower() for use in index.uses_of_key(key) if use.slot.principal_id}
    return any(
        one.principal_id.lower() not in used
        and _is_service(index, one.principal_id, one.principal_type)
        and (role := index.role(one.role_definition_id)) is not None
        and {"unwrapKey", "decrypt"}.intersection(allowed_words(role))
        for one in granted
    )


def key_problems(index: Index, key: Key) -> tuple[str, ...]:
    """The problem codes of a key by itself, whoever uses it, sorted."""
    vault = index.vault_of(key.id)
    codes = {
        "software-key": is_software(key),
        "unused-grant": has_unused_grant(index, key.id),
        "vault-unreachable": vault is not None and is_unreachable(vault),
    }
    return tuple(code for code, holds in codes.items() if holds)


def _rows_of(index: Index, consumer: Consumer, now: datetime) -> Iterator[MappingRow]:
    slots = index.slots_of(consumer)
    if consumer.holder_id:
        # What hangs under a set is told by the key that the set uses now
        slots = tuple(slot for slot in slots if slot.slot == _PRIMARY)
    if not slots:
        yield MappingRow(
            use=None,
            service=consumer.service,
            consumer_id=consumer.id,
            slot=_PRIMARY,
            problems=("not-visible",),
        )
    for slot in slots:
        yield _row(index, Use(consumer, slot), now)


def _row(index: Index, use: Use, now: datetime) -> MappingRow:
    consumer, slot = use
    vault, key = index.vault_of(slot.key_id), index.key(slot.key_id)
    state = state_of(index, slot.key_id, now)
    identity = index.identity(slot.principal_id) if slot.principal_id else None
    every = paths(index, slot.key_id, slot.principal_id, GETS_AT_DATA) if slot.principal_id else ()
    found = tuple(path for path in every if path.kind is not PathKind.ELIGIBLE)
    sure = [path for path in found if path.unknown is None]
    codes = {
        "disabled-version-in-use": state == "disabled",
        "group-grant": any(path.group_id for path in sure),
        "inherited-grant": any(path.assignment and path.inherited for path in sure),
        "not-visible": vault is None,
        "shared-identity": is_shared(index, slot),
    }
    own = key_problems(index, key) if key else ()
    if key is None and vault is not None and is_unreachable(vault):
        own = ("vault-unreachable",)
    return MappingRow(
        use=use,
        service=consumer.service,
        consumer_id=consumer.id,
        slot=slot.slot,
        vault=vault.name if vault else slot.key_id.vault_name,
        key_name=slot.key_id.name,
        key_id=str(slot.key_id),
        version=slot.key_id.version,
        identity_name=(identity.name if identity else slot.identity_name)
        or (index.name_of(slot.principal_id) if slot.principal_id else None),
        identity_object_id=slot.principal_id,
        identity_resource_id=(identity.resource_id if identity else None) or slot.identity_resource_id,
        paths=found,
        role_assignment_scope=_scopes(index, slot, vault, found),
        key_type=key.key_type if key else None,
        key_size=key.size if key else None,
        key_options=tuple(sorted(key.operations)) if key and key.operations is not None else None,
        state=None if state == UNKNOWN else state,
        problems=tuple(sorted({*own, *(code for code, holds in codes.items() if holds)})),
    )


def is_shared(index: Index, slot: KeySlot) -> bool:
    """Whether more than one resource unwraps as this slot's identity; a set and what hangs under it count as one."""
    if slot.principal_id is None:
        return False
    uses = index.uses_of_principal(slot.principal_id)
    return len({fold(use.consumer.holder_id or use.consumer.id) for use in uses}) > 1


def _scopes(index: Index, slot: KeySlot, vault: Vault | None, found: tuple[AccessPath, ...]) -> tuple[str, ...] | None:
    if vault is None or slot.principal_id is None:
        return None
    sure = {fold(path.scope): path for path in found if path.unknown is None}
    if not vault.rbac:
        alone = any(path.kind is not PathKind.POLICY_COMPOUND for path in sure.values())
        doubt = any(path.unknown for path in found)
        return (f"access-policy:{vault.id}",) if alone else None if doubt else ()
    if any(path.unknown and fold(path.scope) not in sure for path in found):
        return None
    return tuple(sorted(spelt(index, path.scope, vault, slot.key_id) for path in sure.values()))


def spelt(index: Index, scope: str, vault: Vault, key: KeyId) -> str:
    """A scope at or above a key as Azure spells the thing itself, whatever the assignment's spelling."""
    found = index.key(key)
    own = key_scope(vault.id, found.id.name if found else key.name)
    if contains(scope, own) and fold(scope) != "/":
        return own[: len(scope.rstrip("/"))]
    subscription = index.subscription(subscription_of(vault.id) or "")
    groups = (subscription.management_groups if subscription else None) or ()
    return next((group for group in groups if fold(group) == fold(scope)), scope)


def _is_service(index: Index, object_id: str, kind: str | None) -> bool:
    principal = index.principal(object_id)
    kind = kind or (principal.kind if principal else None)
    return (kind or "").lower() in ("serviceprincipal", "managedidentity") or index.identity(object_id) is not None


def _state(enabled: bool | None, not_before: datetime | None, expires: datetime | None, now: datetime) -> str:
    if enabled is None:
        return UNKNOWN
    if not enabled:
        return "disabled"
    if expires is not None and expires <= now:
        return "expired"
    return "not-yet-valid" if not_before is not None and not_before > now else "enabled"
