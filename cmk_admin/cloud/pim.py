"""Privileged identity management for Azure resources: eligible roles, active ones for a while, and the requests for both.

Source: Microsoft's REST pages of Microsoft.Authorization, api-version 2020-10-01.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cmk_admin.cloud import api, parse
from cmk_admin.cloud.session import Session
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.ids import fold
from cmk_admin.domain.model import RoleEligibility

_PROVIDER = "providers/Microsoft.Authorization"
_NO_LICENCE = "AadPremiumLicenseRequired"

WAITING = frozenset(
    {
        "accepted",
        "pendingevaluation",
        "granted",
        "pendingprovisioning",
        "pendingapproval",
        "pendingscheduledecision",
        "pendingapprovalprovisioning",
        "pendingexternalprovisioning",
        "provisioningstarted",
        "pendingadmindecision",
        "adminapproved",
        "schedulecreated",
        "pendingschedulecreation",
    }
)
"""Words of a request's status that say that it is not decided yet, or not carried out yet."""
GIVEN = frozenset({"provisioned"})


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRequest:
    """A request for a role, as Azure shows it."""

    id: str
    status: str
    """Azure's word: PendingApproval, Provisioned, Denied, Failed ..."""
    ends: datetime | None
    """When what it gives is over; None: not told."""

    made: datetime | None = None
    """When it was asked for, by Azure's calendar."""

    @property
    def waiting(self) -> bool:
        """Whether it is yet to be decided or carried out."""
        return self.status.lower() in WAITING

    @property
    def given(self) -> bool:
        """Whether the role was given by it; it may be over by now."""
        return self.status.lower() in GIVEN


async def eligibilities_in(session: Session, scope: str, *, urgent: bool = False) -> tuple[RoleEligibility, ...]:
    """All eligible roles at, below and (inherited) above a scope. Raises AzureFailure.

    A tenant without the licence for it has none: Azure answers 400 AadPremiumLicenseRequired then.
    """
    return await _eligibilities(session, scope, None, urgent=urgent)


async def eligibilities_at(session: Session, scope: str, *, urgent: bool = True) -> tuple[RoleEligibility, ...]:
    """All eligible roles at a scope and above it (``atScope()``). Raises AzureFailure; see `eligibilities_in`."""
    return await _eligibilities(session, scope, "atScope()", urgent=urgent)


async def own_eligibilities(session: Session, scope: str, *, urgent: bool = False) -> tuple[RoleEligibility, ...]:
    """The eligible roles of the signed-in account itself, also by its groups (``asTarget()``): no right to read is needed
    for them. Raises AzureFailure; see `eligibilities_in`."""
    return await _eligibilities(session, scope, "asTarget()", urgent=urgent)


async def ends_in(session: Session, scope: str, *, at_scope: bool = False, urgent: bool = False) -> dict[str, datetime]:
    """Until when role assignments last that were activated or given for a while: by folded id of the assignment.

    At, below and above a scope; with `at_scope` not below. Raises AzureFailure; empty without the licence.
    """
    found = await _instances(
        session, scope, "roleAssignmentScheduleInstances", "atScope()" if at_scope else None, urgent
    )
    return {
        fold(origin): ends
        for facts in found
        if (origin := parse.text(facts.get("originRoleAssignmentId")))
        and (ends := parse.moment(facts.get("endDateTime")))
    }


async def get_activation(session: Session, request_id: str) -> RoleRequest | None:
    """A request for an activation, by its id, urgent; None where there is none. Raises AzureFailure."""
    try:
        reply = await session.arm("GET", request_id, api_version=api.PIM, urgent=True)
    except AzureFailure as failure:
        if failure.kind is FailureKind.NOT_FOUND:
            return None
        raise
    return _request(reply.body)


