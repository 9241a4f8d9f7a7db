"""The ways to sign in to a live Azure, each azure-identity's own credential, and their errors in words.

What asks a person (browser, device code) is loaded when it is used: msal takes its time to load.
"""

import logging
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import aiohttp
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import AioHttpTransport

from cmk_admin.cloud import sign_in_failures
from cmk_admin.cloud.in_thread import InThread, Wire, free_port
from cmk_admin.cloud.names import CloudNames
from cmk_admin.cloud.transport import SystemTransport
from cmk_admin.domain.sign_in import CLOUD_WORDS, SignInNews, tenant_words

ASKS = frozenset({"browser", "device"})
"""The ways that need a person; only these have tokens that may be kept."""

CLI_SECONDS = 30
"""Real seconds for az: its start alone takes some on a busy machine."""

NOT_KEPT = "There is no encrypted store for tokens on this machine, so this sign-in lasts until the program ends."

_BROWSER_SECONDS = 300
_SECRETS = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")
_CERTIFICATES = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_CERTIFICATE_PATH")
_log = logging.getLogger(__name__)
# azure-identity warns of every way that does not work; here each becomes a sentence, and the terminal is not for logs
logging.getLogger("azure").addHandler(logging.NullHandler())

Say = Callable[[SignInNews], None]


class _Credential(Protocol):
    async def get_token(self, *scopes: str, **options: Any) -> AccessToken: ...
    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A sign-in: where, whom, how, and what it goes through."""

    way: str
    """cli, environment, browser, device or managed."""
    names: CloudNames
    tenant: str | None
    http: aiohttp.ClientSession
    connect: float = 5.0
    read: float = 20.0
    say: Say | None = None
    record: str | None = None
    """Which account signed in the last time, of the ways that ask a person."""
    keep: bool = False
    """Keep tokens in the system's encrypted store."""

    @property
    def authority(self) -> str:
        return f"https://{self.names.authority}"

    @property
    def bounds(self) -> dict[str, float]:
        """Real seconds of each request: no emergency waits as long as the SDK would."""
        return {"connection_timeout": self.connect, "read_timeout": self.read}


class SignIn:
    """A credential of azure-identity that speaks: what it raises are AzureFailures that say what to do next."""

    def __init__(self, wanted: Wanted) -> None:
        """Raises AzureFailure (sign_in) where the way is not set up."""
        self._wanted = wanted
        try:
            self._credential: _Credential = _MAKERS[wanted.way](wanted)
        except sign_in_failures.RAISED as error:
            raise sign_in_failures.not_set_up(wanted.way) from error
        self.record: str | None = None

    async def begin(self) -> None:
        """Let the person sign in, where this way needs one. Raises AzureFailure."""
        if isinstance(self._credential, InThread):
            try:
                record = await self._credential.begin(self._wanted.names.arm_scope)
            except sign_in_failures.RAISED as error:
                raise self._failure(error) from error
            self.record = record if self._wanted.keep else None

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """A token for one scope of the cloud. Raises AzureFailure."""
        try:
            return await self._credential.get_token(*scopes, **options)
        except sign_in_failures.RAISED as error:
            raise self._failure(error) from error

    async def close(self) -> None:
        """Let go of what it holds. Whatever waits for a person ends."""
        await self._credential.close()

    async def __aenter__(self) -> "SignIn":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _failure(self, error: Exception) -> Exception:
        return sign_in_failures.failure_of(error, self._wanted.way, self._wanted.names, self._wanted.tenant)


def can_keep_tokens() -> bool:
    """Whether this machine has an encrypted store for tokens (DPAPI, Keychain, a keyring by libsecret). Takes a while."""
    import msal_extensions  # type: ignore[import-untyped]

    try:
        msal_extensions.build_encrypted_persistence(str(Path(tempfile.gettempdir()) / "cmk-admin-keyring-probe"))
    except Exception as error:
        # Whatever it is that libsecret, its Python binding or its session bus lack: there is no store then
        _log.info("tokens are not kept: %s", type(error).__name__)
        return False
    return True


