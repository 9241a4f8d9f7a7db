"""A revoke's plan: it closes what it may, names what it leaves, and says first who else is cut."""

from dataclasses import replace

import pytest

from cmk_admin.domain.errors import FailureKind
from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import AccessPolicy, Consumer, CoverageProblem, Estate, Lock, Principal
from cmk_admin.domain.plan import PathState, Plan
from cmk_admin.domain.steps import StepVerb
from cmk_admin.domain.verbs import changes
from cmk_admin.domain.verbs.revoke import RevokeDraft, plan, problems
from tests.domain import estates
from tests.domain.estates import (
    AKS,
    AKS_ID,
    AKS_KEY,
    AKS_SCOPE,
    DES,
    MYSQL,
    MYSQL_ID,
    MYSQL_KEY,
    MYSQL_SCOPE,
    OLD,
    PREMIUM,
    SINGLE,
    SINGLE_ID,
    SOFT_KEY,
    STANDARD,
    SUB,
    TEAM,
)

SINGLE_GRANT = estates.grant(2, MYSQL_SCOPE, SINGLE_ID).id


def cut(*consumers: str, estate: Estate | None = None, key: KeyId = MYSQL_KEY.id, method: str | None = None) -> Plan:
    return plan(RevokeDraft(key=key, consumers=consumers, method=method), Index(estate or estates.dcc()))


def states(found: Plan) -> list[PathState]:
    return [path.state for path in found.paths]


def wanted(found: Plan, *, also: bool = False) -> list[str]:
    return [effect.consumer_name for effect in found.effects if effect.wanted is not also]


def test_cutting_a_database_removes_its_grant_on_the_key() -> None:
    found = cut(MYSQL.id)
    (step,) = found.steps
    assert (step.verb, step.after, step.effect_seconds) == (StepVerb.REMOVE_ASSIGNMENT, None, 600)
    assert step.target.endswith("000000000001")
    assert step.before is not None
    assert step.before["principal_id"] == MYSQL_ID
    assert states(found) == [PathState.WILL_CLOSE]
    assert found.paths[0].step == 1
    assert wanted(found) == ["dcc-mysql"]
    assert wanted(found, also=True) == []
    assert found.problems == ()
    assert found.title == "Cut dcc-mysql off mysql-encryption-key"
    assert [(one.consumer_id, one.within_seconds) for one in found.watches] == [(MYSQL.id, 1200)]


def test_ids_are_compared_without_case() -> None:
    assert cut(MYSQL.id.upper()).hash == cut(MYSQL.id).hash


def test_a_cluster_is_cut_by_its_sets_identity_and_the_decoy_is_left() -> None:
    found = cut(AKS.id, key=AKS_KEY.id)
    (step,) = found.steps
    assert step.before is not None
    assert step.before["principal_id"] == estates.DES_ID
    assert wanted(found) == ["dcc-des", "dcc-aks"]
    assert AKS_ID not in [path.principal for path in found.paths]


def test_a_set_takes_the_clusters_under_it_along() -> None:
    assert wanted(cut(DES.id, key=AKS_KEY.id)) == ["dcc-des", "dcc-aks"]


def test_another_cluster_of_the_same_set_is_said_to_be_cut_as_well() -> None:
    other = replace(AKS, id=AKS.id + "-2", name="dcc-aks-2")
    estate = estates.dcc()
    found = cut(AKS.id, key=AKS_KEY.id, estate=replace(estate, consumers=(*estate.consumers, other)))
    assert wanted(found, also=True) == ["dcc-aks-2"]
    assert found.paths[0].also_cuts == (other.id,)
    assert "dcc-aks-2" in found.warnings[0]


def test_a_shared_identity_cuts_the_others_that_use_it() -> None:
    estate = estates.dcc()
    shared = replace(SINGLE, slots=(estates.slot(MYSQL_KEY, MYSQL_ID),))
    found = cut(MYSQL.id, estate=replace(estate, consumers=(MYSQL, shared, DES, AKS)))
    assert wanted(found, also=True) == ["dcc-mysql-single"]
    assert found.warnings[0].startswith("Also cut: dcc-mysql-single")
    assert any("share" in one and "dcc-mysql-id" in one and "own (attach)" in one for one in found.warnings)
    assert {one.consumer_id for one in found.watches} == {MYSQL.id, SINGLE.id}


