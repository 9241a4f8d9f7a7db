"""From what a person types (a name or an id) to the one thing that is meant."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from cmk_admin.domain.errors import BadInput
from cmk_admin.domain.ids import KeyId, fold, parse_key_id
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Consumer, Vault
from cmk_admin.domain.surroundings import Target

T = TypeVar("T")
_MOST = 10  # candidates that are named


def key(index: Index, text: str, *, vault_suffixes: tuple[str, ...] = ()) -> KeyId:
    """A key without version, from ``VAULT/KEY``, a key id, a key's ARM id or a name that only one key has.

    A key that only a consumer names counts too. Raises BadInput: ``bad-key-id``, ``unknown-vault``, ``unknown-key``,
    ``ambiguous-key``.
    """
    text = text.strip()
    if "://" in text:
        wanted = parse_key_id(text, vault_suffixes=vault_suffixes).key
        found = _known(index, wanted)
        if found is None:
            raise _no_key(index, text, index.vault_of(wanted))
        return found
    place, _, name = text.rstrip("/").rpartition("/")
    if not name:
        raise BadInput("unknown-key", "A key is named as VAULT/KEY or by its id.", next=_where_to_look(index))
    if place:
        holder = vault(index, _vault_part(place))
        found = _known(index, KeyId(holder.host, name))
        if found is None:
            raise _no_key(index, name, holder)
        return found
    named = {one.folded: one for one in _all_keys(index) if one.name.lower() == name.lower()}
    if len(named) > 1:
        raise BadInput(
            "ambiguous-key",
            f"{len(named)} keys are called “{name}”.",
            subject=text,
            next="Name it as VAULT/KEY.",
            candidates=_names(f"{one.vault_name}/{one.name}" for one in named.values()),
        )
    if not named:
        raise _no_key(index, name, None)
    return next(iter(named.values()))


def vault(index: Index, text: str) -> Vault:
    """A vault, from its name, host or ARM id. Raises BadInput ``unknown-vault``."""
    wanted = fold(text.strip().removeprefix("https://"))
    for one in index.estate.vaults:
        if wanted in (one.name.lower(), one.host.lower(), fold(one.id)):
            return one
    raise BadInput(
        "unknown-vault",
        f"No vault “{text}” was read.",
        subject=text,
        next=_where_to_look(index),
        candidates=_close(text, (one.name for one in index.estate.vaults)),
    )


def consumer(index: Index, text: str, *, key: KeyId | None = None) -> Consumer:
    """A consumer, from its name or ARM id; with `key`, one that uses this key.

    Raises BadInput ``unknown-consumer``, ``ambiguous-consumer``, ``not-a-consumer`` where it does not use the key.
    """
    wanted = fold(text.strip())
    if "/" in wanted:
        found = list(index.consumers(wanted))
    else:
        found = [one for one in index.estate.consumers if one.name.lower() == wanted]
    if key is not None and found:
        users = {(fold(use.consumer.id), use.consumer.service): use.consumer for use in index.uses_of_key(key)}
        using = [one for one in found if (fold(one.id), one.service) in users]
        if not using:
            raise BadInput(
                "not-a-consumer",
                f"{found[0].name} does not use {key.name}.",
                subject=text,
                next="See “cmk-admin mapping” for who uses which key.",
                candidates=_names(one.name for one in users.values()),
            )
        found = using
    # A cluster's disks and its etcd are one resource: named by its id or its name, it is one thing
    once: dict[str, Consumer] = {}
    for one in found:
        once.setdefault(fold(one.id), one)
    found = list(once.values())
    return _only(
        found,
        "consumer",
        f"No service “{text}” that uses a key was read.",
        f"{len(found)} services are called “{text}”.",
        text,
        next_absent=_where_to_look(index),
        candidates=_names(one.id for one in found) or _close(text, (one.name for one in index.estate.consumers)),
    )


def principal(index: Index, text: str) -> str:
    """The object id of an identity, from its name, resource id, object id or client id.

    Raises BadInput ``unknown-identity``, ``ambiguous-identity``.
    """
    wanted = fold(text.strip())
    named: dict[str, str] = {}
    for one in index.estate.identities:
        if wanted in _folded(one.principal_id, one.client_id, one.resource_id, one.name):
            named[one.principal_id.lower()] = one.principal_id
    for other in index.estate.principals:
        if wanted in _folded(other.object_id, other.client_id, other.name):
            named.setdefault(other.object_id.lower(), other.object_id)
    return _only(
        list(named.values()),
        "identity",
        f"No identity “{text}” was read.",
        f"{len(named)} identities are called “{text}”.",
        text,
        next_absent=_where_to_look(index),
        candidates=_names(named.values()) or _close(text, (one.name for one in index.estate.identities)),
    )


def target(targets: Sequence[Target], text: str) -> Target:
    """A resource that can take a key, from its name or ARM id.

    Raises BadInput ``unknown-consumer``, ``ambiguous-consumer`` (also for one that takes keys in more than one way).
    """
    wanted = fold(text.strip())
    found = [one for one in targets if wanted in (one.name.lower(), fold(one.id))]
    return _only(
        found,
        "consumer",
        f"No service “{text}” that can take a key was found.",
        f"{len(found)} services are called “{text}”.",
        text,
        next_absent="Name it as the portal spells it; what this account may not see is not found.",
        candidates=_names(one.id for one in found) or _close(text, (one.name for one in targets)),
    )


def identity_resource(index: Index, text: str) -> str:
    """The ARM id of a user-assigned identity, from its name, resource id, object id or client id.

    Raises BadInput ``unknown-identity``, ``ambiguous-identity``.
    """
    wanted = fold(text.strip())
    found = {
        fold(one.resource_id): one.resource_id
        for one in index.estate.identities
        if one.resource_id
        and not one.system_assigned
        and wanted in _folded(one.principal_id, one.client_id, one.resource_id, one.name)
    }
    assigned = (one.name for one in index.estate.identities if not one.system_assigned)
    return _only(
        list(found.values()),
        "identity",
        f"No user-assigned identity “{text}” was read.",
        f"{len(found)} identities are called “{text}”.",
        text,
        next_absent=_where_to_look(index),
        candidates=_names(found.values()) or _close(text, assigned),
    )


def _folded(*names: str | None) -> tuple[str, ...]:
    return tuple(fold(name) for name in names if name)


def _known(index: Index, wanted: KeyId) -> KeyId | None:
    """The key as it is spelt, where it was read or a consumer names it."""
    if found := index.key(wanted):
        return found.id
    uses = index.uses_of_key(wanted)
    return uses[0].slot.key_id.key if uses else None


def _all_keys(index: Index) -> Iterable[KeyId]:
    yield from (one.id for one in index.estate.keys)
    yield from (use.slot.key_id.key for use in index.uses)


def _vault_part(place: str) -> str:
    """The vault in ``VAULT`` or in a key's ARM id without its last segment (``.../vaults/VAULT/keys``)."""
    head, _, tail = place.rpartition("/")
    return head if tail.lower() == "keys" and head else place


