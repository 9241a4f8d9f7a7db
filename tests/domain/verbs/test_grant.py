"""Grant: every sentence that forbids or warns, and the least that is given, at the key and nowhere above."""

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmk_admin.domain.errors import FailureKind
from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import AccessPolicy, CoverageProblem, Estate, Principal
from cmk_admin.domain.problems import Problem
from cmk_admin.domain.roles import BUILT_IN, CRYPTO_OFFICER, CRYPTO_USER, SERVICE_ENCRYPTION_USER, assignment_name
from cmk_admin.domain.steps import StepVerb
from cmk_admin.domain.surroundings import Surroundings
from cmk_admin.domain.verbs import changes, grant
from cmk_admin.domain.verbs.grant import GrantDraft
from cmk_admin.domain.verbs.new_resource import NewIdentity
from tests.domain import estates
from tests.domain.estates import (
    AKS_KEY,
    AKS_SCOPE,
    MYSQL_ID,
    MYSQL_KEY,
    MYSQL_SCOPE,
    PREMIUM,
    SINGLE_ID,
    SOFT_KEY,
    STANDARD,
    SUB,
    TEAM,
)
from tests.domain.verbs.wizards import FREE_ID, NOTHING, around, codes, locked, one, verbs, with_free

NEW = NewIdentity(subscription_id=SUB, group="dcc", name="new-id", location="westeurope")
DRAFT = GrantDraft(key=AKS_KEY.id, identity=FREE_ID)
MADE = GrantDraft(key=AKS_KEY.id, create_identity=NEW)
FIELDS = {one.name for one in fields(GrantDraft)} | {""}


def problems(draft: GrantDraft, estate: Estate | None = None, about: Surroundings | None = None) -> tuple[Problem, ...]:
    found = grant.problems(draft, Index(estate or with_free()), about or around())
    assert {problem.field for problem in found} <= FIELDS
    return found


def changed(**facts: Any) -> GrantDraft:
    return replace(DRAFT, **facts)


def test_the_least_role_is_given_at_the_key_to_a_service_principal() -> None:
    plan = grant.plan(DRAFT, Index(with_free()), around())
    assert (plan.problems, verbs(plan)) == ((), [(StepVerb.CREATE_ASSIGNMENT, 0)])
    facts = dict(plan.steps[0].after or {})
    assert facts["scope"] == AKS_SCOPE
    assert facts["principal_id"] == FREE_ID
    assert facts["principal_type"] == "ServicePrincipal"
    assert str(facts["role_definition_id"]).endswith(BUILT_IN[SERVICE_ENCRYPTION_USER])
    assert plan.steps[0].effect_seconds == 600
    assert plan.context == (("key", str(AKS_KEY.id)),)


def test_an_identity_that_is_made_is_granted_after_it_and_goes_after_its_grant() -> None:
    plan = grant.plan(MADE, estates.index(), around())
    assert verbs(plan) == [(StepVerb.CREATE_IDENTITY, 0), (StepVerb.CREATE_ASSIGNMENT, 1)]
    assert dict(plan.steps[1].after or {})["principal_id"] == NEW.id
    role = str(dict(plan.steps[1].after or {})["role_definition_id"])
    assert plan.steps[1].target.endswith(assignment_name(AKS_SCOPE, role, NEW.id))
    back = [changes.inverse(step) for step in plan.steps]
    assert [each.verb for each in back if each] == [StepVerb.DELETE_IDENTITY, StepVerb.REMOVE_ASSIGNMENT]


def test_a_vault_of_access_policies_gets_an_entry_beside_what_is_there() -> None:
    soft = changed(key=SOFT_KEY.id)
    plan = grant.plan(soft, Index(with_free()), around())
    (step,) = plan.steps
    assert (step.verb, step.before) == (StepVerb.SET_POLICY, None)
    assert dict(step.after or {})["keys"] == ["get", "wrapKey", "unwrapKey"]
    mine = AccessPolicy(tenant_id="t", object_id=FREE_ID, keys=("get", "sign"), secrets=("list",))
    made = with_free()
    vaults = (PREMIUM, replace(STANDARD, access_policies=(*STANDARD.access_policies, mine)))
    (more,) = grant.plan(soft, Index(replace(made, vaults=vaults)), around()).steps
    assert dict(more.after or {})["keys"] == ["get", "sign", "wrapKey", "unwrapKey"]
    assert dict(more.after or {})["secrets"] == ["list"]
    assert dict(more.before or {})["keys"] == ["get", "sign"]


