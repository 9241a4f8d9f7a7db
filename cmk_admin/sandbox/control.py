"""The control: plain HTTP on loopback under an unguessable path, to push the clock, set faults and look behind the scene."""

import ipaddress
import json
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from . import connection, drill, entra, from_estate, life, scenarios
from .faults import Faults
from .requests_log import RequestsLog
from .services.authorization import pim
from .services.keyvault import failover, private_link
from .services.kubernetes import model as kubernetes
from .services.login import browser, device
from .state import Document, World

# A push beyond this is a mistake of its sender: calendars end at year 9999. Seconds.
MAX_PUSH = 100 * 365 * 24 * 3600.0
MAX_SPEED = 1_000_000.0

_Action = Callable[[web.BaseRequest], Awaitable[Any]]


class Control:
    """Answers the control's requests with JSON; what makes no sense gets 400 and one sentence."""

    def __init__(
        self,
        world: World,
        *,
        faults: Faults,
        requests: RequestsLog,
        reset: Callable[[], Awaitable[None]],
        load: Callable[[Callable[[World], None]], Awaitable[None]],
        changed: Callable[[], None],
        network: Callable[[bool], None],
    ) -> None:
        self._world, self._faults, self._requests = world, faults, requests
        self._reset, self._load, self._changed, self._network = reset, load, changed, network
        self.secret = secrets.token_urlsafe(32)
        self._actions: dict[tuple[str, str], _Action] = {
            ("GET", "clock"): self._clock,
            ("POST", "clock"): self._move_clock,
            ("GET", "faults"): self._list_faults,
            ("POST", "faults"): self._add_faults,
            ("DELETE", "faults"): self._clear_faults,
            ("GET", "requests"): self._list_requests,
            ("POST", "release"): self._release,
            ("POST", "reset"): self._start_over,
            ("POST", "estate"): self._lay_estate,
            ("GET", "drill"): self._drill,
            ("GET", "truth"): self._truth,
            ("GET", "connections"): self._connections,
            ("GET", "kubernetes"): self._kubernetes,
            ("POST", "address"): self._set_address,
            ("POST", "device"): self._enter_device_code,
            ("POST", "browser"): self._sit_at_the_browser,
            ("POST", "approvals"): self._approve,
            ("POST", "failover"): self._fail_over,
            ("POST", "network"): self._set_network,
            ("POST", "private-endpoint"): self._connect_endpoint,
        }

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        parts = [part for part in request.path.split("/") if part]
        if not parts or not secrets.compare_digest(parts[0].encode(), self.secret.encode()):
            return web.Response(status=404)
        name = "/".join(parts[1:])
        action = self._actions.get((request.method, name))
        if action is None:
            known = any(name == other for _, other in self._actions)
            return _json({"error": f"there is no {request.method} {name}"}, 405 if known else 404)
        try:
            return _json(await action(request))
        except ValueError as error:
            return _json({"error": str(error)}, 400)

    async def _clock(self, _: web.BaseRequest) -> Any:
        clock = self._world.clock
        return {"now": clock.now().isoformat(), "speed": clock.speed, "azure_seconds": clock.azure()}

    async def _move_clock(self, request: web.BaseRequest) -> Any:
        body = await _object(request)
        moves = {name: body.pop(name) for name in ("advance_s", "speed") if name in body}
        if body or not moves:
            raise ValueError('the clock takes {"advance_s": seconds} and {"speed": factor}')
        for name, value in moves.items():
            most = MAX_PUSH if name == "advance_s" else MAX_SPEED
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= most:
                raise ValueError(f"{name} must be a number from 0 to {most:.0f}")
        if "speed" in moves:
            self._world.clock.set_speed(moves["speed"])
            self._changed()
        if "advance_s" in moves:
            self._world.clock.advance(moves["advance_s"])
        self._world.save_clock()
        return await self._clock(request)

    async def _list_faults(self, _: web.BaseRequest) -> Any:
        return self._faults.described()

    async def _add_faults(self, request: web.BaseRequest) -> Any:
        self._faults.add(_specs(await _value(request)))
        return self._faults.described()

    async def _clear_faults(self, _: web.BaseRequest) -> Any:
        self._faults.clear()
        return self._faults.described()

    async def _list_requests(self, request: web.BaseRequest) -> Any:
        since = request.query.get("since", "0")
        if not since.isascii() or not since.isdigit():
            raise ValueError("since must be the number of an entry")
        return self._requests.since(int(since))

    async def _release(self, _: web.BaseRequest) -> Any:
        self._faults.release()
        return {}

    async def _start_over(self, _: web.BaseRequest) -> Any:
        await self._reset()
        return {}

    async def _lay_estate(self, request: web.BaseRequest) -> Any:
        """Put a saved estate in the place of what is there; answers what of it is not as in the file."""
        estate = from_estate.checked(await _object(request))
        notes: list[str] = []
        await self._load(lambda world: notes.extend(from_estate.lay(world, estate)))
        return {"notes": notes}

    async def _drill(self, _: web.BaseRequest) -> Any:
        return drill.described(self._world)

    async def _truth(self, request: web.BaseRequest) -> Any:
        name = request.query.get("principal", "administrator")
        if name not in connection.principals(self._world):
            raise ValueError(f"there is no principal {name!r}")
        return scenarios.truth(self._world, name)

    async def _connections(self, _: web.BaseRequest) -> Any:
        return life.connections(self._world)

    async def _kubernetes(self, _: web.BaseRequest) -> Any:
        return kubernetes.described(self._world)

    async def _set_address(self, request: web.BaseRequest) -> Any:
        body = await _object(request)
        principal = connection.principals(self._world).get(str(body.get("principal")))
        if principal is None:
            raise ValueError(f"there is no principal {body.get('principal')!r}")
        address = ipaddress.ip_address(str(body.get("address")))
        entra.set_address(self._world, principal["objectId"], str(address))
        self._world.commit()
        return {"principal": body["principal"], "address": str(address)}

    async def _enter_device_code(self, request: web.BaseRequest) -> Any:
        body = await _object(request)
        device.enter(self._world, str(body.get("user_code")), self._person(body))
        return {}

    async def _sit_at_the_browser(self, request: web.BaseRequest) -> Any:
        browser.sit_down(self._world, self._person(await _object(request)))
        return {}

    async def _approve(self, request: web.BaseRequest) -> Any:
        body = await _object(request)
        if body.get("decision") not in ("approve", "deny") or not isinstance(body.get("request"), str | None):
            raise ValueError('approvals take {"request": ID or null, "decision": "approve" or "deny"}')
        decided = pim.decide(self._world, body.get("request"), approve=body["decision"] == "approve")
        self._world.commit()
        return decided

    async def _fail_over(self, request: web.BaseRequest) -> Any:
        body = await _object(request)
        vault, region = body.get("vault"), body.get("region")
        if not isinstance(vault, str) or not isinstance(region, str | None):
            raise ValueError('failover takes {"vault": NAME, "region": REGION or null}')
        failover.set_region(self._world, vault, region)
        self._world.commit()
        return {"vault": vault, "region": region}

    async def _set_network(self, request: web.BaseRequest) -> Any:
        body = await _object(request)
        if not isinstance(body.get("up"), bool):
            raise ValueError('the network takes {"up": true or false}')
        self._network(body["up"])
        return {"up": body["up"]}

    async def _connect_endpoint(self, request: web.BaseRequest) -> Any:
        body = await _object(request)
        vault, name, network = body.get("vault"), body.get("name"), body.get("network")
        if not isinstance(vault, str) or not isinstance(name, str) or not isinstance(network, str | None):
            raise ValueError(
                'private-endpoint takes {"vault": NAME, "name": NAME, "network": CIDR or null, "status": STATE}'
            )
        status = str(body.get("status") or "Approved")
        made = private_link.connect(self._world, vault, name, network=network, status=status)
        self._world.commit()
        return made

    def _person(self, body: dict[str, Any]) -> Document | None:
        """The principal that a body names; None: nobody."""
        name = body.get("principal")
        principal = connection.principals(self._world).get(str(name)) if name is not None else None
        if name is not None and principal is None:
            raise ValueError(f"there is no principal {name!r}")
        return principal


async def _value(request: web.BaseRequest) -> Any:
    text = (await request.read()).decode()
    try:
        return json.loads(text)
    except ValueError as error:
        raise ValueError("the body must be JSON") from error


async def _object(request: web.BaseRequest) -> dict[str, Any]:
    value = await _value(request)
    if not isinstance(value, dict):
        raise ValueError("the body must be a JSON object")
    return value


def _specs(value: Any) -> list[str]:
    """The fault SPECs in a body: a text, a list of texts, or an object that holds either as fault, faults, spec or specs."""
    if isinstance(value, dict) and len(value) == 1:
        (name, value), *_ = value.items()
        if name not in ("fault", "faults", "spec", "specs"):
            value = None
    specs = [value] if isinstance(value, str) else value
    if not isinstance(specs, list) or not specs or any(not isinstance(spec, str) for spec in specs):
        raise ValueError('faults are set with {"fault": SPEC} or {"faults": [SPEC, ...]}')
    return specs


def _json(value: Any, status: int = 200) -> web.Response:
    return web.json_response(value, status=status)
