"""Which Azure: what can be chosen, and what an open connection says of itself.

Part of `interface`, and apart from it only because the first paint of the window needs this and none of the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cmk_admin.domain.model import Account


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionChoice:
    """Which Azure to open: exactly one of a running sandbox (`file`) and one of our own (`own_sandbox`)."""

    file: Path | None = None
    own_sandbox: bool = False
    fresh: bool = False
    """With `own_sandbox`: forget what was kept."""
    principal: str | None = None
    """Which of the sandbox's principals to sign in as; None: the administrator, or the only one there is."""
    scenario: str = "dcc"
    speed: float | None = None