def test_etcd_needs_the_role_that_encrypts() -> None:
    (step,) = grant.plan(changed(purpose="aks-etcd"), Index(with_free()), around()).steps
    assert str(dict(step.after or {})["role_definition_id"]).endswith(BUILT_IN[CRYPTO_USER])


@pytest.mark.parametrize("role", ["key vault crypto officer", BUILT_IN[CRYPTO_OFFICER]])
def test_a_role_is_called_by_its_name_however_it_was_written(role: str) -> None:
    plan = grant.plan(changed(role=role), Index(with_free()), around())
    assert plan.steps[0].words.startswith(f"Give role {CRYPTO_OFFICER} on")
    assert plan.hash == grant.plan(changed(role=CRYPTO_OFFICER), Index(with_free()), around()).hash


@pytest.mark.parametrize(
    ("facts", "code", "field"),
    [
        ({"key": None}, "no-key", "key"),
        ({"key": KeyId("nowhere.vault.azure.net", "k")}, "no-key", "key"),
        ({"key": KeyId(PREMIUM.host, "no-such-key")}, "no-key", "key"),
        ({"identity": ""}, "no-identity", "identity"),
        ({"key": MYSQL_KEY.id, "identity": MYSQL_ID}, "granted-already", "identity"),
        ({"key": SOFT_KEY.id, "identity": SINGLE_ID}, "granted-already", "identity"),
        ({"role": "Flyer"}, "unknown-role", "role"),
        ({"role": "Owner"}, "role-useless", "role"),
        ({"key": SOFT_KEY.id, "role": CRYPTO_USER}, "no-roles", "role"),
    ],
)
def test_what_cannot_be_granted_is_refused_once(facts: dict[str, Any], code: str, field: str) -> None:
    found = problems(changed(**facts))
    assert one(found, code).field == field
    assert codes(found, blocks=True) == [code]


@pytest.mark.parametrize(("kind", "blocks"), [("Group", True), ("User", True), ("ServicePrincipal", False)])
def test_only_identities_and_service_principals_are_granted(kind: str, blocks: bool) -> None:
    estate = estates.with_grants(principals=(Principal(object_id=TEAM, kind=kind, name="Team"),))
    found = problems(changed(identity=TEAM), estate)
    assert ("not-an-identity" in codes(found, blocks=True)) is blocks


def test_a_principal_that_the_directory_does_not_tell_is_granted_with_a_word() -> None:
    estate = estates.with_grants(principals=(Principal(object_id=TEAM, kind=None),))
    assert not one(problems(changed(identity=TEAM), estate), "principal-unknown").blocks
    assert not one(problems(changed(identity="0" * 36)), "principal-unknown").blocks


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"name": "ü" * 5}, "bad-identity-name"),
        ({"name": "ab"}, "bad-identity-name"),
        ({"name": "-abc"}, "bad-identity-name"),
        ({"name": "a/b/c"}, "bad-identity-name"),
        ({"name": "n" * 129}, "bad-identity-name"),
        ({"group": ""}, "no-group"),
        ({"group": " "}, "no-group"),
        ({"group": ".."}, "no-group"),
        ({"group": "a?b"}, "no-group"),
        ({"group": "a/b"}, "no-group"),
        ({"group": "g" * 91}, "no-group"),
        ({"group": "missing"}, "no-group"),
    ],
)
def test_an_identity_that_cannot_be_made_is_refused(facts: dict[str, str], code: str) -> None:
    missing = frozenset({f"/subscriptions/{SUB}/resourcegroups/missing"})
    found = problems(replace(MADE, create_identity=replace(NEW, **facts)), about=around(missing_groups=missing))
    assert one(found, code).field == "create_identity"


