"""One signed-in connection to one cloud: the only place that sends anything to Azure."""

import asyncio
import json
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError
from azure.core.pipeline.transport import AioHttpTransport, HttpRequest
from azure.identity.aio import ClientSecretCredential

from cmk_admin import __version__
from cmk_admin.cloud.addresses import url_of
from cmk_admin.cloud.answers import LongRunning, Poll, Receipt, Reply, Timeouts, parsed, receipt_of
from cmk_admin.cloud.claims import claims, name_in
from cmk_admin.cloud.control import Control
from cmk_admin.cloud.failures import from_answer, from_error, of_command, request_id_of, retry_after_of
from cmk_admin.cloud.gathering import Gathering
from cmk_admin.cloud.lanes import together
from cmk_admin.cloud.limits import Budgets
from cmk_admin.cloud.names import PUBLIC, CloudNames
from cmk_admin.cloud.pipeline import Tokens, make_pipeline
from cmk_admin.cloud.transport import never_again, open_loopback, trusting
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.ids import subscription_of
from cmk_admin.domain.model import Account, RoleAssignment
from cmk_admin.runtime.clock import ConnectionClock
from cmk_admin.runtime.connection import SandboxConnection

__all__ = [
    "VAULT_API",
    "LongRunning",
    "Poll",
    "Receipt",
    "Reply",
    "Session",
    "Timeouts",
    "answered_as",
    "receipts",
]

VAULT_API = "2025-07-01"
"""api-version of the keys' data plane (azure-keyvault-keys 4.11.3)."""

answered_as: ContextVar[str | None] = ContextVar("answered_as", default=None)
"""Azure's id of the newest request of the running task that was answered: what Azure's support asks for."""

receipts: ContextVar[list[Receipt] | None] = ContextVar("receipts", default=None)
"""Where the running task, and whatever it starts, keeps the receipts of its writes; None: nobody wants them."""

_JSON = "application/json"


