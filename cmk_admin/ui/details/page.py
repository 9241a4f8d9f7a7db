"""What the details show, as plain data: made beside the Qt thread, drawn by the panel."""

from dataclasses import dataclass

from cmk_admin.ui.theme.colors import Tone


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """A short word in a rounded box: a type or a state. `icon` where colour says anything."""

    text: str
    tone: Tone = "secondary"
    icon: str | None = None
    tip: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing in a section: icon, what, and in grey what is to know about it."""

    text: str
    secondary: str = ""
    icon: str = "info"
    tone: Tone = "text"
    tip: str = ""
    target: str = ""
    """What a click shows: a key id, a resource id or an object id; '' for nothing."""
    indent: int = 0
    wrap: bool = False
    """The grey text is a sentence that must be read whole: it stands below, on as many lines as it takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One question and its answer."""

    name: str
    """Stable: used, access, wrong, end, facts ..."""
    title: str
    summary: str = ""
    lines: tuple[Line, ...] = ()
    icon: str = "info"
    tone: Tone = "secondary"
    more: str = ""
    """Name of the tab that has the rest."""
    more_text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A name and a value; `exact` is what is copied and shown in the tooltip."""

    label: str
    value: str
    exact: str = ""
    copyable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    text: str
    tip: str = ""
    icon: str | None = None
    tone: Tone = "text"
    begins: bool = False
    """What matters stands at its beginning: where it does not fit the end goes, else the middle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GridRow:
    cells: tuple[Cell, ...]
    target: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A tab with a table."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[GridRow, ...] = ()
    empty: str = ""
    """What stands there without rows."""
    note: str = ""
    """A sentence above the rows that must not be missed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """All about one thing."""

    id: str
    kind: str
    icon: str
    title: str
    where: str = ""
    """``in dcc-premium, Payments``."""
    chips: tuple[Chip, ...] = ()
    sections: tuple[Section, ...] = ()
    facts: tuple[Fact, ...] = ()
    grids: tuple[Grid, ...] = ()