def test_an_identity_that_is_there_is_to_be_picked() -> None:
    made = with_free()
    there = replace(made.identities[-1], resource_id=NEW.id)
    estate = replace(made, identities=(*made.identities[:-1], there))
    assert one(problems(MADE, estate), "identity-exists").field == "create_identity"


def test_missing_rights_are_refused_and_unread_ones_only_said() -> None:
    assert codes(problems(DRAFT, about=around(may=NOTHING)), blocks=True) == ["missing-right"]
    assert codes(problems(MADE, about=around(may=NOTHING)), blocks=True) == ["missing-right"] * 2
    assert codes(problems(changed(key=SOFT_KEY.id), about=around(may=NOTHING)), blocks=True) == ["missing-right"]
    unread = codes(problems(MADE, about=around(may=None)))
    assert unread == ["right-unknown", "right-unknown", "shared-key"]


@pytest.mark.parametrize(("level", "refused"), [("ReadOnly", True), ("CanNotDelete", False)])
def test_a_lock_that_forbids_writes_is_refused(level: str, refused: bool) -> None:
    index = locked(with_free(), PREMIUM.id, level)
    assert ("locked" in codes(grant.problems(DRAFT, index, around()))) is refused
    group = locked(estates.dcc(), NEW.group_id, level)
    assert ("locked" in codes(grant.problems(MADE, group, around()))) is refused


def test_a_key_that_could_not_be_read_may_be_there() -> None:
    problem = CoverageProblem(scope=PREMIUM.id, kind=FailureKind.UNREACHABLE, message="Closed.")
    estate = replace(with_free(), vaults=(replace(PREMIUM, problem=problem), STANDARD))
    found = problems(changed(key=KeyId(PREMIUM.host, "unseen")), estate)
    assert not one(found, "no-key").blocks


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"identity": MYSQL_ID}, "shared-identity"),
        ({"identity": MYSQL_ID}, "other-keys"),
        ({"key": MYSQL_KEY.id}, "shared-key"),
        ({"role": CRYPTO_OFFICER}, "role-wide"),
        ({"role": "Key Vault Reader", "purpose": "mysql-flexible"}, "role-too-small"),
    ],
)
def test_what_should_be_known_before_is_a_warning(facts: dict[str, Any], code: str) -> None:
    found = problems(changed(**facts))
    assert not one(found, code).blocks
    assert codes(found, blocks=True) == []


def test_a_wider_grant_is_told_and_counts_as_having_it() -> None:
    estate = replace(
        with_free(), role_assignments=(*with_free().role_assignments, estates.grant(9, PREMIUM.id, FREE_ID))
    )
    found = problems(DRAFT, estate)
    assert one(found, "granted-already").blocks
    assert not one(found, "more-already").blocks


_drafts = st.builds(
    GrantDraft,
    key=st.sampled_from([None, AKS_KEY.id, MYSQL_KEY.id, SOFT_KEY.id, KeyId(PREMIUM.host, "other")]),
    identity=st.sampled_from(["", FREE_ID, MYSQL_ID, SINGLE_ID, TEAM]),
    create_identity=st.sampled_from([None, NEW, replace(NEW, name="x"), replace(NEW, group="..")]),
    role=st.sampled_from([None, CRYPTO_USER, "Owner", "Flyer"]),
    purpose=st.sampled_from(["", "mysql-flexible", "aks-etcd"]),
)


@given(_drafts)
def test_any_draft_has_one_plan_whose_hash_stays_and_that_grants_nothing_above_the_key(draft: GrantDraft) -> None:
    index, about = Index(with_free()), around()
    plan = grant.plan(draft, index, about)
    assert plan.hash == grant.plan(draft, Index(with_free()), around()).hash
    found = grant.problems(draft, index, about)
    assert plan.problems == tuple(dict.fromkeys(each.sentence for each in found if each.blocks))
    assert plan.problems or plan.steps
    for step in plan.steps:
        if step.verb is StepVerb.CREATE_ASSIGNMENT:
            assert dict(step.after or {})["scope"] in (AKS_SCOPE, MYSQL_SCOPE, f"{PREMIUM.id}/keys/other")
