"""How whoever is to be cut could open again, by a right of its own, what a method closed."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from cmk_admin.domain.access import AccessPath
from cmk_admin.domain.ids import same
from cmk_admin.domain.index import Index
from cmk_admin.domain.permissions import DATA_ACTIONS
from cmk_admin.domain.plan import PlannedPath
from cmk_admin.domain.regrants import WRITE_VAULT, regrants
from cmk_admin.domain.verbs import cuts
from cmk_admin.domain.verbs.ways import delete, disable, firewall, naming, operations
from cmk_admin.domain.verbs.ways.asked import Asked, Way

REGRANT = "regrant"

_UPDATE, _RECOVER = DATA_ACTIONS["update"], DATA_ACTIONS["recover"]
# What takes back what a method does. A new version gives nothing back: what is wrapped needs the old ones.
_UNDOING: Mapping[str, tuple[str, str]] = {
    disable.NAME: (_UPDATE, "enable the key again"),
    operations.NAME: (_UPDATE, "put the operations back"),
    delete.NAME: (_RECOVER, "recover the key"),
    firewall.NAME: (WRITE_VAULT, "open the firewall again"),
}
_ITSELF = "give itself the key again"
_WORDS = {action: word for word, action in DATA_ACTIONS.items()}


def undoing(method: str | None) -> tuple[str, ...]:
    """The actions, besides those that give the key again, by which a method is taken back."""
    found = _UNDOING.get(method or "")
    return (found[0],) if found else ()


def own(asked: Asked, method: str) -> tuple[AccessPath, ...]:
    """The paths by which whoever is to be cut could open again what a method closed: its own ways to the key."""
    also = undoing(method)
    return tuple(
        path
        for key in (asked.own_keys if also else asked.keys)
        for path in regrants(asked.index, key, also)
        if any(same(path.principal_id, one) for one in asked.all_identities)
    )


def told(asked: Asked, method: str, way: Way) -> Way:
    """A way that shuts the key as a whole, with the paths by which it could be taken back: it closes none of them."""
    if not undoing(method):
        return way
    return replace(way, paths=(*way.paths, *planned(asked.index, own(asked, method), {}, method)))


def planned(
    index: Index, found: Iterable[AccessPath], numbers: Mapping[str, int], method: str
) -> tuple[PlannedPath, ...]:
    """The paths, each once, with the number of the step that closes it (by `cuts.grant_of`), else why it stays open."""
    rows = {}
    for path in found:
        number = numbers.get(cuts.grant_of(path) or "")
        row = naming.planned(
            index, path, number=number, reason=None if number else reason(index, path, method), kind=REGRANT
        )
        rows[row.principal, row.scope, row.via] = row
    return tuple(rows.values())


def reason(index: Index, path: AccessPath, method: str | None) -> str:
    """What a path is good for, and why no method closes it unasked."""
    action, does = _UNDOING.get(method or "", ("", ""))
    direct = action in path.allows or _WORDS.get(action, action) in path.allows
    said = f"by it, it can {does if direct else _ITSELF}"
    why = cuts.kept_because(index, path)
    return f"{said}; {why}" if why else said
