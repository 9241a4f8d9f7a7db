"""Locks of subscriptions, groups and resources; the gate before every handler heeds them."""

from cmk_admin.sandbox.gate import lock_scope
from cmk_admin.sandbox.state import Document
from cmk_admin.sandbox.wire import Answer, AzureError, Call, Routes

from .paging import page

_VERSIONS = ("2015-01-01", "2026-12-31")
_TYPE = "Microsoft.Authorization/locks"
_LEVELS = {"cannotdelete": "CanNotDelete", "readonly": "ReadOnly"}
# learn, azure-resource-manager/management/lock-resources: notes up to 512 characters
_NOTES = 512


def register(routes: Routes) -> None:
    """Register the routes of Microsoft.Authorization/locks at any scope."""
    base = "/{*scope}/providers/Microsoft.Authorization/locks"
    routes.arm("GET", base, action=f"{_TYPE}/read", versions=_VERSIONS)(_list)
    routes.arm("GET", base + "/{name}", action=f"{_TYPE}/read", versions=_VERSIONS)(_get)
    routes.arm("PUT", base + "/{name}", action=f"{_TYPE}/write", versions=_VERSIONS)(_put)
    routes.arm("DELETE", base + "/{name}", action=f"{_TYPE}/delete", versions=_VERSIONS)(_delete)


async def _list(call: Call) -> Answer:
    only_at_scope = call.query.get("$filter", "")
    if only_at_scope not in ("", "atScope()"):
        raise AzureError(400, "InvalidFilterInQueryString", f"Invalid $filter '{only_at_scope}' in the query string.")
    scope = _scope(call).lower() + "/"
    found: list[Document] = []
    for _, lock in call.world.items("lock"):
        at = lock_scope(lock).lower() + "/"
        # A lock is inherited, so a list holds those from above too; those below only without atScope().
        if scope.startswith(at) or (not only_at_scope and at.startswith(scope)):
            found.append(lock)
    return page(call, found)


async def _get(call: Call) -> Answer:
    return Answer(_lock(call))


async def _put(call: Call) -> Answer:
    properties = call.json().get("properties")
    level = str(properties.get("level", "")).lower() if isinstance(properties, dict) else ""
    if not isinstance(properties, dict) or level not in _LEVELS:
        raise AzureError(
            400, "InvalidLockLevel", f"The lock level must be one of {', '.join(_LEVELS.values())} in properties.level."
        )
    notes = properties.get("notes")
    if notes is not None and (not isinstance(notes, str) or len(notes) > _NOTES):
        raise AzureError(400, "InvalidLockNotes", f"The notes of a lock are a text of at most {_NOTES} characters.")
    existed = call.world.get("lock", call.path) is not None
    kept = {"level": _LEVELS[level], **({"notes": notes} if notes else {})}
    lock = {"properties": kept, "id": call.path, "type": _TYPE, "name": call.params["name"]}
    call.world.put("lock", call.path, lock)
    return Answer(lock, 200 if existed else 201)


async def _delete(call: Call) -> Answer:
    if call.world.get("lock", call.path) is None:
        return Answer(status=204)
    call.world.delete("lock", call.path)
    return Answer(status=200)


def _scope(call: Call) -> str:
    return "/" + call.params["scope"]


def _lock(call: Call) -> Document:
    lock = call.world.get("lock", call.path)
    if lock is None:
        raise AzureError(404, "LockNotFound", f"The lock '{call.params['name']}' could not be found.")
    return lock
