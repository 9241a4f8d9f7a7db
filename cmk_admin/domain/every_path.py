"""All ways to what a key protects: of the identities that use it, of others that their services carry, and to its copies."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from cmk_admin.domain.access import AccessPath, paths
from cmk_admin.domain.copies import copies
from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.index import Index, Use
from cmk_admin.domain.model import Consumer
from cmk_admin.domain.services import service


def siblings(index: Index, consumer: Consumer) -> tuple[str, ...]:
    """Object ids of other identities that a consumer carries, besides those by which it uses keys.

    Whoever may change the service can have it use one of them. Empty also where they were not read (`Consumer.carries`),
    and for a service whose key another one holds: what it carries never unwraps for it
    (AKSD azure-disk-customer-managed-keys.md).
    """
    if consumer.holder_id is not None:
        return ()
    using = {slot.principal_id.lower() for slot in consumer.slots if slot.principal_id}
    return tuple(one for one in consumer.carries or () if one.lower() not in using)


def all_paths(index: Index, key: KeyId, uses: Sequence[Use]) -> tuple[AccessPath, ...]:
    """Every path by which the services of `uses` can get at what this key protects; each once.

    Of the identities of the uses and of their `siblings` (`AccessPath.sibling_of` is the consumer that carries them), to
    the key and to its `copies` (`AccessPath.copy_of` is the copy). How it becomes `PlannedPath.kind`: ``copy`` where
    `copy_of` is set, else ``eligible`` where `kind` is `PathKind.ELIGIBLE`, else ``use``. A condition is not evaluated:
    such a path counts as open, and `AccessPath.condition` is shown. Who could grant again is told by `regrants.regrants`.
    """
    wanted = _principals(index, uses)
    found: list[AccessPath] = []
    for one in (key.key, *(copy.id for copy in copies(index, key))):
        is_copy = one.folded != key.key.folded
        for (principal, sibling_of), actions in wanted.items():
            there = paths(index, one, principal, actions)
            if is_copy or sibling_of:
                copy = one if is_copy else None
                there = tuple(replace(path, copy_of=copy, sibling_of=sibling_of or None) for path in there)
            found += there
    return tuple(found)


def _principals(index: Index, uses: Sequence[Use]) -> dict[tuple[str, str], tuple[str, ...]]:
    """Object id and, of a sibling, the consumer that carries it -> the data actions that get at its data."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for use in uses:
        if use.slot.principal_id:
            found.setdefault((use.slot.principal_id, ""), {}).update(dict.fromkeys(_actions(use.consumer)))
    own = {principal.lower() for principal, _ in found}
    for consumer in _carrying(index, uses):
        for sibling in siblings(index, consumer):
            if sibling.lower() not in own:
                own.add(sibling.lower())
                found[sibling, consumer.id] = dict.fromkeys(_actions(consumer))
    return {who: tuple(actions) for who, actions in found.items()}


def _carrying(index: Index, uses: Sequence[Use]) -> Iterator[Consumer]:
    """The consumers of the uses, each followed by the set that holds its key, whose identity is the one that unwraps."""
    seen: set[int] = set()
    for use in uses:
        for one in (use.consumer, index.holder_of(use.consumer)):
            if one is not None and id(one) not in seen:
                seen.add(id(one))
                yield one


def _actions(consumer: Consumer) -> tuple[str, ...]:
    return service(consumer.service).data_actions
