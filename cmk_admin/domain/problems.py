"""What stands in the way of a draft, or should be known before it: one sentence each, with the field that it is about."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing to say about a draft."""

    code: str
    """A stable word for scripts and tests: ``name-in-use``, ``vault-standard`` ..."""
    sentence: str
    """What, and why, in one sentence with its full stop."""
    field: str = ""
    """The draft's attribute that it is about; empty: the draft as a whole."""
    blocks: bool = True
    """False: it may be done all the same, but must be read first."""
    advice: str = ""
    """What can be done about it, as `sentence` ends with it; empty: it ends with none."""

    @property
    def fact(self) -> str:
        """`sentence` without its advice, for where that stands in a place of its own."""
        return self.sentence.removesuffix(self.advice).rstrip()


def blocking(problems: Iterable[Problem]) -> tuple[str, ...]:
    """The sentences that forbid the start, each once."""
    return tuple(dict.fromkeys(one.sentence for one in problems if one.blocks))


def warning(problems: Iterable[Problem]) -> tuple[str, ...]:
    """The sentences that must be read before the start, each once."""
    return tuple(dict.fromkeys(one.sentence for one in problems if not one.blocks))
