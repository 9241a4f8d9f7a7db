"""What a revoke offers besides is done where it is asked for, and never otherwise."""

from dataclasses import replace

import pytest

from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Estate, Principal, RoleEligibility
from cmk_admin.domain.plan import Choice, Plan
from cmk_admin.domain.steps import Json, StepVerb
from cmk_admin.domain.surroundings import Rights, Surroundings
from cmk_admin.domain.verbs import changes
from cmk_admin.domain.verbs.revoke import RevokeDraft, plan
from tests.domain import estates
from tests.domain.estates import ME, MYSQL, MYSQL_ID, MYSQL_KEY, MYSQL_SCOPE, SINGLE, TEAM

ROTATE: Json = {"trigger": {"timeAfterCreate": "P90D"}, "action": {"type": "Rotate"}}
NOTIFY: Json = {"trigger": {"timeBeforeExpiry": "P30D"}, "action": {"type": "Notify"}}


def revoke(
    *choices: str,
    estate: Estate | None = None,
    consumers: tuple[str, ...] = (MYSQL.id,),
    around: Surroundings | None = None,
    method: str | None = None,
) -> Plan:
    draft = RevokeDraft(key=MYSQL_KEY.id, consumers=consumers, choices=choices, method=method)
    return plan(draft, Index(estate or estates.dcc()), around)


def offered(found: Plan, beginning: str) -> list[Choice]:
    return [one for one in found.choices if one.id.startswith(beginning)]


def test_a_wide_grant_is_removed_only_where_that_is_chosen() -> None:
    wide = estates.grant(50, f"/subscriptions/{estates.SUB}", MYSQL_ID)
    estate = estates.with_grants(wide)
    (choice,) = offered(revoke(estate=estate), "remove:")
    assert (choice.chosen, choice.possible) == (False, True)
    assert wide.id not in [step.target for step in revoke(estate=estate).steps]
    found = revoke(choice.id, estate=estate)
    assert wide.id in [step.target for step in found.steps]
    assert found.open_paths == ()
    assert found.problems == ()
    assert [one.chosen for one in offered(found, "remove:")] == [True]


def test_a_groups_grant_names_who_else_loses_it() -> None:
    members = (MYSQL_ID, estates.SINGLE_ID, "80000000-0000-0000-0000-000000000001")
    team = Principal(object_id=TEAM, kind="Group", name="Payments-Ops", members=members)
    estate = estates.with_grants(estates.grant(50, MYSQL_SCOPE, TEAM, kind="Group"), principals=(team,))
    (choice,) = offered(revoke(estate=estate), "remove:")
    assert "dcc-mysql-single" in choice.why
    assert "1 other member" in choice.why
    (taken,) = offered(revoke(choice.id, estate=estate), "remove:")
    assert (taken.chosen, taken.title) == (True, choice.title)
    assert "1 other member" in taken.why


def who_else(found: Plan) -> str:
    return next(one.others for one in found.methods if one.name == found.method)


@pytest.mark.parametrize(
    ("members", "said", "others"),
    [
        ((MYSQL_ID,), "1 member: dcc-mysql-id; no other service is known to use it.", "Nobody else is in group Ops."),
        (
            (MYSQL_ID, "80000000-0000-0000-0000-000000000001"),
            "2 members: dcc-mysql-id and 800000…000001; ",
            "Also taken from 1 other member of group Ops: 800000…000001.",
        ),
        (None, "The members of the group could not be read.", "whoever else is in group Ops"),
    ],
)
def test_a_groups_members_are_named_before_and_after_its_grant_is_ticked(
    members: tuple[str, ...] | None, said: str, others: str
) -> None:
    team = Principal(object_id=TEAM, kind="Group", name="Ops", members=members)
    estate = estates.with_grants(estates.grant(50, MYSQL_SCOPE, TEAM, kind="Group"), principals=(team,))
    before = revoke(estate=estate, method="grants")
    (choice,) = offered(before, "remove:")
    assert choice.why.startswith(said)
    assert [one.name for one in before.methods if one.recommended] == ["disable"]
    assert "Ops" not in who_else(before)
    after = revoke(choice.id, estate=estate, method="grants")
    assert others in who_else(after)
    assert [one.name for one in after.methods if one.recommended] == ["grants"]


