"""Named estates: what a sandbox holds when it is new, and what a reader of it should find."""

import re

from cmk_admin.sandbox.connection import principals
from cmk_admin.sandbox.state import Document, World

from . import dcc, drills, empty, forbidden, incident, many, workshop
from .truth import rows

_NAMED = {
    "dcc": dcc.lay,
    "empty": empty.lay,
    "forbidden": forbidden.lay,
    "incident": incident.lay,
    "workshop": workshop.lay,
    **drills.NAMED,
}
_GENERATED = re.compile(r"many-([1-9]\d{0,3})x([1-9]\d{0,2})")
KNOWN = (*_NAMED, "many-VxK")


def lay(world: World, name: str, *, seed: int) -> None:
    """Lay a scenario into an empty world and commit it: a named one, or many-VxK for V vaults of K keys.

    The same name and seed give the same names, ids, grants and states. Raises ValueError for an unknown name.
    """
    generated = _GENERATED.fullmatch(name)
    if generated:
        many.lay(world, seed, vaults=int(generated[1]), keys=int(generated[2]))
    elif name in _NAMED:
        _NAMED[name](world, seed)
    else:
        raise ValueError(f"no scenario named {name!r}; known are {', '.join(KNOWN)}")
    world.commit()


def truth(world: World, principal: str = "administrator") -> list[Document]:
    """The mapping rows that this principal, named as in the connection file, should get. Raises ValueError if unknown."""
    known = principals(world)
    if principal not in known:
        raise ValueError(f"no principal named {principal!r}; known are {', '.join(known)}")
    return rows(world, known[principal]["objectId"])
