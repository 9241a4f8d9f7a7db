"""Which question follows which, and what stands in the way of it. Plain Python: the frame only draws what is said here."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from cmk_admin.domain.problems import Problem

PLAN = "plan"
"""The name of the last page, which asks nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One question of a wizard."""

    name: str
    title: str
    """In the list of steps: one or two words."""
    fields: tuple[str, ...] = ()
    """The draft's fields that are asked for here: problems with them are this page's."""


Stops = tuple[Stop, ...]


class Mark(StrEnum):
    """How a step stands in the list."""

    NOW = "now"
    DONE = "done"
    WRONG = "wrong"
    """Passed already, and an answer elsewhere has made it wrong."""
    LATER = "later"


def names(stops: Stops) -> tuple[str, ...]:
    """All pages in their order, the plan last."""
    return (*(stop.name for stop in stops), PLAN)


def after(stops: Stops, name: str) -> str:
    """The page after this one; after the plan comes the plan."""
    every = names(stops)
    return every[min(every.index(name) + 1, len(every) - 1)]


def before(stops: Stops, name: str) -> str | None:
    """The page before this one; None before the first."""
    at = names(stops).index(name)
    return names(stops)[at - 1] if at else None


def mine(stop: Stop, problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """The problems that belong on this page."""
    return tuple(one for one in problems if one.field in stop.fields)


def blocked(stop: Stop, problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """The problems that keep this page from being left forwards."""
    return tuple(one for one in mine(stop, problems) if one.blocks)


def first_blocked(stops: Stops, problems: Iterable[Problem], until: str) -> str | None:
    """The first page before `until` that cannot be passed."""
    found = tuple(problems)
    for stop in stops:
        if stop.name == until:
            return None
        if blocked(stop, found):
            return stop.name
    return None


def marks(stops: Stops, at: str, passed: frozenset[str], problems: Iterable[Problem]) -> dict[str, Mark]:
    """How each page stands, the plan among them."""
    found = tuple(problems)
    marked = {PLAN: Mark.NOW if at == PLAN else Mark.LATER}
    for stop in stops:
        if stop.name == at:
            marked[stop.name] = Mark.NOW
        elif stop.name not in passed:
            marked[stop.name] = Mark.LATER
        else:
            marked[stop.name] = Mark.WRONG if blocked(stop, found) else Mark.DONE
    return marked
