"""What changed from one tree to the next, so that a model inserts, removes and updates rows in place."""

from enum import StrEnum
from typing import NamedTuple

from cmk_admin.domain.tree import Node


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
    nodes: tuple[Node, ...]
    """Inserted: the rows with all that hangs under them. Removed: those that go. Updated: one row; what hangs under it
    is told by changes of its own."""


def diff(old: tuple[Node, ...], new: tuple[Node, ...]) -> tuple[Change, ...]:
    """The changes that make `old` into `new`, in order. Rows that trade places are removed and inserted."""
    raise NotImplementedError


def apply(roots: tuple[Node, ...], changes: tuple[Change, ...]) -> tuple[Node, ...]:
    """Make the changes: ``apply(old, diff(old, new)) == new``."""
    raise NotImplementedError
