"""What a proof says: each path closed, open or unknown, and from when on one that was closed counts as closed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from cmk_admin.domain import words
from cmk_admin.domain.plan import PlannedPath

MOST_NAMED = 6
"""Paths that one sentence names."""

GIVEN_BACK = "it was given back"
"""The reason of a path that is open since a restore opened it."""


class PathProof(StrEnum):
    """What a path was found to be when it was read again from its provider."""

    CLOSED = "closed"
    OPEN = "open"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counting:
    """What was taken away is gone at once, and Azure may go on letting in for a while. Times are the machine's own."""

    gone_at: datetime
    """When Azure had accepted it, at the latest."""
    gone_there: datetime
    """The same on the connection's calendar, as it stood when this was found."""
    counts_at: datetime | None
    """By when it counts at the latest, by documentation; None: Azure documents no time."""
    settled_at: datetime
    """From when on it is taken to count; where no time is documented: after a day, or once Azure was seen to refuse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenPath:
    path: PlannedPath
    state: PathProof
    reason: str | None = None
    """Why it is open, or why it is not known."""
    since: datetime | None = None
    """When it was first found so, without a break."""
    counting: Counting | None = None
    """Of one that is closed; None: it counts at once, as far as is known."""

    @property
    def counts_at(self) -> datetime | None:
        """By when it counts at the latest; None: at once as far as is known, or Azure documents no time."""
        return self.counting.counts_at if self.counting else None

    def counts(self, now: datetime) -> bool:
        """Whether what closed it counts."""
        return self.counting is None or now >= self.counting.settled_at

    def counting_words(self, now: datetime) -> str:
        """Until when it may not count, in a sentence without a full stop; empty once it does."""
        if self.counting is None or self.counts(now):
            return ""
        gone = self.reason or "the grant is gone"
        if self.counting.counts_at is None:
            return f"{gone}; Azure may take several hours until it counts"
        return f"{gone}; it counts at the vault by {moment(self.counting.counts_at, now)} at the latest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """All paths of an operation, read again from their providers at one time."""

    at: datetime
    paths: tuple[ProvenPath, ...]

    @property
    def closed(self) -> bool:
        """True where every path was found closed: an unknown one is none."""
        return all(one.state is PathProof.CLOSED for one in self.paths)

    @property
    def left(self) -> tuple[ProvenPath, ...]:
        """What is open or not known, and not because it was given back."""
        return tuple(one for one in self.paths if one.state is not PathProof.CLOSED and one.reason != GIVEN_BACK)

    @property
    def left_words(self) -> str:
        """``1 path is open (...) and 2 paths are not known (...)``: what is left, by name; empty: nothing."""
        said = []
        for state, word in ((PathProof.OPEN, "open"), (PathProof.UNKNOWN, "not known")):
            some = [one for one in self.left if one.state is state]
            if some:
                said.append(f"{_are(some)} {word} ({_names(some)})")
        return " and ".join(said)

    def uncounted(self, now: datetime) -> tuple[ProvenPath, ...]:
        """Those that are closed, and by which Azure may still let in."""
        return tuple(one for one in self.paths if one.state is PathProof.CLOSED and not one.counts(now))

    def counting_words(self, now: datetime) -> str:
        """Until when what is closed may not count, as it follows “all paths are closed”; empty where it does."""
        waiting = self.uncounted(now)
        known = [one.counts_at for one in waiting if one.counts_at is not None]
        if len(known) < len(waiting):
            return ", though Azure may take several hours until that counts"
        return f", which counts at the vault by {moment(max(known), now)} at the latest" if known else ""

    def held_words(self, now: datetime) -> str:
        """What speaks against closing an incident: what is left, and what does not count yet; empty: nothing."""
        said = [self.left_words] if self.left else []
        waiting = self.uncounted(now)
        dated = [one for one in waiting if one.counts_at is not None]
        if dated:
            last = max(one.counts_at for one in dated if one.counts_at)
            said.append(f"{_are(dated)} closed, but may let in until {moment(last, now)} ({_names(dated)})")
        if slow := [one for one in waiting if one.counts_at is None]:
            said.append(f"{_are(slow)} closed, but Azure may take several hours until it counts ({_names(slow)})")
        return " and ".join(said)


def moment(at: datetime, now: datetime) -> str:
    """``12:04:10 UTC``; with the date where it is another day's."""
    same = at.astimezone(UTC).date() == now.astimezone(UTC).date()
    return f"{at.astimezone(UTC):%H:%M:%S} UTC" if same else words.exact(at)


def _are(paths: list[ProvenPath]) -> str:
    return words.count(len(paths), "path is", "paths are")


def _names(paths: list[ProvenPath]) -> str:
    names = [words.planned_path(one.path) for one in paths]
    more = [f"{len(names) - MOST_NAMED} more"] if len(names) > MOST_NAMED else []
    return "; ".join(names[:MOST_NAMED] + more)
