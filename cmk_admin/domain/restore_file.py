"""The file that a revoke writes, as such: whether one is it, whole, of which operation, and of which Azure."""

import hashlib
import json
import shlex
from dataclasses import dataclass
from typing import Any

FORMER = "cmk-admin rollback 1"
FORMAT = "cmk-admin restore 2"
SUM = "sha256"
_SIGN = (FORMER.encode(), FORMAT.encode())
_HEAD = 400
"""Bytes at whose beginning the format stands, also in a file of which the end is lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreFile:
    """What such a file says of itself. `fits` tells nothing of its steps: what gives back looks at them anew."""

    operation: str
    cloud: str
    tenant: str
    sandbox: str | None
    """Key of the sandbox that it belongs to; None: a live Azure's, or written by a former version."""
    connection: str | None
    """Key of the connection, in a file of the former version; it says neither cloud nor tenant."""

    def fits(self, *, key: str, sandbox: bool, cloud: str, tenant: str) -> bool:
        """Whether it is of this connection: a sandbox's own instance, or this cloud and tenant, whoever is signed in."""
        if self.connection is not None:
            return self.connection == key
        if sandbox:
            return self.sandbox == key
        return self.sandbox is None and (self.cloud, self.tenant.lower()) == (cloud, tenant.lower())

    @property
    def whose(self) -> str:
        """Where it belongs, in words that follow “it belongs to another connection:”."""
        if self.connection is not None:
            return "another account's, tenant's or sandbox's"
        return "a sandbox's" if self.sandbox else f"cloud {self.cloud:.20}, tenant {self.tenant:.40}"

    @property
    def option(self) -> str:
        """What names its connection on the command line, safe to paste into a shell; empty where the file does not say."""
        if self.connection is not None:
            return ""
        if self.sandbox:
            return "--sandbox"
        cloud = () if self.cloud == "public" else ("--cloud", self.cloud[:20])
        return shlex.join(("--live", *cloud, "--tenant", self.tenant[:40]))


def about(document: Any) -> RestoreFile | None:
    """What a JSON document says of itself as a restore file; None: it is none."""
    if not isinstance(document, dict) or document.get("format") not in (FORMAT, FORMER):
        return None
    former = document["format"] == FORMER
    named = document.get("sandbox")
    return RestoreFile(
        operation=str(document.get("operation")),
        cloud=str(document.get("cloud")),
        tenant=str(document.get("tenant")),
        sandbox=None if former or named is None else str(named),
        connection=str(document.get("connection")) if former else None,
    )


def intact(document: dict[str, Any]) -> bool:
    """Whether it is as the revoke wrote it, by its checksum; the former version's files have none."""
    return document.get("format") != FORMAT or sealed(document)[SUM] == document.get(SUM)


def sealed(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the checksum of all else in it: a file that was damaged on its way says something else.

    It is no signature: who means to deceive can make it anew. What is given back is shown and looked at all the same.
    """
    rest = {name: value for name, value in document.items() if name != SUM}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    return {**rest, SUM: hashlib.sha256(text.encode()).hexdigest()}


def recognised(data: bytes) -> tuple[RestoreFile | None, bool]:
    """What a file's bytes are: what it says of itself, and whether it is damaged. ``(None, False)``: no restore file at all;
    ``(None, True)``: it was one, and can no longer be read."""
    was_one = data.lstrip()[:1] == b"{" and any(sign in data[:_HEAD] for sign in _SIGN)
    try:
        document = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        return None, was_one
    found = about(document)
    return found, found is not None and not intact(document)