def test_a_grant_on_the_vault_cuts_services_of_its_other_keys() -> None:
    estate = estates.dcc()
    wide = estates.grant(50, PREMIUM.id, MYSQL_ID)
    other = replace(SINGLE, slots=(estates.slot(AKS_KEY, MYSQL_ID),))
    estate = replace(estate, consumers=(MYSQL, other), role_assignments=(wide,))
    found = cut(MYSQL.id, estate=estate)
    assert [step.target for step in found.steps] == [wide.id]
    assert wanted(found, also=True) == ["dcc-mysql-single"]
    # With a grant of its own on the other key it goes on
    own = replace(estate, role_assignments=(wide, estates.grant(51, AKS_SCOPE, MYSQL_ID)))
    assert wanted(cut(MYSQL.id, estate=own), also=True) == []


@pytest.mark.parametrize("scope", [estates.GROUP, f"/subscriptions/{SUB}", estates.MG, "/"])
def test_a_grant_above_the_vault_is_named_and_never_removed(scope: str) -> None:
    found = cut(MYSQL.id, estate=estates.with_grants(estates.grant(50, scope, MYSQL_ID)))
    assert len(found.steps) == 1
    assert states(found) == [PathState.WILL_CLOSE, PathState.STAYS_OPEN]
    assert "above the vault" in (found.paths[1].reason or "")
    assert len(found.open_paths) == 1
    assert found.effects[0].stops.startswith("Goes on working")
    assert any("at best be partial" in warning for warning in found.warnings)


def test_a_groups_grant_is_named_and_never_removed() -> None:
    team = Principal(object_id=TEAM, kind="Group", name="Payments-Ops", members=(MYSQL_ID,))
    estate = estates.with_grants(estates.grant(50, MYSQL_SCOPE, TEAM, kind="Group"), principals=(team,))
    found = cut(MYSQL.id, estate=estate)
    assert len(found.steps) == 1
    assert PathState.STAYS_OPEN in states(found)
    assert any(path.via == "group Payments-Ops → role Key Vault Crypto Service Encryption User" for path in found.paths)


def also_without(grant: str, *consumers: Consumer, estate: Estate, key: KeyId = MYSQL_KEY.id) -> list[str]:
    """Who else is cut where the database is cut off with a wide grant."""
    draft = RevokeDraft(key=key, consumers=(MYSQL.id,), choices=(f"remove:{grant}",))
    found = plan(draft, Index(replace(estate, consumers=consumers)))
    assert found.problems == ()
    return wanted(found, also=True)


def test_whoever_may_be_in_a_group_that_nobody_could_read_counts_as_cut_with_its_grant() -> None:
    team = Principal(object_id=TEAM, kind="Group", name="Payments-Ops", members=None)
    grant = estates.grant(50, MYSQL_SCOPE, TEAM, kind="Group")
    estate = estates.with_grants(grant, principals=(team,))
    own = replace(estate, role_assignments=tuple(one for one in estate.role_assignments if one.id != SINGLE_GRANT))
    assert also_without(grant.id, MYSQL, SINGLE, estate=own) == ["dcc-mysql-single"]
    assert also_without(grant.id, MYSQL, SINGLE, estate=estate) == []


def test_a_grant_that_reaches_another_vault_cuts_what_hangs_on_it_there() -> None:
    far = estates.vault("dcc-far")
    there = estates.key(far, "far-key")
    other = replace(SINGLE, slots=(estates.slot(there, MYSQL_ID),))
    wide = estates.grant(50, f"/subscriptions/{SUB}", MYSQL_ID)
    estate = estates.with_grants(wide)
    estate = replace(estate, vaults=(*estate.vaults, far), keys=(*estate.keys, there))
    assert also_without(wide.id, MYSQL, other, estate=estate) == ["dcc-mysql-single"]
    spared = estates.grant(51, far.id, MYSQL_ID)
    assert (
        also_without(
            wide.id,
            MYSQL,
            other,
            estate=replace(estate, role_assignments=(*estate.role_assignments, spared)),
        )
        == []
    )


