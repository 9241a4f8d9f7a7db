"""Making and removing role assignments as callers ask for it."""

import uuid
from typing import Any

from cmk_admin.sandbox import access, gate
from cmk_admin.sandbox.services.envelopes import block
from cmk_admin.sandbox.state import Document, World
from cmk_admin.sandbox.wire import AzureError, Caller

from . import model

WRITE = "Microsoft.Authorization/roleAssignments/write"
DELETE = "Microsoft.Authorization/roleAssignments/delete"
# RBACD troubleshoot-limits.md
_MOST_PER_SUBSCRIPTION = 4000
# How long a new principal may not yet be known everywhere. RBACD troubleshooting.md speaks of a replication delay, and of
# "a few minutes" for groups; the minute is this sandbox's own choice. Azure seconds.
_REPLICATION = 60.0
_ATTRIBUTES = "microsoft.authorization/roleassignments:"
_FIXED = ("roleDefinitionId", "principalId")


def put(world: World, caller: Caller, scope: str, name: str, body: dict[str, Any]) -> tuple[Document, bool]:
    """Assign a role as the body says; the envelope, and whether it is new.

    The same assignment again only takes a new condition and description. Raises AzureError 400, 403, 404, 409.
    """
    wanted = block(body, "properties")
    _check_texts(wanted, "principalType", "condition", "conditionVersion", "description")
    role, principal_id = str(wanted.get("roleDefinitionId") or ""), str(wanted.get("principalId") or "")
    definition = access.definition_of(world, role)
    attributes = _attributes(role, principal_id, str(wanted.get("principalType") or ""))
    if not access.may(world, caller.object_id, WRITE, scope, attributes=attributes):
        raise gate.forbidden(caller, WRITE, model.assignment_id(scope, name))
    _check_ids(name, principal_id)
    scope = _existing(world, scope)
    if definition is None or not _assignable(world, definition, scope):
        raise AzureError(
            400,
            "RoleDefinitionDoesNotExist",
            f"The specified role definition with ID '{_plain(role.rsplit('/', 1)[-1])}' does not exist.",
        )
    again = _of_that_name(world, name)
    if again is not None:
        return _updated(world, again, scope, wanted), False
    kind = _principal_type(world, principal_id, wanted.get("principalType"))
    _check_free(world, scope, role, principal_id)
    made = model.make_assignment(
        world,
        scope=scope,
        role=role,
        principal_id=principal_id,
        name=name,
        principal_type=kind,
        created_by=caller.object_id,
        condition=wanted.get("condition"),
        description=wanted.get("description"),
    )
    return made, True


def find(world: World, scope: str, name: str) -> Document:
    """The assignment of that name at exactly that scope. Raises AzureError 404."""
    found = world.get("roleAssignment", model.assignment_id(scope, name))
    if found is None:
        raise AzureError(404, "RoleAssignmentNotFound", f"The role assignment '{name}' is not found.")
    return found


def delete(world: World, caller: Caller, scope: str, name: str) -> Document | None:
    """Remove an assignment; what it was, or None where there is none. Raises AzureError 403."""
    found = world.get("roleAssignment", model.assignment_id(scope, name))
    facts = found["properties"] if found else {}
    attributes = _attributes(
        facts.get("roleDefinitionId", ""), facts.get("principalId", ""), facts.get("principalType", "")
    )
    if not access.may(world, caller.object_id, DELETE, scope, attributes=attributes):
        raise gate.forbidden(caller, DELETE, model.assignment_id(scope, name))
    if found is not None:
        world.delete("roleAssignment", found["id"])
    return found


def _attributes(role: str, principal_id: str, principal_type: str) -> dict[str, str]:
    return {
        _ATTRIBUTES + "roledefinitionid": role.rsplit("/", 1)[-1],
        _ATTRIBUTES + "principalid": principal_id,
        _ATTRIBUTES + "principaltype": principal_type,
    }


def _check_ids(name: str, principal_id: str) -> None:
    if not _is_guid(name):
        raise AzureError(
            400,
            "InvalidRoleAssignmentId",
            f"The role assignment ID '{name}' is not valid. The role assignment ID must be a GUID.",
        )
    if not _is_guid(principal_id):
        raise AzureError(
            400,
            "InvalidPrincipalId",
            f"A valid principal ID must be provided for role assignment. The principal ID '{principal_id}' is no GUID.",
        )


