"""The tree of the estate as plain data: what a view shows, without a view. Built anew for every estate."""

from enum import StrEnum
from typing import NamedTuple

from cmk_admin.domain.index import Index


class Grouping(StrEnum):
    VAULT = "vault"
    SERVICE = "service"
    IDENTITY = "identity"
    SUBSCRIPTION = "subscription"


class Kind(StrEnum):
    SUBSCRIPTION = "subscription"
    VAULT = "vault"
    KEY = "key"
    VERSION = "version"
    CONSUMER = "consumer"
    IDENTITY = "identity"
    SERVICE = "service"
    NOTE = "note"
    """A row that says why there is nothing, and what to do next: not to be selected."""


class Mark(StrEnum):
    """What stands at the right of a row. Never shown by colour alone."""

    NONE = ""
    CARE = "care"
    BROKEN = "broken"
    UNKNOWN = "unknown"


class Node(NamedTuple):
    """A row and what hangs under it. A named tuple, because a hundred thousand are made and compared at C's speed."""

    id: str
    """Stable from one estate to the next, and unique in its tree."""
    kind: Kind
    text: str
    secondary: str = ""
    consumers: int | None = None
    """Number of consumers below; None where that says nothing."""
    mark: Mark = Mark.NONE
    problems: tuple[str, ...] = ()
    """Problem codes of this row and, for a vault, subscription, service or identity, of what hangs under it."""
    state: str = ""
    """In one word: see `words.STATES`."""
    ref: str = ""
    """What is selected: a vault's, consumer's or identity's resource id, a key's or version's key id, an object id."""
    hay: str = ""
    """What `search` looks through, folded; what stands in a row above counts too."""
    children: "tuple[Node, ...]" = ()


def build(index: Index, grouping: Grouping = Grouping.VAULT) -> tuple[Node, ...]:
    """The top rows of the tree. Never empty: an estate without anything to show has a note that says why."""
    raise NotImplementedError
