"""A sandbox on a thread of the test's own process: served over real TLS through the real proxy, its world within reach."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import requests
from azure.core.pipeline.transport import RequestsTransport
from azure.identity import ClientSecretCredential

from cmk_admin.sandbox import connection
from cmk_admin.sandbox.running import Sandbox
from cmk_admin.sandbox.state import World

T = TypeVar("T")

ARM = "https://management.azure.com"
TIMEOUT = 20.0


@dataclass
class Client:
    """Everything that a stranger gets from a connection file, and nothing more."""

    file: Path
    connection: dict[str, Any]
    _tokens: dict[tuple[str, str], str] = field(default_factory=dict)
    _session: requests.Session | None = None

    @property
    def options(self) -> dict[str, Any]:
        """Keyword arguments for any client of the Azure SDK (sync): through the proxy, trusting the CA, no retries."""
        transport = RequestsTransport(
            connection_verify=self.connection["ca_file"],
            use_env_settings=False,
            session=self.session(),
            session_owner=False,
        )
        return {"transport": transport, "retry_total": 0}

    def session(self) -> requests.Session:
        """A new session that goes through the proxy, trusts the sandbox's CA and ignores the environment."""
        session = requests.Session()
        session.trust_env = False
        session.proxies = {"https": self.connection["proxy"]}
        session.verify = self.connection["ca_file"]
        return session

    def principal(self, name: str) -> dict[str, str]:
        """object_id, client_id and secret."""
        found: dict[str, str] = self.connection["principals"][name]
        return found

    def credential(self, name: str = "administrator") -> ClientSecretCredential:
        """The real credential of azure-identity."""
        principal = self.principal(name)
        return ClientSecretCredential(
            self.connection["tenant_id"], principal["client_id"], principal["secret"], **self.options
        )

    def token(self, name: str = "administrator", audience: str = "https://management.azure.com") -> str:
        """An access token, asked for once."""
        if (name, audience) not in self._tokens:
            principal = self.principal(name)
            answer = self.send(
                "POST",
                f"https://login.microsoftonline.com/{self.connection['tenant_id']}/oauth2/v2.0/token",
                data={
                    "grant_type": "client_credentials",
                    "client_id": principal["client_id"],
                    "client_secret": principal["secret"],
                    "scope": f"{audience}/.default",
                },
            )
            assert answer.status_code == 200, answer.text
            self._tokens[name, audience] = answer.json()["access_token"]
        return self._tokens[name, audience]

    def send(self, method: str, url: str, **options: Any) -> requests.Response:
        """A bare request on a session that is kept."""
        if self._session is None:
            self._session = self.session()
        return self._session.request(method, url, **{"timeout": TIMEOUT, **options})

    def arm(
        self, method: str, path: str, version: str | None = "2022-12-01", *, as_: str = "administrator", **options: Any
    ) -> requests.Response:
        """A call of the resource manager by a principal."""
        params = {**options.pop("params", {}), **({"api-version": version} if version else {})}
        headers = {"Authorization": f"Bearer {self.token(as_)}", **options.pop("headers", {})}
        return self.send(method, ARM + path, params=params, headers=headers, **options)

    def vault(
        self,
        method: str,
        vault: str,
        path: str,
        version: str | None = "7.4",
        *,
        as_: str = "administrator",
        **options: Any,
    ) -> requests.Response:
        """A call of a vault's data plane by a principal."""
        params = {**options.pop("params", {}), **({"api-version": version} if version else {})}
        headers = {
            "Authorization": f"Bearer {self.token(as_, 'https://vault.azure.net')}",
            **options.pop("headers", {}),
        }
        return self.send(method, f"https://{vault}.vault.azure.net{path}", params=params, headers=headers, **options)

    def graph(self, method: str, path: str, *, as_: str = "administrator", **options: Any) -> requests.Response:
        """A call of Microsoft Graph by a principal."""
        headers = {"Authorization": f"Bearer {self.token(as_, 'https://graph.microsoft.com')}"}
        return self.send(method, "https://graph.microsoft.com/v1.0" + path, headers=headers, **options)

    def control(self, method: str, name: str, json: Any = None, **params: Any) -> Any:
        """A request to the control; raises for an answer that is an error."""
        url = f"{self.connection['control']}/{name}"
        answer = requests.request(method, url, json=json, params=params, timeout=TIMEOUT)
        answer.raise_for_status()
        return answer.json()


class Running(Client):
    """A client that also holds the sandbox it talks to."""

    def __init__(self, world: Callable[[], World], folder: Path, lay: Callable[[World], None], **options: Any) -> None:
        """world is opened on the thread that will use it: SQLite insists."""
        self._ready = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._serve, args=(world, folder, lay, options), daemon=True)
        self._thread.start()
        assert self._ready.wait(TIMEOUT)
        if self._error is not None:
            raise self._error
        super().__init__(folder / "connection.json", self.sandbox.connection())

    @property
    def world(self) -> World:
        """The world; read it as you like, change it within `do`."""
        return self.sandbox.world

    def do(self, function: Callable[[World], T]) -> T:
        """Run a function of the world on the sandbox's own thread and commit what it changed."""

        async def on_thread() -> T:
            try:
                return function(self.world)
            finally:
                self.world.commit()

        return asyncio.run_coroutine_threadsafe(on_thread(), self._loop).result(TIMEOUT)

    def advance(self, seconds: float) -> None:
        """Push the clock, as the control does."""
        self.control("POST", "clock", {"advance_s": seconds})

    def close(self) -> None:
        """Stop serving; nothing happens where it has stopped."""
        if not self._thread.is_alive():
            return
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(TIMEOUT)
        assert not self._thread.is_alive()
        failed, self.sandbox.failed = self.sandbox.failed, None
        if failed is not None and failed.done():
            failed.result()

    def _serve(
        self, world: Callable[[], World], folder: Path, lay: Callable[[World], None], options: dict[str, Any]
    ) -> None:
        asyncio.run(self._serve_until_closed(world, folder, lay, options))

    async def _serve_until_closed(
        self, world: Callable[[], World], folder: Path, lay: Callable[[World], None], options: dict[str, Any]
    ) -> None:
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        file = folder / "connection.json"
        try:
            self.sandbox = Sandbox(
                world(), folder, lay, changed=lambda changed: connection.write(file, changed.connection()), **options
            )
            await self.sandbox.start()
            connection.write(file, self.sandbox.connection())
        except BaseException as error:  # told to the test that started it
            self._error = error
            return
        finally:
            self._ready.set()
        try:
            await self._ended.wait()
        finally:
            await self.sandbox.stop()
