"""Drills: which there are, and what the debrief says of one that was held. Pure.

The score comes from the sandbox, which asks its vaults as the services' own identities; the analysis of this program has no
part in it.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from cmk_admin.domain import words
from cmk_admin.domain.errors import BadInput

DRILLS = {
    "lock": "A lock on the vault's group keeps grants from being removed.",
    "storm": "Azure throttles and is slow, and one of its services fails.",
    "inherited": "The grants come from above: a group, a custom role, a management group.",
    "shared": "Two services share an identity and a key, and only one is to be cut.",
    "blind": "A subscription cannot be read, and the vault is behind a firewall.",
    "expiry": "Somebody let the key expire and thinks that it is revoked.",
}
"""The name of each drill, and what it is about in one sentence."""


class Verdict(StrEnum):
    """How one line of the debrief turned out."""

    GOOD = "good"
    BAD = "bad"
    OPEN = "not yet"


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillTarget:
    """A service that must lose its data."""

    consumer_id: str
    name: str
    azure_seconds: float | None
    """From the beginning of the drill until no route let its identity unwrap; None: some route still does."""
    real_seconds: float | None
    stopped_seconds: float | None
    """From the beginning of the drill until the service itself stopped, some time after its key was refused."""
    open: tuple[str, ...]
    """In words, what still gives it its data now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrongCut:
    """A service that must keep its data and lost it."""

    consumer_id: str
    name: str
    azure_seconds: float
    back: bool
    """It has its data again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Debrief:
    """How a drill stands."""

    name: str
    story: str
    better: str
    """What would have been best, in a sentence."""
    touched: bool
    """Somebody changed something since it began."""
    started_on: datetime
    """By the sandbox's calendar, which operations are dated in too."""
    azure_seconds: float
    """Since its beginning."""
    real_seconds: float
    targets: tuple[DrillTarget, ...]
    keep: tuple[str, ...]
    """Names of the services that must keep their data."""
    wrong: tuple[WrongCut, ...]
    restored: tuple[str, ...]
    """Ids of targets that were cut and have their data again."""

    @property
    def passed(self) -> bool:
        """Every target was cut, and nobody else."""
        return self.done and not self.wrong

    @property
    def done(self) -> bool:
        """Every target was cut, whoever else was."""
        return all(one.azure_seconds is not None for one in self.targets)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the debrief."""

    what: str
    verdict: Verdict
    words: str


def check_name(name: str) -> str:
    """The name of a drill. Raises BadInput ``unknown-drill`` with the candidates."""
    if name not in DRILLS:
        raise BadInput("unknown-drill", f"There is no drill “{name}”.", subject=name, candidates=tuple(DRILLS))
    return name


def outcome(debrief: Debrief) -> str:
    """The score in one sentence."""
    if debrief.wrong:
        lost = words.listed([one.name for one in debrief.wrong])
        return f"Not passed: {lost} must keep {'its' if len(debrief.wrong) == 1 else 'their'} data and lost the key."
    cut = words.listed([one.name for one in debrief.targets if one.azure_seconds is not None])
    if debrief.done:
        return f"Passed: {cut} lost the key, and nobody else did."
    serving = [one.name for one in debrief.targets if one.azure_seconds is None]
    lead = "Not done yet" if debrief.touched else "Nothing was changed yet"
    return f"{lead}: {words.listed(serving)} still {'has its' if len(serving) == 1 else 'have their'} data."


def lines(debrief: Debrief) -> tuple[Line, ...]:
    """The verdicts, in the order in which they are shown; nothing is right or wrong before anything was changed."""
    found: list[Line] = []
    for one in debrief.targets:
        if one.azure_seconds is None:
            found.append(Line(what=f"Cut {one.name}", verdict=Verdict.OPEN, words="It still has its data."))
        else:
            back = one.consumer_id in debrief.restored
            found.append(
                Line(
                    what=f"Cut {one.name}",
                    verdict=Verdict.GOOD,
                    words=f"{_times(one)}{', and given back since' if back else ''}.",
                )
            )
    left = [path for one in debrief.targets for path in one.open if one.consumer_id not in debrief.restored]
    found.append(
        Line(
            what="Paths left open",
            verdict=(Verdict.BAD if left else Verdict.GOOD) if debrief.touched else Verdict.OPEN,
            words=" ".join(left) if left else "None.",
        )
    )
    names = ", ".join(debrief.keep)
    whose = "its" if len(debrief.keep) == 1 else "their"
    if debrief.wrong:
        said = " ".join(
            f"{one.name} lost its key {duration(one.azure_seconds)} after the drill began"
            f"{' and has it again' if one.back else ''}."
            for one in debrief.wrong
        )
        found.append(Line(what="Wrong services cut", verdict=Verdict.BAD, words=said))
    elif debrief.touched:
        found.append(Line(what="Wrong services cut", verdict=Verdict.GOOD, words=f"None: {names} kept {whose} data."))
    else:
        found.append(Line(what="Wrong services cut", verdict=Verdict.OPEN, words="Nothing was changed yet."))
    return tuple(found)


def _times(cut: DrillTarget) -> str:
    """When a target's key was refused and when it stopped, both from the beginning; the watch counts from the first write."""
    here = f", {duration(cut.real_seconds)} by the clock" if cut.real_seconds is not None else ""
    said = f"Key refused {duration(cut.azure_seconds or 0.0)} after the drill began (Azure's time{here})"
    if cut.stopped_seconds is None:
        return said
    return f"{said}; server seen to stop {duration(cut.stopped_seconds)} after it began"


def duration(seconds: float) -> str:
    """``7 min 12 s``."""
    whole = max(int(seconds), 0)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{hours} h"] if hours else []
    parts += [f"{minutes} min"] if minutes or hours else []
    return " ".join([*parts, f"{rest} s"] if not hours else parts)


def clock(seconds: float) -> str:
    """``07:12``, or ``1:07:12`` from an hour on."""
    minutes, rest = divmod(max(int(seconds), 0), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def debrief_from_json(document: dict[str, Any]) -> Debrief:
    """What the sandbox's control answers. Raises KeyError, TypeError or ValueError where it is something else."""
    return Debrief(
        name=str(document["name"]),
        story=str(document["story"]),
        better=str(document["better"]),
        touched=bool(document["touched"]),
        started_on=datetime.fromisoformat(str(document["started_on"])),
        azure_seconds=float(document["azure_seconds"]),
        real_seconds=float(document["real_seconds"]),
        targets=tuple(
            DrillTarget(
                consumer_id=str(one["consumer_id"]),
                name=str(one["name"]),
                azure_seconds=_number(one["azure_seconds"]),
                real_seconds=_number(one["real_seconds"]),
                stopped_seconds=_number(one["stopped_seconds"]),
                open=tuple(str(path) for path in one["open"]),
            )
            for one in document["targets"]
        ),
        keep=tuple(str(one["name"]) for one in document["keep"]),
        wrong=tuple(
            WrongCut(
                consumer_id=str(one["consumer_id"]),
                name=str(one["name"]),
                azure_seconds=float(one["azure_seconds"]),
                back=bool(one["back"]),
            )
            for one in document["wrong_services_cut"]
        ),
        restored=tuple(str(one) for one in document["restored"]),
    )


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
