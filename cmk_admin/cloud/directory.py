"""Names and group members, from Microsoft Graph."""

from collections.abc import Collection
from typing import Any

from cmk_admin.cloud.lanes import together
from cmk_admin.cloud.session import Session
from cmk_admin.domain.model import Principal

AT_ONCE = 1000
"""Ids in one getByIds call (learn.microsoft.com graph directoryobject-getbyids)."""

_KINDS = {
    "#microsoft.graph.user": "User",
    "#microsoft.graph.group": "Group",
    "#microsoft.graph.serviceprincipal": "ServicePrincipal",
    "#microsoft.graph.device": "Device",
}


async def principals(session: Session, object_ids: Collection[str], *, urgent: bool = False) -> list[Principal]:
    """Who the ids are. Ids that the directory does not know are left out. Raises AzureFailure (often forbidden)."""
    ids = sorted(object_ids)
    batches = [ids[at : at + AT_ONCE] for at in range(0, len(ids), AT_ONCE)]
    answers = await together(*(_by_ids(session, batch, urgent=urgent) for batch in batches))
    return [_principal(each) for answer in answers for each in answer]


async def transitive_members(session: Session, group_id: str, *, urgent: bool = False) -> tuple[str, ...]:
    """Object ids of all members of a group, also through groups in it; sorted. Raises AzureFailure."""
    found: set[str] = set()
    path = f"/groups/{group_id}/transitiveMembers"
    reply = await session.graph("GET", path, params={"$select": "id"}, urgent=urgent)
    while True:
        found.update(str(each["id"]) for each in (reply.body or {}).get("value") or [])
        link = (reply.body or {}).get("@odata.nextLink")
        if not link:
            return tuple(sorted(found))
        reply = await session.graph("GET", link, urgent=urgent)


async def _by_ids(session: Session, ids: list[str], *, urgent: bool) -> list[dict[str, Any]]:
    reply = await session.graph("POST", "/directoryObjects/getByIds", body={"ids": ids}, urgent=urgent, read=True)
    return list((reply.body or {}).get("value") or [])


def _principal(document: dict[str, Any]) -> Principal:
    name = document.get("displayName") or document.get("userPrincipalName")
    return Principal(
        object_id=str(document["id"]),
        kind=_KINDS.get(str(document.get("@odata.type", "")).lower()),
        name=str(name) if name else None,
        client_id=str(document["appId"]) if document.get("appId") else None,
    )
