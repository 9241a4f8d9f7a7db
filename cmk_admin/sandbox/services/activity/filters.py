"""The ``$filter`` of the Activity Log: a span of time, and at most one thing to look for.

"The $filter argument is very restricted ... No other syntax is allowed" (Activity Logs - List, REST API of Azure Monitor).
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from cmk_admin.sandbox.state import Document
from cmk_admin.sandbox.wire import AzureError

Passes = Callable[[Document], bool]

# AD azure-monitor/platform/activity-log.md
RETENTION = timedelta(days=90)
_CLAUSE = re.compile(r"(?P<name>\w+)\s+(?P<operator>eq|ge|le)\s+(?P<quote>'?)(?P<value>[^']*)(?P=quote)", re.IGNORECASE)
_LOOKED_FOR: dict[str, Callable[[Document], str]] = {
    "resourceuri": lambda event: str(event["resourceId"]),
    "resourcegroupname": lambda event: str(event["resourceGroupName"]),
    "resourceprovider": lambda event: str(event["resourceProviderName"]["value"]),
    "correlationid": lambda event: str(event["correlationId"]),
}
# az asks for both channels; there are no others.
_CHANNELS = ("eventchannels", "eq")


def parse(text: str | None, now: datetime) -> Passes:
    """What a filter lets through. Raises AzureError 400 for one that Azure refuses, and where there is none."""
    if not text:
        raise _refused("The $filter query parameter is required, with at least the start of a time range.")
    since, until = None, now + timedelta(days=1)
    looked_for: tuple[Callable[[Document], str], str] | None = None
    for part in re.split(r"\s+and\s+", text.strip(), flags=re.IGNORECASE):
        match = _CLAUSE.fullmatch(part.strip())
        what = (match["name"].lower(), match["operator"].lower()) if match else ("", "")
        if match is None:
            raise _unsupported(text)
        if what == ("eventtimestamp", "ge"):
            since = _moment(match["value"])
        elif what == ("eventtimestamp", "le"):
            until = _moment(match["value"])
        elif what[1] == "eq" and what[0] in _LOOKED_FOR and looked_for is None:
            looked_for = (_LOOKED_FOR[what[0]], match["value"].lower().rstrip("/"))
        elif what != _CHANNELS:
            raise _unsupported(text)
    if since is None:
        raise _refused("The filter must hold the start of a time range: eventTimestamp ge 'time'.")
    if since < now - RETENTION:
        raise _refused(f"The start time cannot be more than {RETENTION.days} day(s) in the past.")
    if until < since:
        raise _refused("The end time should be after the start time.")
    first, last = since, until

    def passes(event: Document) -> bool:
        at = datetime.fromisoformat(event["eventTimestamp"])
        return first <= at <= last and (looked_for is None or looked_for[0](event).lower() == looked_for[1])

    return passes


def selected(text: str | None) -> set[str] | None:
    """The folded names of the properties that ``$select`` asks for; None for all."""
    return {name.strip().lower() for name in text.split(",")} if text else None


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise _refused(f"'{text}' is not a valid date and time.") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _refused(message: str) -> AzureError:
    return AzureError(400, "BadRequest", message)


def _unsupported(text: str) -> AzureError:
    return _refused(f"The filter '{text}' is not supported.")
