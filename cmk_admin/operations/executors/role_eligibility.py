"""Take from a principal that it may activate a role, and let it do so again."""

from uuid import uuid4

from cmk_admin.cloud import pim
from cmk_admin.cloud.session import Session
from cmk_admin.domain.errors import AzureFailure
from cmk_admin.domain.steps import Json, Step
from cmk_admin.domain.verbs.changes_roles import eligibility_facts, matches
from cmk_admin.operations.executors.base import Accepted, AtOnce, Look, compare


class _Eligibility(AtOnce):
    verifies = True

    async def look(self, session: Session, step: Step) -> Look:
        facts = _facts(step)
        held = await pim.eligibilities_at(session, str(facts["scope"]))
        found = next((one for one in held if matches(one, facts)), None)
        return compare(step, None if found is None else eligibility_facts(found))

    async def _ask(self, session: Session, step: Step, *, gone: bool) -> Accepted:
        facts = _facts(step)
        where = f"{str(facts['scope']).rstrip('/')}/providers/Microsoft.Authorization/roleEligibilityScheduleRequests"
        try:
            # a name of its own each time: whether an earlier request was carried out is told by what the principal holds
            await pim.change_eligibility(session, f"{where}/{uuid4()}", facts, gone=gone)
        except AzureFailure as failure:
            if failure.azure_code == ("RoleAssignmentDoesNotExist" if gone else "RoleAssignmentExists"):
                return Accepted(already="It was so already; nothing was changed.")
            raise
        return Accepted()


class RemoveEligibility(_Eligibility):
    """A request AdminRemove. One that is gone already counts as removed."""

    async def do(self, session: Session, step: Step, look: Look) -> Accepted:
        return await self._ask(session, step, gone=True)


class CreateEligibility(_Eligibility):
    """A request AdminAssign with everything that the facts say; Azure gives the schedule another id."""

    async def do(self, session: Session, step: Step, look: Look) -> Accepted:
        return await self._ask(session, step, gone=False)


def _facts(step: Step) -> dict[str, Json]:
    facts = step.before or step.after
    assert facts is not None, "an eligible role is given and taken by its facts"
    return dict(facts)
