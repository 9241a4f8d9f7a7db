"""Make, delete, recover and back up keys."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from time import monotonic

from cmk_admin.cloud import key_changes, keys
from cmk_admin.cloud.session import Session
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.ids import KeyId, parse_key_id
from cmk_admin.domain.model import Key, KeyVersion
from cmk_admin.domain.steps import Json, Step
from cmk_admin.domain.verbs.changes import differences
from cmk_admin.domain.verbs.making import key_facts, moment, several_versions
from cmk_admin.operations.executors.base import LATE_SECONDS, Accepted, AtOnce, Facts, Look, Seen, compare

_UNCHANGED = ("key_type", "size", "operations")
"""What of a key that was made must still be so."""
_CLOCKS_APART = timedelta(minutes=5)
"""By how much this machine's clock and the vault's may differ: tokens are refused beyond."""
_UNDER_WAY_SECONDS = 10.0
"""Azure's seconds after which a deletion or a recovery has ended: it takes a few (KVD general/key-vault-recovery.md)."""
_UNDER_WAY_PAUSE = 0.25
"""Real seconds between looks meanwhile."""


def _key_id(session: Session, step: Step) -> KeyId:
    return parse_key_id(step.target, vault_suffixes=session.names.vault_suffixes)


async def _facts(session: Session, step: Step) -> Facts:
    try:
        return key_facts(await keys.get_key(session, "", _key_id(session, step), urgent=True))
    except AzureFailure as failure:
        if failure.kind is FailureKind.NOT_FOUND:
            return None
        raise


class CreateKey(AtOnce):
    """POST keys/NAME/create, under a name that nobody has: under one in use, also sent twice, it makes a new version."""

    async def look(self, session: Session, step: Step) -> Look:
        key = _key_id(session, step)
        foreign = f"{key.vault_name} has a key “{key.name}” by now, which somebody else made: it is left alone."
        return replace(compare(step, await _facts(session, step)), foreign=foreign, late=LATE_SECONDS)

    async def do(self, session: Session, step: Step, look: Look) -> Accepted:
        assert step.after is not None, "a key is made from its facts"
        facts = dict(step.after)
        await key_changes.create_key(
            session,
            Key(
                id=_key_id(session, step),
                vault_id="",
                current_version=None,
                key_type=_text(facts["key_type"]),
                size=facts["size"] if isinstance(facts["size"], int) else None,
                operations=_texts(facts["operations"]),
                enabled=bool(facts["enabled"]),
                not_before=moment(facts["not_before"]),
                expires=moment(facts["expires"]),
                tags=tuple((name, str(value)) for name, value in _items(facts["tags"])),
            ),
        )
        return Accepted()


class DeleteKey(AtOnce):
    """DELETE keys/NAME: soft, and it takes every version along.

    A key that was made is deleted only as long as it is what was made: of its type, size and operations, and of one
    version. Tags, dates and whether it is enabled may have been changed by people, unless nobody knows who made it.
    """

    async def look(self, session: Session, step: Step) -> Look:
        key = _key_id(session, step)
        facts = await _facts_that_stay(session, step)
        if facts is None:
            return Look(seen=Seen.AFTER)
        if not step.before:  # it was recovered, with as many versions as it had
            return Look(seen=Seen.BEFORE)
        why = _not_as_made(step, facts, await keys.list_versions(session, key))
        return Look(seen=Seen.CHANGED, difference=why) if why else Look(seen=Seen.BEFORE)

    async def do(self, session: Session, step: Step, look: Look) -> Accepted:
        await key_changes.delete_key(session, _key_id(session, step))
        return Accepted()

    def passes(self, failure: AzureFailure) -> bool:
        return _under_way(failure)


