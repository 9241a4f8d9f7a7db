"""Can I, and can I give back: what is known to be impossible blocks, and what is not known never does."""

from dataclasses import replace
from datetime import timedelta

import pytest

from cmk_admin.domain.errors import FailureKind
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import CoverageProblem, Estate, Lock, RoleDefinition, RoleEligibility, Vault
from cmk_admin.domain.plan import Answer, Check
from cmk_admin.domain.steps import Step, StepVerb
from cmk_admin.domain.surroundings import Rights, Surroundings
from cmk_admin.domain.verbs import changes, changes_revoke, readiness
from cmk_admin.domain.verbs.changes_roles import activate
from cmk_admin.domain.verbs.revoke import RevokeDraft
from tests.domain import estates
from tests.domain.estates import ME, MYSQL_ID, MYSQL_KEY, MYSQL_SCOPE, NOW, PREMIUM, SOFT_KEY, STANDARD, TEAM

KEY = MYSQL_KEY.id
ADMIN = RoleDefinition(id="/r/uaa", name="User Access Administrator", actions=("Microsoft.Authorization/*",))
OFFICER = estates.CRYPTO_OFFICER
NOTHING = Rights(blocks=())
ALL = Rights(blocks=(RoleDefinition(id="", name="", actions=("*",), data_actions=("*",)),))


def index_of(estate: Estate) -> Index:
    return Index(replace(estate, role_definitions=(*estate.role_definitions, ADMIN)))


def around(rights: Rights | None = ALL, **facts: object) -> Surroundings:
    scopes = (MYSQL_SCOPE, PREMIUM.id, STANDARD.id, f"{STANDARD.id}/keys/{SOFT_KEY.id.name}")
    known = {scope.lower(): rights for scope in scopes} if rights is not None else {}
    whole = {"answering": {PREMIUM.host: None}, "token_until": NOW + timedelta(hours=1), **facts}
    return Surroundings(now=NOW, account_id=ME, rights=known, **whole)  # type: ignore[arg-type]


def grants(index: Index) -> tuple[Step, ...]:
    return tuple(changes.remove_assignment(index, one) for one in index.assignments_of(MYSQL_ID))


def disabling() -> tuple[Step, ...]:
    return tuple(changes.set_enabled(version, False) for version in MYSQL_KEY.versions or ())


def check(found: tuple[Check, ...], name: str) -> Check:
    return next(one for one in found if one.name == name)


def eligible(role: RoleDefinition, scope: str, who: str = ME) -> RoleEligibility:
    return RoleEligibility(id=f"{scope}/e/{role.name}", scope=scope, role_definition_id=role.id, principal_id=who)


@pytest.mark.parametrize("disable", [False, True])
def test_what_to_ask_for_stands_once_beside_what_is_missing(disable: bool) -> None:
    index = index_of(estates.dcc())
    steps = disabling() if disable else grants(index)
    [problem] = readiness.blocked(index, around(NOTHING), steps, KEY)
    found = check(readiness.checks(index, around(NOTHING), steps, KEY), "data-plane" if disable else "assignments")
    assert found.answer is Answer.NO
    assert "Ask" not in found.sentence
    assert found.next.startswith("Ask")
    assert f"{found.sentence} {found.next}" == problem


def test_nothing_is_in_the_way_of_who_may_do_all() -> None:
    index = index_of(estates.dcc())
    for steps in (grants(index), disabling()):
        assert readiness.blocked(index, around(), steps, KEY) == ()
        assert {one.answer for one in readiness.checks(index, around(), steps, KEY)} == {Answer.YES}


def test_before_anything_was_asked_nothing_is_blocked_and_nothing_is_sure_but_what_the_estate_tells() -> None:
    index = index_of(estates.dcc())
    assert readiness.blocked(index, None, grants(index), KEY) == ()
    found = readiness.checks(index, None, grants(index), KEY)
    assert {one.name for one in found if one.answer is Answer.UNKNOWN} == {"assignments", "reach", "token", "give-back"}
    assert check(found, "locks").answer is Answer.YES


