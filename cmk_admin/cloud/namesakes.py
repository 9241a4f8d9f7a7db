"""Whether other vaults hold a key of a name, or held one and can still recover it."""

from collections.abc import Awaitable, Sequence

from cmk_admin.cloud import parse
from cmk_admin.cloud.keys import get_arm_key_facts, get_key, unreadable
from cmk_admin.cloud.lanes import in_lanes, together
from cmk_admin.cloud.session import Session
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.model import Key, Namesake

_LANES = 16
"""Vaults that are asked at once; each takes a connection of its own."""


async def ask(session: Session, wanted: Sequence[tuple[KeyId, str]]) -> tuple[Namesake, ...]:
    """Ask each vault for the key and for the deleted key, all side by side. `wanted`: each key with its vault's id.

    Urgent. Raises nothing of Azure's: what was not answered is in the answer.
    """

    async def one(asked: tuple[KeyId, str]) -> Namesake:
        key, vault_id = asked
        (there, unread), (deleted, deleted_unread) = await together(
            _answer(key, _there(session, vault_id, key)), _answer(key, _deleted(session, vault_id, key))
        )
        return Namesake(id=key, there=there, deleted=deleted, unread=unread, deleted_unread=deleted_unread)

    return tuple(await in_lanes(one, wanted, min(_LANES, len(wanted))))


async def _answer(key: KeyId, asking: Awaitable[Key]) -> tuple[Key | None, str | None]:
    """The key, or why it is not known whether there is one."""
    try:
        return await asking, None
    except AzureFailure as failure:
        if failure.kind is FailureKind.NOT_FOUND:
            return None, None
        return None, f"whether {key.vault_name} holds a copy could not be read: {failure.message.rstrip('.')}"


async def _there(session: Session, vault_id: str, key: KeyId) -> Key:
    """The key as the vault shows it, or the resource manager: no firewall stops that one, and it shows a disabled key."""
    try:
        return await get_key(session, vault_id, key, urgent=True)
    except AzureFailure as failure:
        if failure.kind is FailureKind.NOT_FOUND:
            raise
        try:
            return await get_arm_key_facts(session, vault_id, key.name, urgent=True)
        except AzureFailure as also:
            if also.kind is FailureKind.NOT_FOUND:
                raise
            raise failure from also


async def _deleted(session: Session, vault_id: str, key: KeyId) -> Key:
    reply = await session.vault("GET", key.host, f"/deletedkeys/{key.name}", urgent=True)
    found = parse.key_from_vault(reply.body or {}, vault_id)
    if found is None:
        raise unreadable(key)
    return found
