"""Access policies: what an entry may say, and adding, replacing and removing entries."""

import uuid
from typing import Any

from cmk_admin.sandbox.wire import AzureError

# KVD general/assign-access-policy.md
MOST = 1024
KEY_PERMISSIONS = [
    "all",
    "encrypt",
    "decrypt",
    "wrapKey",
    "unwrapKey",
    "sign",
    "verify",
    "get",
    "list",
    "create",
    "update",
    "import",
    "delete",
    "backup",
    "restore",
    "recover",
    "purge",
    "release",
    "rotate",
    "getrotationpolicy",
    "setrotationpolicy",
]
_OTHER_PERMISSIONS = {
    "secrets": ["all", "get", "list", "set", "delete", "backup", "restore", "recover", "purge"],
    "certificates": [
        "all",
        "get",
        "list",
        "delete",
        "create",
        "import",
        "update",
        "managecontacts",
        "getissuers",
        "listissuers",
        "setissuers",
        "deleteissuers",
        "manageissuers",
        "recover",
        "purge",
        "backup",
        "restore",
    ],
    "storage": [
        "all",
        "get",
        "list",
        "delete",
        "set",
        "update",
        "regeneratekey",
        "recover",
        "purge",
        "backup",
        "restore",
        "setsas",
        "listsas",
        "getsas",
        "deletesas",
    ],
}
_SPELLING = {
    kind: {one.lower(): one for one in known}
    for kind, known in (("keys", KEY_PERMISSIONS), *_OTHER_PERMISSIONS.items())
}

Policy = dict[str, Any]


def checked(wanted: Any) -> list[Policy]:
    """Entries as a request gives them, with permissions as the service spells them. Raises AzureError 400."""
    if not isinstance(wanted, list):
        raise AzureError(400, "BadRequest", "The parameter accessPolicies is not specified.")
    if len(wanted) > MOST:
        raise AzureError(400, "BadRequest", f"The number of access policies exceeds the maximum of {MOST}.")
    return [_entry(one) for one in wanted]


def changed(before: list[Policy], kind: str, given: list[Policy]) -> list[Policy]:
    """The entries after an ``add``, ``replace`` or ``remove`` of the given ones.

    add lays permissions on top; replace puts the given entry in the place of that principal's; remove takes the named
    permissions away, and the whole entry where none are named or none are left.
    """
    after = {_principal(one): one for one in before}
    for one in given:
        principal = _principal(one)
        existing = after.get(principal)
        if kind == "replace" or (kind == "add" and existing is None):
            after[principal] = one
        elif kind == "add" and existing is not None:
            after[principal] = {**existing, "permissions": _united(existing["permissions"], one["permissions"])}
        elif existing is not None:
            left = _less(existing["permissions"], one["permissions"])
            named = any(one["permissions"].values())
            if named and any(left.values()):
                after[principal] = {**existing, "permissions": left}
            else:
                del after[principal]
    if len(after) > MOST:
        raise AzureError(400, "BadRequest", f"The number of access policies exceeds the maximum of {MOST}.")
    return list(after.values())


def _entry(wanted: Any) -> Policy:
    try:
        entry: Policy = {"tenantId": str(uuid.UUID(wanted["tenantId"])), "objectId": str(uuid.UUID(wanted["objectId"]))}
        if wanted.get("applicationId"):
            entry["applicationId"] = str(uuid.UUID(wanted["applicationId"]))
        permissions = wanted.get("permissions") or {}
        entry["permissions"] = {
            kind: [spelling[str(one).lower()] for one in permissions.get(kind) or ()]
            for kind, spelling in _SPELLING.items()
            if permissions.get(kind) is not None
        }
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise AzureError(400, "BadRequest", f"An invalid value was provided for 'accessPolicies': {error}.") from error
    return entry


def _principal(entry: Policy) -> tuple[str, str]:
    return str(entry["objectId"]).lower(), str(entry.get("applicationId") or "").lower()


def _united(one: dict[str, list[str]], other: dict[str, list[str]]) -> dict[str, list[str]]:
    return {kind: list(dict.fromkeys([*one.get(kind, ()), *other.get(kind, ())])) for kind in {**one, **other}}


def _less(one: dict[str, list[str]], other: dict[str, list[str]]) -> dict[str, list[str]]:
    gone = {kind: {permission.lower() for permission in listed} for kind, listed in other.items()}
    return {
        kind: [permission for permission in listed if permission.lower() not in gone.get(kind, ())]
        for kind, listed in one.items()
    }
