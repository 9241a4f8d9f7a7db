"""Plain aligned tables for a terminal."""

import unicodedata
from collections.abc import Sequence

UNKNOWN = "unknown"
"""What stands in a cell whose fact could not be read: it must never look like none."""


def printable(text: str) -> str:
    """The text on one line without control characters: a name read from Azure must not steer a terminal."""
    return "".join(
        " " if c in "\n\t" else c if unicodedata.category(c)[0] != "C" else "\N{REPLACEMENT CHARACTER}" for c in text
    )


def width(text: str) -> int:
    """Columns that a terminal needs: wide East Asian characters take two, combining marks none."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def table(head: Sequence[str], rows: Sequence[Sequence[str | None]], *, empty: str) -> str:
    """Rows under their heads, aligned; `empty` is said where there are none. A cell of None says that it is unknown."""
    if not rows:
        return empty
    lines = [list(head), *([printable(UNKNOWN if c is None else c) for c in row] for row in rows)]
    widths = [max(width(line[at]) for line in lines) for at in range(len(head))]
    ruled = [lines[0], ["─" * w for w in widths], *lines[1:]]
    return "\n".join(
        "  ".join(c + " " * (w - width(c)) for c, w in zip(line, widths, strict=True)).rstrip() for line in ruled
    )
