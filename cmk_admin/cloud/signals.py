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
