"""How the reviewer's table is arranged."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Layout:
    """How the user arranged the table; remembered."""

    order: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    widths: dict[str, int] = field(default_factory=dict)
    sort: str = ""
    descending: bool = False
