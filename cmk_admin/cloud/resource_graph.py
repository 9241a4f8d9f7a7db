"""Azure Resource Graph: the quickest look at everything, about a minute old."""

import asyncio
from collections.abc import Sequence
from typing import Any

from cmk_admin.cloud import api
from cmk_admin.cloud.failures import retry_after_of
from cmk_admin.cloud.lanes import together
from cmk_admin.cloud.session import Session
from cmk_admin.domain.errors import AzureFailure, FailureKind

PAGE = 1000
"""Rows of a page: its largest (AD governance/resource-graph/concepts/work-with-data.md)."""
SUBSCRIPTIONS_AT_ONCE = 300
"""Subscriptions named in one query (AD governance/resource-graph/concepts/guidance-for-throttled-requests.md)."""


def of_types(*resource_types: str) -> str:
    """The query for all resources of these types, as their providers describe them.

    It projects `id`: without, there is no paging. Types of one purpose belong in one query: queries are scarce.
    """
    named = ", ".join(f"'{each}'" for each in resource_types)
    return (
        f"resources | where type in~ ({named}) "
        "| project id, name, type, location, subscriptionId, tags, identity, sku, properties | order by id asc"
    )


async def query(session: Session, text: str, subscriptions: Sequence[str]) -> list[dict[str, Any]]:
    """All rows of a query over the subscriptions, in the order that Azure gave them.

    Only what the account may read comes back: an empty answer does not mean that there is nothing. Raises AzureFailure.
    """
    batches = [
        list(subscriptions[at : at + SUBSCRIPTIONS_AT_ONCE])
        for at in range(0, len(subscriptions), SUBSCRIPTIONS_AT_ONCE)
    ]
    answers = await together(*(_rows(session, text, batch) for batch in batches))
    return [row for rows in answers for row in rows]


async def _rows(session: Session, text: str, subscriptions: list[str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    token: str | None = None
    while True:
        options: dict[str, Any] = {"$top": PAGE, "resultFormat": "objectArray"}
        if token:
            options["$skipToken"] = token
        await session.budgets.resource_graph.acquire()
        reply = await session.arm(
            "POST",
            "/providers/Microsoft.ResourceGraph/resources",
            api_version=api.RESOURCE_GRAPH,
            body={"query": text, "subscriptions": subscriptions, "options": options},
            read=True,
        )
        body = reply.body or {}
        found += body.get("data") or []
        token = body.get("$skipToken")
        if not token:
            if str(body.get("resultTruncated", "false")).lower() == "true":
                raise AzureFailure(
                    FailureKind.FAILED, "Resource Graph cut its answer off and told no way to read on.", subject=text
                )
            return found
        pause = retry_after_of(reply.headers)
        if pause:  # the quota is used up: waiting now is cheaper than being refused
            await asyncio.sleep(pause)
