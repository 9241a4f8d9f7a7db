"""The connection file: how a running sandbox is reached, and as whom."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from cmk_admin.domain.errors import BadInput

_TENANT = re.compile(r"[0-9A-Za-z.-]{1,253}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxPrincipal:
    """Somebody whom the sandbox lets in."""

    name: str
    object_id: str
    client_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxConnection:
    """What the connection file says, which the sandbox writes once it can be reached."""

    proxy: str
    tls_port: int
    ca_file: Path
    control: str = field(repr=False)
    """URL whose path is a secret: who knows it may push the clock."""
    instance_id: str
    tenant_id: str
    subscriptions: tuple[str, ...]
    speed: float
    principals: Mapping[str, SandboxPrincipal]

    def principal(self, name: str | None = None) -> SandboxPrincipal:
        """The principal called `name`; without a name the administrator, or the only one there is.

        Raises BadInput ``unknown-principal`` with the candidates.
        """
        if name is None:
            name = next(iter(self.principals)) if len(self.principals) == 1 else "administrator"
        found = self.principals.get(name)
        if found is None:
            raise BadInput(
                "unknown-principal",
                f"The sandbox has no principal “{name}”.",
                subject=name,
                candidates=tuple(sorted(self.principals)),
            )
        return found


def read_connection(path: Path) -> SandboxConnection:
    """Read and check a connection file. Raises BadInput ``bad-connection-file`` with one clear sentence."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _bad(path, f"cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise _bad(path, "is not JSON") from error
    try:
        return _parse(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"“{error.args[0]}” is missing" if isinstance(error, KeyError) else str(error)
        raise _bad(path, f"is not a sandbox's connection file: {what}") from error


def _parse(document: Any) -> SandboxConnection:
    if not isinstance(document, dict):
        raise TypeError("it is not a JSON object")
    if not isinstance(document["principals"], dict):
        raise TypeError("“principals” is not an object")
    principals = {
        _text(name): SandboxPrincipal(
            name=_text(name),
            object_id=_text(value["object_id"]),
            client_id=_text(value["client_id"]),
            secret=_text(value["secret"]),
        )
        for name, value in document["principals"].items()
    }
    if not principals:
        raise ValueError("it names no principals")
    port = document["tls_port"]
    if not isinstance(port, int) or isinstance(port, bool) or not 0 < port < 65536:
        raise ValueError("“tls_port” is not a port")
    speed = document["speed"]
    if not isinstance(speed, (int, float)) or isinstance(speed, bool) or not 0 <= speed < 1e9:
        raise ValueError("“speed” is not a number from 0 up")
    return SandboxConnection(
        proxy=_loopback(document["proxy"], "proxy"),
        tls_port=port,
        ca_file=Path(_text(document["ca_file"])),
        control=_loopback(document["control"], "control"),
        instance_id=_text(document["instance_id"]),
        tenant_id=_tenant(document["tenant_id"]),
        subscriptions=tuple(_text(each) for each in document["subscriptions"]),
        speed=float(speed),
        principals=MappingProxyType(principals),
    )


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError("a name or id in it is not a text")
    return value


def _tenant(value: Any) -> str:
    """It becomes part of the sign-in's address, so it must be no more than an id or a domain."""
    text = _text(value)
    if not _TENANT.fullmatch(text):
        raise ValueError("“tenant_id” is not a tenant's id")
    return text


def _loopback(value: Any, name: str) -> str:
    """A sandbox lives on this machine: a file that points elsewhere is not one of ours."""
    text = _text(value)
    if urlsplit(text).hostname not in ("127.0.0.1", "::1", "localhost"):
        raise ValueError(f"“{name}” does not point to this machine")
    return text


def _bad(path: Path, what: str) -> BadInput:
    return BadInput(
        "bad-connection-file",
        f"“{path}” {what}.",
        subject=str(path),
        next="Start a sandbox with “cmk-admin sandbox serve --connection-file FILE” and name its file.",
    )
