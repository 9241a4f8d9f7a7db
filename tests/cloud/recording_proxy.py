"""A CONNECT proxy of a test's own: it notes where it was asked to, and hands over to the next proxy or refuses."""

import base64
import contextlib
import socket
import threading
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class RecordingProxy:
    """Listens on loopback while it is entered. Without `onward` it answers 403."""

    onward: str | None = None
    asked: list[str] = field(default_factory=list)
    """``HOST:PORT`` of each CONNECT, in order."""
    logins: list[str] = field(default_factory=list)
    """``NAME:PASSWORD`` that came with them."""

    def __enter__(self) -> "RecordingProxy":
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        # A thread that waits in accept is woken by a connection, not by a close
        self._done = True
        with contextlib.suppress(OSError), socket.create_connection(self._listening.getsockname()):
            self._thread.join(5)
        self._listening.close()
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    _done = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    @property
    def hosts(self) -> set[str]:
        return {one.rpartition(":")[0] for one in self.asked}

    def _serve(self) -> None:
        while True:
            client, _ = self._listening.accept()
            if self._done:
                client.close()
                return
            self._open.append(client)
            threading.Thread(target=self._tunnel, args=(client,), daemon=True).start()

    def _tunnel(self, client: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            more = client.recv(4096)
            if not more:
                return
            head += more
        lines = head.decode("latin-1").split("\r\n")
        self.asked.append(lines[0].split(" ")[1])
        for line in lines:
            if line.lower().startswith("proxy-authorization: basic "):
                self.logins.append(base64.b64decode(line.split(" ")[2]).decode())
        if self.onward is None:
            client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            client.close()
            return
        parts = urlsplit(self.onward)
        there = socket.create_connection((parts.hostname or "", parts.port or 0))
        self._open.append(there)
        there.sendall(head)
        threading.Thread(target=_pipe, args=(there, client), daemon=True).start()
        _pipe(client, there)


def _pipe(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