@pytest.mark.parametrize(("rights", "answer"), [(ALL, Answer.YES), (NOTHING, Answer.UNKNOWN), (None, Answer.UNKNOWN)])
def test_what_may_be_done_to_machines_is_known_only_where_it_may_be_done_in_the_whole_subscription(
    rights: Rights | None, answer: Answer
) -> None:
    index = index_of(estates.dcc())
    stop = changes_revoke.stop_consumer(estates.AKS)
    known = Surroundings(now=NOW, account_id=ME, rights={f"/subscriptions/{estates.SUB}": rights} if rights else {})
    assert readiness.blocked(index, known, (stop,), estates.AKS_KEY.id) == ()
    found = check(readiness.checks(index, known, (stop,), estates.AKS_KEY.id), "assignments")
    assert found.answer is answer
    assert ("virtualMachineScaleSets/deallocate/action" in found.sentence) is (rights is NOTHING)
    draft = RevokeDraft(key=estates.AKS_KEY.id, choices=(f"stop:{estates.AKS.id}",))
    assert f"/subscriptions/{estates.SUB}" in readiness.scopes(index, draft)


@pytest.mark.parametrize("name", ["assignments", "data-plane"])
def test_a_missing_right_blocks_and_a_right_that_is_not_known_does_not(name: str) -> None:
    index = index_of(estates.dcc())
    steps = grants(index) if name == "assignments" else disabling()
    (said,) = readiness.blocked(index, around(NOTHING), steps, KEY)
    assert "may not" in said
    assert check(readiness.checks(index, around(NOTHING), steps, KEY), name).answer is Answer.NO
    assert readiness.blocked(index, around(None), steps, KEY) == ()
    assert check(readiness.checks(index, around(None), steps, KEY), name).answer is Answer.UNKNOWN


def test_who_may_take_a_grant_and_not_give_it_is_told_before() -> None:
    index = index_of(estates.dcc())
    taking = Rights(
        blocks=(RoleDefinition(id="", name="", actions=("Microsoft.Authorization/roleAssignments/delete",)),)
    )
    assert readiness.blocked(index, around(taking), grants(index), KEY) == ()
    found = readiness.checks(index, around(taking), grants(index), KEY)
    assert (check(found, "assignments").answer, check(found, "give-back").answer) == (Answer.YES, Answer.NO)


@pytest.mark.parametrize(
    ("level", "scope", "removes", "gives"),
    [
        ("CanNotDelete", MYSQL_SCOPE, False, True),
        ("CanNotDelete", PREMIUM.id, False, True),
        ("CanNotDelete", estates.GROUP, False, True),
        ("CanNotDelete", f"/subscriptions/{estates.SUB}", False, True),
        ("ReadOnly", estates.GROUP, False, False),
        ("CanNotDelete", STANDARD.id, True, True),
    ],
)
def test_a_lock_stops_only_what_azure_lets_it_stop(level: str, scope: str, removes: bool, gives: bool) -> None:
    lock = Lock(id=f"{scope}/providers/Microsoft.Authorization/locks/keep", scope=scope, level=level)
    index = index_of(replace(estates.dcc(), locks=(lock,)))
    steps = grants(index)
    assert bool(readiness.blocked(index, around(), steps, KEY)) != removes
    assert readiness.blocked(index, around(), disabling(), KEY) == ()
    backward = tuple(one for step in steps if (one := changes.inverse(step)))
    assert bool(readiness.blocked(index, around(), backward, KEY)) != gives
    answer = check(readiness.checks(index, around(), steps, KEY), "locks").answer
    assert (answer is Answer.YES) == (removes and gives)


def test_a_data_plane_out_of_reach_leaves_the_resource_manager() -> None:
    index = index_of(estates.dcc())
    closed = around(answering={PREMIUM.host: "its firewall does not let this address in."})
    (said,) = readiness.blocked(index, closed, disabling(), KEY)
    assert "firewall" in said
    assert readiness.blocked(index, closed, grants(index), KEY) == ()


def test_what_was_tried_just_now_counts_more_than_what_was_read_once() -> None:
    problem = CoverageProblem(scope=PREMIUM.id, kind=FailureKind.UNREACHABLE, message="out of reach")
    vaults: tuple[Vault, ...] = (replace(PREMIUM, problem=problem), STANDARD)
    index = index_of(replace(estates.dcc(), vaults=vaults))
    assert readiness.blocked(index, None, disabling(), KEY) != ()
    assert readiness.blocked(index, around(), disabling(), KEY) == ()


