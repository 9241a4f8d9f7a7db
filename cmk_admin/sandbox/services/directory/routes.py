"""The routes of Microsoft Graph that names of principals and members of groups are read by."""

import base64
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from cmk_admin.sandbox import hosts
from cmk_admin.sandbox.state import Document
from cmk_admin.sandbox.wire import Answer, AzureError, Call, Routes

from . import model

_V1 = "/v1.0"
_COLLECTIONS = {"users": "user", "servicePrincipals": "servicePrincipal", "groups": "group"}
# learn, graph/api directoryobject-getbyids: up to 1000 ids; a page of members or principals holds 100, at most 999.
_IDS, _PAGE, _LONGEST_PAGE = 1000, 100, 999


def register(routes: Routes) -> None:
    """Register Microsoft Graph's routes."""
    routes.graph("POST", _V1 + "/directoryObjects/getByIds")(_get_by_ids)
    routes.graph("GET", _V1 + "/groups/{id}/transitiveMembers")(_transitive_members)
    for collection, kind in _COLLECTIONS.items():
        _register_collection(routes, collection, kind)


def _register_collection(routes: Routes, collection: str, kind: str) -> None:
    async def listed(call: Call) -> Answer:
        model.check_reader(call.world, call.who)
        passes = model.parse_filter(call.query.get("$filter"))
        bodies = (
            model.shown(call.world, principal, typed=False)
            for _, principal in call.world.items("principal")
            if model.kind_of(principal) == kind
        )
        return _page(call, collection, (body for body in bodies if passes(body)))

    async def one(call: Call) -> Answer:
        model.check_reader(call.world, call.who)
        principal = model.find(call.world, call.params["id"], kind)
        context = f"https://{hosts.GRAPH}{_V1}/$metadata#{collection}/$entity"
        return Answer({"@odata.context": context, **_selected(call, model.shown(call.world, principal, typed=False))})

    routes.graph("GET", f"{_V1}/{collection}")(listed)
    routes.graph("GET", f"{_V1}/{collection}/{{id}}")(one)


async def _get_by_ids(call: Call) -> Answer:
    model.check_reader(call.world, call.who)
    body = call.json()
    ids, types = body.get("ids"), body.get("types")
    if not isinstance(ids, list) or any(not isinstance(one, str) for one in ids) or len(ids) > _IDS:
        raise AzureError(400, "Request_BadRequest", f"Property ids must be a collection of at most {_IDS} strings.")
    if types is not None and (not isinstance(types, list) or any(not isinstance(one, str) for one in types)):
        raise AzureError(400, "Request_BadRequest", "Property types must be a collection of strings.")
    wanted = {one.lower() for one in types} if types and "directoryObject" not in types else None
    found: list[Document] = []
    for identifier in dict.fromkeys(ids):
        principal = call.world.get("principal", identifier)
        if principal is not None and (wanted is None or model.kind_of(principal).lower() in wanted):
            found.append(model.shown(call.world, principal))
    context = f"https://{hosts.GRAPH}{_V1}/$metadata#directoryObjects"
    return Answer({"@odata.context": context, "value": found})


async def _transitive_members(call: Call) -> Answer:
    model.check_reader(call.world, call.who)
    group = model.find(call.world, call.params["id"], "group")
    members = (model.shown(call.world, member) for member in model.members(call.world, group))
    return _page(call, "directoryObjects", members)


def _page(call: Call, collection: str, bodies: Iterable[dict[str, Any]]) -> Answer:
    everything = list(bodies)
    text = call.query.get("$top", str(_PAGE))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= _LONGEST_PAGE:
        raise AzureError(
            400,
            "Request_UnsupportedQuery",
            f"Invalid page size specified: '{text}'. Must be between 1 and 999 inclusive.",
        )
    top, last = int(text), call.query.get("$skiptoken")
    start = 0
    if last is not None:
        try:
            seen = base64.urlsafe_b64decode(last.encode()).decode()
        except ValueError as error:
            raise AzureError(400, "Request_BadRequest", "The skip token is not valid.") from error
        start = next((n + 1 for n, body in enumerate(everything) if body["id"] == seen), 0)
    shown = everything[start : start + top]
    answer: dict[str, Any] = {
        "@odata.context": f"https://{hosts.GRAPH}{_V1}/$metadata#{collection}",
        "value": [_selected(call, body) for body in shown],
    }
    if start + top < len(everything):
        query = {name: value for name, value in call.query.items() if name != "$skiptoken"}
        query["$skiptoken"] = base64.urlsafe_b64encode(shown[-1]["id"].encode()).decode()
        answer["@odata.nextLink"] = f"https://{hosts.GRAPH}{call.path}?{urlencode(query)}"
    return Answer(answer)


def _selected(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    names = {name.strip().lower() for name in call.query.get("$select", "").split(",")} - {""}
    return {name: value for name, value in body.items() if not names or name.startswith("@") or name.lower() in names}
