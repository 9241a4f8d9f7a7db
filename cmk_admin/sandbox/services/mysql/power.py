"""Stopping and starting flexible servers: a stopped one asks for no key, and one that starts asks before it is Ready."""

from typing import Any

from cmk_admin.sandbox import life, operations
from cmk_admin.sandbox.consumers import FLEXIBLE
from cmk_admin.sandbox.services import envelopes
from cmk_admin.sandbox.state import World
from cmk_admin.sandbox.wire import Answer, AzureError, Call, Routes

from . import requirements

# Azure names no times; that both take minutes is what those who wait for them report. Azure seconds.
STOP_SECONDS, START_SECONDS = 60.0, 120.0
_STOP, _START = "mysql-flexible.stop", "mysql-flexible.start"


def register(routes: Routes, server: str, versions: tuple[str, str]) -> None:
    """Register the two actions below a server's template."""
    routes.arm("POST", server + "/stop", action=f"{FLEXIBLE}/stop/action", versions=versions)(_stop)
    routes.arm("POST", server + "/start", action=f"{FLEXIBLE}/start/action", versions=versions)(_start)
    operations.register_work(_STOP, _stop_work)
    operations.register_work(_START, _start_work)


async def _stop(call: Call) -> Answer:
    return _begin(call, "StopServer", wanted="Ready", shown="Stopping", seconds=STOP_SECONDS, work=_STOP)


async def _start(call: Call) -> Answer:
    return _begin(call, "StartServer", wanted="Stopped", shown="Starting", seconds=START_SECONDS, work=_START)


def _begin(call: Call, name: str, *, wanted: str, shown: str, seconds: float, work: str) -> Answer:
    """Accept the action. Raises AzureError 409 in another state than the wanted one.

    Code and wording are those that Azure gives where a stopped server is asked for its settings; that stopping and
    starting are refused in the same words is assumed.
    """
    server = envelopes.find(call, FLEXIBLE)
    state = server["properties"]["state"]
    if state != wanted:
        raise AzureError(
            409,
            "ServerUnavailableForOperation",
            f"Operation '{name}' cannot be performed as server '{server['name']}' is currently in state '{state}'.",
        )
    envelopes.refuse_busy(call.world, server)
    life.set_property(call.world, server["id"], "state", shown)
    return operations.start(call, resource_id=server["id"], seconds=seconds, work=work, data={"server": server["id"]})


async def _stop_work(world: World, data: dict[str, Any]) -> None:
    life.set_property(world, data["server"], "state", "Stopped")
    life.rest(world, data["server"])


async def _start_work(world: World, data: dict[str, Any]) -> None:
    refusal = life.wake(world, data["server"])
    life.set_property(world, data["server"], "state", "Ready" if refusal is None else "Inaccessible")
    if refusal is not None:
        raise requirements.refused(life.key_of(world, data["server"]), refusal)
