"""Blast radius: which consumers stop if a key, an identity or a vault goes."""

from collections.abc import Iterable
from dataclasses import dataclass

from cmk_admin.domain.ids import KeyId, fold
from cmk_admin.domain.index import Index, Use
from cmk_admin.domain.model import Consumer
from cmk_admin.domain.services import service
from cmk_admin.domain.services.facts import Service


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A consumer that stops, and why."""

    consumer: Consumer
    service: Service
    uses: tuple[Use, ...]
    """The slots by which it hangs on what goes."""
    through: Consumer | None
    """The consumer that holds its key, where it hangs under one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blast:
    hits: tuple[Hit, ...]
    complete: bool
    """False where not all services were read, so that more may stop than is listed."""


def of_key(index: Index, key: KeyId) -> Blast:
    """If the key goes; with a version: only what names that version, or follows the newest where it is the newest."""
    uses = index.uses_of_key(key)
    if key.version is not None:
        found = index.key(key)
        newest = found.current_version if found else None
        wanted = key.version.lower()
        uses = tuple(use for use in uses if (use.slot.key_id.version or newest or wanted).lower() == wanted)
    return _blast(index, uses)


def of_vault(index: Index, host: str) -> Blast:
    """If the vault at this host goes, or its keys can no longer be reached."""
    return _blast(index, index.uses_of_host(host))


def of_identity(index: Index, object_id: str) -> Blast:
    """If the identity goes, or loses all of its grants."""
    return _blast(index, index.uses_of_principal(object_id))


def most_powerful(index: Index, limit: int = 10) -> tuple[tuple[str, int], ...]:
    """The identities on which most consumers hang, as object ids with the number of consumers, most first."""
    hanging: dict[str, set[tuple[str, str]]] = {}
    for use in index.uses:
        if use.slot.principal_id:
            users = hanging.setdefault(use.slot.principal_id.lower(), set())
            users.add((fold(use.consumer.id), use.consumer.service))
    ranked = sorted(hanging.items(), key=lambda item: (-len(item[1]), item[0]))
    return tuple((object_id, len(consumers)) for object_id, consumers in ranked[:limit])


def _blast(index: Index, uses: Iterable[Use]) -> Blast:
    grouped: dict[tuple[str, str], list[Use]] = {}
    for use in uses:
        grouped.setdefault((fold(use.consumer.id), use.consumer.service), []).append(use)
    hits = tuple(
        Hit(
            consumer=found[0].consumer,
            service=service(found[0].consumer.service),
            uses=tuple(found),
            through=index.holder_of(found[0].consumer),
        )
        for found in grouped.values()
    )
    return Blast(hits=hits, complete=index.consumers_read)
