"""What a consumer shows of itself: the only proof that it lost its key or has it back."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One reading of a consumer's real state."""

    word: str
    """Azure's own word (Ready, Inaccessible ...), or for machines how many of them run."""
    lost: bool | None
    """True: it cannot reach its data; False: it can; None: this state says neither."""
    at: datetime
    """By the connection's calendar."""
    silent: bool = False
    """True: no state of this kind of consumer says whether it is lost, so that waiting for one is no use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """Whether a consumer is switched on: its owners' doing, and no proof of anything about its key."""

    word: str
    """Azure's own word."""
    running: bool | None
    """None: in part, or the state says neither."""
    busy: bool = False
    """It is on its way from one to the other."""
    lost: bool = False
    """It serves nobody since its key is refused: there is nothing to stop, and it cannot be."""
