"""Management groups, read only: what is above a subscription, where inherited grants sit."""

from typing import Any

from cmk_admin.sandbox import access
from cmk_admin.sandbox.state import Document, World
from cmk_admin.sandbox.wire import Answer, AzureError, Call, Routes

from . import model
from .paging import page

_VERSIONS = ("2018-03-01-preview", "2026-12-31")
_TYPE = "Microsoft.Management/managementGroups"
_BASE = f"/providers/{_TYPE}"
_READ = f"{_TYPE}/read"


def register(routes: Routes) -> None:
    """Register the routes of Microsoft.Management."""
    routes.arm("GET", _BASE, action=None, versions=_VERSIONS)(_list)
    routes.arm("GET", _BASE + "/{name}", action=_READ, versions=_VERSIONS)(_get)
    routes.arm("GET", _BASE + "/{name}/descendants", action=_READ, versions=_VERSIONS)(_descendants)
    routes.arm("POST", "/providers/Microsoft.Management/getEntities", action=None, versions=_VERSIONS)(_entities)


async def _list(call: Call) -> Answer:
    return page(call, [_brief(call.world, group) for group in _readable(call)])


async def _get(call: Call) -> Answer:
    group = _group(call)
    world, name = call.world, group["name"]
    above = _ancestors(world, group)
    details: dict[str, Any] = {"version": 1, "updatedTime": None, "updatedBy": None}
    details["parent"] = _named(above[0]) if above else None
    expand = {part.strip().lower() for part in call.query.get("$expand", "").split(",")} - {""}
    if unknown := expand - {"children", "path", "ancestors"}:
        raise AzureError(400, "BadRequest", f"The value '{', '.join(sorted(unknown))}' of $expand is not supported.")
    if "path" in expand:
        details["path"] = [_named(one) for one in reversed([group, *above])]
    if "ancestors" in expand:
        details["managementGroupAncestors"] = [one["name"] for one in above]
        details["managementGroupAncestorsChain"] = [
            {"name": one["name"], "displayName": one["displayName"]} for one in above
        ]
    body = _brief(world, group)
    body["properties"]["details"] = details
    if "children" in expand:
        recurse = call.query.get("$recurse", "").lower() == "true"
        body["properties"]["children"] = _children(world, name, recurse=recurse) or None
    return Answer(body)


async def _descendants(call: Call) -> Answer:
    return page(call, list(_below(call.world, _group(call)["name"])))


async def _entities(call: Call) -> Answer:
    world = call.world
    found = [_entity(world, _id(group["name"]), _TYPE, group, group.get("parent")) for group in _readable(call)]
    for _, subscription in world.items("subscription"):
        identifier = subscription["subscriptionId"]
        if model.sees_subscription(world, call.who, identifier):
            facts = {"name": identifier, "displayName": subscription["displayName"]}
            scope, parent = f"/subscriptions/{identifier}", subscription.get("managementGroup")
            found.append(_entity(world, scope, "/subscriptions", facts, parent))
    answer = page(call, found)
    answer.body["count"] = len(answer.body["value"])
    return answer


def _readable(call: Call) -> list[Document]:
    return [
        group
        for _, group in call.world.items("managementGroup")
        if access.may(call.world, call.who.object_id, _READ, _id(group["name"]))
    ]


def _group(call: Call) -> Document:
    group = call.world.get("managementGroup", call.params["name"])
    if group is None:
        raise AzureError(404, "NotFound", f"'{_id(call.params['name'])}' not found")
    return group


def _ancestors(world: World, group: Document) -> list[Document]:
    found: list[Document] = []
    parent = group.get("parent")
    while parent and (above := world.get("managementGroup", parent)) is not None:
        found.append(above)
        parent = above.get("parent")
    return found


def _children(world: World, name: str, *, recurse: bool) -> list[Document]:
    found: list[Document] = []
    for _, group in world.items("managementGroup"):
        if (group.get("parent") or "").lower() == name.lower():
            child: Document = {"type": _TYPE, **_named(group)}
            if recurse:
                child["children"] = _children(world, group["name"], recurse=True) or None
            found.append(child)
    for _, subscription in world.items("subscription"):
        if (subscription.get("managementGroup") or "").lower() == name.lower():
            identifier = subscription["subscriptionId"]
            facts = {
                "id": f"/subscriptions/{identifier}",
                "name": identifier,
                "displayName": subscription["displayName"],
            }
            found.append({"type": "/subscriptions", **facts})
    return found


def _below(world: World, name: str) -> list[Document]:
    found: list[Document] = []
    for child in _children(world, name, recurse=False):
        kind, identifier = child["type"], child["id"]
        properties = {"displayName": child["displayName"], "parent": {"id": _id(name)}}
        found.append({"id": identifier, "type": kind, "name": child["name"], "properties": properties})
        if kind == _TYPE:
            found.extend(_below(world, child["name"]))
    return found


def _entity(world: World, identifier: str, kind: str, facts: Document, parent: str | None) -> Document:
    chain = []
    above = world.get("managementGroup", parent) if parent else None
    if above is not None:
        chain = [above, *_ancestors(world, above)][::-1]
    return {
        "id": identifier,
        "type": kind,
        "name": facts["name"],
        "properties": {
            "tenantId": world.tenant_id,
            "displayName": facts["displayName"],
            "parent": {"id": _id(parent) if parent else None},
            "parentDisplayNameChain": [one["displayName"] for one in chain],
            "parentNameChain": [one["name"] for one in chain],
        },
    }


def _brief(world: World, group: Document) -> Document:
    properties = {"tenantId": world.tenant_id, "displayName": group["displayName"]}
    return {"id": _id(group["name"]), "type": _TYPE, "name": group["name"], "properties": properties}


def _named(group: Document) -> dict[str, str]:
    return {"id": _id(group["name"]), "name": group["name"], "displayName": group["displayName"]}


def _id(name: str) -> str:
    return f"{_BASE}/{name}"
