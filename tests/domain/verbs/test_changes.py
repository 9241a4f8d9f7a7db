"""Steps: what they take is exactly what their inverse gives, and facts are the same where Azure means the same."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmk_admin.domain.model import AccessPolicy, KeyVersion, RoleAssignment
from cmk_admin.domain.steps import Json, Step, StepVerb
from cmk_admin.domain.verbs import changes
from tests.domain import estates
from tests.domain.estates import MYSQL, MYSQL_KEY, MYSQL_SCOPE, PREMIUM, STANDARD

INDEX = estates.index()
TEXT = st.text(max_size=8)
WORDS = st.lists(st.sampled_from(["get", "wrapKey", "UnwrapKey", "decrypt"]), unique=True).map(tuple)
VERSION: KeyVersion = (MYSQL_KEY.versions or ())[0]

assignments = st.builds(
    RoleAssignment,
    id=st.just("/a"),
    scope=TEXT,
    role_definition_id=TEXT,
    principal_id=TEXT,
    principal_type=st.none() | TEXT,
    condition=st.none() | TEXT,
    condition_version=st.none() | TEXT,
    description=st.none() | TEXT,
    delegated_identity=st.none() | TEXT,
)
policies = st.builds(
    AccessPolicy,
    tenant_id=TEXT,
    object_id=TEXT.filter(bool),
    application_id=st.none() | TEXT.filter(bool),
    keys=WORDS,
    secrets=WORDS,
    certificates=WORDS,
    storage=WORDS,
)


@given(assignments)
def test_an_assignment_comes_back_whole_from_its_facts(assignment: RoleAssignment) -> None:
    facts = changes.assignment_facts(assignment)
    assert replace(changes.assignment_of(assignment.id, facts), created_on=None) == assignment
    assert changes.differences(StepVerb.CREATE_ASSIGNMENT, facts, facts) == ()


@given(policies)
def test_a_policy_entry_comes_back_whole_from_its_facts(policy: AccessPolicy) -> None:
    assert changes.policy_of(changes.policy_facts(policy)) == policy


@given(policies)
def test_without_its_key_permissions_an_entry_keeps_the_rest_or_goes(policy: AccessPolicy) -> None:
    left = changes.without_keys(policy)
    if left is None:
        assert [*policy.secrets, *policy.certificates, *policy.storage] == []
    else:
        assert left == replace(policy, keys=())


def test_targets_of_policies_are_read_back() -> None:
    entry = AccessPolicy(tenant_id="t", object_id="o", application_id="a")
    assert changes.parse_policy_target(changes.policy_target("/v", entry)) == ("/v", "o", "a")
    assert changes.parse_policy_target(changes.policy_target("/v", replace(entry, application_id=None))) == (
        "/v",
        "o",
        None,
    )


@pytest.mark.parametrize(
    "step",
    [
        changes.remove_assignment(INDEX, estates.dcc().role_assignments[0]),
        changes.set_policy(INDEX, STANDARD, STANDARD.access_policies[1], None),
        changes.set_policy(INDEX, STANDARD, None, STANDARD.access_policies[1]),
        changes.set_enabled(VERSION, False),
        changes.set_enabled(VERSION, True),
    ],
    ids=lambda step: step.words,
)
def test_the_inverse_of_the_inverse_is_the_step(step: Step) -> None:
    back = changes.inverse(step)
    assert back is not None
    assert (back.before, back.after) == (step.after, step.before)
    assert (back.words, back.undo_words) == (step.undo_words, step.words)
    assert changes.inverse(back) == step


def test_an_unused_version_is_only_marked_where_it_is_disabled() -> None:
    step = changes.set_enabled(VERSION, False, known_use=False)
    back = changes.inverse(step)
    assert back is not None
    assert "no known use" in step.words
    assert "no known use" not in back.words + str(back.undo_words)


def test_healing_has_no_undo_and_names_the_service() -> None:
    step = changes.heal(MYSQL.id, "dcc-mysql", "mysql-flexible", stage=3)
    assert step is not None
    assert (step.verb, step.target, step.stage, step.undo_words) == (StepVerb.REVALIDATE, MYSQL.id, 3, None)
    assert step.after == {"service": "mysql-flexible"}
    assert changes.inverse(step) is None
    assert changes.heal("x", "x", "disk-encryption-set", stage=1) is None


def test_facts_are_the_same_without_case_order_and_empty_text() -> None:
    policy = changes.policy_facts(STANDARD.access_policies[1])
    told: dict[str, Json] = {
        **policy,
        "keys": ["UNWRAPKEY", "get", "wrapkey"],
        "storage": None,
        "object_id": str(policy["object_id"]).upper(),
    }
    assert changes.differences(StepVerb.SET_POLICY, policy, told) == ()
    facts = changes.assignment_facts(estates.dcc().role_assignments[0])
    spelt = {**facts, "role_definition_id": estates.ENCRYPTION_USER.id.upper(), "description": "", "more": 1}
    assert changes.differences(StepVerb.REMOVE_ASSIGNMENT, facts, spelt) == ()


def test_differences_are_told_in_words() -> None:
    facts = changes.assignment_facts(estates.dcc().role_assignments[0])
    assert changes.differences(StepVerb.REMOVE_ASSIGNMENT, facts, {**facts, "condition": "c"}) == (
        "condition is c instead of nothing",
    )
    assert changes.differences(StepVerb.REMOVE_ASSIGNMENT, facts, None) == ("it is gone",)
    assert changes.differences(StepVerb.CREATE_ASSIGNMENT, None, facts) == ("it is there",)
    assert changes.differences(StepVerb.SET_ENABLED, {"enabled": True}, {"enabled": False}) == (
        "enabled is no instead of yes",
    )


def test_a_step_knows_what_it_touches() -> None:
    step = changes.remove_assignment(INDEX, estates.dcc().role_assignments[0])
    assert changes.keys_touched(INDEX, step) == (MYSQL_SCOPE.lower(),)
    assert changes.keys_touched(INDEX, changes.set_enabled(VERSION, False)) == (MYSQL_SCOPE.lower(),)
    policy = changes.set_policy(INDEX, STANDARD, STANDARD.access_policies[1], None)
    assert changes.keys_touched(INDEX, policy) == (STANDARD.id.lower(),)
    assert PREMIUM.id.lower() not in changes.keys_touched(INDEX, policy)


def test_an_entry_of_a_principal_alone_and_one_with_an_application_are_told_apart() -> None:
    own = AccessPolicy(tenant_id="t", object_id="o", keys=("unwrapKey",))
    both = replace(own, application_id="app-1")
    said = {changes.set_policy(INDEX, PREMIUM, one, changes.without_keys(one)).words for one in (own, both)}
    assert len(said) == 2
    assert any("together with application app-1" in one for one in said)
