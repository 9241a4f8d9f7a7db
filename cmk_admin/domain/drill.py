"""Drills: which there are, and what the debrief says of one that was held. Pure.

The score comes from the sandbox, which asks its vaults as the services' own identities; the analysis of this program has no
part in it.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

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
        return all(one.azure_seconds is not None for one in self.targets) and not self.wrong


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


def lines(debrief: Debrief) -> tuple[Line, ...]:
    """The verdicts, in the order in which they are shown."""
    found: list[Line] = []
    for one in debrief.targets:
        if one.azure_seconds is None:
            found.append(Line(what=f"Cut {one.name}", verdict=Verdict.OPEN, words="It still has its data."))
        else:
            took = f"Cut off after {duration(one.azure_seconds)} of Azure's time"
            here = f" ({duration(one.real_seconds)} by the clock)" if one.real_seconds is not None else ""
            back = one.consumer_id in debrief.restored
            found.append(
                Line(
                    what=f"Cut {one.name}",
                    verdict=Verdict.GOOD,
                    words=f"{took}{here}{', and given back since' if back else ''}.",
                )
            )
    left = [path for one in debrief.targets for path in one.open if one.consumer_id not in debrief.restored]
    found.append(
        Line(
            what="Paths left open",
            verdict=Verdict.BAD if left else Verdict.GOOD,
            words=" ".join(left) if left else "None.",
        )
    )
    names = ", ".join(debrief.keep)
    whose = "its" if len(debrief.keep) == 1 else "their"
    if debrief.wrong:
        said = " ".join(
            f"{one.name} lost its key after {duration(one.azure_seconds)}{' and has it again' if one.back else ''}."
            for one in debrief.wrong
        )
        found.append(Line(what="Wrong services cut", verdict=Verdict.BAD, words=said))
    else:
        found.append(Line(what="Wrong services cut", verdict=Verdict.GOOD, words=f"None: {names} kept {whose} data."))
    return tuple(found)


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
        started_on=datetime.fromisoformat(str(document["started_on"])),
        azure_seconds=float(document["azure_seconds"]),
        real_seconds=float(document["real_seconds"]),
        targets=tuple(
            DrillTarget(
                consumer_id=str(one["consumer_id"]),
                name=str(one["name"]),
                azure_seconds=_number(one["azure_seconds"]),
                real_seconds=_number(one["real_seconds"]),
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
