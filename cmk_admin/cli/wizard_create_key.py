"""``create-key`` on the command line."""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from cmk_admin.cli.wizard import SHORT, Typed, Wizard, purpose
from cmk_admin.domain import resolve
from cmk_admin.domain.errors import BadInput
from cmk_admin.domain.ids import parse_key_id
from cmk_admin.domain.index import Index
from cmk_admin.domain.verbs.create_key import CreateKeyDraft
from cmk_admin.domain.verbs.drafts import Draft
from cmk_admin.operations.interface import Backend


def _add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("target", metavar="VAULT/KEY", help="the vault, and the new key's name")
    parser.add_argument("--for", dest="purpose", metavar="SERVICE", help=f"what it is for: {', '.join(SHORT)}")
    parser.add_argument("--type", choices=("RSA-HSM", "RSA"), help="default: RSA-HSM")
    parser.add_argument(
        "--size", type=int, metavar="N", help="bits: 2048, 3072 or 4096 (default: what it is for needs)"
    )
    parser.add_argument("--ops", metavar="A,B", help="what the key allows (default: what it is for needs)")
    parser.add_argument("--not-before", metavar="T", help="activation, ISO 8601; without a zone it is UTC")
    parser.add_argument("--expires", metavar="T", help="expiry, ISO 8601; without a zone it is UTC")
    parser.add_argument("--tag", action="append", metavar="K=V", help="may be given several times")
    parser.add_argument("--backup", metavar="FILE", help="write a backup there, before the key is first used")


def _check(typed: Typed) -> None:
    _place(typed)
    purpose(typed)
    _moment(typed, "not_before")
    _moment(typed, "expires")
    _tags(typed)


async def _draft(typed: Typed, index: Index, backend: Backend) -> Draft:
    place, name = _place(typed)
    file = typed.get("backup")
    return CreateKeyDraft(
        vault_id=resolve.vault(index, place).id,
        name=name,
        purpose=purpose(typed),
        key_type=typed.get("type"),
        size=typed.get("size"),
        operations=_words(typed.get("ops")),
        not_before=_moment(typed, "not_before"),
        expires=_moment(typed, "expires"),
        tags=_tags(typed),
        backup=None if file is None else str(Path(file).absolute()),
    )


def _place(typed: Typed) -> tuple[str, str]:
    """The vault and the new key's name, from ``VAULT/KEY`` or the id that the key will have. Raises BadInput."""
    text = typed["target"].strip().rstrip("/")
    if "://" in text and parse_key_id(text).version is not None:
        raise BadInput(
            "bad-key-id", f"“{text}” names a version of a key, not a new key.", next="Leave the version out."
        )
    place, _, name = text.rpartition("/")
    if not place or not name:
        raise BadInput(
            "bad-key-id", f"“{typed['target']}” does not name a vault and a new key.", next="Name it as VAULT/KEY."
        )
    return place.removeprefix("https://").removesuffix("/keys"), name


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
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        option = "--" + name.replace("_", "-")
        raise BadInput(
            "bad-time", f"{option}: “{text}” is not a time; write it like 2027-01-31T12:00Z.", subject=option
        ) from error


def _tags(typed: Typed) -> tuple[tuple[str, str], ...]:
    found = []
    for text in typed.get("tag", ()):
        name, separator, value = text.partition("=")
        if not separator or not name.strip():
            raise BadInput("bad-usage", f"--tag: “{text}” is not NAME=VALUE.", subject="--tag")
        found.append((name.strip(), value))
    return tuple(found)


WIZARD = Wizard(
    options=("target", "purpose", "type", "size", "ops", "not_before", "expires", "tag", "backup"),
    add=_add,
    check=_check,
    draft=_draft,
)
