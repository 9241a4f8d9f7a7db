"""The two policies that every request passes: the token (to hosts of the configured cloud only) and the reads' retries.

Kept this short on purpose: the SDK's own pipelines cost about 2.5 ms of CPU per request (measured with
azure-keyvault-keys 4.11.3 on aiohttp), and a full discovery is bound by CPU. For the same reason the requests are those of
azure.core.pipeline.transport: with those of azure.core.rest each request costs 0.1 ms more.
"""

import asyncio
import random
import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from azure.core.credentials import AccessToken
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.core.pipeline import AsyncPipeline, PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import AsyncHTTPPolicy
from azure.core.pipeline.transport import AioHttpTransport, AsyncHttpResponse, HttpRequest

from cmk_admin.cloud.failures import retry_after_of
from cmk_admin.cloud.names import CloudNames
from cmk_admin.domain.errors import AzureFailure, FailureKind

Run = PipelineResponse[HttpRequest, AsyncHttpResponse]
_Request = PipelineRequest[HttpRequest]

_RENEW_SECONDS = (
    300  # a token is replaced this long before it ends, so that no request carries one that ends on the way
)
_BUSY = frozenset({408, 429, 500, 502, 503, 504})
_TRIES = 4
_WAITS = (0.3, 0.8, 2.0)
_LONGEST_WAIT = 20.0  # asked to wait longer than this, the caller is told instead


class Tokens:
    """One token per scope, fetched once however many requests ask for it at the same time."""

    def __init__(self, credential: AsyncTokenCredential) -> None:
        self._credential = credential
        self._tokens: dict[str, AccessToken] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    def ready(self, scope: str) -> str | None:
        """The token if it is at hand and still good for a while."""
        token = self._tokens.get(scope)
        return token.token if token is not None and token.expires_on - time.time() > _RENEW_SECONDS else None

    async def get(self, scope: str) -> str:
        """The token for `scope`. Raises what the credential raises."""
        ready = self.ready(scope)
        if ready is not None:
            return ready
        async with self._locks.setdefault(scope, asyncio.Lock()):
            ready = self.ready(scope)
            if ready is None:
                token = self._tokens[scope] = await self._credential.get_token(scope)
                ready = token.token
        return ready

    def forget(self, scope: str, token: str) -> None:
        """Drop a token that was refused, unless another has replaced it already."""
        held = self._tokens.get(scope)
        if held is not None and held.token == token:
            del self._tokens[scope]

    def until(self, scope: str) -> datetime | None:
        """Until when the token at hand counts, by the machine's calendar; None: there is none."""
        token = self._tokens.get(scope)
        return datetime.fromtimestamp(token.expires_on, UTC) if token is not None else None

    def forget_all(self) -> None:
        """Drop every token."""
        self._tokens.clear()


class TokenPolicy(AsyncHTTPPolicy[HttpRequest, AsyncHttpResponse]):
    """Adds the token of the host's plane. A request to any other host, or without TLS, is not sent at all."""

    def __init__(self, names: CloudNames, tokens: Tokens) -> None:
        super().__init__()
        self._tokens = tokens
        self._names = names
        self._scopes: dict[str, str] = {}

    async def send(self, request: _Request) -> Run:
        http = request.http_request
        origin = http.url[: http.url.find("/", len("https://"))]
        # a beginning that was found good before, letter by letter; anything else is taken apart
        scope = self._scopes.get(origin) or self._scope_of(http.url, origin)
        token = self._tokens.ready(scope) or await self._tokens.get(scope)
        http.headers["Authorization"] = "Bearer " + token
        answer = await self.next.send(request)
        if answer.http_response.status_code == 401:
            # Refused before anything was done, so a second try is safe for writes too.
            self._tokens.forget(scope, token)
            http.headers["Authorization"] = "Bearer " + await self._tokens.get(scope)
            answer = await self.next.send(request)
        return answer

    def _scope_of(self, url: str, origin: str) -> str:
        parts = urlsplit(url)
        if parts.scheme != "https" or parts.port not in (None, 443) or "@" in parts.netloc:
            raise AzureFailure(
                FailureKind.SIGN_IN, "A request that is not plain HTTPS was not sent.", subject=parts.path
            )
        scope = self._names.scope_of(parts.hostname or "")
        if origin.lower() == f"https://{parts.hostname}":
            self._scopes[origin] = scope
        return scope


class RetryReads(AsyncHTTPPolicy[HttpRequest, AsyncHttpResponse]):
    """Tries a read again when Azure is busy or the connection broke. Writes pass through once: the engine retries them."""

    async def send(self, request: _Request) -> Run:
        if not request.context.options.pop("read"):
            return await self.next.send(request)
        for attempt in range(1, _TRIES + 1):
            last = attempt == _TRIES
            wait: float | None = None
            try:
                answer = await self.next.send(request)
            except ClientAuthenticationError:
                raise
            except AzureError:
                if last:
                    raise
            else:
                if last or answer.http_response.status_code not in _BUSY:
                    return answer
                wait = retry_after_of(answer.http_response.headers)
                if wait is not None and wait > _LONGEST_WAIT:
                    return answer
            if wait is None:
                wait = _WAITS[attempt - 1] * random.uniform(0.75, 1.25)
            await asyncio.sleep(wait)
        raise AssertionError("unreachable: the last try returns or raises")


def make_pipeline(
    transport: AioHttpTransport, names: CloudNames, tokens: Tokens
) -> AsyncPipeline[HttpRequest, AsyncHttpResponse]:
    """The pipeline of a session. Options of `run`: ``read`` (bool, required) and what the transport takes."""
    policies: list[Any] = [RetryReads(), TokenPolicy(names, tokens)]
    return AsyncPipeline(transport, policies)
