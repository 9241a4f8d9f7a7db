"""Giving one service back what it needs: all of that, by whatever way it had its key, and nothing else."""

from dataclasses import replace

from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Consumer, Estate, Principal
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import StepState, StepVerb
from cmk_admin.domain.verbs import revoke
from cmk_admin.domain.verbs.restore import RestoreDraft, plan
from cmk_admin.domain.verbs.revoke import RevokeDraft
from tests.domain import estates
from tests.domain.estates import MYSQL, MYSQL_ID, MYSQL_KEY, MYSQL_SCOPE, NEW, OLD, SINGLE, SINGLE_ID, TEAM


def given_back(estate: Estate, draft: RevokeDraft, *consumers: Consumer) -> Plan:
    """The restore of these services alone, after all of the revoke was done."""
    index = Index(estate)
    cut = revoke.plan(draft, index)
    assert cut.problems == ()
    done = RestoreDraft(operation="op-1", plan=cut, states=(StepState.DONE,) * len(cut.steps))
    return plan(replace(done, consumers=tuple(one.id for one in consumers)), index)


def test_a_service_that_has_its_key_by_a_group_gets_the_groups_grant_back() -> None:
    team = Principal(object_id=TEAM, kind="Group", name="Payments-Ops", members=(MYSQL_ID,))
    grant = estates.grant(50, MYSQL_SCOPE, TEAM, kind="Group")
    base = estates.with_grants(grant, principals=(team,))
    own = next(one for one in base.role_assignments if one.principal_id == MYSQL_ID)
    estate = replace(base, role_assignments=tuple(one for one in base.role_assignments if one is not own))
    draft = RevokeDraft(key=MYSQL_KEY.id, consumers=(MYSQL.id, SINGLE.id), choices=(f"remove:{grant.id}",))
    found = given_back(estate, draft, MYSQL)
    made = [step for step in found.steps if step.verb is StepVerb.CREATE_ASSIGNMENT]
    assert [(step.target, (step.after or {})["principal_id"]) for step in made] == [(grant.id, TEAM)]
    assert [step.target for step in found.steps if step.verb is StepVerb.REVALIDATE] == [MYSQL.id]


def test_of_a_disabled_key_only_the_versions_come_back_that_the_service_uses() -> None:
    """A version that nobody asked for would open what is wrapped with it to everybody who holds a grant."""
    older = replace(SINGLE, slots=(estates.slot(MYSQL_KEY, SINGLE_ID, OLD),))
    newest = replace(SINGLE, slots=(estates.slot(MYSQL_KEY, SINGLE_ID, None),))

    def enabled(other: Consumer, chosen: Consumer) -> set[str]:
        estate = replace(estates.dcc(), consumers=(MYSQL, other))
        steps = given_back(estate, RevokeDraft(key=MYSQL_KEY.id, method="disable"), chosen).steps
        return {step.target.rsplit("/", 1)[1] for step in steps if step.verb is StepVerb.SET_ENABLED}

    assert enabled(older, MYSQL) == {NEW}
    assert enabled(older, older) == {OLD}
    assert enabled(newest, newest) == {NEW, OLD}
