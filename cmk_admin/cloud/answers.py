"""What a session is given and gives back: bounds, replies, and where a long-running operation stands."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Real seconds. A write is given up early: looking whether it was done is quicker than waiting for its answer."""

    connect: float = 5.0
    read: float = 20.0
    write: float = 10.0


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer below 400."""

    status: int
    body: Any
    """Parsed JSON; None where the answer had no body."""
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LongRunning:
    """A long-running operation: its address is all that is needed to go on with it, also in another process."""

    address: str
    retry_after: float = 1.0
    """Real seconds to wait before asking."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """Where a long-running operation stands."""

    done: bool
    retry_after: float
    """Real seconds to wait before asking again."""
    body: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What Azure's answer to a write says of itself, for whoever looks for it later."""

    date: str | None
    """Its ``Date``, as it stood there."""
    correlation_id: str | None
    """By which the Activity Log knows the write; of a vault, which has no such log, the id of the request."""


def receipt_of(headers: Mapping[str, str]) -> Receipt:
    """The receipt that an answer's headers are."""
    correlation = headers.get("x-ms-correlation-request-id") or headers.get("x-ms-request-id")
    return Receipt(date=headers.get("Date"), correlation_id=correlation)


def parsed(raw: bytes) -> Any:
    """JSON where there is some. A body that is none (a proxy's page) counts as no body."""
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        return None
