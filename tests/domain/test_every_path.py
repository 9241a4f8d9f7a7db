"""All ways to a key: eligible roles, other identities of a service and copies of the key are found, and none is invented."""

import fnmatch
import time
from dataclasses import replace
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmk_admin.domain import access
from cmk_admin.domain.access import Level, PathKind
from cmk_admin.domain.copies import copies
from cmk_admin.domain.every_path import all_paths, siblings
from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import AccessPolicy, Estate, Key, Principal, RoleDefinition, RoleEligibility
from cmk_admin.domain.regrants import regrants
from tests.domain import estates
from tests.domain.estates import (
    AKS_ID,
    AKS_KEY,
    ENCRYPTION_USER,
    ME,
    MG,
    MYSQL_ID,
    MYSQL_KEY,
    MYSQL_SCOPE,
    PREMIUM,
    ROOT_MG,
    SOFT_KEY,
    STANDARD,
    SUB,
    TEAM,
)

KEYS = "Microsoft.KeyVault/vaults/keys/"
PERSON = "50000000-0000-0000-0000-000000000001"


def eligible(
    number: int, scope: str, who: str, role: RoleDefinition = ENCRYPTION_USER, kind: str = "User"
) -> RoleEligibility:
    return RoleEligibility(
        id=f"{scope}/providers/Microsoft.Authorization/roleEligibilitySchedules/{number}",
        scope=scope,
        role_definition_id=role.id,
        principal_id=who,
        principal_type=kind,
    )


def with_eligible(*found: RoleEligibility, people: tuple[Principal, ...] = ()) -> Estate:
    estate = estates.dcc()
    return replace(estate, role_eligibilities=found, principals=(*estate.principals, *people))


def test_a_role_that_may_be_activated_is_a_path_that_is_not_open_now() -> None:
    index = Index(with_eligible(eligible(1, PREMIUM.id, PERSON)))
    (path,) = access.paths(index, MYSQL_KEY.id, PERSON)
    assert (path.kind, path.level, path.unknown) == (PathKind.ELIGIBLE, Level.VAULT, None)
    assert path.eligibility is not None
    assert access.usable((path,)) == ()


def test_a_member_of_a_group_that_is_eligible_is_eligible() -> None:
    team = Principal(object_id=TEAM, kind="Group", name="Ops", members=(PERSON,))
    index = Index(with_eligible(eligible(1, "/", TEAM, kind="Group"), people=(team,)))
    (path,) = access.paths(index, MYSQL_KEY.id, PERSON)
    assert (path.kind, path.group_id) == (PathKind.ELIGIBLE, TEAM)


def test_a_condition_of_an_eligible_role_is_shown() -> None:
    index = Index(with_eligible(replace(eligible(1, PREMIUM.id, PERSON), condition="@Resource[x]")))
    assert [path.condition for path in access.paths(index, MYSQL_KEY.id, PERSON)] == ["@Resource[x]"]


def test_eligible_roles_that_could_not_be_read_leave_a_person_unknown_and_a_service_as_it_is() -> None:
    estate = replace(estates.dcc(), unread_eligibilities=frozenset({f"/subscriptions/{SUB}"}))
    index = Index(estate)
    (path,) = access.paths(index, MYSQL_KEY.id, PERSON)
    assert (path.kind, bool(path.unknown)) == (PathKind.UNREAD, True)
    assert [one.unknown for one in access.paths(index, MYSQL_KEY.id, MYSQL_ID)] == [None]


def test_who_is_eligible_to_assign_roles_could_grant_again() -> None:
    index = Index(with_eligible(eligible(1, estates.GROUP, PERSON, estates.OWNER)))
    found = [path for path in regrants(index, MYSQL_KEY.id) if path.principal_id == PERSON]
    assert [path.kind for path in found] == [PathKind.ELIGIBLE]


def test_the_same_material_in_another_vault_is_a_copy() -> None:
    estate = estates.dcc()
    kept = replace(MYSQL_KEY, thumbprint="a")
    twin = replace(kept, id=KeyId(STANDARD.host, "restored"), vault_id=STANDARD.id)
    other = replace(AKS_KEY, thumbprint="b")
    index = Index(replace(estate, keys=(kept, twin, other)))
    assert copies(index, replace(MYSQL_KEY.id, version=estates.NEW)) == (twin,)
    assert copies(index, twin.id) == (kept,)
    assert copies(index, other.id) == ()
    assert copies(index, SOFT_KEY.id) == ()