async def _facts_that_stay(session: Session, step: Step) -> Facts:
    """As `_facts`; of a key that is neither there nor deleted only when it was so for a while: it may be coming back."""
    until = monotonic() + min(session.clock.real_seconds(_UNDER_WAY_SECONDS), _UNDER_WAY_SECONDS)
    while True:
        facts = await _facts(session, step)
        over = monotonic() > until
        if facts is not None or over or await key_changes.is_deleted(session, _key_id(session, step)):
            return facts
        await asyncio.sleep(_UNDER_WAY_PAUSE)


def _under_way(failure: AzureFailure) -> bool:
    """While a key is being deleted or recovered Azure answers 409 (KVD general/soft-delete-overview.md)."""
    return failure.azure_code in ("ObjectIsBeingDeleted", "ObjectIsBeingRecovered")


def _not_as_made(step: Step, facts: Mapping[str, Json], versions: Sequence[KeyVersion]) -> str | None:
    """Why the key that is there is not, or may not be, the one that was made; None: it is."""
    before = dict(step.before or {})
    if len(versions) != 1:
        return several_versions(len(versions)) if versions else "its versions are not shown"
    began, created = moment(before.pop("began", None)), versions[0].created
    if began is not None and created is not None and created < began - _CLOCKS_APART:
        return f"it was created on {created:%d %B %Y at %H:%M} UTC, before the operation that is taken back"
    certain = before.pop("certain", True)
    names = _UNCHANGED if certain else tuple(before)
    # a key for which no operations were asked has those of its type
    wanted = {name: before[name] for name in names if name in before and (name != "operations" or before[name])}
    return "; ".join(differences(step.verb, wanted, facts)) or None


class RecoverKey:
    """POST deletedkeys/NAME/recover: the key comes back with all its versions.

    While it is being deleted or recovered it is neither there nor among the deleted keys (KVD general/
    key-vault-recovery.md: a few seconds); one that was purged is neither too, and then Azure refuses the write.
    """

    verifies = True

    async def look(self, session: Session, step: Step) -> Look:
        if await _facts(session, step) is not None:
            return Look(seen=Seen.AFTER)
        # what nobody heard of may be under way: asked for again, Azure knows of no deleted key to recover
        return Look(seen=Seen.BEFORE, late=LATE_SECONDS)

    async def do(self, session: Session, step: Step, look: Look) -> Accepted:
        await key_changes.recover_key(session, _key_id(session, step))
        return Accepted()

    def passes(self, failure: AzureFailure) -> bool:
        return _under_way(failure)


class BackupKey(AtOnce):
    """POST keys/NAME/backup into a file of the person's, private to them; an existing file is never overwritten."""

    async def look(self, session: Session, step: Step) -> Look:
        there = await asyncio.to_thread(os.path.lexists, _file(step))
        foreign = f"There is a file {_file(step)} by now, which is not overwritten: no backup was written."
        return Look(seen=Seen.AFTER if there else Seen.BEFORE, foreign=foreign)

    async def do(self, session: Session, step: Step, look: Look) -> Accepted:
        blob = await key_changes.backup_key(session, _key_id(session, step))
        try:
            await asyncio.to_thread(_write, _file(step), blob)
        except OSError as error:
            raise AzureFailure(
                FailureKind.CONFLICT,
                f"The backup could not be written to {_file(step)}: {error.strerror or error}.",
                subject=str(_file(step)),
                next="The key is there; back it up later into another file.",
            ) from error
        return Accepted()


def _file(step: Step) -> Path:
    return Path(str((step.after or {}).get("file")))


def _write(file: Path, blob: bytes) -> None:
    """Whole or not at all: what is found under the name is a whole backup."""
    beside = file.with_name(f".{file.name}.part")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(blob)
        out.flush()
        os.fsync(out.fileno())
    if file.exists():
        beside.unlink()
        raise FileExistsError(17, "a file of that name exists", str(file))
    beside.replace(file)


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) else None


def _texts(value: Json) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, list) else ()


def _items(value: Json) -> tuple[tuple[str, Json], ...]:
    return tuple(value.items()) if isinstance(value, dict) else ()
