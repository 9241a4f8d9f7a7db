"""Activate an eligible role of the signed-in account: ask, wait while it is to be approved, and go on with a fresh token."""

from datetime import timedelta

from cmk_admin.cloud import pim
from cmk_admin.cloud.session import Session
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.ids import last
from cmk_admin.domain.steps import Json, Step
from cmk_admin.domain.verbs.changes_roles import request_name, schedule_name
from cmk_admin.operations.executors.base import Accepted, Look, Seen

_SETTLES = timedelta(minutes=2)
"""Of Azure's calendar: so long after a request was given, the role that it gave may not show yet."""
_MOST_REQUESTS = 50
"""Requests that said the same before; nobody asks so often with one reason."""
_ALREADY = frozenset({"RoleAssignmentExists"})


class ActivateRole:
    """PUT of a request of one's own, under a name made from what it says.

    A role that is active already is the same to the plan. An earlier request that said the same and is over leaves its
    name taken, so that the next name is used; one that was refused is told, and not sent again.
    """

    verifies = True

    async def look(self, session: Session, step: Step) -> Look:
        facts = _facts(step)
        if await pim.is_active(session, facts):
            session.forget_tokens()  # the one at hand may be from before
            return Look(seen=Seen.AFTER)
        for number in range(_MOST_REQUESTS):
            request_id = _named(step, number)
            found = await pim.get_activation(session, request_id)
            if found is None:
                return Look(seen=Seen.BEFORE, found=request_id)
            if found.waiting:
                return Look(seen=Seen.BUSY, difference=_waits(found))
            if not found.given:
                return Look(
                    seen=Seen.CHANGED, difference=f"the request was answered with {found.status}", refused=_no(found)
                )
            if found.made is not None and session.clock.now() - found.made < _SETTLES:
                return Look(seen=Seen.BUSY, difference="the role was given and does not show yet")
        raise AzureFailure(
            FailureKind.CONFLICT, "This role was asked for too often with the same reason.", subject=step.target
        )

    async def do(self, session: Session, step: Step, look: Look) -> Accepted:
        facts = {**_facts(step), "schedule": schedule_name(str(_facts(step)["eligibility"]))}
        request_id = look.found if isinstance(look.found, str) else step.target
        try:
            found = await pim.activate(session, request_id, facts)
        except AzureFailure as failure:
            if failure.azure_code in _ALREADY:
                session.forget_tokens()
                return Accepted(already="The role is active already; nothing was asked for.")
            raise
        if not found.waiting and not found.given:
            raise AzureFailure(FailureKind.FORBIDDEN, _no(found), subject=request_id)
        return Accepted()

    def passes(self, failure: AzureFailure) -> bool:
        return False


def _facts(step: Step) -> dict[str, Json]:
    assert step.after is not None, "a role is activated from its facts"
    return dict(step.after)


def _named(step: Step, number: int) -> str:
    if number == 0:
        return step.target
    return f"{step.target.removesuffix(last(step.target))}{request_name(_facts(step), number)}"


def _waits(found: pim.RoleRequest) -> str:
    if found.status.lower().startswith("pendingapproval"):
        return "the activation waits for approval"
    return f"the activation is under way ({found.status})"


def _no(found: pim.RoleRequest) -> str:
    if found.status.lower() in ("denied", "admindenied"):
        return "The activation of the role was denied. Ask whoever approves it, and plan again with another reason."
    return f"Azure did not activate the role: it says {found.status}. Plan again with another reason."
