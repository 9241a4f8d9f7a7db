"""The tenant's principals as Microsoft Graph shows them, and who may look at them."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from cmk_admin.sandbox.state import Document, World
from cmk_admin.sandbox.wire import AzureError, Caller

_KINDS = {
    "User": "user",
    "ServicePrincipal": "servicePrincipal",
    "ManagedIdentity": "servicePrincipal",
    "Group": "group",
}
_COMPARISON = re.compile(r"(\w+)\s+eq\s+'((?:[^']|'')*)'", re.IGNORECASE)
_AMONG = re.compile(r"(\w+)\s+in\s+\(\s*('(?:[^']|'')*'(?:\s*,\s*'(?:[^']|'')*')*)\s*\)", re.IGNORECASE)
_ANY_NAME = re.compile(r"servicePrincipalNames/any\(\s*(\w+)\s*:\s*\1\s+eq\s+'((?:[^']|'')*)'\s*\)", re.IGNORECASE)
_BEGINS = re.compile(r"startswith\(\s*(\w+)\s*,\s*'((?:[^']|'')*)'\s*\)", re.IGNORECASE)
_TEXT = re.compile(r"'((?:[^']|'')*)'")
# Outside the quotes only: a name may well hold the word.
_OR = re.compile(r"\s+or\s+(?=(?:[^']*'[^']*')*[^']*$)", re.IGNORECASE)
_FIELDS = {"id": "id", "appid": "appId", "displayname": "displayName", "userprincipalname": "userPrincipalName"}


def check_reader(world: World, caller: Caller) -> None:
    """Raise Graph's refusal for a principal that the world keeps out of the directory."""
    if caller.object_id in (world.get("meta", "world") or {}).get("graph_forbidden", ()):
        raise AzureError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def kind_of(principal: Document) -> str:
    """``user``, ``servicePrincipal`` or ``group``."""
    return _KINDS[principal["kind"]]


def find(world: World, identifier: str, kind: str | None = None) -> Document:
    """A principal by its object id. Raises Graph's 404."""
    principal = world.get("principal", identifier)
    if principal is None or (kind is not None and kind_of(principal) != kind):
        raise AzureError(
            404,
            "Request_ResourceNotFound",
            f"Resource '{identifier}' does not exist or one of its queried reference-property objects are not present.",
        )
    return principal


def shown(world: World, principal: Document, *, typed: bool = True) -> dict[str, Any]:
    """A principal as Graph shows it."""
    kind = kind_of(principal)
    body: dict[str, Any] = {"@odata.type": f"#microsoft.graph.{kind}"} if typed else {}
    body |= {"id": principal["objectId"], "displayName": principal["displayName"]}
    if kind == "user":
        name = str(principal["displayName"]).replace(" ", ".")
        body["userPrincipalName"] = f"{name}@{world.tenant_id}.onmicrosoft.com"
        body["mail"] = None
    elif kind == "group":
        body |= {"securityEnabled": True, "mailEnabled": False, "groupTypes": []}
    else:
        managed = principal["kind"] == "ManagedIdentity"
        of_its_own = "/userassignedidentities/" in (principal.get("resourceId") or "").lower()
        body |= {
            "appId": principal["clientId"],
            "accountEnabled": True,
            "servicePrincipalType": "ManagedIdentity" if managed else "Application",
            "servicePrincipalNames": [principal["clientId"]],
            "alternativeNames": [f"isExplicit={of_its_own}", principal["resourceId"]] if managed else [],
            "appOwnerOrganizationId": None if managed else world.tenant_id,
        }
    return body


def members(world: World, group: Document) -> Iterator[Document]:
    """The members of a group and of the groups in it, each once."""
    seen = {group["objectId"].lower()}
    todo = list(group.get("members") or ())
    while todo:
        identifier = todo.pop(0)
        member = world.get("principal", identifier)
        if member is not None and identifier.lower() not in seen:
            seen.add(identifier.lower())
            yield member
            todo.extend(member.get("members") or ())


def parse_filter(text: str | None) -> Callable[[dict[str, Any]], bool]:
    """What a $filter lets through: eq, in, startswith and the names' any, joined by ``or``. Raises Graph's 400."""
    if not text:
        return lambda body: True
    tests = [_clause(text, part.strip()) for part in _OR.split(text)]
    return lambda body: any(test(body) for test in tests)


def _clause(text: str, part: str) -> Callable[[dict[str, Any]], bool]:
    if match := _ANY_NAME.fullmatch(part):
        wanted = _plain(match[2])
        return lambda body: wanted in [name.lower() for name in body.get("servicePrincipalNames") or ()]
    if match := _COMPARISON.fullmatch(part):
        field, values = _field(text, match[1]), {_plain(match[2])}
        return lambda body: str(body.get(field, "")).lower() in values
    if match := _AMONG.fullmatch(part):
        field, values = _field(text, match[1]), {_plain(value) for value in _TEXT.findall(match[2])}
        return lambda body: str(body.get(field, "")).lower() in values
    if match := _BEGINS.fullmatch(part):
        field, beginning = _field(text, match[1]), _plain(match[2])
        return lambda body: str(body.get(field, "")).lower().startswith(beginning)
    raise _invalid(text)


def _field(text: str, name: str) -> str:
    if name.lower() not in _FIELDS:
        raise _invalid(text)
    return _FIELDS[name.lower()]


def _plain(quoted: str) -> str:
    return quoted.replace("''", "'").lower()


def _invalid(text: str) -> AzureError:
    return AzureError(400, "Request_UnsupportedQuery", f"Unsupported or invalid query filter clause specified: {text}")
