"""The Activity Log: who asked the resource manager for which write, deletion or action, and how it ended.

The shape of an event is that of the Activity Logs REST API (AD azure-monitor/platform/activity-log-schema.md): the
subscription's log, without what the data planes do, without bodies (but what a role assignment says, as Azure keeps it).
"""

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from . import entra
from .router import provider_and_type, scope_of
from .state import Document, World
from .wire import Call, Caller

KIND = "activity"
# Older events fall out. Azure keeps all for 90 days (AD azure-monitor/platform/activity-log.md).
KEPT = 5000
# Azure shows events within minutes; one minute is taken, as for Resource Graph. Azure seconds.
DELAY = 60.0

_ASSIGNMENTS = "microsoft.authorization/roleassignments/"
_CLAIM = "http://schemas.microsoft.com/identity/claims/"
_WRITES = {"PUT": "write", "PATCH": "write", "DELETE": "delete", "POST": "action"}
# Azure words the operations that it has words for; for the rest it repeats the operation.
_WORDS = {
    _ASSIGNMENTS + "write": "Create role assignment",
    _ASSIGNMENTS + "delete": "Delete role assignment",
    "microsoft.keyvault/vaults/write": "Update Key Vault",
    "microsoft.keyvault/vaults/delete": "Delete Key Vault",
    "microsoft.keyvault/vaults/accesspolicies/write": "Update Access Policy",
    "microsoft.compute/diskencryptionsets/write": "Create or update disk encryption set",
    "microsoft.containerservice/managedclusters/write": "Create or Update Managed Cluster",
    "microsoft.resources/subscriptions/resourcegroups/write": "Update resource group",
}
_TICKS_FROM = datetime(1, 1, 1, tzinfo=UTC)


