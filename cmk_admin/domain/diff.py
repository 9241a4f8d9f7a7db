"""What changed from one tree to the next, so that a model inserts, removes and updates rows in place."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from cmk_admin.domain.tree import Node

Nodes = tuple[Node, ...]


class ChangeKind(StrEnum):
    INSERT = "insert"
    REMOVE = "remove"
    UPDATE = "update"


class Change(NamedTuple):
    """One change of adjacent rows under one parent. Rows count as they stand when all changes before it are made."""

    kind: ChangeKind
    parent: str
    """Id of the parent; '' for the top."""
    row: int
    nodes: Nodes
    """Inserted: the rows with all that hangs under them. Removed: those that go. Updated: one row; what hangs under it
    is told by changes of its own."""


def diff(old: Nodes, new: Nodes) -> tuple[Change, ...]:
    """The changes that make `old` into `new`, in order. Rows that trade places are removed and inserted.

    All removals come first, so that no id is in the tree twice while the changes are made.
    """
    if old == new:
        return ()
    return (*_removals("", old, new), *_insertions("", old, new))


def apply(roots: Nodes, changes: Sequence[Change]) -> Nodes:
    """Make the changes: ``apply(old, diff(old, new)) == new``."""
    top: list[_Item] = []
    items: dict[str, list[_Item]] = {"": top}
    top += [_item(node, items) for node in roots]
    for kind, parent, row, nodes in changes:
        rows = items[parent]
        if kind is ChangeKind.REMOVE:
            for gone in rows[row : row + len(nodes)]:
                gone.forget(items)
            del rows[row : row + len(nodes)]
        elif kind is ChangeKind.INSERT:
            rows[row:row] = [_item(node, items) for node in nodes]
        else:
            rows[row].node = nodes[0]
    return tuple(item.frozen() for item in top)


def own(node: Node) -> tuple[object, ...]:
    """A row without what hangs under it, for comparing."""
    return node[:-1]


class _Item:
    """A row whose children can change."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.children: list[_Item] = []

    def forget(self, items: dict[str, list["_Item"]]) -> None:
        del items[self.node.id]
        for child in self.children:
            child.forget(items)

    def frozen(self) -> Node:
        return self.node._replace(children=tuple(child.frozen() for child in self.children))


def _item(node: Node, items: dict[str, list[_Item]]) -> _Item:
    item = _Item(node)
    items[node.id] = item.children
    item.children += [_item(child, items) for child in node.children]
    return item


def _kept(old: Nodes, new: Nodes) -> dict[str, Node]:
    """The old rows that stay where they are between their neighbours: the longest run in the new order."""
    place = {node.id: at for at, node in enumerate(new)}
    common = [node for node in old if node.id in place]
    order = [place[node.id] for node in common]
    if all(before < after for before, after in pairwise(order)):
        return {node.id: node for node in common}
    # Longest increasing subsequence: `ends[n]` is the smallest end of a run of n + 1 rows
    ends: list[int] = []
    at_end: list[int] = []
    before: list[int] = []
    for at, value in enumerate(order):
        length = bisect_left(ends, value)
        before.append(at_end[length - 1] if length else -1)
        if length == len(ends):
            ends.append(value)
            at_end.append(at)
        else:
            ends[length], at_end[length] = value, at
    found: dict[str, Node] = {}
    at = at_end[-1]
    while at >= 0:
        found[common[at].id] = common[at]
        at = before[at]
    return found


def _removals(parent: str, old: Nodes, new: Nodes) -> Iterator[Change]:
    kept = _kept(old, new)
    at = len(old)
    while at:
        stop = at
        while at and old[at - 1].id not in kept:
            at -= 1
        if at < stop:
            yield Change(ChangeKind.REMOVE, parent, at, old[at:stop])
        else:
            at -= 1
    for node in new:
        was = kept.get(node.id)
        if was is not None and was.children != node.children:
            yield from _removals(node.id, was.children, node.children)


def _insertions(parent: str, old: Nodes, new: Nodes) -> Iterator[Change]:
    """What is to be done once the removals are made."""
    kept = _kept(old, new)
    at = 0
    while at < len(new):
        start = at
        while at < len(new) and new[at].id not in kept:
            at += 1
        if start < at:
            yield Change(ChangeKind.INSERT, parent, start, new[start:at])
            continue
        node, was = new[at], kept[new[at].id]
        if own(node) != own(was):
            yield Change(ChangeKind.UPDATE, parent, at, (node,))
        if was.children != node.children:
            yield from _insertions(node.id, was.children, node.children)
        at += 1