async def activate(session: Session, request_id: str, facts: dict[str, Any]) -> RoleRequest:
    """Ask for an eligible role of one's own (a write, urgent, never retried); as Azure answered: it may wait for approval.

    `facts` as `changes_roles.activation_facts` words them, with ``schedule``: the name of the eligibility's schedule.
    Raises AzureFailure (LOST: look with `get_activation`).
    """
    wanted: dict[str, Any] = {
        "principalId": facts["principal_id"],
        "roleDefinitionId": facts["role_definition_id"],
        "requestType": "SelfActivate",
        "linkedRoleEligibilityScheduleId": facts["schedule"],
        "justification": facts["reason"],
        "scheduleInfo": {"expiration": {"type": "AfterDuration", "duration": f"PT{facts['hours']}H"}},
    }
    if facts.get("ticket"):
        wanted["ticketInfo"] = {"ticketNumber": facts["ticket"], "ticketSystem": ""}
    if facts.get("condition"):
        wanted |= {"condition": facts["condition"], "conditionVersion": facts.get("condition_version")}
    body = {"properties": wanted}
    reply = await session.arm("PUT", request_id, api_version=api.PIM, body=body, urgent=True)
    return _request(reply.body)


async def is_active(session: Session, facts: dict[str, Any]) -> bool:
    """Whether the signed-in account holds, at this moment, the role that these facts would activate. Raises AzureFailure."""
    scope, role = str(facts["scope"]), str(facts["role_definition_id"]).rsplit("/", 1)[-1].lower()
    who = str(facts["principal_id"]).lower()
    found = await _instances(session, scope, "roleAssignmentScheduleInstances", "asTarget()", True)
    return any(
        str(one.get("principalId")).lower() == who
        and str(one.get("roleDefinitionId")).rsplit("/", 1)[-1].lower() == role
        and fold(str(one.get("scope") or "")) == fold(scope)
        for one in found
    )


async def change_eligibility(session: Session, request_id: str, facts: dict[str, Any], *, gone: bool) -> RoleRequest:
    """Make a principal eligible for a role, or (with `gone`) no longer (a write, urgent, never retried).

    `facts` as `changes_roles.eligibility_facts` words them. Raises AzureFailure (LOST: look with `eligibilities_at`).
    """
    ends = facts.get("ends")
    expiration = {"type": "AfterDateTime", "endDateTime": ends} if ends else {"type": "NoExpiration"}
    wanted: dict[str, Any] = {
        "principalId": facts["principal_id"],
        "roleDefinitionId": facts["role_definition_id"],
        "requestType": "AdminRemove" if gone else "AdminAssign",
    }
    if not gone:
        wanted["scheduleInfo"] = {"expiration": expiration}
        if facts.get("condition"):
            wanted |= {"condition": facts["condition"], "conditionVersion": facts.get("condition_version")}
    reply = await session.arm("PUT", request_id, api_version=api.PIM, body={"properties": wanted}, urgent=True)
    return _request(reply.body)


async def _eligibilities(
    session: Session, scope: str, which: str | None, *, urgent: bool
) -> tuple[RoleEligibility, ...]:
    found = await _instances(session, scope, "roleEligibilityScheduleInstances", which, urgent)
    each = (parse.role_eligibility(facts) for facts in found)
    return tuple({fold(one.id): one for one in each if one is not None}.values())


async def _instances(session: Session, scope: str, kind: str, which: str | None, urgent: bool) -> list[dict[str, Any]]:
    """The properties of each instance."""
    try:
        elements = await session.arm_pages(
            f"{scope.rstrip('/')}/{_PROVIDER}/{kind}",
            api_version=api.PIM,
            params={"$filter": which} if which else None,
            urgent=urgent,
        )
    except AzureFailure as failure:
        if failure.azure_code == _NO_LICENCE:
            return []
        raise
    return [each.get("properties") or {} for each in elements]


def _request(document: Any) -> RoleRequest:
    facts = parse.inside(document, "properties") or {}
    ends = parse.inside(facts, "scheduleInfo", "expiration", "endDateTime")
    return RoleRequest(
        id=str((document or {}).get("id") or ""),
        status=str(facts.get("status") or ""),
        ends=parse.moment(ends),
        made=parse.moment(facts.get("createdOn")),
    )
