"""Who carries a user-assigned identity, of whatever service: asked before one is deleted."""

from collections.abc import Iterator, Mapping
from typing import Any

from cmk_admin.cloud import api, resource_graph
from cmk_admin.cloud.consumers import CONSUMERS
from cmk_admin.cloud.lanes import together
from cmk_admin.cloud.session import Session
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.ids import fold

_API_VERSIONS = {kind.resource_type: kind.api_version for kind in CONSUMERS.values()}


async def carriers(session: Session, identity_id: str) -> tuple[str, ...]:
    """``NAME (TYPE)`` of each resource that carries the identity or names it in its settings, by name.

    Resource Graph is asked over all subscriptions that this account sees, and is about a minute old; services that this
    program knows are then asked themselves. What this account may not read is not found: an empty answer is not a
    proof. Raises AzureFailure where it could not be asked: then nothing is known.
    """
    listed = await session.arm_pages("/subscriptions", api_version=api.SUBSCRIPTIONS, urgent=True)
    subscriptions = [str(one["subscriptionId"]) for one in listed]
    rows = await resource_graph.query(session, _query(identity_id), subscriptions)
    found = [row for row in rows if _names(row, identity_id) and fold(str(row["id"])) != fold(identity_id)]
    still = await together(*(_still(session, row, identity_id) for row in found))
    return tuple(sorted(f"{row['name']} ({row['type']})" for row, carries in zip(found, still, strict=True) if carries))


def _query(identity_id: str) -> str:
    quoted = identity_id.replace("\\", "\\\\").replace("'", "\\'")
    return (
        f"resources | where tostring(identity) contains '{quoted}' or tostring(properties) contains '{quoted}' "
        "| project id, name, type, identity, properties | order by id asc"
    )


async def _still(session: Session, row: Mapping[str, Any], identity_id: str) -> bool:
    """Whether the resource itself says so too, where this program knows how to ask it; else the graph's word counts."""
    version = _API_VERSIONS.get(str(row["type"]).lower())
    if version is None:
        return True
    try:
        reply = await session.arm("GET", str(row["id"]), api_version=version, urgent=True)
    except AzureFailure as failure:
        if failure.kind is FailureKind.NOT_FOUND:
            return False
        raise
    return _names(reply.body, identity_id)


def _names(document: Any, identity_id: str) -> bool:
    """Whether the id stands in a document, whole: not merely as the beginning of another's."""
    wanted = fold(identity_id)
    return any(text == wanted or f"{wanted}/" in f"{text}/" for text in _texts(document))


def _texts(document: Any) -> Iterator[str]:
    """All names and texts of a JSON document, folded."""
    if isinstance(document, Mapping):
        for name, value in document.items():
            yield fold(str(name))
            yield from _texts(value)
    elif isinstance(document, list):
        for value in document:
            yield from _texts(value)
    elif isinstance(document, str):
        yield fold(document)
