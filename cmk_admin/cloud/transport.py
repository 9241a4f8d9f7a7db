"""The way out: one aiohttp session for sign-in, resource manager, vaults and Microsoft Graph alike."""

import base64
import socket
import ssl
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from azure.core.pipeline.transport import AioHttpTransport

from cmk_admin.domain.errors import BadInput
from cmk_admin.runtime.open_files import allow_open_files
from cmk_admin.runtime.proxy import proxy_for

KEEP_SECONDS = 15
"""How long an idle connection is kept, so that the next request to the same vault needs no handshake."""
OPEN_FILES = 8192
"""Every vault has a host of its own: some hundred are read in a second and each connection is kept a while."""


class AnswerLost(aiohttp.ClientError):
    """The connection broke after a write may have left."""


async def never_again(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Middleware for writes: keeps aiohttp from sending a PUT or DELETE a second time when its connection broke.

    aiohttp does so by itself for methods that HTTP calls idempotent; here the engine looks first.
    """
    try:
        return await send(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise AnswerLost("the connection broke") from error


class LoopbackResolver(AbstractResolver):
    """Sends every host name to one port of this machine. aiohttp uses the port that the resolver returns, and TLS still
    proves the real name."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host="127.0.0.1",
                port=self._port,
                family=socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
        ]

    async def close(self) -> None:
        """Holds nothing."""


def trusting(ca_file: Path) -> ssl.SSLContext:
    """A TLS context that trusts one CA and no other. Raises BadInput ``bad-connection-file``."""
    try:
        return ssl.create_default_context(cafile=str(ca_file))
    except (OSError, ssl.SSLError) as error:
        raise BadInput(
            "bad-connection-file", f"The sandbox's CA file “{ca_file}” cannot be read.", subject=str(ca_file)
        ) from error


def open_loopback(port: int, context: ssl.SSLContext) -> aiohttp.ClientSession:
    """A session whose every request lands on the sandbox at `port`; proxies of the environment are ignored.

    The connector sets no limit of its own: callers bound what is under way (`limits`), and urgent work must not wait
    for a free connection.
    """
    resolver = LoopbackResolver(port)
    return _open(context, resolver=resolver, use_dns_cache=False, happy_eyeballs_delay=None)


def open_system(context: ssl.SSLContext) -> aiohttp.ClientSession:
    """A session to the hosts that the system's own resolver finds. Send through `SystemTransport`, which knows the proxy.

    aiohttp's own ``trust_env`` is off: it would take names and passwords for Azure's hosts from a .netrc file.
    """
    return _open(context)


class SystemTransport(AioHttpTransport):  # type: ignore[misc]  # azure-core exports it lazily, so it has no type
    """Sends each request through the proxy that the system names for its host, sign-in's requests too."""

    def __init__(self, session: aiohttp.ClientSession, **options: Any) -> None:
        super().__init__(session=session, session_owner=False, use_env_settings=False, **options)
        self._ways: dict[str, dict[str, Any]] = {}

    async def send(self, request: Any, **config: Any) -> Any:
        """As the SDK's own transport. Raises BadInput ``bad-proxy``, and what that one raises."""
        host = urlsplit(request.url).hostname or ""
        if host not in self._ways:
            self._ways[host] = _way(proxy_for(host))
        return await super().send(request, **self._ways[host], **config)


def _way(proxy: str | None) -> dict[str, Any]:
    """aiohttp's arguments for a proxy; a name and password in its address are sent to it and to nobody else."""
    if proxy is None:
        return {}
    parts = urlsplit(proxy)
    if parts.username is None:
        return {"proxy": proxy}
    login = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
    headers = {"Proxy-Authorization": "Basic " + base64.b64encode(login).decode()}
    return {"proxy": parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl(), "proxy_headers": headers}


def _open(context: ssl.SSLContext, **options: Any) -> aiohttp.ClientSession:
    allow_open_files(OPEN_FILES)
    connector = aiohttp.TCPConnector(ssl=context, limit=0, keepalive_timeout=KEEP_SECONDS, **options)
    settings: dict[str, Any] = {"cookie_jar": aiohttp.DummyCookieJar(), "trust_env": False}
    return aiohttp.ClientSession(connector=connector, **settings)
