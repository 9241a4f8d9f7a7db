"""The reviewer's table: one row for each consumer and key slot."""

from dataclasses import dataclass
from datetime import datetime

from cmk_admin.domain.index import Index


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    name: str
    """Stable, for settings and filters."""
    title: str
    numeric: bool = False


COLUMNS: tuple[Column, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Cells in the order of COLUMNS."""

    id: str
    cells: tuple[str, ...]
    """As shown; what is not known says so."""
    sort: tuple[object, ...]
    """What to sort a column by: comparable within the column, unknown last."""
    folded: tuple[str, ...]
    """Lower case, for the filters."""
    key_id: str
    consumer_id: str
    tooltips: tuple[str, ...]


def rows(index: Index, now: datetime | None = None) -> tuple[Row, ...]:
    """The rows, by service, key, consumer. `now` decides what is expired; None: when the estate was read."""
    raise NotImplementedError


def matching(all_rows: tuple[Row, ...], text: str = "", columns: dict[str, str] | None = None) -> tuple[Row, ...]:
    """The rows that hold every word of `text` in any cell, and every word of each column's filter in that column."""
    raise NotImplementedError


def sorted_by(all_rows: tuple[Row, ...], column: str, *, descending: bool = False) -> tuple[Row, ...]:
    """The rows in the order of one column; unknown stays last either way."""
    raise NotImplementedError


def to_csv(titles: tuple[str, ...], cells: tuple[tuple[str, ...], ...]) -> str:
    """Comma-separated text. A cell that a spreadsheet would run (it begins with = + - @, tab or return) is made text."""
    raise NotImplementedError


def to_text(titles: tuple[str, ...], cells: tuple[tuple[str, ...], ...]) -> str:
    """Tab-separated text for the clipboard, one line a row."""
    raise NotImplementedError
