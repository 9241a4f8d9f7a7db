"""The same key elsewhere: copies that are known, and where one may be that could not be seen."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from cmk_admin.domain.access import AccessPath, holders, paths
from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Key, Source, Vault


def copies(index: Index, key: KeyId) -> tuple[Key, ...]:
    """The keys that hold the same material: in another vault, or under another name.

    Told by the public numbers (`Key.thumbprint`), and by what a restored backup keeps: its name and the names of all
    versions (Key Vault REST reference, Restore Key), so that a copy is found also where either of the two has got a newer
    version since. Empty is no “none”: `may_be_copies` says where one may be that was not seen. A key that was restored
    from a backup is not touched by what is done to the one it came from.
    """
    own = index.key(key)
    if own is None:
        return ()
    found = {one.id.folded: one for one in index.keys_with(own.thumbprint)} if own.thumbprint else {}
    ours = _versions(own)
    for one in _namesakes(index, key):
        if ours and ours & _versions(one):
            found.setdefault(one.id.folded, one)
    found.pop(key.key.folded, None)
    return tuple(found.values())


def may_be_copies(index: Index, key: KeyId) -> tuple[tuple[KeyId, str], ...]:
    """Where a restored copy may be that could not be seen, each with why: a key of the same name whose versions were not
    read, or a vault whose keys were not.

    A copy under another name (a key that was imported twice) can only be told by its current version's public numbers.
    """
    own = index.key(key)
    known = {one.id.folded for one in copies(index, key)} | {key.key.folded}
    doubts = []
    for vault in index.estate.vaults:
        there = KeyId(host=vault.host, name=key.name)
        if there.folded in known:
            continue
        found = index.key(there)
        if found is None and _unread(vault):
            doubts.append((there, f"the keys of {vault.name} could not be read, so that a copy may be among them"))
        elif found is not None and not (own and own.versions and found.versions):
            doubts.append((there, f"whether {key.name} of {vault.name} is a copy was not read"))
    return tuple(doubts)


def to_be_read(index: Index, key: KeyId, principals: Iterable[str]) -> tuple[KeyId, ...]:
    """Those of `may_be_copies` at which one of the principals could get, so that it matters what they are."""
    who = tuple(principals)
    return tuple(one for one, _ in may_be_copies(index, key) if any(paths(index, one, principal) for principal in who))


def copy_paths(
    index: Index, key: KeyId, found: Iterable[Key], principals: Iterable[str], actions: tuple[str, ...]
) -> Iterator[AccessPath]:
    """The paths of principals to copies of a key, each with the copy that it leads to; then those to what may be one."""
    who = tuple(principals)
    known = {copy.id.folded: copy.id for copy in found}
    for copy in known.values():
        for principal in who:
            for path in paths(index, copy, principal, actions):
                yield replace(path, copy_of=copy)
    for doubted, why in may_be_copies(index, key):
        for principal in who if doubted.folded not in known else ():
            for path in paths(index, doubted, principal, actions):
                yield replace(path, copy_of=doubted, unknown=path.unknown or why)


def copy_paths_of_others(
    index: Index, found: Iterable[Key], principals: Iterable[str], actions: tuple[str, ...]
) -> Iterator[AccessPath]:
    """The paths of everybody else to the copies of a key: not of these principals, nor of the account that looks."""
    known = {one.lower() for one in (*principals, index.estate.account.object_id)}
    for copy in found:
        for path in holders(index, copy.id, actions):
            if path.principal_id.lower() not in known:
                yield replace(path, copy_of=copy.id)


def copy_reason(path: AccessPath) -> str:
    """Why what is done to a key does not close a path to a copy of it, in words."""
    copy = path.copy_of
    return f"it leads to a copy of the key: {copy.name} of {copy.vault_name}" if copy else ""


def _namesakes(index: Index, key: KeyId) -> Iterator[Key]:
    for vault in index.estate.vaults:
        found = index.key(KeyId(host=vault.host, name=key.name))
        if found is not None and found.id.folded != key.key.folded:
            yield found


def _versions(key: Key) -> frozenset[str]:
    """The names of a key's versions, as far as they are known."""
    named = [version.id.version for version in key.versions or ()] + [key.current_version]
    return frozenset(one.lower() for one in named if one)


def _unread(vault: Vault) -> bool:
    return vault.keys_from is Source.UNREAD
