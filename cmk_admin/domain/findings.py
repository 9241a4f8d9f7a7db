"""What is wrong in an estate: problem codes by key, consumer, identity and vault, and each as a finding in words."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TypeVar

from cmk_admin.domain import mapping, words
from cmk_admin.domain.errors import FailureKind
from cmk_admin.domain.ids import KeyId, fold
from cmk_admin.domain.index import Index
from cmk_admin.domain.mapping import MappingRow
from cmk_admin.domain.model import Consumer, Key, Source, Vault
from cmk_admin.domain.permissions import allowed_words
from cmk_admin.domain.services import service

K = TypeVar("K")

_BROKEN = frozenset({"disabled-version-in-use"})
_OF_KEYS = frozenset({"software-key", "unused-grant", "vault-unreachable"})
_READ_FROM = {
    Source.DATA_PLANE: "What is shown of its keys was read before.",
    Source.ARM: "Its keys were read through Azure Resource Manager.",
    Source.UNREAD: "Its keys could not be read at all.",
}
"""What is shown of the keys of a vault that cannot be reached."""
_DOUBT = frozenset({"not-visible", "vault-unreachable"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One problem of one thing."""

    code: str
    title: str
    help: str
    """What it means and what to do about it."""
    subject: str
    """What has it, by name."""
    key_id: str | None = None
    consumer_id: str | None = None
    broken: bool = False
    """True where data are cut off or about to be."""
    doubt: bool = False
    """True where something could not be seen, so that more may be wrong."""


class Problems:
    """The problem codes of everything in an estate; worked out once."""

    def __init__(self, index: Index, now: datetime | None = None) -> None:
        self._index = index
        self._now = now or index.estate.read_at
        self._lone: dict[tuple[str, bool], tuple[str, ...]] = {}

    @cached_property
    def rows(self) -> tuple[MappingRow, ...]:
        """The rows of the mapping, from which most codes come."""
        return mapping.rows(self._index, self._now)

    def of_key(self, key: Key) -> tuple[str, ...]:
        """The codes of a key and of its uses, sorted."""
        codes = self._by_key.get(key.id.key.folded)
        return mapping.key_problems(self._index, key) if codes is None else tuple(sorted(codes))

    def of_lone_key(self, key: Key) -> tuple[str, ...]:
        """The same, cheaply, for a key that nobody uses and on which alone nothing is granted."""
        return self._of_lone(key.vault_id, mapping.is_software(key))

    def _of_lone(self, vault_id: str, software: bool) -> tuple[str, ...]:
        known = self._lone.get((vault_id, software))
        if known is None:
            vault = self._index.vault(vault_id)
            codes = (*(("software-key",) if software else ()), *(self.of_vault(vault) if vault else ()))
            known = self._lone[vault_id, software] = codes
        return known

    def of_unseen_key(self, key: KeyId) -> tuple[str, ...]:
        """The codes of a key that only consumers name."""
        return tuple(sorted(self._by_key.get(key.key.folded, ())))

    def of_vault(self, vault: Vault) -> tuple[str, ...]:
        """The codes of a vault itself."""
        return ("vault-unreachable",) if mapping.is_unreachable(vault) else ()

    def of_consumer(self, consumer_id: str, service: str) -> tuple[str, ...]:
        """The codes of how a consumer uses its keys, without those that the keys have by themselves; sorted."""
        return tuple(sorted(self._by_consumer.get((fold(consumer_id), service), set()) - _OF_KEYS))

    def of_idle_identity(self, object_id: str) -> tuple[str, ...]:
        """The codes of an identity as which no consumer unwraps: it may hold grants all the same."""
        held = (self._index.role(one.role_definition_id) for one in self._index.assignments_of(object_id))
        opens = any({"unwrapKey", "decrypt"}.intersection(allowed_words(role)) for role in held if role)
        return ("unused-grant",) if opens else ()

    @cached_property
    def _by_key(self) -> Mapping[str, set[str]]:
        return _union((row.use.slot.key_id.key.folded, row.problems) for row in self.rows if row.use)

    @cached_property
    def _by_consumer(self) -> Mapping[tuple[str, str], set[str]]:
        return _union(((fold(row.consumer_id), row.service), row.problems) for row in self.rows)


