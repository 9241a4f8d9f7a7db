"""Take role assignments away and make them again under the same name."""

from cmk_admin.cloud import roles
from cmk_admin.cloud.session import Session
from cmk_admin.domain.steps import Step
from cmk_admin.domain.verbs.changes import assignment_facts, assignment_of
from cmk_admin.operations.executors.base import Accepted, AtOnce, Look, compare


class _RoleAssignment(AtOnce):
    async def look(self, session: Session, step: Step) -> Look:
        assignment = await roles.get_assignment(session, step.target)
        return compare(step, None if assignment is None else assignment_facts(assignment))


class RemoveAssignment(_RoleAssignment):
    """DELETE of a role assignment. One that is gone already counts as removed (Azure answers 204)."""

    async def do(self, session: Session, step: Step, look: Look) -> Accepted:
        await roles.delete_assignment(session, step.target)
        return Accepted()


class CreateAssignment(_RoleAssignment):
    """PUT of a role assignment under the name that it had, with everything that it said."""

    async def do(self, session: Session, step: Step, look: Look) -> Accepted:
        assert step.after is not None, "a role assignment is made from its facts"
        await roles.create_assignment(session, assignment_of(step.target, dict(step.after)))
        return Accepted()
