"""What holds for every revoke of every estate: nobody is forgotten, nothing wide goes unasked, no path is invented."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from cmk_admin.domain import access
from cmk_admin.domain.ids import fold
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Consumer, Estate, Principal, RoleAssignment
from cmk_admin.domain.plan import PathState, Plan
from cmk_admin.domain.steps import StepVerb
from cmk_admin.domain.verbs import cuts
from cmk_admin.domain.verbs.revoke import Cause, RevokeDraft, plan
from tests.domain import estates
from tests.domain.estates import AKS_KEY, ENCRYPTION_USER, MYSQL_KEY, MYSQL_SCOPE, PREMIUM, READER, SUB

IDENTITIES = tuple(f"20000000-0000-0000-0000-00000000010{n}" for n in range(4))
TEAMS = tuple(f"30000000-0000-0000-0000-00000000010{n}" for n in range(2))
SCOPES = (MYSQL_SCOPE, estates.AKS_SCOPE, PREMIUM.id, estates.GROUP, f"/subscriptions/{SUB}", estates.MG, "/")
NARROW = frozenset(map(fold, (MYSQL_SCOPE, PREMIUM.id)))
METHODS = ("grants", "disable", "operations", "firewall", "delete")


@st.composite
def grants(draw: st.DrawFn) -> tuple[RoleAssignment, ...]:
    found = []
    for number in range(draw(st.integers(0, 8))):
        who = draw(st.sampled_from((*IDENTITIES, *TEAMS)))
        kind = "Group" if who in TEAMS else "ServicePrincipal"
        role = draw(st.sampled_from((ENCRYPTION_USER, ENCRYPTION_USER, READER)))
        found.append(estates.grant(500 + number, draw(st.sampled_from(SCOPES)), who, role, kind))
    return tuple(found)


@st.composite
def estate_of(draw: st.DrawFn) -> Estate:
    """Databases, sets and unknown services that share identities; groups read and unread; grants at every scope."""
    services = ("mysql-flexible", "mysql-single", "disk-encryption-set", "odd-service")
    consumers: list[Consumer] = []
    for number in range(draw(st.integers(1, 5))):
        key = draw(st.sampled_from((MYSQL_KEY, MYSQL_KEY, AKS_KEY)))
        who = draw(st.sampled_from(IDENTITIES))
        consumers.append(
            estates.consumer(draw(st.sampled_from(services)), "x/y", f"service-{number}", estates.slot(key, who))
        )
    teams = tuple(
        Principal(object_id=team, kind="Group", name=team[-3:], members=draw(st.none() | st.just(IDENTITIES[:2])))
        for team in TEAMS
    )
    return replace(
        estates.dcc(), consumers=tuple(consumers), identities=(), principals=teams, role_assignments=draw(grants())
    )


@st.composite
def drafts(draw: st.DrawFn) -> tuple[Estate, RevokeDraft]:
    estate = draw(estate_of())
    users = [one.id for one in estate.consumers if one.slots[0].key_id.name == MYSQL_KEY.id.name]
    named = draw(st.lists(st.sampled_from(users), unique=True)) if users else []
    method = draw(st.none() | st.sampled_from(METHODS))
    cause = draw(st.sampled_from((Cause.SERVICE, Cause.UNKNOWN)))
    return estate, RevokeDraft(key=MYSQL_KEY.id, consumers=tuple(named), method=method, cause=cause)


def planned(made: tuple[Estate, RevokeDraft]) -> Plan:
    return plan(made[1], Index(made[0]))


@given(drafts())
def test_every_consumer_that_the_plan_is_about_has_exactly_one_effect(made: tuple[Estate, RevokeDraft]) -> None:
    estate, draft = made
    found = planned(made)
    effects = [one.consumer_id for one in found.effects]
    if not found.steps and not effects:
        assert not found.paths
        assert found.problems
        return
    assert len(effects) == len(set(effects))
    users = {one.id for one in estate.consumers if one.slots[0].key_id.key == draft.key}
    wanted = set(draft.consumers) or users
    assert wanted <= set(effects)
    assert draft.method in (None, "grants") or users <= set(effects)


@given(drafts())
def test_the_number_in_the_words_is_the_number_of_the_steps(made: tuple[Estate, RevokeDraft]) -> None:
    found = planned(made)
    method = next(one for one in found.methods if one.name == found.method)
    if found.steps and method.possible and found.method in ("grants", "disable"):
        assert int(method.title.split()[1]) == len(found.steps)
    assert all(1 <= path.step <= len(found.steps) for path in found.paths if path.step)


@given(drafts())
def test_expiry_is_never_possible_and_one_way_at_most_is_recommended(made: tuple[Estate, RevokeDraft]) -> None:
    methods = planned(made).methods
    assert [one.possible for one in methods if one.name == "expiry"] == [False]
    assert sum(one.recommended for one in methods) <= 1
    assert all(one.possible for one in methods if one.recommended)
    assert all(one.reason for one in methods)


@given(drafts())
def test_nothing_wide_is_removed_without_a_choice(made: tuple[Estate, RevokeDraft]) -> None:
    for step in planned(made).steps:
        if step.verb is StepVerb.REMOVE_ASSIGNMENT and step.before is not None:
            assert fold(str(step.before["scope"])) in NARROW
            assert step.before["principal_id"] not in TEAMS


@given(drafts())
def test_every_choice_can_be_made_and_then_closes_what_it_names(made: tuple[Estate, RevokeDraft]) -> None:
    estate, draft = made
    for choice in planned(made).choices:
        found = planned((estate, replace(draft, choices=(choice.id,))))
        assert [one.chosen for one in found.choices if fold(one.id) == fold(choice.id)] == [True]
        if choice.id.startswith("remove:"):
            target = choice.id.removeprefix("remove:")
            assert target in [fold(step.target) for step in found.steps]


@given(drafts())
def test_who_is_cut_besides_is_whoever_lost_every_path(made: tuple[Estate, RevokeDraft]) -> None:
    estate, draft = made
    found = planned((estate, replace(draft, method="grants")))
    gone = {step.target for step in found.steps}
    after = Index(replace(estate, role_assignments=tuple(a for a in estate.role_assignments if a.id not in gone)))
    before = Index(estate)
    cut = {one.consumer_id for one in found.effects if not one.wanted}
    wanted = {one.consumer_id for one in found.effects if one.wanted}
    for use in before.uses:
        had, has = access.usable(cuts.use_paths(before, use)), access.usable(cuts.use_paths(after, use))
        if use.consumer.id not in wanted:
            assert (use.consumer.id in cut) == bool(had and not has)


@given(drafts(), st.integers(0, 10))
def test_a_grant_that_is_left_out_is_a_path_less(made: tuple[Estate, RevokeDraft], which: int) -> None:
    """Brute force over the grants: each that lets one of the identities in is a path of the plan, by its own scope."""
    estate, draft = made
    if not estate.role_assignments:
        return
    dropped = estate.role_assignments[which % len(estate.role_assignments)]
    less = replace(estate, role_assignments=tuple(one for one in estate.role_assignments if one != dropped))
    draft = replace(draft, method="grants")
    with_it, without = planned((estate, draft)), planned((less, draft))
    used = {use.slot.principal_id for use in Index(estate).uses_of_key(draft.key) if _is_named(draft, use.consumer.id)}
    assert len(with_it.paths) - len(without.paths) == sum(_lets_in(estate, dropped, str(one)) for one in used)


@given(drafts())
def test_a_plan_leaves_no_path_of_those_that_it_says_it_closes(made: tuple[Estate, RevokeDraft]) -> None:
    estate, draft = made
    found = planned((estate, replace(draft, method="grants")))
    gone = {step.target for step in found.steps}
    after = Index(replace(estate, role_assignments=tuple(a for a in estate.role_assignments if a.id not in gone)))
    left = {
        (path.principal_id, fold(path.scope))
        for one in {path.principal for path in found.paths}
        for path in access.paths(after, draft.key, one)
    }
    told = {(path.principal, fold(path.scope)) for path in found.paths if path.state is not PathState.WILL_CLOSE}
    assert left == told


def _is_named(draft: RevokeDraft, consumer_id: str) -> bool:
    return not draft.consumers or consumer_id in draft.consumers


def _lets_in(estate: Estate, grant: RoleAssignment, principal: str) -> bool:
    """By the plain rules: the role unwraps, the scope stands above the key, the holder is the identity or a group of it."""
    if not grant.role_definition_id.endswith(ENCRYPTION_USER.id) or grant.scope == estates.AKS_SCOPE:
        return False
    if grant.principal_id == principal:
        return True
    members = {one.object_id: one.members for one in estate.principals}.get(grant.principal_id, ())
    return members is None or principal in members