def record(call: Call, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Note an answered call, if it is one that the log holds: of a known caller, below a subscription, no mere reading.

    ``headers`` are those of the answer, ``body`` is its body; a throttled call never reached its provider.
    """
    action = _action(call)
    parts = call.path.split("/")
    below = len(parts) > 2 and parts[1].lower() == "subscriptions"
    if action is None or call.caller is None or not below or status == HTTPStatus.TOO_MANY_REQUESTS:
        return
    word = "Failed" if status >= 400 else "Accepted" if "Azure-AsyncOperation" in headers else "Succeeded"
    facts = {
        "statusCode": _spelt(status),
        "serviceRequestId": call.request_id,
        "eventCategory": "Administrative",
        "entity": scope_of(call.path),
        "message": action,
        "hierarchy": f"{call.world.tenant_id}/{parts[2]}",
    }
    if status >= 400:
        facts["statusMessage"] = body.decode()
    elif action.lower().startswith(_ASSIGNMENTS):
        facts["requestbody"] = _compact(call.body)
        facts["responseBody"] = _compact(body)
    event = _event(call, call.caller, action, facts)
    _put(call.world, call.request_id, _ended(call.world, event, word, status, facts))


def conclude(world: World, request_id: str, error: Document | None) -> None:
    """Note the end of a long-running operation that an earlier call began; error is {status, code, message} or None.

    Nothing happens where that call is no longer, or never was, in the log.
    """
    begun = world.get(KIND, request_id)
    if begun is None:
        return
    facts = {**begun["event"]["properties"], "statusCode": _spelt(error["status"] if error else 200)}
    if error is not None:
        told = {"error": {"code": error["code"], "message": error["message"]}}
        facts["statusMessage"] = json.dumps(told, separators=(",", ":"))
    word, status = ("Failed", int(error["status"])) if error else ("Succeeded", None)
    _put(world, f"{request_id}/end", _ended(world, begun["event"], word, status, facts))


def shown(world: World) -> list[Document]:
    """The events that the log shows by now, newest first."""
    latest = world.clock.azure() - DELAY
    return [document["event"] for _, document in world.items(KIND) if document["at"] <= latest][::-1]


def _action(call: Call) -> str | None:
    """The action that a call stands for; None where it is no write, deletion or action, or no route took it."""
    verb = _WRITES.get(call.method)
    if verb is None or call.route is None:
        return None
    if call.route.action is not None:
        return None if call.route.action.lower().endswith("/read") else call.route.action
    namespace, kind = provider_and_type(call.path)
    return f"{namespace}/{kind}/{verb}" if namespace else None


def _event(call: Call, caller: Caller, action: str, facts: Document) -> Document:
    """All of an event that does not depend on how the call ended."""
    world, at = call.world, scope_of(call.path)
    parts = at.split("/")
    namespace, kind = provider_and_type(at)
    in_group = len(parts) > 4 and parts[3].lower() == "resourcegroups"
    provider = namespace or "Microsoft.Resources"
    whole_kind = f"{provider}/{kind if namespace else 'subscriptions/resourceGroups'}"
    return {
        "authorization": {"action": action, "scope": at},
        "caller": _named(world, caller),
        "channels": "Operation",
        "claims": {
            "iss": entra.issuer(world.tenant_id),
            "appid": caller.client_id,
            _CLAIM + "objectidentifier": caller.object_id,
            _CLAIM + "tenantid": world.tenant_id,
        },
        "correlationId": call.correlation_id,
        "description": "",
        "category": {"value": "Administrative", "localizedValue": "Administrative"},
        "httpRequest": {
            "clientRequestId": call.headers.get("x-ms-client-request-id", call.request_id),
            "clientIpAddress": caller.address,
            "method": call.method,
            "uri": f"https://{call.host}{call.path}",
        },
        "operationId": call.correlation_id,
        "operationName": {"value": action, "localizedValue": _WORDS.get(action.lower(), action)},
        "resourceGroupName": parts[4] if in_group else "",
        "resourceProviderName": {"value": provider, "localizedValue": provider},
        "resourceType": {"value": whole_kind, "localizedValue": whole_kind},
        "resourceId": at,
        "subscriptionId": parts[2],
        "tenantId": world.tenant_id,
        "properties": facts,
    }


def _ended(world: World, event: Document, word: str, status: int | None, facts: Document) -> Document:
    """An event of its own, now, that tells how the call or its operation ended."""
    data_id, now = str(uuid.uuid4()), world.clock.now()
    name = ("BeginRequest", "Begin request") if word == "Accepted" else ("EndRequest", "End request")
    sub = _spelt(status) if status else ""
    return {
        **event,
        "eventDataId": data_id,
        "eventName": {"value": name[0], "localizedValue": name[1]},
        "eventTimestamp": _stamp(now),
        "submissionTimestamp": _stamp(now),
        "id": f"{event['resourceId']}/events/{data_id}/ticks/{_ticks(now)}",
        "level": "Error" if word == "Failed" else "Informational",
        "status": {"value": word, "localizedValue": word},
        "subStatus": {
            "value": sub,
            "localizedValue": f"{_words(status)} (HTTP Status Code: {status})" if status else "",
        },
        "properties": facts,
    }


def _put(world: World, key: str, event: Document) -> None:
    world.put(KIND, key, {"at": world.clock.azure(), "event": event})
    for old, _ in list(world.items(KIND))[:-KEPT]:
        world.delete(KIND, old)


def _named(world: World, caller: Caller) -> str:
    """People by their user principal name, all others by their object id."""
    return f"{caller.name}@{world.tenant_id}.onmicrosoft.com" if caller.kind == "User" else caller.object_id


def _spelt(status: int) -> str:
    """A status as the log writes it: ``Created``, ``NoContent``, ``Forbidden``; OK is ``OK``."""
    return "OK" if status == HTTPStatus.OK else _words(status).title().replace(" ", "")


def _words(status: int | None) -> str:
    try:
        return HTTPStatus(status or 0).phrase
    except ValueError:
        return str(status)


def _compact(body: bytes) -> str:
    """A JSON body as one line, which a call that changed an assignment has; empty where there is none."""
    value: Any = json.loads(body or b"null")
    return json.dumps(value, separators=(",", ":")) if value is not None else ""


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"


def _ticks(moment: datetime) -> int:
    since = moment - _TICKS_FROM
    return (since.days * 86_400 + since.seconds) * 10_000_000 + since.microseconds * 10
