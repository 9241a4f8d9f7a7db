"""The one listener for all of Azure's hosts: each call is authenticated, authorised, done, committed, logged, answered."""

import asyncio
import json
import logging
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from . import activity, entra, gate, hosts
from .faults import Fault, Faults
from .proxy import reset
from .requests_log import RequestsLog
from .router import Router, check_version, require_version
from .services.authorization import activations
from .services.keyvault import failover
from .services.login.model import code_of
from .state import World
from .throttle import Throttle
from .wire import Answer, AzureError, Call, Caller, Routes

log = logging.getLogger(__name__)

# How soon an unanswered request is noticed to have been given up. Real seconds.
_GONE_CHECK = 0.05
_NO_CALLER = ("/metadata/endpoints",)
# The codes that go with a status where a fault plans it.
_CODES = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    408: "RequestTimeout",
    409: "Conflict",
    412: "PreconditionFailed",
    500: "InternalServerError",
    502: "BadGateway",
    503: "ServiceUnavailable",
    504: "GatewayTimeout",
}


class Server:
    """Answers every call; what it needs to know of the world it is handed."""

    def __init__(
        self,
        world: World,
        routes: Routes,
        *,
        faults: Faults,
        throttle: Throttle,
        requests: RequestsLog,
        latency: float,
        principals_changed: Callable[[], None],
    ) -> None:
        """latency is in seconds; principals_changed is called after a call that made or removed one."""
        self._world, self._router = world, Router(routes)
        self._faults, self._throttle, self._requests = faults, throttle, requests
        self._latency = latency
        # Whether anybody is reached at all; false drops every connection.
        self.network_up = True
        self._principals_changed, self._principals = principals_changed, world.changed("principal")

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request of any host."""
        url = request.rel_url
        host, path = _host_of(request), url.path.rstrip("/")
        while "//" in path:
            # Clients join a host with an id that begins with a slash; ARM takes both slashes for one.
            path = path.replace("//", "/")
        plane = hosts.plane_of(host)
        if plane is None:
            return web.Response(status=421, text="Not a host of this sandbox")
        call = Call(self._world, request.method, host, path, dict(url.query), request.headers, await request.read())
        if not self.network_up:
            reset_of(request)
            return web.Response(status=503)
        if self._latency:
            await asyncio.sleep(self._latency)
        wait, fault = self._faults.before(call.method, host + path)
        if wait:
            await asyncio.sleep(wait / 1000)
        if fault is not None:
            return await self._spoilt(request, call, plane, fault)
        headers = _ids(request)
        call.request_id, call.correlation_id = headers["x-ms-request-id"], headers["x-ms-correlation-request-id"]
        region = failover.region_of(self._world, host) if plane == "vault" else None
        if region is not None:
            headers[failover.HEADER] = region
        notes: dict[str, str | bool | list[str]] = {}
        activations.end_due(self._world)
        try:
            response, fault = await self._respond(plane, call, headers, notes)
            if plane == "arm":
                told = response.body if isinstance(response.body, bytes) else b""
                activity.record(call, response.status, response.headers, told)
        finally:
            self._world.commit()
        if self._principals != self._world.changed("principal"):
            self._principals = self._world.changed("principal")
            self._principals_changed()
        if fault is not None:
            notes["fault"] = fault.kind
        if call.changes is not None:
            notes["changes"] = call.changes
        self._requests.add(call, response.status, **notes)
        if fault is not None and fault.kind == "hold":
            await self._faults.held()
        elif fault is not None and request.transport is not None:
            # The connection ends without the answer, which then has nowhere to go.
            request.transport.abort()
        return response

    async def _respond(
        self, plane: str, call: Call, headers: dict[str, str], notes: dict[str, str | bool | list[str]]
    ) -> tuple[web.Response, Fault | None]:
        """Do the call; its answer, and the fault that the answer is to meet."""
        fault: Fault | None = None
        try:
            call.caller = self._authenticate(plane, call)
            # An answer can only be lost once something was done: the challenge that opens a client's first call is not it.
            fault = self._faults.after(call.method, call.host + call.path)
            return _response(await self._answer(plane, call, headers, notes), headers), fault
        except AzureError as error:
            return _error(plane, error, headers), fault
        except Exception:
            # A defect of the sandbox is told in full in its log, and to the client as Azure tells its own.
            log.exception("%s https://%s%s failed", call.method, call.host, call.path)
            told = AzureError(500, "InternalServerError", "An unexpected error occurred.")
            return _error(plane, told, headers), fault

    def _authenticate(self, plane: str, call: Call) -> Caller | None:
        if plane == "login" or call.path.lower() in _NO_CALLER:
            return None
        return gate.authenticate(self._world, plane, call.headers.get("Authorization"))

    async def _answer(
        self, plane: str, call: Call, headers: dict[str, str], notes: dict[str, str | bool | list[str]]
    ) -> Answer:
        version = call.query.get("api-version")
        if plane == "arm":
            require_version(version)
        found = self._router.find(plane, call.method, call.path)
        subscription = gate.check_subscription(self._world, call.path) if plane == "arm" else None
        if found is None:
            notes["unknown"] = True
            log.warning("no route for %s https://%s%s (api-version %s)", call.method, call.host, call.path, version)
            raise self._router.unknown(plane, call.method, call.path, version or "")
        route, call.params = found
        call.route = route
        check_version(route, call.path, version)
        if plane == "arm" and call.caller is not None:
            # Resource Graph counts its queries itself (4.1 of the facts), so they leave this budget alone.
            if "/microsoft.resourcegraph/" not in call.path.lower():
                headers.update(self._throttle.arm(call.method, subscription, call.caller.object_id))
            gate.authorise(self._world, call.caller, route, call.path)
            gate.check_group(self._world, call.path)
            gate.check_locks(self._world, route, call.path)
            failover.refuse_arm(self._world, call)
        elif plane == "vault":
            vault = hosts.vault_at(self._world, call.host)
            if vault is not None:
                self._throttle.vault(call, vault)
            failover.refuse_data(self._world, call)
        return await route.handler(call)

    async def _spoilt(self, request: web.BaseRequest, call: Call, plane: str, fault: Fault) -> web.StreamResponse:
        """What a fault does in the place of the call: nothing of it is done."""
        if fault.kind in {"status", "throttle"}:
            response = _error(plane, _planned(plane, fault), _ids(request))
            self._requests.add(call, response.status, fault=fault.kind)
            return response
        self._requests.add(call, None, fault=fault.kind)
        if fault.kind == "reset" and request.transport is not None:
            reset(request.transport)
        # aiohttp tells a handler that waits of a client's leaving by the transport alone, so that is looked at.
        while request.transport is not None and not request.transport.is_closing():  # noqa: ASYNC110
            await asyncio.sleep(_GONE_CHECK)
        return web.Response(status=503)


def reset_of(request: web.BaseRequest) -> None:
    """End a request's connection with a reset, where it is still there."""
    if request.transport is not None:
        reset(request.transport)


