"""Resource Graph on the wire: one route, a quota, and pages."""

import base64
import hashlib
import json
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from weakref import WeakKeyDictionary

from cmk_admin.sandbox.kql import run
from cmk_admin.sandbox.kql_text import QueryError
from cmk_admin.sandbox.state import World
from cmk_admin.sandbox.wire import Answer, AzureError, Call, Routes

from .model import SCOPE_FILTERS, Graph

_VERSIONS = ("2021-03-01", "2024-04-01")
# AD governance/resource-graph/concepts/guidance-for-throttled-requests.md: 15 queries in every 5 seconds. Real seconds.
QUOTA, WINDOW = 15, 5.0
# AD governance/resource-graph/concepts/work-with-data.md
DEFAULT_PAGE, LARGEST_PAGE = 100, 1000
_SCOPE_FILTER_SINCE = "2022-10-01"

_windows: WeakKeyDictionary[World, dict[str, tuple[float, int]]] = WeakKeyDictionary()


def register(routes: Routes) -> None:
    """Register the query route."""
    path = "/providers/Microsoft.ResourceGraph/resources"
    routes.arm("POST", path, action=None, versions=_VERSIONS)(_query)


async def _query(call: Call) -> Answer:
    quota = _take(call.world, call.who.object_id)
    try:
        return _answered(call, quota)
    except QueryError as wrong:
        return _refusal(
            400,
            {
                "code": "InvalidQuery",
                "message": "Query is invalid. Please refer to the documentation for the Azure Resource Graph service and "
                "fix the error before retrying.",
            },
            wrong.detail(),
            headers=quota,
        )


def _answered(call: Call, quota: dict[str, str]) -> Answer:
    body = call.json()
    query = body.get("query")
    if not isinstance(query, str):
        return _refusal(400, {"code": "InvalidQuery", "message": "The query must be a text."}, headers=quota)
    graph = Graph(call.world, call.who.object_id)
    options = body.get("options") or {}
    if not isinstance(options, dict):
        raise AzureError(400, "BadRequest", "The property 'options' must be an object.")
    asked, groups = _names(body, "subscriptions"), _names(body, "managementGroups")
    if body.get("facets"):
        return _refusal(400, {"code": "InvalidFacets", "message": "Facets are not supported."}, headers=quota)
    subscriptions = list(graph.subscriptions)
    if asked:
        wanted = {one.lower() for one in asked}
        subscriptions = [one for one in subscriptions if one in wanted]
    elif groups:
        found = graph.under(groups)
        if found is None:
            message = "Provided credentials lack sufficient permissions to access the requested scope."
            return _refusal(403, {"code": "AccessDenied", "message": message}, code="AccessDenied", headers=quota)
        subscriptions = found
    if not subscriptions and (asked or not groups):
        message = "There must be at least one subscription that is eligible to contain resources."
        detail = {"code": "NoValidSubscriptionsInQueryRequest", "message": message}
        return _refusal(400, detail, headers=quota)
    scope_filter = _scope_filter(call, options)
    result = run(query, graph.tables(subscriptions, groups, scope_filter))
    return _page(query, options, result.columns, result.rows, quota)


def _page(
    query: str, options: dict[str, Any], columns: list[str], rows: list[dict[str, Any]], quota: dict[str, str]
) -> Answer:
    size = _number(options, "$top", DEFAULT_PAGE, least=1, most=LARGEST_PAGE)
    start = _number(options, "$skip", 0, least=0, most=None)
    digest = hashlib.sha256(query.encode("utf-8", "replace")).hexdigest()
    if options.get("$skipToken"):
        start = _start(str(options["$skipToken"]), digest)
    page = rows[start : start + size]
    more = start + size < len(rows)
    body: dict[str, Any] = {
        "totalRecords": len(rows),
        "count": len(page),
        "data": _data(options, columns, page),
        "facets": [],
        "resultTruncated": "true" if more else "false",
    }
    # Only what holds an id can be paged through.
    if more and "id" in columns:
        token = json.dumps({"start": start + size, "query": digest}).encode()
        body["$skipToken"] = base64.urlsafe_b64encode(token).decode()
    return Answer(body, headers=quota)


def _data(options: dict[str, Any], columns: list[str], rows: list[dict[str, Any]]) -> Any:
    wanted = str(options.get("resultFormat") or "objectArray").lower()
    if wanted == "objectarray":
        return [{name: row.get(name) for name in columns} for row in rows]
    if wanted == "table":
        named = [{"name": name, "type": _kind(rows, name)} for name in columns]
        return {"columns": named, "rows": [[row.get(name) for name in columns] for row in rows]}
    raise AzureError(400, "BadRequest", f"The result format '{options['resultFormat']}' is not supported.")


def _kind(rows: list[dict[str, Any]], name: str) -> str:
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string"}
    value = next((row[name] for row in rows if row.get(name) is not None), "")
    return kinds.get(type(value), "object")


def _take(world: World, object_id: str) -> dict[str, str]:
    """Take one query from the caller's quota; the headers that tell what is left. Raises AzureError 429."""
    windows = _windows.setdefault(world, {})
    now = time.monotonic()
    since, used = windows.get(object_id, (now, 0))
    if now >= since + WINDOW:
        since, used = now, 0
    resets = max(1, round(since + WINDOW - now + 0.5))
    headers = {
        "x-ms-user-quota-remaining": str(max(0, QUOTA - used - 1)),
        "x-ms-user-quota-resets-after": f"00:00:{resets:02}",
    }
    if used >= QUOTA:
        message = "Client application has been throttled. Client should not retry until the quota resets."
        raise AzureError(429, "RateLimiting", message, headers={**headers, "Retry-After": str(resets)})
    windows[object_id] = (since, used + 1)
    return headers


def _names(body: dict[str, Any], name: str) -> list[str]:
    found = body.get(name) or []
    if not isinstance(found, list) or any(not isinstance(one, str) for one in found):
        raise AzureError(400, "BadRequest", f"The property '{name}' must be a list of texts.")
    return found


def _number(options: dict[str, Any], name: str, default: int, *, least: int, most: int | None) -> int:
    value = options.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or value < least or (most is not None and value > most):
        raise AzureError(400, "BadRequest", f"The option '{name}' is out of its range.")
    return value


def _start(token: str, digest: str) -> int:
    try:
        content = json.loads(base64.urlsafe_b64decode(token))
        start, query = int(content["start"]), str(content["query"])
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise AzureError(400, "BadRequest", "The skip token is not valid.") from error
    if start < 0 or query != digest:
        raise AzureError(400, "BadRequest", "The skip token belongs to another query.")
    return start


def _scope_filter(call: Call, options: dict[str, Any]) -> str:
    wanted = options.get("authorizationScopeFilter")
    if wanted is None:
        return SCOPE_FILTERS[0]
    if call.query.get("api-version", "")[:10] < _SCOPE_FILTER_SINCE:
        raise AzureError(400, "BadRequest", f"authorizationScopeFilter needs api-version {_SCOPE_FILTER_SINCE}.")
    for known in SCOPE_FILTERS:
        if str(wanted).lower() == known.lower():
            return known
    raise AzureError(400, "BadRequest", f"The authorizationScopeFilter '{wanted}' is not valid.")


def _refusal(
    status: int, *details: Mapping[str, object], code: str = "BadRequest", headers: dict[str, str] | None = None
) -> Answer:
    message = (
        f"Please provide below info when asking for support: timestamp = {datetime.now(UTC).isoformat()}, "
        f"correlationId = {uuid.uuid4()}."
    )
    return Answer({"error": {"code": code, "message": message, "details": list(details)}}, status, headers or {})
