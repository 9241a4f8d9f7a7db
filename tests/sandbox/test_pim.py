"""Eligible roles: activated for a time by who is eligible, approved where the role asks for it, and ended by the calendar."""

import uuid
from typing import Any

import pytest

from cmk_admin.sandbox.services.authorization import model, pim, roles
from cmk_admin.sandbox.state import World

from . import estate
from .running import Running

VERSION = "2020-10-01"
ROLE = "Key Vault Crypto Officer"
pytestmark = pytest.mark.scenario("small")


def make_eligible(sandbox: Running, who: str, *, approval: bool = False) -> None:
    def make(world: World) -> None:
        (principal,) = [one for _, one in world.items("principal") if one["displayName"] == who]
        model.make_eligibility(world, scope=estate.GROUP, role=ROLE, principal_id=principal["objectId"])
        if approval:
            pim.require_approval(world, estate.GROUP, ROLE)
        world.commit()

    sandbox.do(make)


def ask(sandbox: Running, request_type: str, who: str = "nobody", **changes: Any) -> Any:
    properties = {
        "principalId": sandbox.principal(who)["object_id"],
        "roleDefinitionId": f"/subscriptions/{estate.ONE}{roles.role_id(ROLE)}",
        "requestType": request_type,
        "justification": "a leaked key",
        "ticketInfo": {"ticketNumber": "INC-7", "ticketSystem": "desk"},
        "scheduleInfo": {"expiration": {"type": "AfterDuration", "duration": "PT1H"}},
        **changes,
    }
    kind = pim.ELIGIBLE if changes.get("eligible") else pim.ACTIVE
    path = f"{changes.get('at', estate.GROUP)}/providers/Microsoft.Authorization/{kind}/{uuid.uuid4()}"
    return sandbox.arm("PUT", path, VERSION, as_=changes.get("as_", who), json={"properties": properties})


def may_list(sandbox: Running, who: str = "nobody") -> bool:
    return sandbox.vault("GET", "small", "/keys", as_=who).status_code == 200


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_an_activated_role_counts_at_once_and_ends_by_the_calendar(sandbox: Running) -> None:
    make_eligible(sandbox, "nobody")
    assert not may_list(sandbox)
    answer = ask(sandbox, "SelfActivate")
    facts = answer.json()["properties"]
    assert (answer.status_code, facts["status"], facts["ticketInfo"]["ticketNumber"]) == (201, "Provisioned", "INC-7")
    assert may_list(sandbox)
    active = sandbox.arm(
        "GET", f"{estate.GROUP}/providers/Microsoft.Authorization/roleAssignmentScheduleInstances", VERSION
    ).json()["value"]
    (own,) = [one["properties"] for one in active if one["properties"]["assignmentType"] == "Activated"]
    assert own["endDateTime"] > own["startDateTime"]
    sandbox.advance(3601)
    assert not may_list(sandbox)


def test_a_member_of_an_eligible_group_activates_below_the_scope(sandbox: Running) -> None:
    make_eligible(sandbox, "everybody")
    answer = ask(sandbox, "SelfActivate", "reader", at=estate.VAULT)
    assert answer.json()["properties"]["status"] == "Provisioned"
    assert may_list(sandbox, "reader")


def test_what_the_policy_forbids_is_refused_in_its_words(sandbox: Running) -> None:
    assert code(ask(sandbox, "SelfActivate")) == (400, "RoleAssignmentDoesNotExist")
    make_eligible(sandbox, "nobody")
    too_long = {"expiration": {"type": "AfterDuration", "duration": "PT9H"}}
    refused = ask(sandbox, "SelfActivate", justification=" ", scheduleInfo=too_long)
    assert code(refused) == (400, "RoleAssignmentRequestPolicyValidationFailed")
    assert '["JustificationRule","ExpirationRule"]' in refused.json()["error"]["message"]
    assert code(ask(sandbox, "SelfActivate", as_="administrator")) == (403, "InsufficientPermissions")
    assert not may_list(sandbox)


def test_a_role_that_asks_for_approval_waits_for_it(sandbox: Running) -> None:
    make_eligible(sandbox, "nobody", approval=True)
    denied = ask(sandbox, "SelfActivate").json()
    assert denied["properties"]["status"] == "PendingApproval"
    assert code(ask(sandbox, "SelfActivate")) == (400, "PendingRoleAssignmentRequest")
    decided = sandbox.control("POST", "approvals", {"request": denied["name"], "decision": "deny"})
    assert decided == [{"request": denied["name"], "status": "Denied"}]
    assert not may_list(sandbox)
    asked = ask(sandbox, "SelfActivate").json()
    sandbox.control("POST", "approvals", {"request": None, "decision": "approve"})
    assert sandbox.arm("GET", asked["id"], VERSION, as_="nobody").json()["properties"]["status"] == "Provisioned"
    assert may_list(sandbox)


def test_a_role_is_given_back_but_not_within_five_minutes(sandbox: Running) -> None:
    make_eligible(sandbox, "nobody")
    ask(sandbox, "SelfActivate")
    assert code(ask(sandbox, "SelfActivate")) == (400, "RoleAssignmentExists")
    assert code(ask(sandbox, "SelfDeactivate")) == (400, "ActiveDurationTooShort")
    sandbox.advance(301)
    assert ask(sandbox, "SelfDeactivate").json()["properties"]["status"] == "Revoked"
    assert not may_list(sandbox)


def test_eligibility_is_given_and_removed_by_who_may(sandbox: Running) -> None:
    assert ask(sandbox, "AdminAssign", eligible=True).status_code == 403
    assert (
        ask(sandbox, "AdminAssign", eligible=True, as_="administrator").json()["properties"]["status"] == "Provisioned"
    )
    removed = ask(sandbox, "AdminRemove", eligible=True, as_="administrator")
    assert removed.json()["properties"]["status"] == "Revoked"
    assert code(ask(sandbox, "SelfActivate")) == (400, "RoleAssignmentDoesNotExist")