def _host_of(request: web.BaseRequest) -> str:
    host = request.headers.get("Host", "").lower()
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdigit() else host


def _planned(plane: str, fault: Fault) -> AzureError:
    status = 429 if fault.kind == "throttle" else fault.argument
    if status == 429:
        code = "Throttled" if plane == "vault" else "TooManyRequests"
        wait = {"Retry-After": str(fault.argument)} if fault.kind == "throttle" else {}
        return AzureError(429, code, "The request is being throttled.", headers=wait)
    if status < 400:
        # Where a client that follows would carry its token
        elsewhere = {"Location": "https://elsewhere.example/"}
        return AzureError(status, "Moved", "The resource has moved.", headers=elsewhere)
    words = "The service is unavailable." if status >= 500 else "The request was refused."
    return AzureError(status, _CODES.get(status, f"Status{status}"), words)


def _ids(request: web.BaseRequest) -> dict[str, str]:
    # A client that follows one piece of work through many calls gives its own correlation.
    given, new = request.headers.get("x-ms-correlation-request-id", ""), str(uuid.uuid4())
    correlation = given if entra.is_guid(given) else new
    headers = {"x-ms-request-id": new, "x-ms-correlation-request-id": correlation, "Cache-Control": "no-cache"}
    client = request.headers.get("x-ms-client-request-id")
    if client:
        headers["x-ms-client-request-id"] = client
    return headers


def _response(answer: Answer, headers: dict[str, str]) -> web.Response:
    headers = {**headers, **answer.headers}
    if answer.body is None:
        return web.Response(status=answer.status, headers=headers)
    if isinstance(answer.body, bytes):
        return web.Response(body=answer.body, status=answer.status, headers=headers)
    headers["Content-Type"] = "application/json; charset=utf-8"
    body = json.dumps(answer.body, separators=(",", ":")).encode()
    return web.Response(body=body, status=answer.status, headers=headers)


def _error(plane: str, error: AzureError, headers: dict[str, str]) -> web.Response:
    body: dict[str, Any]
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    request_id = headers["x-ms-request-id"]
    if plane == "login":
        code = code_of(error.message)
        trail = f" Trace ID: {request_id} Correlation ID: {request_id} Timestamp: {now}"
        body = {
            "error": error.code,
            "error_description": error.message + trail,
            "error_codes": [code] if code else [],
            "timestamp": now,
            "trace_id": request_id,
            "correlation_id": request_id,
        }
        if code:
            body["error_uri"] = f"https://login.microsoftonline.com/error?code={code}"
    else:
        body = {"error": {"code": error.code, "message": error.message}}
        if plane == "graph":
            body["error"]["innerError"] = {"date": now[:-1].replace(" ", "T"), "request-id": request_id}
        elif error.inner is not None:
            body["error"]["innererror"] = {"code": error.inner}
    return _response(Answer(body, error.status, error.headers), headers)
