"""Role assignments and definitions: made, found and listed as the resource manager lists them."""

import uuid
from datetime import UTC, datetime
from typing import Any

from cmk_admin.sandbox import access
from cmk_admin.sandbox.state import Document, World

from . import roles

ASSIGNMENTS = "/providers/Microsoft.Authorization/roleAssignments/"

# The kinds of principals as assignments spell them.
PRINCIPAL_TYPES = {
    "User": "User",
    "ServicePrincipal": "ServicePrincipal",
    "ManagedIdentity": "ServicePrincipal",
    "Group": "Group",
}


def make_built_in_roles(world: World) -> None:
    """Lay the built-in roles into a world that has none."""
    for definition in roles.built_in():
        if world.get("roleDefinition", definition["id"]) is None:
            world.put("roleDefinition", definition["id"], definition)


def assignment_id(scope: str, name: str) -> str:
    """The ARM id of a role assignment."""
    return scope.rstrip("/") + ASSIGNMENTS + name


def make_assignment(
    world: World,
    *,
    scope: str,
    role: str,
    principal_id: str,
    name: str | None = None,
    principal_type: str | None = None,
    created_by: str = "",
    condition: str | None = None,
    description: str | None = None,
) -> Document:
    """Assign a role (a built-in role's name, a GUID or an id) at a scope; the ARM envelope.

    It counts from `access.DELAY` on, or at once where `World.forget_past` follows. Raises ValueError for an unknown role.
    """
    if access.definition_of(world, roles.role_id(role)) is None:
        make_built_in_roles(world)
    definition = access.definition_of(world, roles.role_id(role))
    if definition is None:
        raise ValueError(f"no role {role!r}")
    if principal_type is None:
        principal = world.get("principal", principal_id)
        principal_type = PRINCIPAL_TYPES[principal["kind"]] if principal else "ServicePrincipal"
    name = name or str(uuid.uuid4())
    now = timestamp(world.clock.now())
    assignment: dict[str, Any] = {
        "properties": {
            "roleDefinitionId": _at_subscription(scope) + definition["id"],
            "principalId": principal_id,
            "principalType": principal_type,
            "scope": scope,
            "condition": condition,
            "conditionVersion": "2.0" if condition else None,
            "createdOn": now,
            "updatedOn": now,
            "createdBy": created_by,
            "updatedBy": created_by,
            "delegatedManagedIdentityResourceId": None,
            "description": description,
        },
        "id": assignment_id(scope, name),
        "type": "Microsoft.Authorization/roleAssignments",
        "name": name,
    }
    world.put("roleAssignment", assignment["id"], assignment)
    return assignment


def timestamp(moment: datetime) -> str:
    """A moment as the resource manager writes it, with seven digits of a second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0Z"


def _at_subscription(scope: str) -> str:
    parts = scope.split("/")
    return "/".join(parts[:3]) if len(parts) > 2 and parts[1].lower() == "subscriptions" else ""


def make_eligibility(world: World, *, scope: str, role: str, principal_id: str, name: str | None = None) -> Document:
    """Make a principal eligible for a role, which they may then activate by themselves (PIM); the instance's envelope."""
    name = name or str(uuid.uuid4())
    principal = world.get("principal", principal_id)
    kind = "roleEligibilityScheduleInstances"
    instance: dict[str, Any] = {
        "properties": {
            "roleEligibilityScheduleId": f"{scope}/providers/Microsoft.Authorization/roleEligibilitySchedules/{name}",
            "scope": scope,
            "roleDefinitionId": _at_subscription(scope) + roles.role_id(role),
            "principalId": principal_id,
            "principalType": PRINCIPAL_TYPES[principal["kind"]] if principal else "ServicePrincipal",
            "status": "Provisioned",
            "startDateTime": timestamp(world.clock.now()),
            "endDateTime": None,
            "memberType": "Direct",
            "createdOn": timestamp(world.clock.now()),
            "condition": None,
            "conditionVersion": None,
        },
        "name": name,
        "id": f"{scope}/providers/Microsoft.Authorization/{kind}/{name}",
        "type": f"Microsoft.Authorization/{kind}",
    }
    world.put("roleEligibility", instance["id"], instance)
    return instance


def active_instance(assignment: Document) -> Document:
    """A standing role assignment as the schedules (PIM) list it."""
    facts, kind = assignment["properties"], "roleAssignmentScheduleInstances"
    at = f"{facts['scope'].rstrip('/')}/providers/Microsoft.Authorization"
    return {
        "properties": {
            "roleAssignmentScheduleId": f"{at}/roleAssignmentSchedules/{assignment['name']}",
            "originRoleAssignmentId": assignment["id"],
            "scope": facts["scope"],
            "roleDefinitionId": facts["roleDefinitionId"],
            "principalId": facts["principalId"],
            "principalType": facts["principalType"],
            "status": "Provisioned",
            "startDateTime": None,
            "endDateTime": None,
            "assignmentType": "Assigned",
            "memberType": "Direct",
            "createdOn": facts["createdOn"],
            "condition": facts.get("condition"),
            "conditionVersion": facts.get("conditionVersion"),
        },
        "name": assignment["name"],
        "id": f"{at}/{kind}/{assignment['name']}",
        "type": f"Microsoft.Authorization/{kind}",
    }
