"""The wizards' verbs on the command line: what may be typed for each, and which draft that makes."""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cmk_admin.domain import resolve
from cmk_admin.domain.errors import BadInput
from cmk_admin.domain.index import Index
from cmk_admin.domain.services import SERVICES
from cmk_admin.domain.verbs.create_key import CreateKeyDraft
from cmk_admin.operations.interface import Backend, Draft

Typed = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wizard:
    """One verb."""

    summary: str
    options: tuple[str, ...]
    """Names of what may be typed besides the options that every change has."""
    add: Callable[[argparse.ArgumentParser], None]
    """Put them into its grammar."""
    check: Callable[[Typed], None]
    """What of it makes no sense, as far as that is known without a connection. Raises BadInput."""
    draft: Callable[[Typed, Index, Backend], Draft]
    """Names become things. Raises BadInput where one is absent or ambiguous."""


def _add_create_key(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("target", metavar="VAULT/KEY", help="the vault, and the new key's name")
    parser.add_argument("--for", dest="purpose", metavar="SERVICE", help=f"what it is for: {', '.join(_SHORT)}")
    parser.add_argument("--type", choices=("RSA-HSM", "RSA"), help="default: RSA-HSM")
    parser.add_argument(
        "--size", type=int, metavar="N", help="bits: 2048, 3072 or 4096 (default: what it is for needs)"
    )
    parser.add_argument("--ops", metavar="A,B", help="what the key allows (default: what it is for needs)")
    parser.add_argument("--not-before", metavar="T", help="activation, ISO 8601; without a zone it is UTC")
    parser.add_argument("--expires", metavar="T", help="expiry, ISO 8601; without a zone it is UTC")
    parser.add_argument("--tag", action="append", metavar="K=V", help="may be given several times")
    parser.add_argument("--backup", metavar="FILE", help="write a backup there, before the key is first used")


def _check_create_key(typed: Typed) -> None:
    vault, _, name = typed["target"].strip().rstrip("/").rpartition("/")
    if not vault or not name:
        raise BadInput(
            "bad-key-id", f"“{typed['target']}” does not name a vault and a new key.", next="Name it as VAULT/KEY."
        )
    _purpose(typed)
    for one in ("not_before", "expires"):
        _moment(typed, one)
    _tags(typed)


def _create_key(typed: Typed, index: Index, backend: Backend) -> Draft:
    place, _, name = typed["target"].strip().rstrip("/").rpartition("/")
    place = place.removeprefix("https://").removesuffix("/keys")
    file = typed.get("backup")
    return CreateKeyDraft(
        vault_id=resolve.vault(index, place).id,
        name=name,
        purpose=_purpose(typed),
        key_type=typed.get("type"),
        size=typed.get("size"),
        operations=_words(typed.get("ops")),
        not_before=_moment(typed, "not_before"),
        expires=_moment(typed, "expires"),
        tags=_tags(typed),
        backup=None if file is None else str(Path(file).absolute()),
    )


_SHORT = {one.short: name for name, one in SERVICES.items() if one.short}


def _purpose(typed: Typed) -> str:
    """A service, by its short name or its own. Raises BadInput."""
    text: str | None = typed.get("purpose")
    if text is None:
        return ""
    found = _SHORT.get(text.strip().lower(), text.strip().lower())
    if found not in SERVICES:
        raise BadInput(
            "unknown-service",
            f"“{text}” is not a service that is known.",
            subject=text,
            candidates=tuple(_SHORT),
        )
    return found


def _words(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    return tuple(dict.fromkeys(one.strip() for one in text.split(",") if one.strip()))


def _moment(typed: Typed, name: str) -> datetime | None:
    text = typed.get(name)
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError as error:
        option = "--" + name.replace("_", "-")
        raise BadInput(
            "bad-time", f"{option}: “{text}” is not a time; write it like 2027-01-31T12:00Z.", subject=option
        ) from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _tags(typed: Typed) -> tuple[tuple[str, str], ...]:
    found = []
    for text in typed.get("tag", ()):
        name, separator, value = text.partition("=")
        if not separator or not name.strip():
            raise BadInput("bad-usage", f"--tag: “{text}” is not NAME=VALUE.", subject="--tag")
        found.append((name.strip(), value))
    return tuple(found)


WIZARDS: dict[str, Wizard] = {
    "create-key": Wizard(
        summary="make a key, as the service that it is for needs it",
        options=("target", "purpose", "type", "size", "ops", "not_before", "expires", "tag", "backup"),
        add=_add_create_key,
        check=_check_create_key,
        draft=_create_key,
    ),
}
"""By the command's name."""