def test_a_vault_in_failover_takes_no_disabling_and_the_removal_of_grants() -> None:
    index = index_of(estates.dcc())
    over = around(regions={PREMIUM.host: "North Europe"})
    (said,) = readiness.blocked(index, over, disabling(), KEY)
    assert "northeurope answers for westeurope" in said
    assert readiness.blocked(index, over, grants(index), KEY) == ()
    assert readiness.blocked(index, around(regions={PREMIUM.host: "West Europe"}), disabling(), KEY) == ()
    assert check(readiness.checks(index, over, disabling(), KEY), "vault").answer is Answer.NO


def test_an_eligible_role_that_gives_what_is_missing_is_offered_and_unblocks() -> None:
    wanted, other = eligible(ADMIN, PREMIUM.id), eligible(OFFICER, PREMIUM.id)
    elsewhere, anothers = eligible(ADMIN, STANDARD.id), eligible(ADMIN, PREMIUM.id, TEAM)
    index = index_of(replace(estates.dcc(), role_eligibilities=(other, elsewhere, anothers, wanted)))
    steps = grants(index)
    assert readiness.activations(index, around(NOTHING), steps) == (wanted,)
    assert readiness.activations(index, around(), steps) == ()
    assert readiness.activations(index, around(NOTHING), disabling()) == (other,)
    assert "You may activate the role User Access" in readiness.blocked(index, around(NOTHING), steps, KEY)[0]
    activated = (activate(index, wanted, "leak", "INC-1"), *steps)
    assert readiness.blocked(index, around(NOTHING), activated, KEY) == ()
    found = readiness.checks(index, around(NOTHING), activated, KEY)
    assert check(found, "give-back").answer is Answer.YES
    assert check(found, "assignments").answer is Answer.YES
    assert "once the role that the plan activates counts" in check(found, "assignments").sentence
    assert (
        "User Access Administrator" in check(readiness.checks(index, around(NOTHING), steps, KEY), "assignments").next
    )


def test_a_right_by_a_role_with_a_condition_is_not_sure() -> None:
    mine = replace(estates.grant(90, PREMIUM.id, ME, ADMIN), condition="@Request[x]")
    estate = estates.with_grants(mine)
    index = index_of(
        replace(estate, role_assignments=tuple(g for g in estate.role_assignments if g is mine or g.principal_id != ME))
    )
    answer = check(readiness.checks(index, around(), grants(index), KEY), "assignments")
    assert (answer.answer, "@Request[x]" in answer.sentence) == (Answer.UNKNOWN, True)


def test_a_plan_that_takes_a_grant_of_ones_own_says_so() -> None:
    estate = estates.with_grants(estates.grant(90, PREMIUM.id, ME))
    index = index_of(estate)
    mine = next(one for one in index.assignments_of(ME) if one.scope == PREMIUM.id and one.id.endswith("90"))
    found = readiness.checks(index, around(), [changes.remove_assignment(index, mine)], KEY)
    assert check(found, "own-access").answer is Answer.NO


def test_a_sign_in_that_ends_soon_is_told() -> None:
    index = index_of(estates.dcc())
    short = around(token_until=NOW + timedelta(minutes=3))
    assert check(readiness.checks(index, short, grants(index), KEY), "token").answer is Answer.NO


def test_whether_a_deleted_key_can_be_purged_is_told() -> None:
    index = index_of(replace(estates.dcc(), vaults=(replace(PREMIUM, purge_protection=False), STANDARD)))
    step = Step(verb=StepVerb.DELETE_KEY, target=str(KEY), words="Delete", undo_words="Recover")
    assert check(readiness.checks(index, around(), [step], KEY), "kept").answer is Answer.NO
    kept = index_of(estates.dcc())
    assert check(readiness.checks(kept, around(), [step], KEY), "kept").answer is Answer.YES


def test_rights_are_asked_for_where_grants_stand_and_nowhere_twice() -> None:
    index = index_of(estates.dcc())
    found = readiness.scopes(index, RevokeDraft(key=KEY))
    assert found[:2] == (MYSQL_SCOPE, PREMIUM.id)
    assert len({one.lower() for one in found}) == len(found)