def test_a_key_whose_numbers_were_not_read_has_no_copies_that_are_known() -> None:
    estate = replace(estates.dcc(), keys=(MYSQL_KEY, AKS_KEY))
    assert copies(Index(estate), MYSQL_KEY.id) == ()


def test_paths_to_a_copy_and_of_a_sibling_say_so() -> None:
    estate = estates.with_grants(estates.grant(70, MYSQL_SCOPE, AKS_ID))
    kept = replace(MYSQL_KEY, thumbprint="a")
    twin = replace(kept, id=KeyId(STANDARD.host, "restored"), vault_id=STANDARD.id)
    standard = replace(STANDARD, access_policies=(AccessPolicy(tenant_id="t", object_id=MYSQL_ID, keys=("all",)),))
    server = next(one for one in estate.consumers if one.slots[0].principal_id == MYSQL_ID)
    carrying = replace(server, carries=(MYSQL_ID.upper(), AKS_ID))
    index = Index(replace(estate, keys=(kept, twin), vaults=(PREMIUM, standard), consumers=(carrying,)))
    assert siblings(index, carrying) == (AKS_ID,)
    found = all_paths(index, MYSQL_KEY.id, index.uses_of_key(MYSQL_KEY.id))
    assert {(one.principal_id, one.copy_of, one.sibling_of) for one in found} == {
        (MYSQL_ID, None, None),
        (MYSQL_ID, twin.id, None),
        (AKS_ID, None, carrying.id),
    }


def test_what_a_service_carries_whose_key_another_one_holds_is_no_sibling_for_plan_and_proof_alike() -> None:
    carrying = replace(estates.AKS, carries=(MYSQL_ID, PERSON))
    estate = estates.with_grants(estates.grant(70, estates.AKS_SCOPE, PERSON))
    index = Index(replace(estate, consumers=(estates.DES, carrying)))
    assert carrying.holder_id is not None
    assert siblings(index, carrying) == ()
    uses = index.uses_of_key(AKS_KEY.id)
    assert carrying.id in {use.consumer.id for use in uses} | {one.id for one in index.held_by(estates.DES.id)}
    assert {one.principal_id for one in all_paths(index, AKS_KEY.id, uses)} == {estates.DES_ID}


class World(NamedTuple):
    """Who holds, or may activate, which role where; who is in which group; which policies the vault has."""

    rbac: bool
    roles: list[RoleDefinition]
    grants: list[tuple[int, str, str]]
    eligible: list[tuple[int, str, str]]
    members: dict[str, tuple[str, ...]]
    policies: list[tuple[str, tuple[str, ...], bool]]


WORDS = ["unwrapKey", "decrypt", "wrapKey", "get", "all", "UNWRAPKEY"]
WILDCARDS = ["*", "Microsoft.KeyVault/*", f"{KEYS}*", f"{KEYS}unwrap/*", f"{KEYS}decrypt/action", "*/read"]
PEOPLE, GROUPS = [f"p{n}" for n in range(4)], ["g0", "g1"]
ABOVE = ["/", ROOT_MG, MG, f"/subscriptions/{SUB}", estates.GROUP, PREMIUM.id, MYSQL_SCOPE]
BESIDE = [estates.AKS_SCOPE, STANDARD.id]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    patterns = st.lists(st.sampled_from(WILDCARDS), max_size=2)
    roles = [
        RoleDefinition(
            id=f"/r/r{n}", name=f"r{n}", data_actions=tuple(draw(patterns)), not_data_actions=tuple(draw(patterns))
        )
        for n in range(draw(st.integers(1, 3)))
    ]
    holders = st.sampled_from(PEOPLE + GROUPS)
    one = st.tuples(st.integers(0, len(roles) - 1), st.sampled_from(ABOVE + BESIDE), holders)
    policy = st.tuples(holders, st.lists(st.sampled_from(WORDS), max_size=2).map(tuple), st.booleans())
    return World(
        rbac=draw(st.booleans()),
        roles=roles,
        grants=draw(st.lists(one, max_size=5)),
        eligible=draw(st.lists(one, max_size=5)),
        members={group: tuple(draw(st.sets(st.sampled_from(PEOPLE)))) for group in GROUPS},
        policies=draw(st.lists(policy, max_size=4)),
    )


