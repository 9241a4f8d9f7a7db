"""Role definitions: the built-in ones read, custom ones made and removed."""

import re
import uuid
from typing import Any

from cmk_admin.sandbox import access
from cmk_admin.sandbox.access import MANAGEMENT_GROUPS, ROLE_DEFINITIONS
from cmk_admin.sandbox.services.envelopes import block
from cmk_admin.sandbox.state import Document, World
from cmk_admin.sandbox.wire import AzureError, Caller

from .model import timestamp

_NAME = re.compile(r"roleName\s+eq\s+'(?P<name>(?:[^']|'')*)'", re.IGNORECASE)
_TYPE = re.compile(r"type\s+eq\s+'(?P<type>\w+)'", re.IGNORECASE)
_BLOCK = ("actions", "notActions", "dataActions", "notDataActions")


def listed(world: World, scope: str, text: str | None) -> list[Document]:
    """The roles that can be assigned at a scope, by a filter on roleName or type. Raises AzureError 400."""
    name = kind = None
    below = False
    for part in re.split(r"\s+and\s+", text.strip(), flags=re.IGNORECASE) if text else ():
        if match := _NAME.fullmatch(part.strip()):
            name = match["name"].replace("''", "'").lower()
        elif match := _TYPE.fullmatch(part.strip()):
            kind = match["type"].lower()
        elif part.strip().lower() == "atscopeandbelow()":
            below = True
        else:
            raise AzureError(400, "BadRequestFormat", f"The filter '{text}' is not supported.")
    above, under = access.scopes_above(world, scope), scope.lower().rstrip("/") + "/"
    found: list[Document] = []
    for _, definition in world.items("roleDefinition"):
        facts = definition["properties"]
        scopes = [one.lower().rstrip("/") or "/" for one in facts["assignableScopes"]]
        reaches = any(one in above or (below and one.startswith(under)) for one in scopes)
        if reaches and name in (None, facts["roleName"].lower()) and kind in (None, facts["type"].lower()):
            found.append(shown(definition, scope))
    return found


def find(world: World, scope: str, name: str) -> Document:
    """The role of that GUID. Raises AzureError 404."""
    definition = access.definition_of(world, name)
    if definition is None:
        raise AzureError(
            404, "RoleDefinitionDoesNotExist", f"The specified role definition with ID '{name}' does not exist."
        )
    return shown(definition, scope)


def shown(definition: Document, scope: str) -> Document:
    """A definition as a read at a scope shows it: with the subscription in its id, where there is one."""
    parts = scope.split("/")
    inside = len(parts) > 2 and parts[1].lower() == "subscriptions"
    return {**definition, "id": "/".join(parts[:3]) + definition["id"]} if inside else definition


def put(world: World, caller: Caller, scope: str, name: str, body: dict[str, Any]) -> Document:
    """Make or replace a custom role; the envelope. Raises AzureError 400, 409."""
    wanted = block(body, "properties")
    _check_guid(name)
    before = access.definition_of(world, name)
    role_name, scopes = wanted.get("roleName"), wanted.get("assignableScopes")
    blocks = _blocks(wanted.get("permissions"))
    if not isinstance(role_name, str) or not role_name or not _are_texts(scopes) or not scopes or not blocks:
        raise AzureError(
            400, "BadRequestFormat", "A role definition needs properties.roleName, permissions and assignableScopes."
        )
    if before is not None and before["properties"]["type"] == "BuiltInRole":
        raise AzureError(
            400, "RoleDefinitionCannotBeUpdated", f"The role definition '{name}' is built in and cannot be updated."
        )
    for _, other in world.items("roleDefinition"):
        if other["name"].lower() != name.lower() and other["properties"]["roleName"].lower() == role_name.lower():
            raise AzureError(
                409,
                "RoleDefinitionWithSameNameExists",
                f"A custom role with the same name already exists in this directory. Use a different name: '{role_name}'.",
            )
    if any(block["dataActions"] for block in blocks) and any(
        one.lower().startswith(MANAGEMENT_GROUPS) for one in scopes
    ):
        raise AzureError(
            400,
            "RoleDefinitionDataActionsNotSupported",
            "A custom role with DataActions cannot have a management group among its assignable scopes.",
        )
    now = timestamp(world.clock.now())
    created = before["properties"] if before else {"createdOn": now, "createdBy": caller.object_id}
    definition: Document = {
        "id": ROLE_DEFINITIONS + name,
        "type": "Microsoft.Authorization/roleDefinitions",
        "name": name,
        "properties": {
            "roleName": role_name,
            "type": "CustomRole",
            "description": wanted.get("description") or "",
            "assignableScopes": list(scopes),
            "permissions": blocks,
            "createdOn": created["createdOn"],
            "updatedOn": now,
            "createdBy": created["createdBy"],
            "updatedBy": caller.object_id,
        },
    }
    world.put("roleDefinition", definition["id"], definition)
    return shown(definition, scope)


def delete(world: World, scope: str, name: str) -> Document | None:
    """Remove a custom role; what it was, or None. Raises AzureError 400 while it is assigned, or where it is built in."""
    definition = access.definition_of(world, name)
    if definition is None:
        return None
    if definition["properties"]["type"] == "BuiltInRole":
        raise AzureError(400, "RoleDefinitionCannotBeDeleted", f"The role definition '{name}' is built in.")
    for _, assignment in world.items("roleAssignment"):
        if assignment["properties"]["roleDefinitionId"].rsplit("/", 1)[-1].lower() == name.lower():
            raise AzureError(
                400,
                "RoleDefinitionHasAssignments",
                "There are existing role assignments referencing role (code: RoleDefinitionHasAssignments).",
            )
    world.delete("roleDefinition", definition["id"])
    return shown(definition, scope)


def _blocks(wanted: Any) -> list[dict[str, list[str]]] | None:
    """Permissions as kept, or None where they are not what they should be."""
    if not isinstance(wanted, list) or not all(isinstance(one, dict) for one in wanted):
        return None
    found = [{name: one.get(name) or [] for name in _BLOCK} for one in wanted]
    return found if all(_are_texts(listed) for one in found for listed in one.values()) else None


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _check_guid(name: str) -> None:
    try:
        uuid.UUID(name)
    except ValueError as error:
        raise AzureError(
            400, "InvalidRoleDefinitionId", f"The role definition ID '{name}' is not valid. It must be a GUID."
        ) from error
