"""How whoever is to be cut could take the key along: by a backup that it restores into another vault, where it may use it.

A backup can be restored within the subscription and the geography that it is from (KVD general/backup.md), and keeps the
versions as they are: one that was disabled, or lost its operations, must be changed there before it serves anybody.
Disabling shuts a key for cryptographic operations (KVD keys/about-keys-details.md); nothing says that it stops a backup.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from cmk_admin.domain import words
from cmk_admin.domain.access import AccessPath, paths
from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Vault
from cmk_admin.domain.permissions import DATA_ACTIONS, GETS_AT_DATA
from cmk_admin.domain.plan import PlannedPath
from cmk_admin.domain.verbs import cuts
from cmk_admin.domain.verbs.ways import disable, naming, operations
from cmk_admin.domain.verbs.ways.asked import Asked, Way

KIND = "backup"
"""Of a `PlannedPath`."""

_BACKUP, _RESTORE, _UPDATE = DATA_ACTIONS["backup"], DATA_ACTIONS["restore"], DATA_ACTIONS["update"]
_USES = frozenset(word for word, action in DATA_ACTIONS.items() if action in GETS_AT_DATA)
_SHUT = (disable.NAME, operations.NAME)
"""Methods after which a key can still be backed up, and is of no use as it was restored."""


@dataclass(frozen=True, slots=True)
class Taking:
    """One grant by which a key can be backed up."""

    path: AccessPath
    into: tuple[Vault, ...]
    """Where its holder could restore and use it; empty: no such vault is known."""


def takings(index: Index, key: KeyId, principal: str, method: str | None) -> Iterator[Taking]:
    """The grants by which a principal can back a key up; where grants are removed, those that let it use the key go too,
    and are paths of their own."""
    found = [path for path in paths(index, key, principal, (_BACKUP,)) if not path.unread]
    if method not in _SHUT:
        found = [path for path in found if not _USES.intersection(path.allows)]
    into = _places(index, key, principal, changing=method in _SHUT) if found else ()
    return (Taking(path, into) for path in found)


def own(asked: Asked, method: str) -> tuple[Taking, ...]:
    """Those of whoever is to be cut."""
    return tuple(
        taking
        for key in asked.keys
        for one in asked.identities(key)
        for taking in takings(asked.index, key, one, method)
    )


def told(asked: Asked, method: str, way: Way) -> Way:
    """A way that shuts the key's versions, with the paths by which it could be taken along: it closes none of them."""
    if method not in _SHUT:
        return way
    return replace(way, paths=(*way.paths, *planned(asked.index, own(asked, method), {}, method)))


def planned(index: Index, found: Sequence[Taking], numbers: Mapping[str, int], method: str) -> tuple[PlannedPath, ...]:
    """The paths that a plan closes, by the numbers of its steps (by `cuts.grant_of`), and those that lead somewhere."""
    rows = {}
    for one in found:
        number = numbers.get(cuts.grant_of(one.path) or "")
        if number or one.into:
            why = None if number else reason(index, one, method)
            row = naming.planned(index, one.path, number=number, reason=why, kind=KIND)
            rows[row.principal, row.scope, row.via] = row
    return tuple(rows.values())


def warnings(asked: Asked, found: Sequence[Taking], numbers: Mapping[str, int]) -> tuple[str, ...]:
    """Sentences: who keeps a right to take a backup that is not known to lead anywhere."""
    index, name = asked.index, asked.key.name
    left = [one.path for one in found if not one.into and cuts.grant_of(one.path) not in numbers]
    return tuple(
        dict.fromkeys(
            f"{words.who(index, path.principal_id)} keeps the right to take a backup of {name}, by "
            f"{words.path(index, path)}; no vault is known where it could restore and use it."
            for path in left
        )
    )


def reason(index: Index, taking: Taking, method: str | None) -> str:
    """What a grant is good for, and why no method closes it unasked."""
    use = "change it so that it serves, and use it" if method in _SHUT else "use it"
    into = naming.listed([vault.name for vault in taking.into])
    said = f"by it, it can take a backup of the key and restore it into {into}, where it may {use}"
    why = cuts.kept_because(index, taking.path)
    return f"{said}; {why}" if why else said


def _places(index: Index, key: KeyId, principal: str, *, changing: bool) -> tuple[Vault, ...]:
    """The vaults where a principal may restore a backup of a key and use it. Those of the same region are known to be of
    the same geography; only where there is none, another region's count too: they may be."""
    here = index.vault_of(key)
    if here is None:
        return ()
    wanted = ((_RESTORE,), GETS_AT_DATA, *(((_UPDATE,),) if changing else ()))
    found = tuple(
        vault
        for vault in index.estate.vaults
        if vault.host != here.host
        and vault.subscription_id == here.subscription_id
        and all(_may(index, vault, key.name, principal, actions) for actions in wanted)
    )
    return tuple(vault for vault in found if vault.location.lower() == here.location.lower()) or found


def _may(index: Index, vault: Vault, name: str, principal: str, actions: tuple[str, ...]) -> bool:
    return any(not path.unread for path in paths(index, KeyId(host=vault.host, name=name), principal, actions))