def _only(
    found: Sequence[T],
    what: str,
    absent: str,
    ambiguous: str,
    text: str,
    *,
    next_absent: str,
    candidates: tuple[str, ...],
) -> T:
    if len(found) == 1:
        return found[0]
    if found:
        raise BadInput(f"ambiguous-{what}", ambiguous, subject=text, next="Name it by its id.", candidates=candidates)
    raise BadInput(f"unknown-{what}", absent, subject=text, next=next_absent, candidates=candidates)


def _no_key(index: Index, name: str, holder: Vault | None) -> BadInput:
    keys = index.keys_of(holder.id) if holder else index.estate.keys
    where = f" in {holder.name}" if holder else ""
    return BadInput(
        "unknown-key",
        f"No key “{name}” was read{where}.",
        subject=name,
        next=_where_to_look(index),
        candidates=_close(name.rsplit("/", 1)[-1], (f"{one.id.vault_name}/{one.id.name}" for one in keys)),
    )


def _where_to_look(index: Index) -> str:
    seen = "See “cmk-admin estate” for what was read."
    if index.estate.coverage.complete:
        return seen
    return f"Not everything could be read, so that it may exist all the same. {seen}"


def _close(text: str, names: Iterable[str]) -> tuple[str, ...]:
    """Names that hold the text or are spelt much like it; all of them where there are few."""
    wanted = text.strip().lower().rsplit("/", 1)[-1]
    spelt = list(dict.fromkeys(names))
    near = [one for one in spelt if wanted and (wanted in one.lower() or one.lower().rsplit("/", 1)[-1] in wanted)]
    if not near:
        from difflib import get_close_matches

        near = get_close_matches(text, spelt, n=_MOST, cutoff=0.6)
    return _names(near or (spelt if len(spelt) <= _MOST else ()))


def _names(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(found)[:_MOST])