def _cli(wanted: Wanted) -> _Credential:
    from azure.identity.aio import AzureCliCredential

    return AzureCliCredential(tenant_id=wanted.tenant or "", process_timeout=CLI_SECONDS)


def _environment(wanted: Wanted) -> _Credential:
    if not any(all(os.environ.get(name) for name in names) for names in (_SECRETS, _CERTIFICATES)):
        raise sign_in_failures.environment_lacks(wanted.tenant)
    there = os.environ["AZURE_TENANT_ID"]
    if wanted.tenant and wanted.tenant.lower() != there.lower():
        raise sign_in_failures.another_tenant(there, wanted.tenant)
    from azure.identity.aio import EnvironmentCredential

    return EnvironmentCredential(
        authority=wanted.authority,
        transport=SystemTransport(wanted.http, **wanted.bounds),
        retry_total=2,
    )


def _managed(wanted: Wanted) -> _Credential:
    from azure.identity.aio import ManagedIdentityCredential

    # The machine's own endpoint is never asked through a proxy; only a workload's token comes from the sign-in host
    if os.environ.get("AZURE_FEDERATED_TOKEN_FILE"):
        transport: Any = SystemTransport(wanted.http, **wanted.bounds)
        return ManagedIdentityCredential(transport=transport, authority=wanted.authority)
    transport = AioHttpTransport(session=wanted.http, session_owner=False, use_env_settings=False, **wanted.bounds)
    return ManagedIdentityCredential(client_id=os.environ.get("AZURE_CLIENT_ID"), transport=transport)


def _device(wanted: Wanted) -> _Credential:
    from azure.identity import DeviceCodeCredential

    wire = _wire(wanted)
    return InThread(DeviceCodeCredential(prompt_callback=_prompt(wanted), **_asking(wanted, wire)), wire)


def _browser(wanted: Wanted) -> _Credential:
    from azure.identity import InteractiveBrowserCredential

    wire, port = _wire(wanted), free_port()
    if wanted.say is not None:
        wanted.say(SignInNews(words=f"A web browser opens: sign in to {tenant_words(wanted.tenant)} there."))
    credential = InteractiveBrowserCredential(
        redirect_uri=f"http://localhost:{port}", timeout=_BROWSER_SECONDS, **_asking(wanted, wire)
    )
    return InThread(credential, wire, port=port)


def _asking(wanted: Wanted, wire: Wire) -> dict[str, Any]:
    """What the two ways that ask a person have in common."""
    from azure.identity import AuthenticationRecord, TokenCachePersistenceOptions

    options: dict[str, Any] = {
        "authority": wanted.authority,
        "transport": wire,
        "retry_total": 2,
        # A prompt comes when a connection is opened, and never in the middle of an operation
        "disable_automatic_authentication": True,
    }
    if wanted.tenant:
        options["tenant_id"] = wanted.tenant
    if wanted.keep:
        options["cache_persistence_options"] = TokenCachePersistenceOptions(name=f"cmk-admin-{wanted.names.name}")
        if wanted.record:
            try:
                options["authentication_record"] = AuthenticationRecord.deserialize(wanted.record)
            except (ValueError, LookupError):
                _log.warning("the account of the last time is not readable; it is asked for again")
    return options


def _wire(wanted: Wanted) -> Wire:
    return Wire(SystemTransport(wanted.http), **wanted.bounds)


def _prompt(wanted: Wanted) -> Callable[[str, str, datetime], None]:
    """Shows the device code; azure-identity calls it in its thread."""
    import asyncio

    loop = asyncio.get_running_loop()
    where = f"{tenant_words(wanted.tenant)} ({CLOUD_WORDS[wanted.names.name]})"

    def prompt(address: str, code: str, expires_at: datetime) -> None:
        words = f"To sign in to {where}, open {address} in any browser and enter the code {code}."
        if wanted.say is not None:
            news = SignInNews(words=words, code=code, address=address, expires_at=expires_at)
            loop.call_soon_threadsafe(wanted.say, news)

    return prompt


_MAKERS: dict[str, Callable[[Wanted], _Credential]] = {
    "cli": _cli,
    "environment": _environment,
    "browser": _browser,
    "device": _device,
    "managed": _managed,
}