def _check_texts(wanted: dict[str, Any], *names: str) -> None:
    for name in names:
        if wanted.get(name) is not None and not isinstance(wanted[name], str):
            raise AzureError(
                400, "InvalidRequestContent", f"The property '{name}' of the request content is not valid."
            )


def _existing(world: World, scope: str) -> str:
    """The scope in the resource's own spelling. Raises AzureError 404 where there is nothing to assign at."""
    parts = scope.split("/")
    if len(parts) <= 4 or parts[1].lower() != "subscriptions":
        return scope
    # A resource, or a resource group; what hangs under a resource (a vault's key) is not looked for, as names of the
    # data plane are not known to the resource manager.
    top = "/".join(parts[:9] if len(parts) >= 9 else parts[:5])
    resource = world.get("resource", top)
    if resource is None:
        raise AzureError(404, "ResourceNotFound", f"The Resource '{top}' was not found.")
    return str(resource["id"]) + scope[len(top) :]


def _assignable(world: World, definition: Document, scope: str) -> bool:
    above = access.scopes_above(world, scope)
    return any((one.lower().rstrip("/") or "/") in above for one in definition["properties"]["assignableScopes"])


def _of_that_name(world: World, name: str) -> Document | None:
    for _, assignment in world.items("roleAssignment"):
        if assignment["name"].lower() == name.lower():
            return assignment
    return None


def _updated(world: World, before: Document, scope: str, wanted: dict[str, Any]) -> Document:
    facts = before["properties"]
    same = all(
        str(facts[one]).rsplit("/", 1)[-1].lower() == str(wanted.get(one)).rsplit("/", 1)[-1].lower() for one in _FIXED
    )
    if not same or facts["scope"].lower() != scope.lower():
        raise AzureError(
            400,
            "RoleAssignmentUpdateNotPermitted",
            "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.",
        )
    changes = {one: wanted.get(one) for one in ("condition", "conditionVersion", "description")}
    if all(facts.get(one) == value for one, value in changes.items()):
        return before
    after = {**before, "properties": {**facts, **changes, "updatedOn": model.timestamp(world.clock.now())}}
    world.put("roleAssignment", before["id"], after)
    return after


def _principal_type(world: World, principal_id: str, wanted: str | None) -> str:
    """The principal's type. Raises AzureError 400 where there is no such principal, or its type is said wrongly.

    A principal just made, of which the type is not said rightly, may not be known to the assignments' side yet.
    """
    principal = world.get("principal", principal_id)
    actual = model.PRINCIPAL_TYPES[principal["kind"]] if principal else None
    made = [until for until, before in world.changes("principal", principal_id) if before is None]
    fresh = bool(made) and world.clock.azure() - made[-1] < _REPLICATION
    if actual is None or (fresh and wanted != actual):
        raise AzureError(
            400,
            "PrincipalNotFound",
            f"Principal {_plain(principal_id)} does not exist in the directory {world.tenant_id}. Check that you have the "
            "correct principal ID. If you are creating this principal and then immediately assigning a role, this error "
            "might be related to a replication delay. In this case, set the role assignment principalType property to a "
            "value, such as ServicePrincipal, User, or Group. See https://aka.ms/docs-principaltype",
        )
    if wanted and wanted.lower() != actual.lower():
        raise AzureError(
            400,
            "UnmatchedPrincipalType",
            f"The PrincipalId '{_plain(principal_id)}' has type '{actual}' , which is different from specified "
            f"PrinciaplType '{wanted}'.",
        )
    return actual


def _check_free(world: World, scope: str, role: str, principal_id: str) -> None:
    subscription = "/".join(scope.lower().split("/")[:3]) + "/"
    counted = 0
    wanted = (scope.lower(), role.rsplit("/", 1)[-1].lower(), principal_id.lower())
    for _, assignment in world.items("roleAssignment"):
        facts = assignment["properties"]
        at = facts["scope"].lower()
        if (at, facts["roleDefinitionId"].rsplit("/", 1)[-1].lower(), facts["principalId"].lower()) == wanted:
            raise AzureError(
                409,
                "RoleAssignmentExists",
                f"The role assignment already exists. The ID of the existing role assignment is "
                f"{_plain(assignment['name'])}.",
            )
        counted += (at + "/").startswith(subscription)
    if subscription.startswith("/subscriptions/") and counted >= _MOST_PER_SUBSCRIPTION:
        raise AzureError(
            400,
            "RoleAssignmentLimitExceeded",
            "No more role assignments can be created (code: RoleAssignmentLimitExceeded).",
        )


def _is_guid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def _plain(guid: str) -> str:
    return guid.replace("-", "")
