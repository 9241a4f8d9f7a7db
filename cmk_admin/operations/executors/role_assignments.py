"""Take role assignments away and make them again under the same name."""

from dataclasses import replace

from cmk_admin.cloud import roles
from cmk_admin.cloud.identities import principal_of
from cmk_admin.cloud.session import Session
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.ids import fold
from cmk_admin.domain.index import guid
from cmk_admin.domain.model import RoleAssignment
from cmk_admin.domain.steps import Step, StepVerb
from cmk_admin.domain.verbs.changes import assignment_facts, assignment_of
from cmk_admin.operations.executors.base import Accepted, AtOnce, Look, compare


class _RoleAssignment(AtOnce):
    async def look(self, session: Session, step: Step) -> Look:
        assignment = await roles.get_assignment(session, step.target)
        if assignment is None:
            return compare(step, None)
        facts = assignment_facts(assignment)
        who = str((step.after or step.before or {}).get("principal_id"))
        if who != assignment.principal_id and await _is(session, who, assignment.principal_id, step):
            facts["principal_id"] = who
        return compare(step, facts)


async def _is(session: Session, who: str, principal_id: str, step: Step) -> bool:
    """Whether a principal is that of the resource that a step names.

    A resource that is gone is no more to be asked; the name of what is removed was made from its id, and tells.
    """
    try:
        return await principal_of(session, who) == principal_id
    except AzureFailure as failure:
        if failure.kind is FailureKind.NOT_FOUND and step.verb is StepVerb.REMOVE_ASSIGNMENT:
            return who.startswith("/")
        raise


async def given_already(session: Session, wanted: RoleAssignment) -> RoleAssignment | None:
    """Another assignment that gives the same principal the same role at the same scope, on the same condition or none.

    Raises AzureFailure.
    """
    found = (
        one
        for one in await roles.assignments_of(session, wanted.scope, wanted.principal_id)
        if fold(one.id) != fold(wanted.id)
        and fold(one.scope) == fold(wanted.scope)
        and one.principal_id.lower() == wanted.principal_id.lower()
        and guid(one.role_definition_id) == guid(wanted.role_definition_id)
        and (one.condition or None) in (None, wanted.condition or None)
    )
    return next(found, None)


class RemoveAssignment(_RoleAssignment):
    """DELETE of a role assignment. One that is gone already counts as removed (Azure answers 204)."""

    async def do(self, session: Session, step: Step, look: Look) -> Accepted:
        return Accepted(was_gone=not await roles.delete_assignment(session, step.target))


class CreateAssignment(_RoleAssignment):
    """PUT of a role assignment under its name, with everything that it says.

    Its principal may be named by the resource whose identity it is, which an earlier step has made.
    """

    async def do(self, session: Session, step: Step, look: Look) -> Accepted:
        assert step.after is not None, "a role assignment is made from its facts"
        wanted = assignment_of(step.target, dict(step.after))
        principal_id = await principal_of(session, wanted.principal_id)
        wanted = replace(wanted, principal_id=principal_id)
        try:
            await roles.create_assignment(session, wanted)
        except AzureFailure as failure:
            if failure.azure_code == "RoleAssignmentExists" and await given_already(session, wanted):
                return Accepted(already="The same grant is there already under another name; nothing was added to it.")
            raise
        return Accepted()

    def passes(self, failure: AzureFailure) -> bool:
        """An identity that was just made is not known everywhere at once (RBACD troubleshooting.md)."""
        return failure.azure_code == "PrincipalNotFound"
