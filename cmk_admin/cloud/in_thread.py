"""Synchronous credentials, for the loop: azure-identity has no other kind for the browser and the device code.

They work in a thread of their own that waits for the person, and send by the session's own transport: the same proxy,
the same trust store, and one place where a cancel takes hold.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from azure.core.pipeline.transport import HttpResponse, HttpTransport

from cmk_admin.runtime.own_thread import in_own_thread

T = TypeVar("T")

CANCELLED = "The sign-in was cancelled."

_ANSWER_SECONDS = 60.0
"""Real seconds: more than any request's own bounds, so that a thread whose loop has ended does not wait for ever."""


class Wire(HttpTransport[Any, Any]):
    """What a synchronous credential sends through: `transport`, on its loop. Made on that loop."""

    def __init__(self, transport: Any, **bounds: float) -> None:
        """`bounds`: connection_timeout and read_timeout, in real seconds."""
        self._transport, self._bounds = transport, bounds
        self._loop = asyncio.get_running_loop()
        self._stopped = False

    def stop(self) -> None:
        """Send nothing more: the credential's next request ends it."""
        self._stopped = True

    def send(self, request: Any, **_: Any) -> "Answered":
        """Called in the credential's thread. Raises what the transport raises, and ClientAuthenticationError if stopped."""
        if self._stopped:
            raise ClientAuthenticationError(message=CANCELLED)
        return asyncio.run_coroutine_threadsafe(self._send(request), self._loop).result(_ANSWER_SECONDS)

    async def _send(self, request: Any) -> "Answered":
        answer = await self._transport.send(request, stream=False, **self._bounds)
        return Answered(request, answer)

    def open(self) -> None:
        """Its transport is open already."""

    def close(self) -> None:
        """Its transport is the session's to close."""

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_: object) -> None:
        return None


class Answered(HttpResponse):
    """An answer that has been read whole."""

    def __init__(self, request: Any, answer: Any) -> None:
        super().__init__(request, answer)
        self.status_code = answer.status_code
        self.headers = answer.headers
        self.reason = answer.reason
        self.content_type = answer.headers.get("content-type")
        self._body = bytes(answer.content)

    def body(self) -> bytes:
        return self._body

    def stream_download(self, pipeline: Any, **_: Any) -> Iterator[bytes]:
        yield self._body


class InThread:
    """A synchronous credential that asks the person, as an asynchronous one. It asks in `begin` only, never later."""

    def __init__(self, credential: Any, wire: Wire, *, port: int | None = None) -> None:
        """`port`: where the credential listens for the browser's answer."""
        self._credential, self._wire, self._port = credential, wire, port
        self._asking = False

    async def begin(self, scope: str) -> str:
        """Sign in: in silence where the account is known and its token is kept, else with the person. Cancellable.

        Returns the account's record as text, without a secret in it. Raises what the credential raises.
        """
        self._asking = True
        try:
            record = await self._do(lambda: self._credential.authenticate(scopes=[scope]))
        finally:
            self._asking = False
        return str(record.serialize())

    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        """A token without asking anybody. Raises AuthenticationRequiredError where that cannot be."""
        token: AccessToken = await self._do(lambda: self._credential.get_token(*scopes))
        return token

    async def close(self) -> None:
        """End what waits."""
        self._stop()

    async def __aenter__(self) -> "InThread":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _do(self, work: Callable[[], T]) -> T:
        try:
            return await in_own_thread(work, "sign-in")
        except asyncio.CancelledError:
            self._stop()
            raise

    def _stop(self) -> None:
        self._wire.stop()
        # Later on somebody else may listen there
        if self._port is not None and self._asking:
            _answer_in_place_of_the_browser(self._port)


def free_port() -> int:
    """A port of this machine that nobody listens on, for the browser's answer."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _answer_in_place_of_the_browser(port: int) -> None:
    """Let a credential that waits for the browser go on, to find that it was stopped. Nobody listens: it has gone on."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.5) as to:
        to.sendall(b"GET /?error=cancelled HTTP/1.0\r\n\r\n")