def test_who_is_left_an_entry_that_counts_only_with_an_application_counts_as_cut() -> None:
    """A service comes alone: such an entry, its own or another group's, lets it in no more."""
    ops = "30000000-0000-0000-0000-000000000002"
    groups = tuple(
        Principal(object_id=one, kind="Group", name=name, members=members)
        for one, name, members in ((TEAM, "Payments-Ops", (MYSQL_ID, SINGLE_ID)), (ops, "Night-Ops", (SINGLE_ID,)))
    )
    entry = AccessPolicy(tenant_id="t", object_id=TEAM, keys=("unwrapKey",))
    users = (
        replace(MYSQL, slots=(estates.slot(SOFT_KEY, MYSQL_ID),)),
        replace(SINGLE, slots=(estates.slot(SOFT_KEY, SINGLE_ID),)),
    )
    for holder, application, cut_too in (
        (SINGLE_ID, "app", True),
        (ops, "app", True),
        (SINGLE_ID, None, False),
        (ops, None, False),
    ):
        left = AccessPolicy(tenant_id="t", object_id=holder, application_id=application, keys=("unwrapKey",))
        estate = estates.with_grants(principals=groups)
        estate = replace(estate, vaults=(PREMIUM, replace(STANDARD, access_policies=(entry, left))))
        found = also_without(f"{STANDARD.id}|{TEAM}", *users, estate=estate, key=SOFT_KEY.id)
        assert found == (["dcc-mysql-single"] if cut_too else []), (holder, application)


def test_what_could_not_be_read_is_an_unknown_path() -> None:
    found = cut(MYSQL.id, estate=replace(estates.dcc(), unread_assignments=frozenset({f"/subscriptions/{SUB}"})))
    assert states(found) == [PathState.WILL_CLOSE, PathState.UNKNOWN]


def test_a_policy_entry_loses_its_key_permissions_and_keeps_the_rest() -> None:
    estate = estates.dcc()
    on_policy = replace(SINGLE, slots=(estates.slot(SOFT_KEY, SINGLE_ID),))
    found = cut(SINGLE.id, key=SOFT_KEY.id, estate=replace(estate, consumers=(on_policy,)))
    (step,) = found.steps
    assert (step.verb, step.target) == (StepVerb.SET_POLICY, f"{STANDARD.id}|{SINGLE_ID}")
    assert step.before is not None
    assert step.before["keys"] == ["Get", "wrapKey", "unwrapKey"]
    assert step.after is not None
    assert (step.after["keys"], step.after["secrets"]) == ([], ["get"])
    assert found.watches[0].within_seconds == 600


def test_an_entry_that_only_held_keys_goes_altogether() -> None:
    alone = AccessPolicy(tenant_id="t", object_id=SINGLE_ID, keys=("unwrapKey",))
    estate = replace(estates.dcc(), vaults=(PREMIUM, replace(STANDARD, access_policies=(alone,))))
    on_policy = replace(SINGLE, slots=(estates.slot(SOFT_KEY, SINGLE_ID),))
    (step,) = cut(SINGLE.id, key=SOFT_KEY.id, estate=replace(estate, consumers=(on_policy,))).steps
    assert step.after is None


def test_only_a_key_disables_every_enabled_version_and_marks_those_without_known_use() -> None:
    found = cut()
    assert [(step.verb, step.after, step.stage) for step in found.steps] == [
        (StepVerb.SET_ENABLED, {"enabled": False}, 0),
        (StepVerb.SET_ENABLED, {"enabled": False}, 0),
    ]
    assert [step.words.endswith("(no known use)") for step in found.steps] == [False, True]
    assert found.steps[1].target.endswith(OLD)
    assert set(states(found)) == {PathState.WILL_CLOSE}
    assert wanted(found) == ["dcc-mysql", "dcc-mysql-single"]
    assert found.title == "Disable 2 versions of mysql-encryption-key"


def test_disabling_for_one_service_names_the_other_users_of_the_key() -> None:
    found = cut(MYSQL.id, method="disable")
    assert (wanted(found), wanted(found, also=True)) == (["dcc-mysql"], ["dcc-mysql-single"])
    assert [path.also_cuts for path in found.paths] == [(), (SINGLE.id,)]


