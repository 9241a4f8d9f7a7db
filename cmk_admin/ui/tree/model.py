"""The tree as Qt sees it: rows are made when they are asked for, and changed in place when a newer tree arrives."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from cmk_admin.domain import words
from cmk_admin.domain.search import Found
from cmk_admin.domain.tree import Kind, Node

Index = QModelIndex | QPersistentModelIndex

FEW_CHANGES = 40
"""Up to so many runs of rows come and go by signals of their own; above, the layout is changed in one go: a view redoes
its layout after every single signal."""


# Made once: a view asks for the flags of every row several times in each layout
_NO_FLAGS = Qt.ItemFlag.NoItemFlags
_NOTE_FLAGS = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemNeverHasChildren
_ROW_FLAGS = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
_NOWHERE = QModelIndex()


class Role(IntEnum):
    NODE = Qt.ItemDataRole.UserRole + 1
    """The `Node` itself."""


@dataclass(slots=True, eq=False)
class _Row:
    number: int
    """Its index's internal id; never used twice."""
    node: Node
    parent: "_Row | None"
    at: int
    found: Found
    """What `node` belongs to: while rows come and go, some still stand for the tree before."""
    rows: "list[_Row] | None" = None
    """None until somebody asks."""


class TreeModel(QAbstractItemModel):
    """Shows a `Found`: a tree, or what the filter leaves of it. One column."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._found: Found | None = None
        self._rows: dict[int, _Row] = {}
        self._by_id: dict[str, _Row] = {}
        self._count = 0
        self._top: list[_Row] = []

    def show(self, found: Found) -> None:
        """Show this instead, keeping every row that stays: by its node's id, under the same parent."""
        self._found = found
        self._update(None, found.roots)

    def begin(self, found: Found, first: int) -> None:
        """Show only the first rows of this, all of them new: nothing is quicker. `complete` hands over the rest."""
        self.beginResetModel()
        self._found = found
        self._rows.clear()
        self._by_id.clear()
        self._top = []
        self._top += [self._make(node, None, at) for at, node in enumerate(found.roots[:first])]
        self.endResetModel()

    @property
    def waiting(self) -> int:
        """How many rows at the top are still to be handed over."""
        return len(self._found.roots) - len(self._top) if self._found is not None else 0

    def complete(self) -> None:
        """Hand over the rows at the top that `begin` left out."""
        if self._found is None or not self.waiting:
            return
        nodes, at = self._found.roots, len(self._top)
        self.beginInsertRows(QModelIndex(), at, len(nodes) - 1)
        self._top += [self._make(nodes[n], None, n) for n in range(at, len(nodes))]
        self.endInsertRows()

    def forget(self, index: Index) -> None:
        """Let go of the rows under a row that was folded: they are made anew when somebody asks, and cost nothing till then."""
        row = self._at(index)
        if row is None or not row.rows:
            return
        self.beginRemoveRows(self._index(row), 0, len(row.rows) - 1)
        for below in row.rows:
            self._drop(below)
        row.rows = None
        self.endRemoveRows()

    def index_of(self, path: tuple[str, ...]) -> QModelIndex:
        """The row that is reached by these node ids from the top; invalid where it is not shown."""
        row: _Row | None = None
        for node_id in path:
            if row is not None:
                self._children(row)
            below = self._by_id.get(node_id)
            if below is None or below.parent is not row:
                return QModelIndex()
            row = below
        return self._index(row) if row else QModelIndex()

    def path_of(self, index: Index) -> tuple[str, ...]:
        """The node ids from the top down to a row."""
        path = []
        row = self._at(index)
        while row is not None:
            path.append(row.node.id)
            row = row.parent
        return tuple(reversed(path))

    def node(self, index: Index) -> Node | None:
        row = self._at(index)
        return row.node if row else None

    def depth(self, index: Index) -> int:
        """How many rows stand above a row."""
        row, depth = self._at(index), 0
        while row is not None and row.parent is not None:
            row, depth = row.parent, depth + 1
        return depth

    def above(self, index: Index) -> Iterator[Node]:
        """The nodes above a row, nearest first."""
        row = self._at(index)
        while row is not None and row.parent is not None:
            row = row.parent
            yield row.node

    # What Qt asks

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:  # noqa: B008
        above = self._rows.get(parent.internalId())
        if above is None:
            rows = [] if parent.isValid() else self._top
        else:
            rows = above.rows if above.rows is not None else self._children(above)
        if column != 0 or not 0 <= row < len(rows):
            return _NOWHERE
        return self.createIndex(row, 0, rows[row].number)

    def parent(self, index: Index = QModelIndex()) -> Any:  # noqa: B008
        row = self._rows.get(index.internalId())
        if row is None or row.parent is None:
            return _NOWHERE
        return self.createIndex(row.parent.at, 0, row.parent.number)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        if not parent.isValid():
            return len(self._top)
        return len(self._children_at(parent))

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 1

    def hasChildren(self, parent: Index = QModelIndex()) -> bool:  # noqa: B008
        row = self._rows.get(parent.internalId())
        if row is None:
            return bool(self._top) and not parent.isValid()
        # A row is shown because it matches, and then its children are shown, or because a child matches
        return bool(row.rows) if row.rows is not None else bool(row.node.children)

    def flags(self, index: Index) -> Qt.ItemFlag:
        row = self._rows.get(index.internalId())
        if row is None:
            return _NO_FLAGS
        return _NOTE_FLAGS if row.node.kind is Kind.NOTE else _ROW_FLAGS

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self._at(index)
        if row is None:
            return None
        if role == Role.NODE:
            return row.node
        if role == Qt.ItemDataRole.DisplayRole:
            return row.node.text
        if role == Qt.ItemDataRole.ToolTipRole:
            return tooltip(row.node)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return spoken(row.node)
        return None

    # How rows are kept

    def _at(self, index: Index) -> _Row | None:
        # An invalid index has the internal id 0, which no row has
        return self._rows.get(index.internalId())

    def _index(self, row: _Row) -> QModelIndex:
        return self.createIndex(row.at, 0, row.number)

    def _children_at(self, parent: Index) -> list[_Row]:
        row = self._at(parent)
        return self._children(row) if row is not None else []

    def _children(self, row: _Row) -> list[_Row]:
        if row.rows is None:
            nodes = row.found.children(row.node) if row.node.children else ()
            row.rows = [self._make(node, row, at) for at, node in enumerate(nodes)]
        return row.rows

    def _make(self, node: Node, parent: _Row | None, at: int) -> _Row:
        assert self._found is not None
        self._count += 1
        row = _Row(self._count, node, parent, at, self._found)
        self._rows[row.number] = row
        self._by_id[node.id] = row
        return row

    def _drop(self, row: _Row) -> None:
        del self._rows[row.number]
        if self._by_id.get(row.node.id) is row:
            del self._by_id[row.node.id]  # else a newer tree has it elsewhere, and that row was made already
        for below in row.rows or ():
            self._drop(below)

    def _update(self, parent: _Row | None, nodes: tuple[Node, ...]) -> None:
        """Make the rows under `parent` those of `nodes`."""
        rows = self._top if parent is None else parent.rows
        if rows is None:
            return
        steps = _runs([row.node.id for row in rows], [node.id for node in nodes])
        if steps is None or len(steps) > FEW_CHANGES:
            self._update_at_once(parent, nodes)
            return
        where = QModelIndex() if parent is None else self._index(parent)
        for first, last, new in steps:
            if new is None:
                self.beginRemoveRows(where, first, last)
                for row in rows[first : last + 1]:
                    self._drop(row)
                del rows[first : last + 1]
                self._number(rows, first)
                self.endRemoveRows()
            else:
                self.beginInsertRows(where, first, last)
                rows[first:first] = [self._make(nodes[new + n], parent, first + n) for n in range(last - first + 1)]
                self._number(rows, first)
                self.endInsertRows()
        self._refresh(rows, nodes)

    def _refresh(self, rows: list[_Row], nodes: tuple[Node, ...]) -> None:
        """Rows and nodes stand for the same things: take the newer facts, and look below."""
        assert self._found is not None
        found = self._found
        changed = []
        for row, node in zip(rows, nodes, strict=True):
            old, row.found = row.node, found
            if old is not node:
                row.node = node
                if old[:-1] != node[:-1] or (row.rows is None and bool(old.children) != bool(node.children)):
                    changed.append(row.at)  # or the sign that it can be opened comes or goes
            if row.rows is not None and (row.rows or node.children):
                self._update(row, found.children(node) if node.children else ())
        for at in changed:
            index = self._index(rows[at])
            self.dataChanged.emit(index, index)

    def _update_at_once(self, parent: _Row | None, nodes: tuple[Node, ...]) -> None:
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        numbers = [index.internalId() for index in before]
        self._replace(parent, nodes)
        after = [self._index(self._rows[n]) if n in self._rows else QModelIndex() for n in numbers]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def _replace(self, parent: _Row | None, nodes: tuple[Node, ...]) -> None:
        assert self._found is not None
        rows = self._top if parent is None else (parent.rows or [])
        old = {row.node.id: row for row in rows}
        new = []
        for at, node in enumerate(nodes):
            row = old.pop(node.id, None)
            if row is None:
                row = self._make(node, parent, at)
            else:
                row.node, row.at, row.found = node, at, self._found
                if row.rows is not None:
                    self._replace(row, self._found.children(node) if node.children else ())
            new.append(row)
        for row in old.values():
            self._drop(row)
        if parent is None:
            self._top = new
        else:
            parent.rows = new

    def _number(self, rows: list[_Row], first: int) -> None:
        for at in range(first, len(rows)):
            rows[at].at = at


