"""Keys and their versions, through the vault's data plane or the resource manager."""

from dataclasses import replace
from typing import Any

from cmk_admin.cloud import api, parse
from cmk_admin.cloud.lanes import together
from cmk_admin.cloud.session import Session
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.model import Key, KeyVersion

PAGE = 25
"""Elements of a page of the data plane: its largest and its default."""

MOST_LOOKED_AT = 25
"""Versions of one key that are looked at one by one."""


async def get_key(session: Session, vault_id: str, key: KeyId, *, urgent: bool = False) -> Key:
    """The key as its current version shows it, from the data plane; versions are not read. Raises AzureFailure."""
    reply = await session.vault("GET", key.host, f"/keys/{key.name}/", urgent=urgent)
    found = parse.key_from_vault(reply.body or {}, vault_id)
    if found is None:
        raise unreadable(key)
    return found


async def list_keys(session: Session, vault_id: str, host: str, *, urgent: bool = False) -> list[Key]:
    """All keys of a vault as the list shows them: no type, size or operations. Raises AzureFailure."""
    elements = await pages(session, host, "/keys", urgent=urgent)
    return [key for each in elements if (key := parse.key_from_vault(each, vault_id)) is not None]


async def get_version(session: Session, key: KeyId, *, urgent: bool = True) -> KeyVersion:
    """One version from the data plane; without a version in `key`, the current one. Raises AzureFailure."""
    reply = await session.vault("GET", key.host, f"/keys/{key.name}/{key.version or ''}", urgent=urgent)
    found = parse.key_version(reply.body or {})
    if found is None:
        raise unreadable(key)
    return found


async def list_versions(session: Session, key: KeyId, *, urgent: bool = True) -> tuple[KeyVersion, ...]:
    """All versions from the data plane, newest first. Raises AzureFailure."""
    elements = await pages(session, key.host, f"/keys/{key.name}/versions", urgent=urgent)
    return parse.newest_first([version for each in elements if (version := parse.key_version(each)) is not None])


async def with_operations(session: Session, key: Key, versions: tuple[KeyVersion, ...]) -> tuple[KeyVersion, ...]:
    """The versions (newest first) with their operations, which the list leaves out: one urgent read for each enabled one,
    side by side, the `MOST_LOOKED_AT` newest; the current one's are those of `key`. What could not be read stays None."""

    async def one(version: KeyVersion) -> KeyVersion:
        if version.id.version == key.current_version:
            return replace(version, operations=key.operations)
        try:
            return replace(version, operations=(await get_version(session, version.id)).operations)
        except AzureFailure:
            return version  # its operations stay unknown, which a plan says

    looked_at = [version for version in versions if version.enabled][:MOST_LOOKED_AT]
    found = await together(*(one(version) for version in looked_at))
    known = {version.id: version for version in found}
    return tuple(known.get(version.id, version) for version in versions)


async def set_enabled(session: Session, key: KeyId, enabled: bool) -> KeyVersion:
    """Enable or disable the version that `key` names (a write, urgent, never retried); returns it as Azure answered.

    Counts at once: Azure documents no delay. Raises AzureFailure (LOST: look with `get_version`), ValueError where
    `key` names no version: the current one may be another by the time the request arrives.
    """
    if key.version is None:
        raise ValueError(f"{key} names no version")
    body = {"attributes": {"enabled": enabled}}
    reply = await session.vault("PATCH", key.host, f"/keys/{key.name}/{key.version}", body=body, urgent=True)
    found = parse.key_version(reply.body or {})
    if found is None:
        raise unreadable(key)
    return found


async def list_arm_keys(session: Session, vault_id: str, *, urgent: bool = False) -> list[Key]:
    """All keys of a vault through the resource manager, which no firewall of the vault stops. Raises AzureFailure."""
    listed = await session.arm_pages(f"{vault_id}/keys", api_version=api.VAULTS, urgent=urgent)
    found: list[Key] = []
    for element in listed:
        # the list leaves out what only a GET tells; it is asked only where something is missing
        whole: Any = element
        if not {"kty", "keyOps"} <= set(element.get("properties") or {}):
            whole = (await session.arm("GET", str(element["id"]), api_version=api.VAULTS, urgent=urgent)).body
        key = parse.key_from_arm(whole, vault_id)
        if key is not None:
            found.append(key)
    return found


async def get_arm_key_facts(session: Session, vault_id: str, name: str, *, urgent: bool = False) -> Key:
    """One key through the resource manager; versions are not read. Raises AzureFailure."""
    path = f"{vault_id}/keys/{name}"
    document = (await session.arm("GET", path, api_version=api.VAULTS, urgent=urgent)).body
    key = parse.key_from_arm(document or {}, vault_id)
    if key is None:
        raise AzureFailure(FailureKind.FAILED, f"Azure's answer about the key {name} could not be read.", subject=path)
    return key


async def get_arm_key(session: Session, vault_id: str, name: str, *, urgent: bool = True) -> Key:
    """One key with all its versions through the resource manager. Raises AzureFailure."""
    key: Key
    key, versions = await together(
        get_arm_key_facts(session, vault_id, name, urgent=urgent),
        list_arm_versions(session, vault_id, name, urgent=urgent),
    )
    return replace(key, versions=parse.newest_first(versions, key.current_version))


async def list_arm_versions(
    session: Session, vault_id: str, name: str, *, urgent: bool = True
) -> tuple[KeyVersion, ...]:
    """All versions through the resource manager, newest first. Raises AzureFailure."""
    elements = await session.arm_pages(f"{vault_id}/keys/{name}/versions", api_version=api.VAULTS, urgent=urgent)
    return parse.newest_first([version for each in elements if (version := parse.key_version(each)) is not None])


async def pages(session: Session, host: str, path: str, *, urgent: bool) -> list[dict[str, Any]]:
    """All elements of a data-plane list. Raises AzureFailure where any page fails."""
    found: list[dict[str, Any]] = []
    reply = await session.vault("GET", host, path, params={"maxresults": str(PAGE)}, urgent=urgent)
    while True:
        found += (reply.body or {}).get("value") or []
        link = (reply.body or {}).get("nextLink")
        if not link:
            return found
        reply = await session.vault("GET", host, link, urgent=urgent)


def unreadable(key: KeyId) -> AzureFailure:
    """An answer about a key that is not as Azure documents it."""
    return AzureFailure(FailureKind.FAILED, f"The vault's answer about {key.name} could not be read.", subject=str(key))
