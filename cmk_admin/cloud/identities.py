"""Managed identities: made, deleted, and which principal stands behind a resource."""

from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from cmk_admin.cloud import api, parse_identities
from cmk_admin.cloud.session import Session
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.ids import fold, last
from cmk_admin.domain.model import Identity

_USER_ASSIGNED = "/providers/microsoft.managedidentity/userassignedidentities/"
_VERSIONS = {
    "/providers/microsoft.compute/diskencryptionsets/": api.DISK_ENCRYPTION_SETS,
    "/providers/microsoft.dbformysql/servers/": api.MYSQL_SINGLE,
    "/providers/microsoft.containerservice/managedclusters/": api.MANAGED_CLUSTERS,
}

_KNOWN: WeakKeyDictionary[Session, dict[str, str]] = WeakKeyDictionary()
"""Principals by folded resource id, as each session was told."""


async def get_identity(session: Session, resource_id: str) -> Identity | None:
    """The user-assigned identity of that id, or None where there is none. Raises AzureFailure."""
    try:
        reply = await session.arm("GET", resource_id, api_version=api.IDENTITIES, urgent=True)
    except AzureFailure as failure:
        if failure.kind is FailureKind.NOT_FOUND:
            return None
        raise
    return parse_identities.user_assigned_identity(reply.body)


async def has_group(session: Session, group_id: str) -> bool:
    """Whether the resource group of that id is there. Raises AzureFailure."""
    try:
        await session.arm("GET", group_id, api_version=api.RESOURCES, urgent=True)
    except AzureFailure as failure:
        if failure.kind is FailureKind.NOT_FOUND:
            return False
        raise
    return True


async def create_identity(session: Session, resource_id: str, location: str) -> None:
    """Make a user-assigned identity (a write, urgent, never retried). Raises AzureFailure (LOST: `get_identity`)."""
    await session.arm("PUT", resource_id, api_version=api.IDENTITIES, body={"location": location}, urgent=True)


async def delete_identity(session: Session, resource_id: str) -> None:
    """Delete a user-assigned identity for good: one made again under its name is another principal.

    A write, urgent, never retried. Raises AzureFailure.
    """
    await session.arm("DELETE", resource_id, api_version=api.IDENTITIES, urgent=True)


async def principal_of(session: Session, who: str) -> str:
    """The object id that `who` means: itself, or where it is the ARM id of a resource, that of the resource's identity.

    A resource that was deleted meanwhile is remembered by whoever asked before, since its grants outlive it. Raises
    AzureFailure (NOT_FOUND: there is no such resource, or it has no identity).
    """
    if not who.startswith("/"):
        return who
    known = _KNOWN.setdefault(session, {})
    try:
        found = known[fold(who)] = await _asked(session, who)
    except AzureFailure as failure:
        if failure.kind is FailureKind.NOT_FOUND and fold(who) in known:
            return known[fold(who)]
        raise
    return found


def remember(session: Session, document: Mapping[str, Any]) -> None:
    """Note the own identity of a resource that is about to be deleted: `principal_of` is asked for it afterwards."""
    found = parse_identities.identity_at(document, None)
    if found is not None:
        _KNOWN.setdefault(session, {})[fold(str(document["id"]))] = found.principal_id


async def _asked(session: Session, who: str) -> str:
    folded = fold(who)
    if _USER_ASSIGNED in folded:
        identity = await get_identity(session, who)
        if identity is not None:
            return identity.principal_id
    else:
        version = next((one for part, one in _VERSIONS.items() if part in folded), None)
        if version is not None:
            found = parse_identities.identity_at(
                (await session.arm("GET", who, api_version=version, urgent=True)).body, None
            )
            if found is not None:
                return found.principal_id
    raise AzureFailure(FailureKind.NOT_FOUND, f"{last(who)} has no identity, or does not exist.", subject=who)
