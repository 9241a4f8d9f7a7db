"""Restore: exactly what was taken comes back, under the same names, and the consumers are brought back after it."""

from dataclasses import replace

import pytest

from cmk_admin.domain.index import Index
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import StepState, StepVerb
from cmk_admin.domain.verbs import changes, changes_revoke, revoke
from cmk_admin.domain.verbs.restore import RestoreDraft, plan
from cmk_admin.domain.verbs.restore_changed import Since
from cmk_admin.domain.verbs.revoke import RevokeDraft
from tests.domain import estates
from tests.domain.estates import AKS, AKS_KEY, MYSQL, MYSQL_ID, MYSQL_KEY, MYSQL_SCOPE

INDEX = estates.index()
CUT = revoke.plan(RevokeDraft(key=MYSQL_KEY.id, consumers=(MYSQL.id,)), INDEX)
DISABLE = revoke.plan(RevokeDraft(key=MYSQL_KEY.id), INDEX)
WHO = {"dcc-mysql-id", "dcc-mysql-single"}


def answer(cut: Plan, *states: StepState) -> Plan:
    return plan(RestoreDraft(operation="op-1", plan=cut, states=states), INDEX)


def test_the_grant_comes_back_under_its_name_then_the_server_is_asked_again() -> None:
    found = answer(CUT, StepState.DONE)
    assert [(step.verb, step.target, step.stage) for step in found.steps] == [
        (StepVerb.CREATE_ASSIGNMENT, CUT.steps[0].target, 0),
        (StepVerb.REVALIDATE, MYSQL.id, 1),
    ]
    assert found.steps[0].after == {
        "scope": MYSQL_SCOPE,
        "role_definition_id": f"/subscriptions/{estates.SUB}{estates.ENCRYPTION_USER.id}",
        "principal_id": MYSQL_ID,
        "principal_type": "ServicePrincipal",
        "condition": None,
        "condition_version": None,
        "description": None,
        "delegated_identity": None,
    }
    assert found.steps[1].after == {"service": "mysql-flexible"}
    assert (found.verb, found.answers, found.subject) == ("restore", "op-1", CUT.subject)
    assert [(one.consumer_id, one.wanted) for one in found.watches] == [(MYSQL.id, "back")]


def test_versions_are_enabled_again_and_every_server_revalidated() -> None:
    found = answer(DISABLE, StepState.DONE, StepState.DONE)
    assert [step.after for step in found.steps[:2]] == [{"enabled": True}, {"enabled": True}]
    assert [step.verb for step in found.steps[2:]] == [StepVerb.REVALIDATE, StepVerb.REVALIDATE]


def test_the_nodes_of_a_cluster_are_started_again() -> None:
    cut = revoke.plan(RevokeDraft(key=AKS_KEY.id, consumers=(AKS.id,)), INDEX)
    assert [(step.verb, step.target) for step in answer(cut, StepState.DONE).steps[1:]] == [
        (StepVerb.START_NODES, AKS.id)
    ]


def test_a_server_that_was_lost_before_is_left_as_it_was() -> None:
    lost = replace(MYSQL, state="Inaccessible")
    index = Index(replace(estates.dcc(), consumers=(lost, estates.SINGLE, estates.DES, AKS)))
    cut = revoke.plan(RevokeDraft(key=MYSQL_KEY.id), index)
    found = answer(cut, StepState.DONE, StepState.DONE)
    assert [step.target for step in found.steps if step.verb is StepVerb.REVALIDATE] == [estates.SINGLE.id]
    assert [one.consumer_id for one in found.watches] == [estates.SINGLE.id]
    assert any("dcc-mysql was without its data before" in one for one in found.findings)


@pytest.mark.parametrize(("asked", "said"), [(None, False), ({}, True)])
def test_a_rotation_policy_that_could_not_be_read_is_said_only_where_it_was_asked_for(
    asked: dict[str, changes.Facts] | None, said: bool
) -> None:
    yearly: changes.Facts = {"lifetime_actions": [{"trigger": {}, "action": {"type": "Rotate"}}], "expiry_time": None}
    cut = replace(DISABLE, steps=(changes_revoke.suspend_rotation(MYSQL_KEY.id, yearly),))
    draft = RestoreDraft(operation="op-1", plan=cut, states=(StepState.DONE,))
    found = plan(draft, INDEX, Since(rotations=asked))
    assert any("could not be read" in one for one in found.findings) is said
    assert [step.after for step in found.steps if step.verb is StepVerb.SET_ROTATION] == [yearly]


@pytest.mark.parametrize("state", [StepState.PLANNED, StepState.SKIPPED, StepState.FAILED])
def test_what_was_not_done_is_not_given_back(state: StepState) -> None:
    found = answer(DISABLE, StepState.DONE, state)
    assert [step.target for step in found.steps if step.verb is StepVerb.SET_ENABLED] == [DISABLE.steps[0].target]


@pytest.mark.parametrize("state", [StepState.INTENT, StepState.SENT, StepState.UNKNOWN])
def test_what_may_have_been_done_is_given_back_and_the_doubt_is_said(state: StepState) -> None:
    found = answer(CUT, state)
    assert found.steps[0].verb is StepVerb.CREATE_ASSIGNMENT
    assert "not known" in found.warnings[0]


def test_the_question_is_about_those_only_whose_grants_come_back() -> None:
    both = (MYSQL.id, estates.SINGLE.id)
    cut = revoke.plan(RevokeDraft(key=MYSQL_KEY.id, consumers=both), INDEX)
    draft = RestoreDraft(operation="op-1", plan=cut, states=(StepState.DONE,) * len(cut.steps))
    for named, who in ((both[:1], {"dcc-mysql-id"}), (both[1:], {"dcc-mysql-single"}), ((), WHO)):
        (check,) = plan(replace(draft, consumers=named), INDEX).checks
        assert {one for one in WHO if one in check.sentence} == who


def test_of_many_the_question_and_the_title_name_a_few_and_count_the_rest() -> None:
    index = Index(estates.busy_key(50, 50))
    many = tuple(one.id for one in index.estate.consumers)
    cut = revoke.plan(RevokeDraft(key=MYSQL_KEY.id, consumers=many), index)
    draft = RestoreDraft(operation="op-1", plan=cut, states=(StepState.DONE,) * len(cut.steps))
    (check,) = plan(draft, index).checks
    assert check.sentence == (
        "Is the identity clean? What is given back lets id-0000, id-0001, id-0002 and 47 more at the data again."
    )
    part = plan(replace(draft, consumers=many[:40]), index)
    assert part.title.startswith("Give server-0000, server-0001, server-0002 and 37 more back what ")


def test_versions_that_come_back_let_everybody_at_the_data_again() -> None:
    (check,) = answer(DISABLE, StepState.DONE, StepState.DONE).checks
    assert all(one in check.sentence for one in WHO)


def test_nothing_done_is_nothing_to_give_back() -> None:
    found = answer(CUT, StepState.FAILED)
    assert found.steps == ()
    assert found.problems


def test_only_a_revoke_is_restored() -> None:
    assert answer(replace(CUT, verb="grant"), StepState.DONE).problems