def of_key(index: Index, key: KeyId, now: datetime | None = None) -> tuple[Finding, ...]:
    """What is wrong with a key, by itself and in each use of it; the broken first."""
    found: list[Finding] = []
    known, vault = index.key(key), index.vault_of(key)
    if known is not None:
        found += [
            _finding(code, known.id.name, key_id=str(known.id), vault=vault)
            for code in mapping.key_problems(index, known)
        ]
        found += _of_life(known, now or index.estate.read_at)
    for row in Problems(index, now).rows:
        if row.use and row.use.slot.key_id.key.folded == key.key.folded:
            mine = (code for code in row.problems if not any(one.code == code and not one.consumer_id for one in found))
            found += [
                _finding(code, row.use.consumer.name, key_id=row.key_id, consumer_id=row.consumer_id, vault=vault)
                for code in mine
            ]
    found.sort(key=lambda one: (not one.broken, not one.doubt, one.code, one.subject))
    return (*_lost(use.consumer for use in index.uses_of_key(key)), *found)


def of_consumer(index: Index, consumer_id: str, now: datetime | None = None) -> tuple[Finding, ...]:
    """What is wrong with a consumer, and with its use of its keys; that it has lost one comes first."""
    found = [
        _finding(
            code,
            row.use.consumer.name if row.use else row.consumer_id,
            key_id=row.key_id,
            consumer_id=row.consumer_id,
            vault=index.vault_of(row.use.slot.key_id) if row.use else None,
        )
        for row in Problems(index, now).rows
        if fold(row.consumer_id) == fold(consumer_id)
        for code in row.problems
    ]
    return (*_lost(index.consumers(consumer_id)), *found)


def of_vault(index: Index, vault: Vault) -> tuple[Finding, ...]:
    """What is wrong with a vault itself, and which services have lost a key of it."""
    found = list(_lost(use.consumer for use in index.uses_of_host(vault.host)))
    found += [_finding(code, vault.name, vault=vault) for code in Problems(index).of_vault(vault)]
    if vault.problem is not None and vault.problem.kind is not FailureKind.UNREACHABLE:
        found.append(
            Finding(
                code=vault.problem.kind.value,
                title=f"keys {words.failure(vault.problem.kind)}",
                help=vault.problem.message,
                subject=vault.name,
                doubt=True,
            )
        )
    if not vault.purge_protection:
        found.append(
            Finding(
                code="no-purge-protection",
                title="no purge protection",
                help="A key that is deleted here can be purged before its retention ends, and with it all data that it "
                "wraps. Services that use customer-managed keys ask for purge protection.",
                subject=vault.name,
            )
        )
    return tuple(found)


def is_broken(codes: Iterable[str]) -> bool:
    """Whether any of the codes means that data are cut off or about to be."""
    return not _BROKEN.isdisjoint(codes)


def has_lost_key(consumer: Consumer) -> bool:
    """Whether the consumer's own state says that it cannot get at its key any more.

    No code of the mapping's: those are about grants and keys, and hold before anything is lost.
    """
    return (consumer.state or "").lower() in service(consumer.service).lost_words


def _lost(consumers: Iterable[Consumer]) -> tuple[Finding, ...]:
    """One finding for each consumer that has lost its key."""
    lost = {(fold(one.id), one.service): one for one in consumers if has_lost_key(one)}
    return tuple(
        Finding(
            code="lost-key",
            title=f"{service(one.service).title} is {one.state}",
            help=f"It cannot get at its data. {service(one.service).comes_back}.",
            subject=one.name,
            consumer_id=one.id,
            broken=True,
        )
        for one in lost.values()
    )


def _of_life(key: Key, now: datetime) -> list[Finding]:
    """What a key's dates say. Expiry is no revocation: an expired key still unwraps (KVD includes/key-attributes.md)."""
    if key.expires is None or (left := (key.expires - now).total_seconds()) > 30 * 86400:
        return []
    gone = left <= 0
    return [
        Finding(
            code="expired" if gone else "expires-soon",
            title=words.expiry(key.expires, now),
            help="An expired key still unwraps and decrypts, and no longer wraps or encrypts; some services stop all the "
            "same. Rotate it, or move the date.",
            subject=key.id.name,
            key_id=str(key.id),
        )
    ]


def _finding(
    code: str, subject: str, *, key_id: str | None = None, consumer_id: str | None = None, vault: Vault | None = None
) -> Finding:
    advice = words.problem_help(code)
    if code == "vault-unreachable" and vault is not None:
        advice = f"{advice} {_READ_FROM[vault.keys_from]}".rstrip()
    return Finding(
        code=code,
        title=words.problem(code),
        help=advice,
        subject=subject,
        key_id=key_id,
        consumer_id=consumer_id,
        broken=code in _BROKEN,
        doubt=code in _DOUBT,
    )


def _union(pairs: Iterable[tuple[K, Iterable[str]]]) -> Mapping[K, set[str]]:
    found: defaultdict[K, set[str]] = defaultdict(set)
    for key, codes in pairs:
        found[key].update(codes)
    return found
