"""Faults on demand: which request goes wrong, how, after how many, how often."""

import asyncio
import re
from dataclasses import dataclass
from fnmatch import translate
from typing import Any

GRAMMAR = "METHOD GLOB KIND[:ARG][;skip=N][;times=N]"
_METHODS = frozenset({"*", "GET", "PUT", "POST", "PATCH", "DELETE", "HEAD"})

# KIND -> what its ARG is and the range it must be in; None where it takes none.
_ARGUMENTS: dict[str, tuple[str, int, int] | None] = {
    "status": ("a status from 300 to 599", 300, 599),
    "throttle": ("whole seconds from 1 to 3600", 1, 3600),
    "delay": ("milliseconds from 0 to 600000", 0, 600_000),
    "reset": None,
    "timeout": None,
    "lost": None,
    "hold": None,
}
AFTER = frozenset({"lost", "hold"})
"""Kinds that let the request be done and only touch its answer."""


@dataclass(slots=True)
class Fault:
    """One fault, and how often it was met."""

    spec: str
    method: str
    pattern: re.Pattern[str]
    kind: str
    argument: int
    skip: int
    times: int | None
    seen: int = 0
    applied: int = 0

    def meets(self, method: str, target: str) -> bool:
        """Whether a request is this fault's to count; target is host and path."""
        return self.method in ("*", method) and self.pattern.fullmatch(target) is not None

    def due(self) -> bool:
        """Count one request that it meets; whether this is one to spoil."""
        self.seen += 1
        if self.seen <= self.skip or (self.times is not None and self.applied >= self.times):
            return False
        self.applied += 1
        return True


def parse(spec: str) -> Fault:
    """Read a fault SPEC. Raises ValueError with one sentence that says what is wrong with it."""
    words = spec.split()
    if len(words) != 3:
        raise ValueError(f"the fault {spec!r} is not of the form {GRAMMAR}")
    method, glob, what = words
    if method.upper() not in _METHODS:
        raise ValueError(
            f"the fault {spec!r} names no method: {method!r} should be one of {', '.join(sorted(_METHODS))}"
        )
    if glob.startswith("/") or "://" in glob:
        raise ValueError(
            f"the fault {spec!r} can never match: its GLOB stands for host and path, so begin it with a host or *"
        )
    kind_and_argument, *options = what.split(";")
    kind, has_argument, text = kind_and_argument.partition(":")
    if kind not in _ARGUMENTS:
        raise ValueError(f"the fault {spec!r} is of no known kind: {kind!r} should be one of {', '.join(_ARGUMENTS)}")
    wanted = _ARGUMENTS[kind]
    argument = 0
    if wanted is None:
        if has_argument:
            raise ValueError(f"the fault {spec!r} gives {kind} an argument, but it takes none")
    else:
        name, low, high = wanted
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise ValueError(f"the fault {spec!r} needs {name} after {kind}:")
        argument = int(text)
    counts: dict[str, int | None] = {"skip": 0, "times": None}
    for option in options:
        name, _, value = option.partition("=")
        least = 1 if name == "times" else 0
        if name not in counts or not value.isascii() or not value.isdigit() or int(value) < least:
            raise ValueError(
                f"the fault {spec!r} has an option {option!r}; there are skip=N and times=N (times from 1)"
            )
        counts[name] = int(value)
    return Fault(
        spec=spec,
        method=method.upper(),
        # ARM compares its ids without case, so a fault on one of them does too.
        pattern=re.compile(translate(glob), re.IGNORECASE),
        kind=kind,
        argument=argument,
        skip=counts["skip"] or 0,
        times=counts["times"],
    )


class Faults:
    """The faults in force, in the order they were set; the first that is due spoils a request, delays add up."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._released = asyncio.Event()

    def add(self, specs: list[str]) -> None:
        """Set faults. Raises ValueError for a bad SPEC, and then sets none of them."""
        self._faults.extend([parse(spec) for spec in specs])

    def clear(self) -> None:
        """Take all faults away and let go of what is held."""
        self._faults.clear()
        self.release()

    def release(self) -> None:
        """Send the answers that are held back now; later ones are held again."""
        released, self._released = self._released, asyncio.Event()
        released.set()

    async def held(self) -> None:
        """Return at the next release."""
        await self._released.wait()

    def described(self) -> list[dict[str, Any]]:
        """The faults in force with their counts, for the control."""
        return [{"fault": f.spec, "seen": f.seen, "applied": f.applied} for f in self._faults]

    def before(self, method: str, target: str) -> tuple[int, Fault | None]:
        """(milliseconds to wait, fault that takes the place of the answer) for a request that has just come in."""
        if not self._faults:
            return 0, None
        wait = 0
        for fault in self._faults:
            if fault.kind not in AFTER and fault.meets(method, target) and fault.due():
                if fault.kind != "delay":
                    return wait, fault
                wait += fault.argument
        return wait, None

    def after(self, method: str, target: str) -> Fault | None:
        """The fault that awaits the answer of a request that is about to be done."""
        if not self._faults:
            return None
        return next((f for f in self._faults if f.kind in AFTER and f.meets(method, target) and f.due()), None)
