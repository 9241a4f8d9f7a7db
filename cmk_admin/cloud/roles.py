"""Role assignments, role definitions and locks, through the resource manager."""

from typing import Any

from cmk_admin.cloud import api, parse
from cmk_admin.cloud.session import Session
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.ids import fold, last
from cmk_admin.domain.model import Lock, Permissions, RoleAssignment, RoleDefinition

_ASSIGNMENTS = "providers/Microsoft.Authorization/roleAssignments"


async def get_assignment(session: Session, assignment_id: str, *, urgent: bool = True) -> RoleAssignment | None:
    """The assignment of that id, or None where there is none. Raises AzureFailure.

    Many of one scope that are asked for in the same moment are read with one list (`cloud.gathering`).
    """
    scope, _, _ = assignment_id.rpartition(f"/{_ASSIGNMENTS}/")

    async def all_there() -> dict[str, RoleAssignment]:
        return {fold(one.id): one for one in await assignments_at(session, scope, urgent=urgent)}

    async def one() -> RoleAssignment | None:
        return await _read_assignment(session, assignment_id, urgent=urgent)

    return await session.assignments.ask(fold(scope), fold(assignment_id), one, all_there)


async def _read_assignment(session: Session, assignment_id: str, *, urgent: bool) -> RoleAssignment | None:
    try:
        reply = await session.arm("GET", assignment_id, api_version=api.AUTHORIZATION, urgent=urgent)
    except AzureFailure as failure:
        if failure.kind is FailureKind.NOT_FOUND:
            return None
        raise
    return parse.role_assignment(reply.body)


async def delete_assignment(session: Session, assignment_id: str) -> bool:
    """Remove it (a write, urgent, never retried); False where it was gone already.

    Counts everywhere within 600 Azure seconds (RBACD troubleshooting.md). Raises AzureFailure (LOST: look with
    `get_assignment`).
    """
    reply = await session.arm("DELETE", assignment_id, api_version=api.AUTHORIZATION, urgent=True)
    return reply.status != 204


async def create_assignment(session: Session, assignment: RoleAssignment) -> RoleAssignment:
    """Make it under its own id, with all its properties (a write, urgent, never retried); as Azure answered.

    Raises AzureFailure: CONFLICT with azure_code RoleAssignmentExists where another assignment already gives the same
    principal the same role at the same scope, or the same one exists; LOST: look with `get_assignment`.
    """
    facts: dict[str, Any] = {
        "roleDefinitionId": assignment.role_definition_id,
        "principalId": assignment.principal_id,
        "principalType": assignment.principal_type,
        "condition": assignment.condition,
        "conditionVersion": assignment.condition_version,
        "description": assignment.description,
        "delegatedManagedIdentityResourceId": assignment.delegated_identity,
    }
    body = {"properties": {name: value for name, value in facts.items() if value is not None}}
    reply = await session.arm("PUT", assignment.id, api_version=api.AUTHORIZATION, body=body, urgent=True)
    return parse.role_assignment(reply.body)


async def assignments_of(
    session: Session, scope: str, principal_id: str, *, urgent: bool = True
) -> tuple[RoleAssignment, ...]:
    """All assignments that reach a user or service principal at `scope` or above, also through groups.

    Raises AzureFailure.
    """
    return await _assignments(session, scope, f"assignedTo('{principal_id}')", urgent=urgent)


async def assignments_at(session: Session, scope: str, *, urgent: bool = True) -> tuple[RoleAssignment, ...]:
    """All assignments at `scope` and above it (``atScope()``), whoever holds them. Raises AzureFailure."""
    return await _assignments(session, scope, "atScope()", urgent=urgent)


async def assignments_in(session: Session, scope: str, *, urgent: bool = False) -> tuple[RoleAssignment, ...]:
    """All assignments at, below and (inherited) above a subscription or management group. Raises AzureFailure."""
    return await _assignments(session, scope, None, urgent=urgent)


async def definitions_in(session: Session, scope: str, *, urgent: bool = False) -> tuple[RoleDefinition, ...]:
    """All role definitions that can be assigned at `scope`, built-in and custom. Raises AzureFailure."""
    elements = await session.arm_pages(
        f"{_under(scope)}/providers/Microsoft.Authorization/roleDefinitions",
        api_version=api.AUTHORIZATION,
        urgent=urgent,
    )
    return tuple(parse.role_definition(each) for each in elements)


async def custom_definitions_at(session: Session, scope: str, *, urgent: bool = True) -> tuple[RoleDefinition, ...]:
    """The custom roles that can be assigned at `scope`: all that can be assigned there or above it.

    Source: RBACD role-definitions-list.md (the filter). Raises AzureFailure.
    """
    elements = await session.arm_pages(
        f"{_under(scope)}/providers/Microsoft.Authorization/roleDefinitions",
        api_version=api.AUTHORIZATION,
        params={"$filter": "type eq 'CustomRole'"},
        urgent=urgent,
    )
    return tuple(parse.role_definition(each) for each in elements)


async def get_definition(session: Session, definition_id: str, *, urgent: bool = True) -> RoleDefinition:
    """One role definition. Raises AzureFailure."""
    reply = await session.arm("GET", definition_id, api_version=api.AUTHORIZATION, urgent=urgent)
    return parse.role_definition(reply.body)


async def permissions_at(session: Session, scope: str, *, urgent: bool = True) -> tuple[Permissions, ...]:
    """What the signed-in account may do at `scope`, one element for each role that reaches it; their names are empty.

    Azure's permissions API (Microsoft.Authorization/permissions): the answer, not a try. Raises AzureFailure.
    """
    path = f"{_under(scope)}/providers/Microsoft.Authorization/permissions"
    try:
        elements = await session.arm_pages(path, api_version=api.AUTHORIZATION, urgent=urgent)
    except AzureFailure as failure:
        if failure.kind is not FailureKind.NOT_FOUND:
            raise
        # it is the scope that is not there, and not its permissions
        said = f"There is no {last(scope)}, or it cannot be seen from here."
        raise AzureFailure(
            failure.kind, said, subject=scope, status=failure.status, request_id=failure.request_id
        ) from failure
    return tuple(parse.permissions(each) for each in elements)


async def locks_in(session: Session, scope: str, *, urgent: bool = False) -> tuple[Lock, ...]:
    """All locks at, below and (inherited) above `scope`. Raises AzureFailure."""
    elements = await session.arm_pages(
        f"{_under(scope)}/providers/Microsoft.Authorization/locks", api_version=api.LOCKS, urgent=urgent
    )
    return tuple(parse.lock(each) for each in elements)


async def _assignments(session: Session, scope: str, which: str | None, *, urgent: bool) -> tuple[RoleAssignment, ...]:
    elements = await session.arm_pages(
        f"{_under(scope)}/{_ASSIGNMENTS}",
        api_version=api.AUTHORIZATION,
        params={"$filter": which} if which else None,
        urgent=urgent,
    )
    # inherited ones come with each scope that they reach
    return tuple({fold(found.id): found for found in map(parse.role_assignment, elements)}.values())


def _under(scope: str) -> str:
    """A scope as a path's beginning; the root has none."""
    return scope.rstrip("/")