def test_versions_that_are_off_already_are_not_touched() -> None:
    estate = estates.dcc()
    first, second = MYSQL_KEY.versions or ()
    half = replace(MYSQL_KEY, versions=(first, replace(second, enabled=False)))
    assert len(cut(estate=replace(estate, keys=(half,))).steps) == 1
    off = replace(half, versions=(replace(first, enabled=False), replace(second, enabled=False)))
    assert "disabled already" in cut(estate=replace(estate, keys=(off,))).problems[0]


def test_versions_that_were_not_read_forbid_disabling() -> None:
    unread = replace(MYSQL_KEY, versions=None)
    found = cut(estate=replace(estates.dcc(), keys=(unread,)))
    assert found.steps == ()
    assert "versions" in found.problems[0]


def test_a_vault_that_cannot_be_reached_forbids_disabling_but_not_removing_grants() -> None:
    problem = CoverageProblem(scope=PREMIUM.id, kind=FailureKind.UNREACHABLE, message="Its firewall is closed")
    estate = replace(estates.dcc(), vaults=(replace(PREMIUM, problem=problem), STANDARD))
    assert cut(estate=estate).problems
    assert cut(MYSQL.id, estate=estate).problems == ()


@pytest.mark.parametrize("level", ["CanNotDelete", "ReadOnly"])
def test_a_lock_that_would_refuse_the_removal_is_foreseen(level: str) -> None:
    lock = Lock(id=f"{PREMIUM.id}/providers/Microsoft.Authorization/locks/keep", scope=PREMIUM.id, level=level)
    found = cut(MYSQL.id, estate=replace(estates.dcc(), locks=(lock,)))
    assert "keep" in found.problems[0]
    assert [one.name for one in found.methods if one.recommended] == ["disable"]


def test_methods_say_which_is_possible_and_which_is_better() -> None:
    methods = {one.name: one for one in cut(MYSQL.id).methods}
    assert methods["grants"].recommended
    assert methods["disable"].possible
    assert "also cuts dcc-mysql-single" in (methods["disable"].reason or "")
    assert {one.name: one for one in cut().methods}["disable"].recommended


@pytest.mark.parametrize(
    ("draft", "word"),
    [
        (RevokeDraft(key=MYSQL_KEY.id, consumers=("/nowhere",)), "/nowhere"),
        (RevokeDraft(key=MYSQL_KEY.id, consumers=(DES.id,)), "does not use"),
        (RevokeDraft(key=KeyId(PREMIUM.host, "absent")), "not read"),
        (RevokeDraft(key=KeyId("elsewhere.vault.azure.net", "k")), "not visible"),
        (RevokeDraft(key=MYSQL_KEY.id, method="magic"), "magic"),
    ],
)
def test_what_makes_no_sense_is_a_problem_in_words(draft: RevokeDraft, word: str) -> None:
    (sentence, *_) = problems(draft, estates.index())
    assert word in sentence


def test_an_identity_that_is_not_known_is_a_problem() -> None:
    unknown = replace(MYSQL, slots=(estates.slot(MYSQL_KEY, None),))
    assert "which identity" in cut(MYSQL.id, estate=replace(estates.dcc(), consumers=(unknown,))).problems[0]


def test_nothing_left_to_remove_is_a_problem_and_not_a_success() -> None:
    estate = replace(estates.dcc(), role_assignments=())
    found = cut(MYSQL.id, estate=estate)
    assert found.problems[0].startswith("dcc-mysql has no grant on mysql-encryption-key any more")
    assert not [one.name for one in found.methods if one.recommended]


def test_an_incomplete_estate_is_said_before_the_start() -> None:
    assert any(
        "Not all services could be read" in one for one in cut(estate=estates.incomplete(estates.dcc())).warnings
    )


def test_the_step_gives_back_what_it_takes() -> None:
    (step,) = cut(MYSQL.id).steps
    back = changes.inverse(step)
    assert back is not None
    assert (back.verb, back.target, back.before) == (StepVerb.CREATE_ASSIGNMENT, step.target, None)
    assert back.after == step.before
    assert changes.inverse(back) == step