def oracle(world: World, principal: str) -> set[str]:
    """The rule as Azure states it, without any index: by which kinds of way somebody gets at the data."""
    mine = {principal, *(group for group, members in world.members.items() if principal in members)}
    found = set()
    if not world.rbac:
        for holder, words, compound in world.policies:
            opens = {word.lower() for word in words} & {"unwrapkey", "decrypt", "all"}
            if holder in mine and opens:
                found.add("compound" if compound and holder == principal else "open")
        return found
    for kind, held in (("open", world.grants), ("eligible", world.eligible)):
        for number, scope, holder in held:
            if scope in ABOVE and holder in mine and _opens(world.roles[number]):
                found.add(kind)
    return found


def _opens(role: RoleDefinition) -> bool:
    def lists(patterns: tuple[str, ...], action: str) -> bool:
        return any(fnmatch.fnmatch(action.lower(), one.lower()) for one in patterns)

    return any(
        lists(role.data_actions, action) and not lists(role.not_data_actions, action)
        for action in (f"{KEYS}unwrap/action", f"{KEYS}decrypt/action")
    )


_KINDS = {PathKind.ELIGIBLE: "eligible", PathKind.POLICY_COMPOUND: "compound"}


@settings(max_examples=150, deadline=None)
@given(worlds())
def test_the_paths_equal_a_brute_force_reading_of_the_rule(world: World) -> None:
    policies = tuple(
        AccessPolicy(tenant_id="t", object_id=holder, application_id="app" if compound else None, keys=words)
        for holder, words, compound in world.policies
    )
    estate = replace(
        estates.dcc(),
        vaults=(replace(PREMIUM, rbac=world.rbac, access_policies=policies), STANDARD),
        role_definitions=tuple(world.roles),
        role_assignments=tuple(
            replace(estates.grant(n, scope, holder, world.roles[role]), principal_type=_kind(holder))
            for n, (role, scope, holder) in enumerate(world.grants)
        ),
        role_eligibilities=tuple(
            eligible(n, scope, holder, world.roles[role], kind=_kind(holder))
            for n, (role, scope, holder) in enumerate(world.eligible)
        ),
        principals=(
            *(Principal(object_id=group, kind="Group", members=members) for group, members in world.members.items()),
            *(Principal(object_id=one, kind="User") for one in PEOPLE),
        ),
    )
    index = Index(estate)
    for principal in PEOPLE:
        found = access.paths(index, MYSQL_KEY.id, principal)
        assert {_KINDS.get(path.kind, "open") for path in found} == oracle(world, principal)
        assert not any(path.unknown for path in found)


def _kind(holder: str) -> str:
    return "Group" if holder in GROUPS else "User"


@pytest.mark.full
def test_the_paths_of_two_hundred_services_are_found_among_two_thousand_grants_in_no_time() -> None:
    estate = estates.dcc()
    who = [f"60000000-0000-0000-0000-{n:012}" for n in range(200)]
    used: Key = MYSQL_KEY
    consumers = tuple(
        estates.consumer("mysql-flexible", "Microsoft.DBforMySQL/flexibleServers", f"s{n}", estates.slot(used, one))
        for n, one in enumerate(who)
    )
    grants = tuple(
        estates.grant(1000 + n, (MYSQL_SCOPE, PREMIUM.id, estates.AKS_SCOPE)[n % 3], who[n % 200]) for n in range(2000)
    )
    index = Index(replace(estate, consumers=consumers, role_assignments=grants))
    uses = index.uses_of_key(used.id)
    all_paths(index, used.id, uses)
    began = time.perf_counter()
    found = all_paths(index, used.id, uses)
    assert len(found) > 1000
    assert time.perf_counter() - began < 0.2
    assert ME not in {path.principal_id for path in found}
