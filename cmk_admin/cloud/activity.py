"""The Activity Log: who asked the resource manager for what in the last 90 days.

Source: AD azure-monitor/platform/activity-log.md.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from cmk_admin.cloud import api, parse
from cmk_admin.cloud.session import Session
from cmk_admin.domain.activity import RETENTION, Event
from cmk_admin.domain.errors import AzureFailure
from cmk_admin.domain.ids import subscription_of

_OBJECT_ID = "http://schemas.microsoft.com/identity/claims/objectidentifier"
OF_VAULTS = "resourceProvider eq 'Microsoft.KeyVault'"
"""Of every vault in a subscription: asked for by a vault's id, a change of its policies, logged below it, is left out."""
MOST_PAGES = 25
"""Pages that are read of one question to the log."""
_MARGIN = timedelta(hours=1)
"""A start that is 90 days ago by our calendar must not be older by Azure's: it would refuse the whole question."""


async def events(
    session: Session, subscription_id: str, *, about: str, now: datetime, since: datetime | None = None
) -> tuple[tuple[Event, ...], bool]:
    """What ended well in a subscription's log since then or within its 90 days, newest first; and whether that is all.

    No more than `MOST_PAGES` are read: a repair does not wait for a year's worth of changes. Raises AzureFailure.

    `about` is the one clause that the log's filter takes besides the time: ``resourceUri eq 'ID'``,
    ``resourceProvider eq 'Microsoft.Authorization'`` ...
    """
    oldest = now - RETENTION + _MARGIN
    begin = oldest if since is None else max(since, oldest)
    path: str | None = f"/subscriptions/{subscription_id}/providers/Microsoft.Insights/eventtypes/management/values"
    params: dict[str, str] | None = {"$filter": f"eventTimestamp ge '{begin:%Y-%m-%dT%H:%M:%SZ}' and {about}"}
    found: list[Event] = []
    for _ in range(MOST_PAGES):
        if path is None:
            break
        body = (await session.arm("GET", path, api_version=api.ACTIVITY_LOG, params=params, urgent=True)).body or {}
        found += [event for each in body.get("value") or [] if (event := event_of(each)) is not None]
        path, params = parse.text(body.get("nextLink")), None
    return newest_first(found), path is None


async def events_at(session: Session, scope: str, *, about: str) -> tuple[Event, ...] | None:
    """The events in the subscription of a scope; None where its log cannot be read, or there is none above one."""
    subscription = subscription_of(scope)
    if subscription is None:
        return None
    try:
        found, _ = await events(session, subscription, about=about, now=session.clock.now())
    except AzureFailure:
        return None
    return found


def newest_first(found: Iterable[Event]) -> tuple[Event, ...]:
    """Each once, newest first."""
    return tuple(sorted(set(found), key=lambda one: one.at, reverse=True))


def event_of(document: Mapping[str, Any]) -> Event | None:
    """One element of the log; None for what did not end, or not well (its status is not ``Succeeded``)."""
    at = parse.moment(document.get("eventTimestamp"))
    operation = parse.text(parse.inside(document, "operationName", "value"))
    resource_id = parse.text(document.get("resourceId"))
    status = str(parse.inside(document, "status", "value") or "").lower()
    if at is None or operation is None or resource_id is None or status != "succeeded":
        return None
    caller_id = parse.text(parse.inside(document, "claims", _OBJECT_ID))
    return Event(
        at=at,
        operation=operation.lower(),
        words=parse.text(parse.inside(document, "operationName", "localizedValue")) or operation,
        resource_id=resource_id,
        caller=parse.text(document.get("caller")) or caller_id or "",
        caller_id=caller_id,
        principal_id=_principal_of(document.get("properties")),
        correlation_id=parse.text(document.get("correlationId")),
    )


def _principal_of(facts: Any) -> str | None:
    """Whose role assignment it was: Azure keeps the bodies of such calls, as texts."""
    for name in ("responseBody", "requestbody"):
        body = parse.inside(facts, name)
        if not isinstance(body, str) or not body:
            continue
        try:
            whole = json.loads(body)
        except ValueError:
            continue  # a body that Azure cut short tells nothing
        found = parse.inside(whole, "properties", "principalId") or parse.inside(whole, "Properties", "PrincipalId")
        if isinstance(found, str):
            return found
    return None
