"""The reviewer's table: one row for each consumer and key slot."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from cmk_admin.domain import mapping, words
from cmk_admin.domain.access import AccessPath
from cmk_admin.domain.ids import last
from cmk_admin.domain.index import Index
from cmk_admin.domain.mapping import MappingRow
from cmk_admin.domain.services import service

NOT_KNOWN = "not known"

Sort = tuple[bool, float, str]
"""Whether it is unknown, its number, its text: comparable with any other of its column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    name: str
    """Stable, for settings and filters."""
    title: str
    numeric: bool = False


COLUMNS: tuple[Column, ...] = (
    Column(name="service", title="Service"),
    Column(name="key_name", title="Key name"),
    Column(name="scope", title="Key role assignment scope"),
    Column(name="key_type", title="Key type"),
    Column(name="key_size", title="Key size", numeric=True),
    Column(name="key_options", title="Key options"),
    Column(name="vault", title="Vault"),
    Column(name="subscription", title="Subscription"),
    Column(name="version", title="Version"),
    Column(name="identity", title="Identity"),
    Column(name="role", title="Role"),
    Column(name="path", title="Path"),
    Column(name="expiry", title="Expiry"),
    Column(name="state", title="State"),
    Column(name="problems", title="Problems"),
    Column(name="read_at", title="Read at"),
)
_PLACE = {column.name: at for at, column in enumerate(COLUMNS)}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet would run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Cells in the order of COLUMNS."""

    id: str
    """Stable from one estate to the next."""
    cells: tuple[str, ...]
    """As shown; what is not known says so."""
    sort: tuple[Sort, ...]
    """What to sort a column by."""
    folded: tuple[str, ...]
    """Lower case, for the filters: the cells with the ids behind them."""
    key_id: str
    """'' where it is not known."""
    consumer_id: str
    tooltips: tuple[str, ...]
    """Whole ids and exact times; '' where the cell says all."""
    problems: tuple[str, ...]


class _Cell(NamedTuple):
    text: str | None
    tip: str = ""
    number: float = 0.0
    hidden: str = ""
    """Found by the filters and not shown."""


def rows(index: Index, now: datetime | None = None) -> tuple[Row, ...]:
    """The rows, by service, consumer and slot. `now` decides what is expired; None: when the estate was read."""
    at = now or index.estate.read_at
    return index.remember("table", at, lambda: _rows(index, at))


def _rows(index: Index, now: datetime) -> tuple[Row, ...]:
    read_at = index.estate.read_at
    read = _Cell(words.exact(read_at), number=read_at.timestamp())
    return tuple([_row(index, row, now, read) for row in mapping.rows(index, now)])


def matching(all_rows: Sequence[Row], text: str = "", columns: Mapping[str, str] | None = None) -> tuple[Row, ...]:
    """The rows that hold every word of `text` in any cell, and every word of each column's filter in that column."""
    anywhere = text.lower().split()
    within = [(_PLACE[name], word) for name, wanted in (columns or {}).items() for word in wanted.lower().split()]
    return tuple(
        row
        for row in all_rows
        if all(word in row.folded[at] for at, word in within)
        and all(any(word in cell for cell in row.folded) for word in anywhere)
    )


def sorted_by(all_rows: Iterable[Row], column: str, *, descending: bool = False) -> tuple[Row, ...]:
    """The rows in the order of one column; unknown stays last either way."""
    at = _PLACE[column]
    known: list[Row] = []
    unknown: list[Row] = []
    for row in all_rows:
        (unknown if row.sort[at][0] else known).append(row)
    return (*sorted(known, key=lambda row: row.sort[at], reverse=descending), *unknown)


