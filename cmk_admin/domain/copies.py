"""The same key elsewhere: copies that are known, and where one may be that could not be seen."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from cmk_admin.domain.access import AccessPath, holders, paths
from cmk_admin.domain.grants_of import members_of
from cmk_admin.domain.ids import KeyId, fold, is_management_group, key_scope
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Key, Namesake, RoleAssignment, RoleEligibility, Source, Vault
from cmk_admin.domain.permissions import DATA_ACTIONS, GETS_AT_DATA

RECOVER = DATA_ACTIONS["recover"]


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
    unsure = known | {one.folded for one, _ in doubts}
    doubts += [(one.id, one.unread) for one in _asked(index, key) if one.unread and one.id.folded not in unsure]
    return tuple(doubts)


def to_be_read(index: Index, key: KeyId, principals: Iterable[str]) -> tuple[KeyId, ...]:
    """Those of `may_be_copies` at which one of the principals could get, so that it matters what they are."""
    who = tuple(principals)
    return tuple(one for one, _ in may_be_copies(index, key) if any(paths(index, one, principal) for principal in who))


def to_be_asked(index: Index, key: KeyId, principals: Iterable[str]) -> tuple[KeyId, ...]:
    """The name of a key in each other vault where one of the principals may use or recover a key of that name.

    A backup is restored under the name that it had (Key Vault REST reference, Restore Key), so that these are to be asked
    whether a copy stands there by now, or among what was softly deleted.
    """
    who, own = tuple(principals), index.vault_of(key)
    wanted, near = (*GETS_AT_DATA, RECOVER), _Near(index, who)
    found = [
        (vault.subscription_id != own.subscription_id if own else False, there)
        for vault in index.estate.vaults
        if (there := KeyId(host=vault.host, name=key.name)).folded != key.key.folded
        and near.to(vault, key.name)
        and any(paths(index, there, principal, wanted) for principal in who)
    ]
    return tuple(there for _, there in sorted(found, key=lambda one: one[0]))


def deleted_copies(index: Index, key: KeyId) -> tuple[tuple[KeyId, str | None], ...]:
    """Where a copy is, or may be, among the softly deleted keys of another vault, each with why that is not known."""
    own = index.key(key)
    found: list[tuple[KeyId, str | None]] = []
    for one in _asked(index, key):
        gone = one.deleted
        if one.deleted_unread is not None:
            found.append((one.id, one.deleted_unread))
        elif gone is not None:
            same = own is not None and bool(_versions(own) & _versions(gone))
            same = same or (own is not None and own.thumbprint is not None and own.thumbprint == gone.thumbprint)
            doubt = (
                f"{one.id.name} is among the deleted keys of {one.id.vault_name}, which do not tell all its versions"
            )
            found.append((one.id, None if same else doubt))
    return tuple(found)


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
    for gone, doubt in deleted_copies(index, key):
        for principal in who if gone.folded not in known else ():
            yield from _by_recovery(index, gone, principal, actions, doubt)


def copy_paths_of_others(
    index: Index, found: Iterable[Key], principals: Iterable[str], actions: tuple[str, ...]
) -> Iterator[AccessPath]:
    """The paths of everybody else to the copies of a key: not of these principals, nor of the account that looks."""
    known = {one.lower() for one in (*principals, index.estate.account.object_id)}
    for copy in found:
        for path in holders(index, copy.id, actions):
            if path.principal_id.lower() not in known:
                yield replace(path, copy_of=copy.id)


def copy_reason(index: Index, path: AccessPath) -> str:
    """Why what is done to a key does not close a path to a copy of it, in words."""
    copy = path.copy_of
    if copy is None:
        return ""
    if any(one.id.folded == copy.folded and one.deleted is not None for one in index.estate.namesakes):
        return f"the copy {copy.name} of {copy.vault_name} is softly deleted, and it can recover that by itself"
    return f"it leads to a copy of the key: {copy.name} of {copy.vault_name}"


def _by_recovery(
    index: Index, gone: KeyId, principal: str, actions: tuple[str, ...], doubt: str | None
) -> Iterator[AccessPath]:
    """The paths to a deleted copy: there are some only for who may recover it by itself."""
    recovering = paths(index, gone, principal, (RECOVER,))
    if not recovering:
        return
    unsure = None if any(one.unknown is None for one in recovering) else recovering[0].unknown
    for path in paths(index, gone, principal, actions):
        yield replace(path, copy_of=gone, unknown=path.unknown or doubt or unsure)


def _asked(index: Index, key: KeyId) -> Iterator[Namesake]:
    """What other vaults answered about the key's name."""
    for one in index.estate.namesakes:
        if one.id.name.lower() == key.name.lower() and one.id.folded != key.key.folded:
            yield one


class _Near:
    """Which vaults any of many principals may have a path to, told from the grants: most vaults are out of reach of all of
    them, and need not be asked about for each."""

    def __init__(self, index: Index, principals: Iterable[str]) -> None:
        self._index, estate = index, index.estate
        self._ids = {each for one in principals for each in (one.lower(), *index.group_ids_of(one))}
        grants: tuple[RoleAssignment | RoleEligibility, ...] = (*estate.role_assignments, *estate.role_eligibilities)
        held = {fold(one.scope) for one in grants if self._holds(one.principal_id, one.principal_type)}
        self._scopes = held | estate.unread_assignments | estate.unread_eligibilities
        self._unplaced = any(map(is_management_group, held))

    def to(self, vault: Vault, name: str) -> bool:
        """Whether a grant of theirs, or one that may be theirs, counts at the key of a vault."""
        if not vault.rbac:
            return any(self._holds(one.object_id, None) for one in vault.access_policies)
        subscription = self._index.subscription(vault.subscription_id)
        if self._unplaced and (subscription is None or subscription.management_groups is None):
            return True
        return not self._scopes.isdisjoint(self._index.scopes_above(key_scope(vault.id, name)))

    def _holds(self, holder: str, kind: str | None) -> bool:
        return holder.lower() in self._ids or members_of(self._index, holder, kind)[1] is not None


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
