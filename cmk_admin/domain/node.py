"""A row of the tree, and how rows are put together."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from cmk_admin.domain import mapping
from cmk_admin.domain.findings import is_broken
from cmk_admin.domain.kinds import Kind, Mark

_WEIGHT = {Mark.NONE: 0, Mark.CARE: 1, Mark.UNKNOWN: 2, Mark.BROKEN: 3}


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
    """In one word: see `words.STATES`; a consumer's is Azure's own."""
    ref: str = ""
    """What is selected: a vault's or consumer's resource id, a key's or version's key id, an identity's object id."""
    hay: str = ""
    """What `search` looks through, folded; what stands in a row above counts too."""
    children: "tuple[Node, ...]" = ()


def parent(node: Node, children: tuple[Node, ...], consumers: int | None = None) -> Node:
    """The row with what hangs under it: its problems and its mark are those of the worst of them."""
    codes = {code for child in children if child.problems for code in child.problems}
    marks = {child.mark for child in children if child.kind is not Kind.NOTE}
    return node._replace(
        consumers=consumers,
        problems=tuple(sorted(codes.union(node.problems))) if codes else node.problems,
        mark=worst([node.mark, *marks]),
        children=children,
    )


def mark_of(codes: tuple[str, ...], state: str) -> Mark:
    """What stands beside a row with these problem codes and in this state."""
    if is_broken(codes):
        return Mark.BROKEN
    if state == mapping.UNKNOWN or "not-visible" in codes:
        return Mark.UNKNOWN
    # That its vault cannot be reached is said once, on the vault
    return Mark.CARE if any(code != "vault-unreachable" for code in codes) else Mark.NONE


def worst(marks: Iterable[Mark]) -> Mark:
    """The one that must not be overlooked."""
    return max(marks, key=_heaviness, default=Mark.NONE)


_heaviness: Callable[[Mark], int] = _WEIGHT.__getitem__


def in_order(nodes: Iterable[Node]) -> tuple[Node, ...]:
    """By name, without case; the id decides between namesakes, so that nothing jumps."""
    return tuple(sorted(nodes, key=_order))


def _order(node: Node) -> tuple[str, str]:
    return node.text.lower(), node.id


def hay(*said: str | None) -> str:
    """What is to be found of a row, folded."""
    return " ".join(filter(None, said)).lower()


def tags(found: tuple[tuple[str, str], ...]) -> str:
    """Tags as they are typed: ``name=value``."""
    return " ".join(f"{name}={value}" for name, value in found)