def to_csv(titles: Sequence[str], cells: Iterable[Sequence[str]]) -> str:
    """Comma-separated text. A cell that a spreadsheet would run (it begins with = + - @, tab or return) is made text."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(titles)
    writer.writerows([neutral(cell) for cell in row] for row in cells)
    return out.getvalue()


def to_text(titles: Sequence[str], cells: Iterable[Sequence[str]]) -> str:
    """Tab-separated text for the clipboard, one line a row; neutralised like the file, for it may land in the same place."""
    lines = [titles, *cells]
    return "\n".join("\t".join(neutral(" ".join(cell.split())) for cell in line) for line in lines)


def neutral(cell: str) -> str:
    """The cell with an apostrophe before it where a spreadsheet would take it for a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _row(index: Index, row: MappingRow, now: datetime, read: _Cell) -> Row:
    facts = service(row.service)
    consumer = row.use.consumer if row.use else index.consumer(row.consumer_id)
    key = index.key(row.use.slot.key_id) if row.use else None
    vault = index.vault_of(row.use.slot.key_id) if row.use else None
    subscription = index.subscription(vault.subscription_id) if vault else None
    sure = [path for path in row.paths if path.unknown is None]
    known = row.role_assignment_scope is not None
    name = consumer.name if consumer else last(row.consumer_id)
    slot = "" if row.slot == "primary" else f" ({row.slot})"
    expires = (key.expires if key else None) if not row.version else _version_expiry(row, index)
    state = words.state(row.state) if row.state else None
    cells = (
        _Cell(f"{facts.title}: {name}{slot}", row.consumer_id, hidden=row.service),
        _Cell(row.key_name, row.key_id or "", hidden=row.key_id or ""),
        _Cell(
            _joined([_scope(index, one) for one in row.role_assignment_scope or ()], "no grant") if known else None,
            "\n".join(row.role_assignment_scope or ()),
            hidden=" ".join(row.role_assignment_scope or ()),
        ),
        _Cell(row.key_type),
        _Cell(str(row.key_size) if row.key_size else None, number=row.key_size or 0),
        _Cell(", ".join(row.key_options) if row.key_options is not None else None),
        _Cell(row.vault, vault.id if vault else "not visible to this account", hidden=vault.id if vault else ""),
        _Cell(subscription.name if subscription else None, vault.subscription_id if vault else ""),
        _Cell(
            (row.version if row.version else "follows the newest") if row.use else None,
            row.version or "",
        ),
        _Cell(
            row.identity_name or row.identity_object_id,
            "\n".join(filter(None, (row.identity_object_id, row.identity_resource_id))),
            hidden=_ids(index, row),
        ),
        _Cell(_joined(_roles(sure), "no grant") if known else None),
        _Cell(_joined([_via(index, path) for path in sure], "no grant") if known else None),
        _Cell(
            words.expiry(expires, now) if key and row.state else None,
            words.exact(expires) if expires else "",
            number=expires.timestamp() if expires else float("inf"),
        ),
        _Cell(state),
        _Cell(
            ", ".join(words.problem(code) for code in row.problems),
            number=-len(row.problems),
            hidden=" ".join(row.problems),
        ),
        read,
    )
    texts = tuple([NOT_KNOWN if cell.text is None else cell.text for cell in cells])
    lower = [text.lower() for text in texts]
    return Row(
        id=f"{row.consumer_id}|{row.service}|{row.slot}|{row.key_id}".lower(),
        cells=texts,
        sort=tuple([(cell.text is None, cell.number, text) for cell, text in zip(cells, lower, strict=True)]),
        folded=tuple([f"{text} {cell.hidden.lower()}" for cell, text in zip(cells, lower, strict=True)]),
        key_id=row.key_id or "",
        consumer_id=row.consumer_id,
        tooltips=tuple([cell.tip for cell in cells]),
        problems=row.problems,
    )


def _version_expiry(row: MappingRow, index: Index) -> datetime | None:
    """When the version that the consumer names expires."""
    key = index.key(row.use.slot.key_id) if row.use else None
    for one in (key.versions or ()) if key else ():
        if (one.id.version or "").lower() == (row.version or "").lower():
            return one.expires
    return key.expires if key else None


def _scope(index: Index, one: str) -> str:
    policy = one.removeprefix("access-policy:")
    return f"access policy of {last(policy)}" if policy != one else words.scope(index, one)


def _roles(sure: Iterable[AccessPath]) -> list[str]:
    return [path.role.name if path.role else "access policy" for path in sure]


def _via(index: Index, path: AccessPath) -> str:
    how = f"group {words.who(index, path.group_id)}" if path.group_id else "direct"
    return f"{how}, on the {path.level}" if path.inherited else f"{how}, on the key"


def _ids(index: Index, row: MappingRow) -> str:
    if row.identity_object_id is None:
        return ""
    client = index.client_id_of(row.identity_object_id)
    return " ".join(filter(None, (row.identity_object_id, client, row.identity_resource_id)))


def _joined(found: Iterable[str], none: str) -> str:
    """What was found, each once; what to say where there is none, which is only asked for where all was read."""
    return "; ".join(dict.fromkeys(found)) or none
