"""Keys made, backed up, deleted softly and recovered, through the vault's data plane."""

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cmk_admin.cloud import parse
from cmk_admin.cloud.keys import pages, unreadable
from cmk_admin.cloud.session import Session
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.model import Key
from cmk_admin.domain.steps import Json


async def create_key(session: Session, key: Key) -> Key:
    """Make the key that `key` describes: type, size, operations, enabled, dates, tags (a write, never retried).

    Under a name that is in use Azure makes a new version: look before. Raises AzureFailure (CONFLICT with azure_code
    ObjectIsDeletedButRecoverable where the name belongs to a deleted key; LOST: look with `keys.get_key`).
    """
    attributes: dict[str, Any] = {"enabled": key.enabled is not False}
    for name, moment in (("nbf", key.not_before), ("exp", key.expires)):
        if moment is not None:
            attributes[name] = _unix(moment)
    body: dict[str, Any] = {
        "kty": key.key_type,
        "key_size": key.size,
        "key_ops": list(key.operations or ()),
        "attributes": attributes,
        "tags": dict(key.tags),
    }
    reply = await session.vault("POST", key.id.host, f"/keys/{key.id.name}/create", body=body, urgent=True)
    found = parse.key_from_vault(reply.body or {}, key.vault_id)
    if found is None:
        raise unreadable(key.id)
    return found


async def backup_key(session: Session, key: KeyId) -> bytes:
    """All versions of the key as one blob that only Key Vault can open, in the same subscription and geography.

    KVD general/backup.md. Raises AzureFailure.
    """
    reply = await session.vault("POST", key.host, f"/keys/{key.name}/backup", urgent=True, read=True)
    value = (reply.body or {}).get("value")
    if not isinstance(value, str):
        raise unreadable(key)
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))


async def delete_key(session: Session, key: KeyId) -> None:
    """Delete the key softly, all versions at once (a write, never retried); it is gone at once, and can be recovered when
    `is_deleted` says so. Raises AzureFailure (LOST: look with `keys.get_key`)."""
    await session.vault("DELETE", key.host, f"/keys/{key.name}", urgent=True)


async def recover_key(session: Session, key: KeyId) -> None:
    """Bring a softly deleted key back with all its versions (a write, never retried). Raises AzureFailure."""
    await session.vault("POST", key.host, f"/deletedkeys/{key.name}/recover", urgent=True)


async def is_deleted(session: Session, key: KeyId) -> bool:
    """Whether the name belongs to a softly deleted key. Raises AzureFailure."""
    try:
        await session.vault("GET", key.host, f"/deletedkeys/{key.name}", urgent=True)
    except AzureFailure as failure:
        if failure.kind is FailureKind.NOT_FOUND:
            return False
        raise
    return True


async def deleted_names(session: Session, host: str) -> frozenset[str]:
    """The folded names of a vault's softly deleted keys. Raises AzureFailure."""
    elements = await pages(session, host, "/deletedkeys", urgent=True)
    named = (parse.key_id_of(each.get("kid")) for each in elements)
    return frozenset(key_id.name.lower() for key_id in named if key_id is not None)


async def get_operations(session: Session, key: KeyId) -> tuple[str, ...] | None:
    """What the version that `key` names may be used for; None: the vault does not say. Urgent. Raises AzureFailure."""
    reply = await session.vault("GET", key.host, f"/keys/{key.name}/{key.version or ''}", urgent=True)
    found = parse.inside(reply.body, "key", "key_ops")
    return tuple(sorted(str(one) for one in found)) if isinstance(found, list) else None


async def set_operations(session: Session, key: KeyId, operations: Sequence[str]) -> None:
    """Make what the version that `key` names may be used for `operations` (a write, urgent, never retried).

    The rest of the version stays. Raises AzureFailure (LOST: look with `get_operations`), ValueError where `key` names
    no version: the current one may be another by the time the request arrives.
    """
    if key.version is None:
        raise ValueError(f"{key} names no version")
    body = {"key_ops": list(operations)}
    await session.vault("PATCH", key.host, f"/keys/{key.name}/{key.version}", body=body, urgent=True)


async def get_rotation(session: Session, key: KeyId) -> dict[str, Json]:
    """A key's rotation policy as steps word it: lifetime_actions, expiry_time. Urgent. Raises AzureFailure."""
    reply = await session.vault("GET", key.host, f"/keys/{key.name}/rotationpolicy", urgent=True)
    actions = parse.inside(reply.body, "lifetimeActions")
    return {
        "lifetime_actions": list(actions) if isinstance(actions, list) else [],
        "expiry_time": parse.text(parse.inside(reply.body, "attributes", "expiryTime")),
    }


async def set_rotation(session: Session, key: KeyId, policy: Mapping[str, Json]) -> None:
    """Replace a key's rotation policy (a write, urgent, never retried). Raises AzureFailure (LOST: `get_rotation`)."""
    expiry = policy.get("expiry_time")
    body = {
        "lifetimeActions": policy.get("lifetime_actions") or [],
        "attributes": {} if expiry is None else {"expiryTime": expiry},
    }
    await session.vault("PUT", key.host, f"/keys/{key.name}/rotationpolicy", body=body, urgent=True)


def _unix(moment: datetime) -> int:
    return int(moment.timestamp())