def test_a_service_is_stopped_at_once_only_where_that_is_chosen_and_started_by_the_undo() -> None:
    (choice,) = offered(revoke(), "stop:")
    assert not choice.chosen
    found = revoke(choice.id)
    (stop,) = [step for step in found.steps if step.verb is StepVerb.STOP_CONSUMER]
    assert (stop.target, stop.stage, stop.after) == (MYSQL.id, 0, {"service": "mysql-flexible", "running": False})
    back = changes.inverse(stop)
    assert back is not None
    assert (back.verb, back.after) == (StepVerb.START_CONSUMER, {"service": "mysql-flexible", "running": True})


def test_a_service_that_azure_cannot_stop_at_once_is_not_offered() -> None:
    assert offered(revoke(consumers=(SINGLE.id,)), "stop:") == []


def test_the_rotation_is_suspended_by_choice_and_what_it_notifies_of_stays() -> None:
    policy: dict[str, Json] = {"lifetime_actions": [ROTATE, NOTIFY], "expiry_time": "P2Y"}
    around = Surroundings(now=estates.NOW, rotations={MYSQL_KEY.id.folded: policy})
    assert [one.chosen for one in revoke(around=around).choices if one.id == "suspend-rotation"] == [False]
    found = revoke("suspend-rotation", around=around)
    (step,) = [step for step in found.steps if step.verb is StepVerb.SET_ROTATION]
    assert (step.before, step.after) == (policy, {"lifetime_actions": [NOTIFY], "expiry_time": "P2Y"})
    assert not [one for one in revoke().choices if one.id == "suspend-rotation"]


def test_one_service_goes_first_and_the_rest_waits_until_it_was_seen() -> None:
    found = revoke(f"staged:{SINGLE.id}", consumers=(MYSQL.id, SINGLE.id))
    assert [(step.stage, (step.before or {})["principal_id"]) for step in found.steps] == [
        (0, estates.SINGLE_ID),
        (1, MYSQL_ID),
    ]
    assert [(one.stage, one.consumer_id) for one in found.gates] == [(1, SINGLE.id)]
    numbers = {path.principal: path.step for path in found.paths}
    assert numbers == {estates.SINGLE_ID: 1, MYSQL_ID: 2}


def test_a_service_that_shares_its_identity_cannot_go_first() -> None:
    shared = replace(SINGLE, slots=(estates.slot(MYSQL_KEY, MYSQL_ID),))
    estate = replace(estates.dcc(), consumers=(MYSQL, shared))
    found = revoke(f"staged:{MYSQL.id}", estate=estate, consumers=(MYSQL.id, SINGLE.id))
    assert [one.possible for one in offered(found, "staged:")] == [False, False]
    assert "shares its identity" in found.problems[0]
    assert found.gates == ()


def test_a_method_that_cuts_all_at_once_has_nothing_to_stage() -> None:
    found = revoke(consumers=(), method="disable")
    assert {one.possible for one in offered(found, "staged:")} == {False}
    assert "at once" in offered(found, "staged:")[0].why


@pytest.mark.parametrize("choice", ["remove:/nowhere", "stop:/nowhere", "suspend-rotation", "activate:/x", "what"])
def test_a_choice_that_is_not_offered_is_a_problem(choice: str) -> None:
    assert choice in revoke(choice).problems[0]


def test_an_eligible_role_is_activated_before_all_else() -> None:
    owner = replace(estates.OWNER)
    mine = RoleEligibility(
        id=f"/subscriptions/{estates.SUB}/providers/Microsoft.Authorization/roleEligibilitySchedules/one",
        scope=f"/subscriptions/{estates.SUB}",
        role_definition_id=owner.id,
        principal_id=ME,
    )
    scopes = (MYSQL_SCOPE, estates.PREMIUM.id, estates.GROUP, f"/subscriptions/{estates.SUB}")
    around = Surroundings(now=estates.NOW, account_id=ME, rights={scope.lower(): Rights() for scope in scopes})
    estate = replace(estates.dcc(), role_eligibilities=(mine,))
    refused = revoke(estate=estate, around=around)
    assert refused.problems
    (choice,) = offered(refused, "activate:")
    found = revoke(choice.id, estate=estate, around=around)
    assert found.problems == ()
    assert [(step.verb, step.stage) for step in found.steps] == [
        (StepVerb.ACTIVATE_ROLE, 0),
        (StepVerb.REMOVE_ASSIGNMENT, 1),
    ]
    assert [path.step for path in found.paths] == [2]
