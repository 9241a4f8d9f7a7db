"""Plain aligned tables, and files for spreadsheets."""

import csv
import io
import unicodedata
from collections.abc import Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def printable(text: str) -> str:
    """The text on one line without control characters: a name read from Azure must not steer a terminal."""
    return "".join(
        " " if c in "\n\t" else c if unicodedata.category(c)[0] != "C" else "\N{REPLACEMENT CHARACTER}" for c in text
    )


def width(text: str) -> int:
    """Columns that a terminal needs: wide East Asian characters take two, combining marks none."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def table(head: Sequence[str], rows: Sequence[Sequence[str | None]], *, empty: str) -> str:
    """Rows under their heads, aligned; `empty` is said where there are none. An unknown cell (None) is a question mark."""
    if not rows:
        return empty
    lines = [list(head), *([printable("?" if c is None else c) for c in row] for row in rows)]
    widths = [max(width(line[at]) for line in lines) for at in range(len(head))]
    ruled = [lines[0], ["─" * w for w in widths], *lines[1:]]
    return "\n".join(
        "  ".join(c + " " * (w - width(c)) for c, w in zip(line, widths, strict=True)).rstrip() for line in ruled
    )


def csv_text(head: Sequence[str], rows: Sequence[Sequence[str | None]]) -> str:
    """RFC 4180 text. Cells that a spreadsheet would run as a formula get an apostrophe in front; unknown is empty."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(head)
    writer.writerows([_cell(c) for c in row] for row in rows)
    return out.getvalue()


def _cell(text: str | None) -> str:
    if text is None:
        return ""
    return "'" + text if text.startswith(_FORMULA) else text