class Session:
    """See `open`. All coroutines run on the loop that opened it; they raise AzureFailure and nothing else."""

    def __init__(
        self,
        *,
        names: CloudNames,
        http: aiohttp.ClientSession,
        credential: AsyncTokenCredential,
        clock: ConnectionClock,
        timeouts: Timeouts,
        transport: AioHttpTransport | None = None,
    ) -> None:
        """`transport` sends over `http`; without one, straight to what `http` resolves."""
        self.names = names
        self.clock = clock
        self.budgets = Budgets()
        self.assignments: Gathering[RoleAssignment] = Gathering()
        self.account = Account(object_id="", name="", tenant_id="", cloud=names.name)
        self._http = http
        self._credential = credential
        self._tokens = Tokens(credential)
        # session_owner=False: the pipeline must not close what sign-in shares with it
        self._transport = transport or AioHttpTransport(session=http, session_owner=False, use_env_settings=False)
        self._pipeline = make_pipeline(self._transport, names, self._tokens)
        self._timeouts = timeouts
        self._control: Control | None = None
        self.signed_in_by = ""
        """Which way to sign in it was, as `--auth` names it; empty for a sandbox."""
        self.notes: tuple[str, ...] = ()
        """What the person should know of this sign-in, a sentence each."""
        self.record: str | None = None
        """Which account signed in, for the next time; no secret is in it. None: there is nothing to be kept."""

    @classmethod
    async def open(
        cls, connection: SandboxConnection, *, principal: str | None = None, timeouts: Timeouts | None = None
    ) -> "Session":
        """Sign in to a sandbox as one of its principals (default: the administrator, or the only one there is).

        Raises BadInput (unknown principal, CA file unreadable) and AzureFailure (unreachable, sign_in).
        """
        who = connection.principal(principal)
        context = await asyncio.to_thread(trusting, connection.ca_file)
        http = open_loopback(connection.tls_port, context)
        names = PUBLIC
        bounds = timeouts or Timeouts()
        credential = ClientSecretCredential(
            connection.tenant_id,
            who.client_id,
            who.secret,
            authority=f"https://{names.authority}",
            transport=AioHttpTransport(
                session=http,
                session_owner=False,
                use_env_settings=False,
                # The SDK's own bounds are five minutes each: no emergency waits so long for a sign-in.
                connection_timeout=bounds.connect,
                read_timeout=bounds.read,
            ),
            retry_total=2,
        )
        session = cls(
            names=names,
            http=http,
            credential=credential,
            clock=ConnectionClock(speed=connection.speed),
            timeouts=bounds,
        )
        session._control = Control(connection.control, http, bounds.connect)
        try:
            await together(session.sign_in(who.name), session.read_clock())
        except BaseException:
            await session.close()
            raise
        return session

    async def close(self) -> None:
        """Close all connections. Calls under way fail."""
        await self._credential.close()
        await self._http.close()
        # aiohttp's TLS connections need one more turn of the loop to be gone
        await asyncio.sleep(0)

    async def arm(
        self,
        method: str,
        path: str,
        *,
        api_version: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        urgent: bool = False,
        read: bool | None = None,
    ) -> Reply:
        """One request to the resource manager. `path` is an ARM path, or a nextLink (then `api_version` is left out).

        `read=True` says that a POST changes nothing, so that it may be retried. `urgent` work waits for no budget.
        Raises AzureFailure.
        """
        url = url_of(self.names.arm_host, path, api_version, params)
        if urgent:
            return await self.send(method, url, body=body, headers=headers, read=read)
        await self.budgets.arm(subscription_of(urlsplit(url).path) or "").acquire()
        async with self.budgets.arm_gate:
            return await self.send(method, url, body=body, headers=headers, read=read)

    async def arm_pages(
        self, path: str, *, api_version: str, params: Mapping[str, str] | None = None, urgent: bool = False
    ) -> list[dict[str, Any]]:
        """All elements of an ARM list (``value``, ``nextLink``). Raises AzureFailure where any page fails."""
        found: list[dict[str, Any]] = []
        reply = await self.arm("GET", path, api_version=api_version, params=params, urgent=urgent)
        while True:
            found += reply.body.get("value") or []
            link = reply.body.get("nextLink")
            if not link:
                return found
            reply = await self.arm("GET", link, api_version=api_version, urgent=urgent)

    async def vault(
        self,
        method: str,
        host: str,
        path: str,
        *,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        urgent: bool = False,
        read: bool | None = None,
    ) -> Reply:
        """One request to a vault's data plane. `path` may be a nextLink of the same host. Raises AzureFailure."""
        if not urgent:
            limiter = self.budgets.vault(host)
            await limiter.acquire()
        return await self.send(method, url_of(host, path, VAULT_API, params), body=body, headers=headers, read=read)

    async def graph(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        urgent: bool = False,
        read: bool | None = None,
    ) -> Reply:
        """One request to Microsoft Graph v1.0. `path` begins after ``/v1.0``, or is a nextLink. Raises AzureFailure."""
        whole = path if path.startswith("https://") else "/v1.0" + path
        url = url_of(self.names.graph_host, whole, None, params)
        if urgent:
            return await self.send(method, url, body=body, headers=headers, read=read)
        async with self.budgets.arm_gate:
            return await self.send(method, url, body=body, headers=headers, read=read)

    async def send(
        self,
        method: str,
        url: str,
        *,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        read: bool | None = None,
    ) -> Reply:
        """Send one request to a whole URL of this cloud, at once. Raises AzureFailure."""
        is_read = method in ("GET", "HEAD") if read is None else read
        whole = {"Accept": _JSON, "User-Agent": _AGENT}
        if headers:
            whole.update(headers)
        request = HttpRequest(method, url, headers=whole)
        if body is not None:
            request.headers["Content-Type"] = _JSON
            request.set_bytes_body(json.dumps(body).encode())
        options: dict[str, Any] = {
            "read": is_read,
            "connection_timeout": self._timeouts.connect,
            "read_timeout": self._timeouts.read if is_read else self._timeouts.write,
        }
        if not is_read:
            options["middlewares"] = (never_again,)
        try:
            response = (await self._pipeline.run(request, **options)).http_response
            raw = response.body()
        except (AzureError, aiohttp.ClientError, TimeoutError) as error:
            raise from_error(error, method, url, write=not is_read) from error
        answered_as.set(request_id_of(response.headers))
        if 300 <= response.status_code < 400:
            host = urlsplit(url).hostname
            raise AzureFailure(
                FailureKind.FAILED,
                f"{host} sent the request on to another address; it was not followed.",
                subject=urlsplit(url).path,
                status=response.status_code,
            )
        kept = receipts.get()
        if kept is not None and not is_read:
            kept.append(receipt_of(response.headers))
        answer = parsed(raw)
        if response.status_code >= 400:
            raise from_answer("GET" if is_read else method, url, response.status_code, response.headers, answer)
        return Reply(response.status_code, answer, response.headers)

    def long_running(self, reply: Reply) -> LongRunning | None:
        """The operation that an accepted write started; None where it was done at once.

        Raises AzureFailure where Azure names an address outside this cloud.
        """
        address = reply.headers.get("Azure-AsyncOperation") or reply.headers.get("Location")
        if reply.status not in (200, 201, 202) or not address:
            return None
        self.names.scope_of(urlsplit(address).hostname or "")
        return LongRunning(address=address, retry_after=retry_after_of(reply.headers) or 1.0)

    async def poll(self, operation: LongRunning, *, about: str | None = None) -> Poll:
        """Ask once how a long-running operation stands; both header styles of Azure. Urgent by nature.

        `about` is the id of what it changes, for the words of its failure.
        Raises AzureFailure where it ended badly (with Azure's reason) or could not be asked.
        """
        reply = await self.send("GET", operation.address)
        wait = retry_after_of(reply.headers) or 1.0
        status = reply.body.get("status") if isinstance(reply.body, dict) else None
        if isinstance(status, str):
            word = status.lower()
            if word in ("failed", "canceled", "cancelled"):
                error = reply.body if reply.body.get("error") else {"error": {"code": status, "message": ""}}
                raise from_answer("GET", operation.address, 400, reply.headers, error, about=about)
            return Poll(done=word == "succeeded", retry_after=wait, body=reply.body)
        failed = of_command(operation.address, reply.body) if reply.status != 202 else None
        if failed is not None:
            raise failed
        return Poll(done=reply.status != 202, retry_after=wait, body=reply.body)

    async def wait(self, operation: LongRunning, *, within: float | None = None) -> Poll:
        """Poll until it is done. Raises AzureFailure (as `poll`; unreachable after `within` real seconds)."""
        started = self.clock.monotonic()
        pause = operation.retry_after
        while True:
            if within is not None and self.clock.monotonic() - started + pause > within:
                raise AzureFailure(
                    FailureKind.FAILED,
                    f"Azure was still working on it after {within:g} seconds.",
                    subject=urlsplit(operation.address).path,
                    next="It goes on in Azure; look again later.",
                )
            await asyncio.sleep(pause)
            now = await self.poll(operation)
            if now.done:
                return now
            pause = now.retry_after

    async def warm(self) -> None:
        """Fetch the vaults' token before a fan-out needs it. Raises AzureFailure."""
        await self._token(self.names.vault_scope)

    async def ask_control(self, name: str) -> dict[str, Any]:
        """GET of the sandbox's control. Raises aiohttp.ClientError, TimeoutError, ValueError (it is no sandbox, no object)."""
        if self._control is None:
            raise ValueError("a live connection has no control")
        return await self._control.ask(name)

    async def read_clock(self) -> None:
        """Follow the sandbox's calendar and speed; nothing to do on a live connection. Raises AzureFailure."""
        if self._control is not None:
            await self._control.set_clock(self.clock)

    async def sign_in(self, name: str | None = None) -> None:
        """Fetch the resource manager's token, and with it learn who we are. Raises AzureFailure.

        `name` is what to call the account; without one, what its token calls it.
        """
        found = claims(await self._token(self.names.arm_scope))
        if not found.get("oid") or not found.get("tid"):
            raise AzureFailure(
                FailureKind.SIGN_IN,
                "The sign-in's token does not say who is signed in.",
                next="Sign in again, with an account of the tenant whose keys you look after.",
            )
        self.account = Account(
            object_id=str(found["oid"]),
            name=name or name_in(found),
            tenant_id=str(found["tid"]),
            cloud=self.names.name,
        )

    async def authority_answers(self) -> None:
        """Ask the sign-in host for its discovery document; no token is sent. Raises AzureFailure."""
        url = f"https://{self.names.authority}/{self.account.tenant_id}/v2.0/.well-known/openid-configuration"
        bounds = {"connection_timeout": self._timeouts.connect, "read_timeout": self._timeouts.read}
        try:
            answer = await self._transport.send(HttpRequest("GET", url), stream=False, **bounds)
            raw = answer.body()
        except (AzureError, aiohttp.ClientError, TimeoutError) as error:
            raise from_error(error, "GET", url, write=False) from error
        if answer.status_code >= 400:
            raise from_answer("GET", url, answer.status_code, answer.headers, parsed(raw))

    def token_until(self) -> datetime | None:
        """Until when the resource manager's token counts, by the connection's calendar; None: none is at hand."""
        until = self._tokens.until(self.names.arm_scope)
        return None if until is None else until + self.clock.ahead

    def forget_tokens(self) -> None:
        """What was signed in with is fetched anew by the next request: a token says which roles it came with.

        A credential may keep one of its own for a while, where Azure gives it the same one again.
        """
        self._tokens.forget_all()

    async def answers(self) -> bool:
        """Whether anything of Azure answers from here, with whatever answer: the resource manager or the sign-in host."""
        for ask in (self._resource_manager_answers, self.authority_answers):
            try:
                await ask()
            except AzureFailure as failure:
                if failure.status is None and failure.kind is FailureKind.UNREACHABLE:
                    continue
            return True
        return False

    async def _resource_manager_answers(self) -> None:
        await self.arm("GET", "/subscriptions", api_version="2022-12-01", urgent=True)

    async def token(self, scope: str) -> str:
        """The account's token for a scope that belongs into a request's body, and to no host. Raises AzureFailure."""
        return await self._token(scope)

    async def _token(self, scope: str) -> str:
        try:
            return await self._tokens.get(scope)
        except (AzureError, aiohttp.ClientError, TimeoutError) as error:
            raise from_error(error, "POST", f"https://{self.names.authority}/", write=False) from error


_AGENT = f"cmk-admin/{__version__}"
