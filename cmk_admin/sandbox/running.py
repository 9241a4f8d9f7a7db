"""One running sandbox: its world, its listeners, the life in it, put together and taken apart."""

import asyncio
import logging
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from aiohttp import web

from . import connection, drill, entra, hosts, life, operations, services, tls
from .clock import Clock
from .control import Control
from .faults import Faults
from .listener import Listener
from .proxy import Proxy
from .requests_log import RequestsLog
from .server import Server
from .state import World, saved_clock
from .throttle import Throttle
from .wire import Routes

log = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
# An answer that is being withheld must not keep the end waiting. Real seconds.
_SHUTDOWN = 0.2

Lay = Callable[[World], None]


def open_world(state: Path | None, speed: float) -> World:
    """The world in a state folder, its clock going on from where it was left; None keeps it in memory only."""
    azure_seconds, pushed = saved_clock(state)
    return World(Clock(speed=speed, azure_seconds=azure_seconds, pushed=pushed), state)


class Sandbox:
    """Serves a world until stopped. ``lay`` puts its scenario into an empty world, at first and at every reset."""

    def __init__(
        self,
        world: World,
        folder: Path,
        lay: Lay,
        *,
        latency_ms: float = 0.0,
        faults: Sequence[str] = (),
        changed: Callable[["Sandbox"], None] = lambda sandbox: None,
    ) -> None:
        """folder keeps the certificate authority; ``changed`` is told when the connection file's content is another.

        Raises ValueError for a bad fault SPEC.
        """
        self.world, self._lay, self._changed = world, lay, changed
        self._faults, self._throttle, self._requests = Faults(), Throttle(), RequestsLog(world)
        self._faults.add(list(faults))
        self._authority = tls.Authority(folder)
        self._control = Control(
            world,
            faults=self._faults,
            requests=self._requests,
            reset=self.reset,
            load=self.load,
            changed=lambda: self._changed(self),
            network=self._set_network,
        )
        routes = Routes()
        services.register_all(routes)
        self._server = Server(
            world,
            routes,
            faults=self._faults,
            throttle=self._throttle,
            requests=self._requests,
            latency=latency_ms / 1000,
            principals_changed=lambda: self._changed(self),
        )
        self._runners: list[web.ServerRunner] = []
        self._proxy: Proxy | None = None
        self._living: list[asyncio.Task[None]] = []
        self._ports = {"proxy_port": 0, "tls_port": 0}
        self._control_url = ""
        self.failed: asyncio.Future[None] | None = None
        """Done, with the exception, when the life in the world has ended by a defect."""

    async def start(self, port: int = 0) -> None:
        """Lay the scenario where the world is new, and listen; port is the proxy's, 0 lets the system choose.

        Raises OSError where the port is taken, ValueError where the scenario cannot be laid.
        """
        self.failed = asyncio.get_running_loop().create_future()
        if self.world.is_new:
            self.lay_new(self.world, self._lay)
        entra.prepare(self.world)
        self.world.commit()
        self._plant()
        context = self._authority.server_context(self._resolves)
        self._ports["tls_port"] = await self._listen(self._server.handle, ssl_context=context)
        self._proxy = Proxy(self._ports["tls_port"], self._resolves)
        self._ports["proxy_port"] = await self._proxy.start(port)
        self._control_url = f"http://{LOOPBACK}:{await self._listen(self._control.handle)}/{self._control.secret}"
        self._come_alive()

    def connection(self) -> dict[str, Any]:
        """The connection file's content as it is now."""
        return connection.describe(
            self.world, ca_file=self._authority.ca_file, control=self._control_url, **self._ports
        )

    async def reset(self) -> None:
        """Lay the scenario anew: the state is as at first, the instance, its tokens' key and its clock are kept."""
        await self._end_life()
        meta, key = self.world.get("meta", "world") or {}, entra.keep_key(self.world)
        self.world.reset()
        self.lay_new(self.world, self._lay, meta["instance_id"])
        entra.restore_key(self.world, key)
        self.world.commit()
        self._faults.clear()
        self._plant()
        self._throttle.clear()
        self._come_alive()
        self._changed(self)

    async def load(self, lay: Lay) -> None:
        """Lay another estate in the place of what is there; `reset` lays this one from now on.

        Raises ValueError where it cannot be laid; then what was there is laid anew.
        """
        before, self._lay = self._lay, lay
        try:
            await self.reset()
        except ValueError:
            self._lay = before
            await self.reset()
            raise

    async def stop(self) -> None:
        """Answer no more, end the life, and close the state."""
        await self._end_life()
        if self._proxy is not None:
            await self._proxy.stop()
        for runner in self._runners:
            await runner.cleanup()
        self.world.close()

    @staticmethod
    def lay_new(world: World, lay: Lay, instance_id: str | None = None) -> None:
        """Lay a scenario into an empty world, give the world its instance id, and let all count as old."""
        lay(world)
        meta = world.get("meta", "world") or {}
        world.put("meta", "world", {**meta, "instance_id": instance_id or meta.get("instance_id") or str(uuid.uuid4())})
        world.commit()
        world.forget_past()

    def _set_network(self, up: bool) -> None:
        self._server.network_up = up
        if self._proxy is not None:
            self._proxy.set_up(up)

    def _plant(self) -> None:
        """Plan the faults that belong to the scenario (a drill's trouble)."""
        planned = (self.world.get("meta", "world") or {}).get("faults")
        if planned:
            self._faults.add(planned)

    def _resolves(self, host: str) -> bool:
        return hosts.resolves(self.world, host)

    async def _listen(self, handler: Any, **options: Any) -> int:
        runner = web.ServerRunner(Listener(handler), shutdown_timeout=_SHUTDOWN)
        await runner.setup()
        self._runners.append(runner)
        await web.TCPSite(runner, LOOPBACK, 0, backlog=512, **options).start()
        return int(runner.addresses[0][1])

    def _come_alive(self) -> None:
        loop = asyncio.get_running_loop()
        self._living = [loop.create_task(run(self.world)) for run in (operations.run, life.run, drill.run)]
        for task in self._living:
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or self.failed is None or self.failed.done():
            return
        error = task.exception() or RuntimeError("the life of the sandbox ended by itself")
        log.error("the life of the sandbox ended", exc_info=error)
        self.failed.set_exception(error)

    async def _end_life(self) -> None:
        for task in self._living:
            task.cancel()
        await asyncio.gather(*self._living, return_exceptions=True)
        self._living = []
