"""Repair: what each lack becomes in the plan, and what is said where nothing can be given back."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cmk_admin.domain.index import Index
from cmk_admin.domain.model import AccessPolicy, Estate, Lock, RoleDefinition
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import StepVerb
from cmk_admin.domain.surroundings import Rights, Surroundings
from cmk_admin.domain.verbs import changes, repair
from cmk_admin.domain.verbs.repair import RepairDraft
from cmk_admin.domain.wire_plan import plan_from_json, plan_to_json
from tests.domain import estates
from tests.domain.test_diagnosis import KEY, MYSQL_IDENTITY, around, estate, removed, without_key

OWNER = Rights(
    blocks=(RoleDefinition(id="", name="", actions=("*",), data_actions=("Microsoft.KeyVault/vaults/keys/*",)),)
)
DRAFT = RepairDraft(consumer=estates.MYSQL.id, service="mysql-flexible")
SCOPES = (estates.MYSQL_SCOPE, estates.PREMIUM.id, estates.AKS_SCOPE, estates.MYSQL.id)


def planned(made: Estate, seen: Surroundings | None = None, draft: RepairDraft = DRAFT) -> Plan:
    about = seen or around(events=())
    if not about.rights:
        about = replace(about, rights={scope.lower(): OWNER for scope in SCOPES})
    return repair.plan(draft, Index(made), about)


def verbs(plan: Plan) -> list[tuple[StepVerb, int]]:
    return [(step.verb, step.stage) for step in plan.steps]


def test_a_lost_grant_is_given_back_at_the_key_then_the_server_is_asked_and_watched() -> None:
    events = (removed(estates.MYSQL_SCOPE, minutes=20, principal=estates.MYSQL_ID),)
    plan = planned(estate(grants=False), around(events=events))
    assert verbs(plan) == [(StepVerb.CREATE_ASSIGNMENT, 0), (StepVerb.REVALIDATE, 1)]
    facts = plan.steps[0].after or {}
    assert facts["scope"] == estates.MYSQL_SCOPE
    assert str(facts["role_definition_id"]).endswith("/e147488a-f6f5-4113-8e2d-b22465e65bf6")
    assert (facts["principal_id"], facts["principal_type"]) == (estates.MYSQL_ID, "ServicePrincipal")
    assert [(one.consumer_id, one.wanted, one.within_seconds) for one in plan.watches] == [
        (estates.MYSQL.id, "back", 1200)
    ]
    (finding,) = plan.findings
    assert "by administrator" in finding
    assert finding.endswith(".")
    assert plan.problems == plan.warnings == ()
    assert plan.context[0] == ("key", KEY)


def test_each_key_that_can_be_seen_is_read_again_by_an_undo() -> None:
    gone = estates.key(estates.vault("gone"), "other-key")
    slots = (
        estates.slot(gone, estates.MYSQL_ID, name="previous"),
        estates.slot(estates.AKS_KEY, estates.AKS_ID, name="geo"),
        *estates.MYSQL.slots,
    )
    made = estate(grants=False)
    plan = planned(replace(made, consumers=(replace(estates.MYSQL, slots=slots), *made.consumers[1:])))
    assert [value for name, value in plan.context if name == "key"] == [KEY, str(estates.AKS_KEY.id)]


def test_the_findings_travel_with_the_plan_and_are_no_part_of_its_hash() -> None:
    plan = planned(estate(grants=False))
    assert plan.findings
    assert plan_from_json(plan_to_json(plan)) == plan
    assert replace(plan, findings=()).hash == plan.hash
    assert planned(estate(grants=False)).hash == plan.hash


def test_an_access_policy_gets_what_it_lacks_and_keeps_the_rest() -> None:
    policy = AccessPolicy(tenant_id="t", object_id=estates.MYSQL_ID, keys=("Get", "sign"), secrets=("get",))
    plan = planned(estate(vault={"rbac": False, "access_policies": (policy,)}))
    assert verbs(plan)[0] == (StepVerb.SET_POLICY, 0)
    after = changes.policy_of(plan.steps[0].after or {})
    assert after.keys == ("Get", "sign", "list", "wrapKey", "unwrapKey")
    assert after.secrets == ("get",)
    assert plan.steps[0].before == changes.policy_facts(policy)


def test_an_access_policy_that_is_gone_is_made_again() -> None:
    plan = planned(estate(vault={"rbac": False, "access_policies": ()}))
    assert plan.steps[0].before is None
    after = changes.policy_of(plan.steps[0].after or {})
    assert (after.object_id, after.tenant_id) == (estates.MYSQL_ID, "t")
    assert after.keys == ("get", "list", "wrapKey", "unwrapKey")


def test_only_the_version_that_is_used_is_enabled() -> None:
    versions = tuple(replace(one, enabled=False) for one in estates.MYSQL_KEY.versions or ())
    plan = planned(estate(versions=versions))
    assert [(step.verb, step.target) for step in plan.steps[:-1]] == [(StepVerb.SET_ENABLED, f"{KEY}/{estates.NEW}")]
    assert (plan.steps[0].before, plan.steps[0].after) == ({"enabled": False}, {"enabled": True})


def test_a_deleted_key_is_recovered_and_a_shut_firewall_opened_to_trusted_services() -> None:
    seen = around(
        events=(), asked_deleted=frozenset({estates.PREMIUM.host}), soft_deleted={KEY: estates.NOW - timedelta(days=1)}
    )
    plan = planned(without_key(default_deny=True, trusted_bypass=False), seen)
    assert verbs(plan) == [(StepVerb.SET_NETWORK, 0), (StepVerb.RECOVER_KEY, 0), (StepVerb.REVALIDATE, 1)]
    assert plan.steps[0].after == {"bypass": "AzureServices"}
    assert plan.problems == ()
    for step in plan.steps[:2]:
        back = changes.inverse(step)
        assert back is not None
        assert changes.inverse(back) is not None


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        (around(events=(), asked_deleted=frozenset({estates.PREMIUM.host})), "neither as a key nor as a deleted one"),
        (around(events=()), "could not be read"),
    ],
)
def test_a_key_that_cannot_be_given_back_forbids_the_start_and_says_what_to_do(seen: Surroundings, code: str) -> None:
    plan = planned(without_key(), seen)
    assert plan.steps == ()
    (problem,) = plan.problems
    assert code in problem
    assert plan.findings


def test_an_identity_that_is_gone_gets_no_grant() -> None:
    plan = planned(estate(grants=False), around(events=(), identities={MYSQL_IDENTITY.lower(): None}))
    assert plan.steps == ()
    assert "create an identity" in plan.problems[0]


def test_a_server_that_only_has_to_try_again_is_asked() -> None:
    plan = planned(estate())
    assert verbs(plan) == [(StepVerb.REVALIDATE, 1)]
    assert "only has to try it again" in plan.findings[0]
    assert plan.problems == ()


def test_a_server_that_is_up_and_lacks_nothing_has_nothing_to_repair() -> None:
    plan = planned(estates.dcc())
    assert not plan.steps
    assert not plan.watches
    assert plan.problems == ("There is nothing to repair: dcc-mysql is up (Ready).",)


def test_a_lack_that_a_server_has_not_noticed_yet_is_repaired_too() -> None:
    made = estate(grants=False)
    up = replace(made, consumers=(replace(made.consumers[0], state="Ready"), *made.consumers[1:]))
    assert verbs(planned(up)) == [(StepVerb.CREATE_ASSIGNMENT, 0), (StepVerb.REVALIDATE, 1)]


def test_a_doubt_alone_is_a_reason_to_grant_only_where_the_server_is_lost() -> None:
    made = replace(estate(grants=False), unread_assignments=frozenset({f"/subscriptions/{estates.SUB}"}))
    plan = planned(made)
    assert verbs(plan) == [(StepVerb.CREATE_ASSIGNMENT, 0), (StepVerb.REVALIDATE, 1)]
    assert plan.warnings
    up = replace(made, consumers=(replace(made.consumers[0], state="Ready"), *made.consumers[1:]))
    assert planned(up).steps == ()


def test_a_cluster_is_repaired_through_its_set_and_its_nodes_started() -> None:
    made = estates.dcc()
    cut = replace(
        made, role_assignments=tuple(one for one in made.role_assignments if one.principal_id != estates.DES_ID)
    )
    for resource in (estates.AKS.id, estates.DES.id):
        plan = planned(cut, draft=RepairDraft(consumer=resource))
        assert verbs(plan) == [(StepVerb.CREATE_ASSIGNMENT, 0), (StepVerb.START_NODES, 1)]
        assert (plan.steps[0].after or {})["principal_id"] == estates.DES_ID
        assert plan.steps[1].target == estates.AKS.id
        assert estates.AKS.id in {one.consumer_id for one in plan.watches}


def test_nodes_that_stay_down_with_their_key_back_are_started() -> None:
    draft = RepairDraft(consumer=estates.AKS.id)
    made = estates.dcc()
    up = replace(
        made, consumers=tuple(replace(one, state="Running") if one == estates.AKS else one for one in made.consumers)
    )
    down = around(events=(), signal="0 of 3 run", signal_lost=True)
    assert verbs(planned(up, down, draft)) == [(StepVerb.START_NODES, 1)]
    all_run = around(events=(), signal="3 of 3 run", signal_lost=False)
    assert planned(up, all_run, draft).problems == ("There is nothing to repair: dcc-aks is up (3 of 3 run).",)


def test_a_service_that_needs_no_write_to_come_back_is_not_given_one() -> None:
    made = estates.dcc()
    alone = replace(made, consumers=tuple(one for one in made.consumers if one != estates.AKS))
    plan = planned(alone, draft=RepairDraft(consumer=estates.DES.id))
    assert plan.steps == ()
    assert "nothing to give back" in plan.problems[0]
    assert plan.findings == ("Nothing is missing for dcc-des to use its key.",)


def test_what_the_account_may_not_do_and_what_is_locked_forbid_the_start() -> None:
    nothing = {scope.lower(): Rights() for scope in SCOPES}
    plan = planned(estate(grants=False), around(events=(), rights=nothing))
    assert "Microsoft.Authorization/roleAssignments/write is missing" in plan.problems[0]
    assert "may not change dcc-mysql" in plan.problems[1]
    lock = Lock(
        id=f"{estates.PREMIUM.id}/providers/Microsoft.Authorization/locks/l", scope=estates.PREMIUM.id, level="ReadOnly"
    )
    plan = planned(replace(estate(grants=False), locks=(lock,)))
    assert any("ReadOnly" in one for one in plan.problems)


def test_what_could_not_be_read_is_warned_of() -> None:
    seen = around(events=None, unread=("The Activity Log could not be read: refused.",))
    plan = planned(estate(grants=False), seen)
    assert "The Activity Log could not be read: refused." in plan.warnings
    assert plan.problems == ()


@pytest.mark.parametrize(
    "draft", [RepairDraft(), RepairDraft(consumer="/subscriptions/x"), replace(DRAFT, service="aks-etcd")]
)
def test_a_consumer_must_be_chosen_that_uses_a_key(draft: RepairDraft) -> None:
    (problem,) = repair.problems(draft, Index(estates.dcc()), around())
    assert (problem.code, problem.field, problem.blocks) == ("no-consumer", "consumer", True)
    assert planned(estates.dcc(), draft=draft).problems == (problem.sentence,)
