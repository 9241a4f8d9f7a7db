"""The CONNECT proxy through which unmodified clients reach the sandbox under Azure's real host names."""

import asyncio
import socket
import struct
from collections.abc import Callable

from .hosts import plane_of

# A CONNECT request's head is a few hundred bytes; a client that sends more than this speaks something else.
MAX_HEAD = 16 * 1024


class Proxy:
    """Pipes a CONNECT to one of the sandbox's hosts to its TLS listener, and refuses everything else with 403.

    A vault name that does not exist gets 502, what a proxy answers where DNS knows no address.
    """

    def __init__(self, tls_port: int, resolves: Callable[[str], bool]) -> None:
        self._tls_port = tls_port
        self._resolves = resolves
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Transport] = set()
        self._up = True

    async def start(self, port: int) -> int:
        """Listen on 127.0.0.1; 0 lets the system choose. Returns the port. Raises OSError where it is taken."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Client(self), "127.0.0.1", port)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop listening and drop what is open."""
        if self._server is not None:
            self._server.close()
            for transport in list(self._open):
                transport.abort()
            await self._server.wait_closed()

    def set_up(self, up: bool) -> None:
        """Let the network be there, or reset what is open and whatever comes."""
        self._up = up
        if not up:
            for transport in list(self._open):
                reset(transport)

    def refusal(self, method: str, target: str) -> str | None:
        """The status line with which a request is refused, or None for a CONNECT that goes through."""
        if method != "CONNECT":
            # Plain HTTP: to a host of ours it is of no use, elsewhere it must not get.
            named = target.partition("://")[2].partition("/")[0].rpartition("@")[2].partition(":")[0]
            strange = bool(named) and plane_of(named.lower()) is None
            return "403 Not a host of this sandbox" if strange else "405 Only CONNECT is spoken here"
        host, _, port = target.rpartition(":")
        if port != "443" or plane_of(host.lower()) is None:
            return "403 Not a host of this sandbox"
        return None if self._resolves(host.lower()) else "502 No such host"

    async def dial(self, client: "_Client") -> "_Pipe":
        """Connect to the TLS listener on a client's behalf."""
        loop = asyncio.get_running_loop()
        _, pipe = await loop.create_connection(lambda: _Pipe(self, client), "127.0.0.1", self._tls_port)
        return pipe

    def opened(self, transport: asyncio.Transport) -> None:
        """Note a connection, to be dropped at the end; while the network is down, at once."""
        self._open.add(transport)
        if not self._up:
            reset(transport)

    def closed(self, transport: asyncio.Transport) -> None:
        """Forget a connection."""
        self._open.discard(transport)


class _Pipe(asyncio.Protocol):
    """One end of a tunnel: what it reads goes to the other end, which slows it down when it cannot keep up."""

    transport: asyncio.Transport

    def __init__(self, proxy: Proxy, other: "_Pipe | None" = None) -> None:
        self._proxy = proxy
        self.other = other

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._proxy.opened(transport)

    def data_received(self, data: bytes) -> None:
        if self.other is not None:
            self.other.transport.write(data)

    def eof_received(self) -> bool:
        return False

    def pause_writing(self) -> None:
        if self.other is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other is not None:
            self.other.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._proxy.closed(self.transport)
        other, self.other = self.other, None
        if other is not None:
            other.other = None
            # A reset stays a reset on the far side, so that a client cannot tell the proxy from the network.
            if isinstance(exc, ConnectionResetError):
                reset(other.transport)
            else:
                other.transport.close()


class _Client(_Pipe):
    """The client's end: reads the CONNECT, then becomes a plain pipe."""

    def __init__(self, proxy: Proxy) -> None:
        super().__init__(proxy)
        self._head = b""
        self._dialling: asyncio.Task[None] | None = None

    def data_received(self, data: bytes) -> None:
        if self.other is not None:
            self.other.transport.write(data)
            return
        self._head += data
        head, end, _ = self._head.partition(b"\r\n\r\n")
        if self._dialling is None and (end or len(self._head) > MAX_HEAD):
            method, _, rest = head.split(b"\r\n", 1)[0].decode("latin-1").partition(" ")
            refusal = self._proxy.refusal(method, rest.split(" ", 1)[0]) if end else "431 Head too long"
            if refusal is not None:
                self._refuse(refusal)
            else:
                self._dialling = asyncio.get_running_loop().create_task(self._dial())

    def _refuse(self, status: str) -> None:
        self.transport.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
        self.transport.close()

    async def _dial(self) -> None:
        try:
            pipe = await self._proxy.dial(self)
        except OSError:
            # The listener is gone: this sandbox is about to end.
            self._refuse("502 The sandbox is ending")
            return
        if self.transport.is_closing():
            pipe.transport.abort()
            return
        self.transport.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        early = self._head.partition(b"\r\n\r\n")[2]
        if early:
            pipe.transport.write(early)
        self._head = b""
        self.other = pipe


def reset(transport: asyncio.BaseTransport) -> None:
    """End a connection with a TCP reset, not with an orderly close."""
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if isinstance(transport, asyncio.Transport):
        transport.abort()
