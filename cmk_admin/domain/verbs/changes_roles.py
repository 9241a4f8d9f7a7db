"""The steps of privileged identity management: activate a role of one's own, take an eligible role from somebody.

Source of the requests: Microsoft's REST pages of roleAssignmentScheduleRequests and roleEligibilityScheduleRequests,
api-version 2020-10-01.
"""

import json
from collections.abc import Mapping
from uuid import UUID, uuid5

from cmk_admin.domain import words
from cmk_admin.domain.ids import fold, last
from cmk_admin.domain.index import Index, guid
from cmk_admin.domain.model import RoleEligibility
from cmk_admin.domain.steps import Json, Step, StepVerb
from cmk_admin.domain.verbs.changes import ROLE_SECONDS, ROLE_SOURCE

Facts = Mapping[str, Json]

MOST_HOURS = 24
"""A role's policy may allow less: Azure refuses then, and says so."""

_REQUESTS = UUID("2f0f3a3e-5a57-5c0e-8a5d-0d3c6f0a7c11")
"""Namespace of the names that `request_name` makes; any fixed one does."""


def activation_facts(
    eligibility: RoleEligibility, principal_id: str, reason: str, ticket: str, hours: int
) -> dict[str, Json]:
    """All that the request for an activation says.

    eligibility (id of the schedule), scope, role_definition_id, principal_id (of the account itself, also where a group of
    it is eligible), reason, ticket (may be empty), hours, condition, condition_version.
    """
    return {
        "eligibility": eligibility.id,
        "scope": eligibility.scope,
        "role_definition_id": eligibility.role_definition_id,
        "principal_id": principal_id,
        "reason": reason,
        "ticket": ticket,
        "hours": hours,
        "condition": eligibility.condition,
        "condition_version": eligibility.condition_version,
    }


def eligibility_facts(eligibility: RoleEligibility) -> dict[str, Json]:
    """All that is needed to make somebody eligible again.

    scope, role_definition_id, principal_id, principal_type, condition, condition_version, ends (ISO 8601, None: never).
    """
    return {
        "scope": eligibility.scope,
        "role_definition_id": eligibility.role_definition_id,
        "principal_id": eligibility.principal_id,
        "principal_type": eligibility.principal_type,
        "condition": eligibility.condition,
        "condition_version": eligibility.condition_version,
        "ends": eligibility.ends.isoformat() if eligibility.ends else None,
    }


def request_name(facts: Facts, number: int = 0) -> str:
    """The GUID of a request: the same facts give the same name, so that a plan has the same hash each time.

    `number` counts the requests that say the same: what one gave is over some day, and its name is never free again.
    """
    text = json.dumps([dict(facts), number] if number else dict(facts), sort_keys=True, separators=(",", ":"))
    return str(uuid5(_REQUESTS, text))


def activate(index: Index, eligibility: RoleEligibility, reason: str, ticket: str, *, hours: int = 1) -> Step:
    """Ask for an eligible role of the signed-in account, for so many hours (1 to 24).

    before: ``{}``, after: `activation_facts`; there is no undo, since the role ends by itself. Raises ValueError where the
    hours are out of bounds.
    """
    if not 1 <= hours <= MOST_HOURS:
        raise ValueError(f"a role is activated for 1 to {MOST_HOURS} hours")
    facts = activation_facts(eligibility, index.estate.account.object_id, reason, ticket, hours)
    target = _request_id(eligibility.scope, "roleAssignmentScheduleRequests", request_name(facts))
    where = words.scope_in_full(index, eligibility.scope)
    return Step(
        verb=StepVerb.ACTIVATE_ROLE,
        target=target,
        words=f"Activate your role {_role(index, eligibility)} on {where} for {words.count(hours, 'hour')}",
        undo_words=None,
        before={},
        after=facts,
        effect_seconds=ROLE_SECONDS,
        effect_source=ROLE_SOURCE,
        request=f"PUT {target} (SelfActivate)",
    )


def remove_eligibility(index: Index, eligibility: RoleEligibility) -> Step:
    """Take from a principal that it may activate a role. before: `eligibility_facts`; after: None (gone)."""
    who, where = words.who(index, eligibility.principal_id), words.scope_in_full(index, eligibility.scope)
    role = _role(index, eligibility)
    return Step(
        verb=StepVerb.REMOVE_ELIGIBILITY,
        target=eligibility.id,
        words=f"Take from {who} that it may activate role {role} on {where}",
        undo_words=f"Let {who} activate role {role} on {where} again",
        before=eligibility_facts(eligibility),
        after=None,
        effect_seconds=ROLE_SECONDS,
        effect_source=ROLE_SOURCE,
        request=f"PUT {_request_id(eligibility.scope, 'roleEligibilityScheduleRequests', 'NAME')} (AdminRemove)",
    )


def matches(eligibility: RoleEligibility, facts: Facts) -> bool:
    """Whether an eligibility is the one that these facts describe: Azure gives one that is made again another id."""
    return (
        fold(eligibility.scope) == fold(str(facts.get("scope")))
        and guid(eligibility.role_definition_id) == guid(str(facts.get("role_definition_id")))
        and eligibility.principal_id.lower() == str(facts.get("principal_id")).lower()
    )


def schedule_name(eligibility_id: str) -> str:
    """The GUID of a schedule: what a request that is linked to it names it by."""
    return last(eligibility_id)


def _request_id(scope: str, kind: str, name: str) -> str:
    return f"{scope.rstrip('/')}/providers/Microsoft.Authorization/{kind}/{name}"


def _role(index: Index, eligibility: RoleEligibility) -> str:
    role = index.role(eligibility.role_definition_id)
    return role.name if role else words.shortened(guid(eligibility.role_definition_id), 13)