Run = tuple[int, int, int | None]
"""First and last row as they count at that moment, and where the inserted rows begin in the new list; None: removed."""


def _runs(old: list[str], new: list[str]) -> list[Run] | None:
    """The removals and insertions that make `old` into `new`; None where rows that stay trade places."""
    if old == new:
        return []
    wanted = set(new)
    present = set(old)
    kept = [one for one in old if one in wanted]
    if kept != [one for one in new if one in present]:
        return None
    runs: list[Run] = []
    for first, last in reversed(list(_stretches(old, lambda one: one not in wanted))):
        runs.append((first, last, None))
    for first, last in _stretches(new, lambda one: one not in present):
        runs.append((first, last, first))
    return runs


def _stretches(ids: list[str], chosen: Callable[[str], bool]) -> Iterator[tuple[int, int]]:
    first = None
    for at, one in enumerate(ids):
        if chosen(one):
            first = at if first is None else first
        elif first is not None:
            yield first, at - 1
            first = None
    if first is not None:
        yield first, len(ids) - 1


def spoken(node: Node) -> str:
    """A row as a screen reader says it: ``key payroll-cmk, enabled, 7 services, software key``."""
    if node.kind is Kind.NOTE:
        return ". ".join(part for part in (node.text, node.secondary) if part)
    parts = [f"{node.kind.value} {node.text}"]
    if node.secondary:
        parts.append(node.secondary)
    if node.state:
        parts.append(words.state(node.state))
    if node.consumers is not None:
        parts.append(words.count(node.consumers, "service"))
    parts += [words.problem(code) for code in node.problems]
    return ", ".join(parts)


def tooltip(node: Node) -> str:
    """What stands under the pointer: all of the name, the state, and what is wrong in words."""
    if node.kind is Kind.NOTE:
        return node.secondary or node.text
    first = ", ".join(
        part for part in (node.text, node.secondary, words.state(node.state) if node.state else "") if part
    )
    lines = [first]
    if node.consumers is not None:
        lines.append(words.count(node.consumers, "service uses", "services use") + " it")
    lines += [f"• {words.problem(code)}" for code in node.problems]
    if node.ref and node.kind is not Kind.SERVICE:
        lines.append(node.ref)
    return "\n".join(lines)
