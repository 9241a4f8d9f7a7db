"""Which Azure: what can be chosen, and what an open connection says of itself.

Part of `interface`, and apart from it only because the first paint of the window needs this and none of the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cmk_admin.domain.model import Account
    from cmk_admin.domain.restore_file import RestoreFile
    from cmk_admin.domain.sign_in import SignInNews

OnSignIn = Callable[["SignInNews"], None]
"""Is told what goes on while a live connection signs in: on the background loop's thread, must return at once."""


class ConnectionKind(StrEnum):
    SANDBOX = "sandbox"
    LIVE = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionInfo:
    """What the strip and the prompts say about where we are."""

    kind: ConnectionKind
    key: str
    """Name of the connection's folder; two connections never share one."""
    account: Account
    folder: Path
    speed: float = 1.0
    """Azure's seconds in one real second; 1 for a live connection."""
    vault_suffixes: tuple[str, ...] = ()
    signed_in_by: str = ""
    """Live: which way to sign in it was (``cli``, ``environment``, ``browser``, ``device``, ``managed``)."""
    notes: tuple[str, ...] = ()
    """Live: what the person should know of this sign-in, a sentence each."""
    drill: str | None = None
    """The name of the drill that this sandbox is there for; None: it is no drill."""
    restore_folder: Path | None = None
    """Where a revoke writes the file from which anyone can restore; None: into `folder`."""

    def takes(self, file: RestoreFile) -> bool:
        """Whether a restore file is of this Azure."""
        sandbox = self.kind is ConnectionKind.SANDBOX
        return file.fits(key=self.key, sandbox=sandbox, cloud=self.account.cloud, tenant=self.account.tenant_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveChoice:
    """Which real Azure, and how to sign in to it."""

    cloud: str = "public"
    """public, usgov or china."""
    tenant: str | None = None
    """Id or domain of the tenant; None: the account's own."""
    way: str | None = None
    """cli, environment, browser, device or managed; None: Azure CLI, else the environment."""
    anew: bool = False
    """Ask for the account, also where one is known from the last time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionChoice:
    """Which Azure to open: exactly one of a running sandbox (`file`), one of our own (`own_sandbox`) and a real one
    (`live`)."""

    file: Path | None = None
    own_sandbox: bool = False
    fresh: bool = False
    """With `own_sandbox`: forget what was kept."""
    principal: str | None = None
    """Which of the sandbox's principals to sign in as; None: the administrator, or the only one there is."""
    drill: str | None = None
    """With `own_sandbox`: the drill to hold, on a fresh sandbox that is not kept."""
    scenario: str = "dcc"
    speed: float | None = None
    live: LiveChoice | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HostReach:
    """Whether one host of the cloud answers this account."""

    name: str
    """sign-in, arm, vault or graph."""
    host: str
    """Empty where there is none to be tried."""
    ok: bool
    message: str
    """What it answered, or why it did not."""
    next: str | None = None
    """What to do about it."""
