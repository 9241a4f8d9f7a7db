"""Long-running operations of the resource manager: begun by a call, done when Azure's seconds are up, kept over a restart."""

import asyncio
import logging
import math
import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from . import activity, hosts
from .state import Document, World
from .wire import Answer, AzureError, Call, Routes

log = logging.getLogger(__name__)

Work = Callable[[World, dict[str, Any]], Awaitable[None]]

# A poller that is told to wait is told so in real seconds: at least 1 (azure-core takes 0 for absent), and few, as the
# clock may be pushed at any time.
_LONGEST_WAIT = 5
_ANY_VERSION = ("2010-01-01", "2099-12-31")

_works: dict[str, Work] = {}
_begun: WeakKeyDictionary[World, asyncio.Event] = WeakKeyDictionary()


def register_work(name: str, function: Work) -> None:
    """Give what an operation does a name that survives a restart. Raises ValueError where the name is another's."""
    if _works.setdefault(name, function) is not function:
        raise ValueError(f"there are two works named {name}")


def start(
    call: Call,
    *,
    resource_id: str,
    seconds: float,
    work: str,
    data: dict[str, Any],
    body: Any = None,
    status: int = 202,
) -> Answer:
    """Begin an operation on a resource that takes so many of Azure's seconds, and the answer that says so.

    ``work`` is a registered name; its function gets ``data`` when the time has come. The caller may give the answer the
    body and status that its service answers with (201 with the resource, for a PUT of many providers).
    """
    if work not in _works:
        raise ValueError(f"no work is registered as {work}")
    world = call.world
    operation = str(uuid.uuid4())
    document = {
        "id": operation,
        "resourceId": resource_id,
        "work": work,
        "data": data,
        "status": "InProgress",
        "startTime": _timestamp(world.clock.now()),
        "endTime": None,
        "due": world.clock.azure() + seconds,
        "error": None,
        "startedBy": call.who.object_id,
        "request": call.request_id,
    }
    world.put("operation", operation, document)
    begun = _begun.get(world)
    if begun is not None:
        begun.set()
    base, version = _base(world, resource_id), call.query.get("api-version", "")
    return Answer(
        body,
        status,
        {
            "Azure-AsyncOperation": f"{base}/operationStatuses/{operation}?api-version={version}",
            "Location": f"{base}/operationResults/{operation}?api-version={version}",
            "Retry-After": str(_wait(world, document)),
        },
    )


async def run(world: World) -> None:
    """Do each operation's work when it is due, until cancelled."""
    begun = _begun.setdefault(world, asyncio.Event())
    while True:
        begun.clear()
        waiting = [document for _, document in world.items("operation") if document["status"] == "InProgress"]
        if not waiting:
            await begun.wait()
            continue
        first = min(waiting, key=lambda document: float(document["due"]))
        if world.clock.azure() < first["due"]:
            await _first_of(world.clock.sleep_until(first["due"]), begun.wait())
            continue
        await _finish(world, first)
        world.commit()


def register(routes: Routes) -> None:
    """Register the addresses that pollers ask, in both of ARM's styles."""
    base = "/subscriptions/{subscription}/providers/{provider}/locations/{location}"
    routes.arm("GET", base + "/operationStatuses/{operation}", action=None, versions=_ANY_VERSION)(_status)
    routes.arm("GET", base + "/operationResults/{operation}", action=None, versions=_ANY_VERSION)(_result)


async def _status(call: Call) -> Answer:
    document = _operation(call)
    body: dict[str, Any] = {
        "id": call.path,
        "name": document["id"],
        "status": document["status"],
        "startTime": document["startTime"],
    }
    if document["status"] == "InProgress":
        return Answer(body, headers={"Retry-After": str(_wait(call.world, document))})
    body["endTime"] = document["endTime"]
    if document["error"] is not None:
        body["error"] = {"code": document["error"]["code"], "message": document["error"]["message"]}
    return Answer(body)


async def _result(call: Call) -> Answer:
    document = _operation(call)
    if document["status"] == "InProgress":
        location = f"https://{hosts.ARM}{call.path}?api-version={call.query.get('api-version', '')}"
        return Answer(status=202, headers={"Location": location, "Retry-After": str(_wait(call.world, document))})
    if document["error"] is not None:
        error = document["error"]
        raise AzureError(error["status"], error["code"], error["message"], inner=error["inner"])
    resource = call.world.get("resource", document["resourceId"])
    return Answer(resource) if resource is not None else Answer(status=204)


def _operation(call: Call) -> Document:
    document = call.world.get("operation", call.params["operation"])
    # An operation is its starter's to follow; to others it is not there.
    if document is None or document["startedBy"] != call.who.object_id:
        raise AzureError(404, "NotFound", f"The operation '{call.params['operation']}' was not found.")
    return document


async def _finish(world: World, document: Document) -> None:
    error: dict[str, Any] | None = None
    try:
        await _works[document["work"]](world, document["data"])
    except AzureError as refused:
        error = {"status": refused.status, "code": refused.code, "message": refused.message, "inner": refused.inner}
    except Exception:
        # A defect of the sandbox fails this one operation, as a service's would, and is told in full in the log.
        log.exception("the work %s of operation %s failed", document["work"], document["id"])
        error = {
            "status": 500,
            "code": "InternalServerError",
            "message": "An unexpected error occurred.",
            "inner": None,
        }
    world.put(
        "operation",
        document["id"],
        {
            **document,
            "status": "Succeeded" if error is None else "Failed",
            "endTime": _timestamp(world.clock.now()),
            "error": error,
        },
    )
    activity.conclude(world, document.get("request", ""), error)


async def _first_of(*waits: Awaitable[Any]) -> None:
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _base(world: World, resource_id: str) -> str:
    parts = resource_id.split("/")
    provider = next(
        (parts[i + 1] for i in range(len(parts) - 2, -1, -1) if parts[i].lower() == "providers"), "Microsoft.Resources"
    )
    location = str((world.get("resource", resource_id) or {}).get("location") or "westeurope")
    place = location.replace(" ", "").lower()
    return f"https://{hosts.ARM}/subscriptions/{parts[2]}/providers/{provider}/locations/{place}"


def _wait(world: World, document: Document) -> int:
    left, speed = float(document["due"]) - world.clock.azure(), world.clock.speed
    return max(1, min(_LONGEST_WAIT, math.ceil(left / speed))) if speed else _LONGEST_WAIT


def _timestamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"
