"""Who can use a key: every path is found, no path is invented, and what could not be read is never "no"."""

import fnmatch
from dataclasses import replace
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cmk_admin.domain import access, permissions
from cmk_admin.domain.access import Level, PathKind
from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import AccessPolicy, Estate, Principal, RoleAssignment, RoleDefinition
from cmk_admin.domain.regrants import GRANT_ROLES, WRITE_ROLES, WRITE_VAULT, regrants
from tests.domain import estates
from tests.domain.estates import (
    AKS_ID,
    DES_ID,
    ENCRYPTION_USER,
    ME,
    MG,
    MYSQL_ID,
    MYSQL_KEY,
    MYSQL_SCOPE,
    PREMIUM,
    ROOT_MG,
    SINGLE_ID,
    SOFT_KEY,
    STANDARD,
    SUB,
    TEAM,
)

KEYS = "Microsoft.KeyVault/vaults/keys/"


def paths(estate: Estate, principal: str, key: KeyId = MYSQL_KEY.id) -> tuple[access.AccessPath, ...]:
    return access.paths(Index(estate), key, principal)


def test_a_grant_on_the_key_is_a_direct_path() -> None:
    (path,) = paths(estates.dcc(), MYSQL_ID)
    assert (path.kind, path.level, path.inherited, path.unknown) == (PathKind.DIRECT, Level.KEY, False, None)
    assert path.allows == ("get", "unwrapKey", "wrapKey")


def test_nobody_else_has_one() -> None:
    assert paths(estates.dcc(), AKS_ID) == ()
    assert paths(estates.dcc(), DES_ID) == ()


@pytest.mark.parametrize(
    ("scope", "level"),
    [
        (PREMIUM.id, Level.VAULT),
        (estates.GROUP, Level.RESOURCE_GROUP),
        (f"/subscriptions/{SUB}", Level.SUBSCRIPTION),
        (MG, Level.MANAGEMENT_GROUP),
        (ROOT_MG, Level.MANAGEMENT_GROUP),
        ("/", Level.ROOT),
        (PREMIUM.id.upper(), Level.VAULT),
    ],
)
def test_a_grant_above_the_key_is_inherited(scope: str, level: Level) -> None:
    estate = estates.with_grants(estates.grant(50, scope, AKS_ID.upper()))
    (path,) = paths(estate, AKS_ID)
    assert (path.level, path.inherited, path.above_vault) == (level, True, level is not Level.VAULT)


@pytest.mark.parametrize(
    "scope",
    [
        f"{PREMIUM.id}/keys/other",
        f"{PREMIUM.id}x",
        f"{PREMIUM.id}/keys/{MYSQL_KEY.id.name}/below",
        "/subscriptions/another",
        "/providers/Microsoft.Management/managementGroups/elsewhere",
    ],
)
def test_a_grant_beside_or_below_the_key_is_none(scope: str) -> None:
    assert paths(estates.with_grants(estates.grant(50, scope, AKS_ID)), AKS_ID) == ()


def test_a_role_that_only_reads_is_no_path() -> None:
    assert paths(estates.with_grants(estates.grant(50, MYSQL_SCOPE, AKS_ID, estates.READER)), AKS_ID) == ()


def test_a_member_of_a_group_has_the_groups_path() -> None:
    team = Principal(object_id=TEAM, kind="Group", name="Payments-Ops", members=(AKS_ID.upper(),))
    estate = estates.with_grants(estates.grant(50, PREMIUM.id, TEAM, kind="Group"), principals=(team,))
    (path,) = paths(estate, AKS_ID)
    assert (path.kind, path.group_id, path.principal_id) == (PathKind.GROUP, TEAM, AKS_ID)
    assert [one.principal_id for one in access.holders(Index(estate), MYSQL_KEY.id) if one.group_id] == [AKS_ID.upper()]


def test_an_object_id_is_the_same_however_it_is_spelt() -> None:
    """Azure's answers spell one id in small letters here and in capitals there."""
    who, group = "abcdef00-0000-0000-0000-00000000000a", "fedcba00-0000-0000-0000-00000000000a"
    team = Principal(object_id=group, kind="Group", name="Payments-Ops", members=(who,))
    entries = tuple(
        AccessPolicy(tenant_id="t", object_id=one, keys=("unwrapKey",)) for one in (who.upper(), group.upper())
    )
    grants = (
        estates.grant(50, MYSQL_SCOPE, who.upper()),
        estates.grant(51, PREMIUM.id, group.upper(), kind="Group"),
    )
    estate = estates.with_grants(*grants, principals=(team,))
    estate = replace(estate, vaults=(PREMIUM, replace(STANDARD, access_policies=entries)))
    for asked in (who, who.upper()):
        assert [path.kind for path in paths(estate, asked)] == [PathKind.DIRECT, PathKind.GROUP]
        assert [path.kind for path in paths(estate, asked, SOFT_KEY.id)] == [PathKind.POLICY, PathKind.POLICY_GROUP]


def test_a_group_whose_members_are_unread_is_an_unknown_path_of_everybody() -> None:
    team = Principal(object_id=TEAM, kind="Group", name="Payments-Ops", members=None)
    estate = estates.with_grants(estates.grant(50, PREMIUM.id, TEAM, kind="Group"), principals=(team,))
    (path,) = paths(estate, AKS_ID)
    assert path.unknown
    assert path.group_id == TEAM
    assert access.usable(paths(estate, AKS_ID)) == ()


def test_of_a_group_whose_members_are_unread_those_that_are_known_are_told_apart_from_the_rest() -> None:
    team = Principal(object_id=TEAM, kind="Group", name="Payments-Ops", members=None, known_members=(AKS_ID,))
    by_role = estates.with_grants(estates.grant(50, PREMIUM.id, TEAM, kind="Group"), principals=(team,))
    entry = AccessPolicy(tenant_id="t", object_id=TEAM, keys=("unwrapKey",))
    held = replace(STANDARD, access_policies=(entry,))
    by_policy = estates.with_grants(principals=(team,))
    by_policy = replace(by_policy, vaults=tuple(held if one.id == held.id else one for one in by_policy.vaults))
    for estate, key in ((by_role, MYSQL_KEY.id), (by_policy, SOFT_KEY.id)):
        found = [path for path in access.holders(Index(estate), key) if path.group_id]
        assert [(path.principal_id, bool(path.unknown)) for path in found] == [(AKS_ID, False), (TEAM, True)]


def test_a_role_that_could_not_be_read_is_an_unknown_path() -> None:
    estate = replace(estates.with_grants(estates.grant(50, PREMIUM.id, AKS_ID)), role_definitions=())
    assert [bool(path.unknown) for path in paths(estate, AKS_ID)] == [True]


def test_assignments_that_could_not_be_read_are_an_unknown_path() -> None:
    estate = replace(estates.dcc(), unread_assignments=frozenset({f"/subscriptions/{SUB}"}))
    (path,) = paths(estate, AKS_ID)
    assert (path.kind, path.level) == (PathKind.UNREAD, Level.SUBSCRIPTION)


def test_a_management_group_that_may_stand_above_is_an_unknown_path() -> None:
    estate = estates.with_grants(estates.grant(50, MG, AKS_ID))
    unplaced = replace(estate, subscriptions=(replace(estate.subscriptions[0], management_groups=None),))
    (path,) = paths(unplaced, AKS_ID)
    assert path.unknown
    assert path.level is Level.MANAGEMENT_GROUP


def test_a_vault_that_is_not_visible_is_an_unknown_path() -> None:
    (path,) = paths(estates.dcc(), AKS_ID, KeyId("elsewhere.vault.azure.net", "k"))
    assert path.unknown


def test_a_condition_is_shown_and_the_path_counts_as_open() -> None:
    conditional = replace(estates.grant(50, MYSQL_SCOPE, AKS_ID), condition="@Resource[x] StringEquals 'y'")
    (path,) = paths(estates.with_grants(conditional), AKS_ID)
    assert path.condition == "@Resource[x] StringEquals 'y'"
    assert path.unknown is None


def test_an_access_policy_vault_answers_by_policies_and_not_by_roles() -> None:
    estate = estates.with_grants(estates.grant(50, STANDARD.id, AKS_ID))
    assert paths(estate, AKS_ID, SOFT_KEY.id) == ()
    (path,) = paths(estate, SINGLE_ID, SOFT_KEY.id)
    assert (path.kind, path.scope, path.allows) == (PathKind.POLICY, STANDARD.id, ("get", "unwrapKey", "wrapKey"))
    (mine,) = paths(estate, ME, SOFT_KEY.id)
    assert len(mine.allows) == len(permissions.DATA_ACTIONS)


def test_an_rbac_vault_does_not_answer_by_its_dormant_policies() -> None:
    dormant = replace(PREMIUM, access_policies=(AccessPolicy(tenant_id="t", object_id=AKS_ID, keys=("all",)),))
    assert paths(replace(estates.dcc(), vaults=(dormant, STANDARD)), AKS_ID) == ()


def test_a_policy_for_two_together_is_a_path_of_its_own_kind() -> None:
    both = AccessPolicy(tenant_id="t", object_id=AKS_ID, application_id="app", keys=("unwrapKey",))
    estate = replace(estates.dcc(), vaults=(PREMIUM, replace(STANDARD, access_policies=(both,))))
    (path,) = paths(estate, AKS_ID, SOFT_KEY.id)
    assert path.kind is PathKind.POLICY_COMPOUND


def test_who_could_grant_again_follows_the_vaults_model() -> None:
    data_access = RoleDefinition(id="/r/x", name="Data Access Administrator", actions=(GRANT_ROLES.upper(),))
    contributor = RoleDefinition(
        id="/r/y", name="Contributor", actions=("*",), not_actions=("Microsoft.Authorization/*/Write",)
    )
    estate = estates.with_grants(
        estates.grant(50, PREMIUM.id, TEAM, data_access), estates.grant(51, estates.GROUP, AKS_ID, contributor)
    )
    index = Index(replace(estate, role_definitions=(*estate.role_definitions, data_access, contributor)))
    assert {path.principal_id for path in regrants(index, MYSQL_KEY.id)} == {ME, TEAM}
    assert {path.principal_id for path in regrants(index, SOFT_KEY.id)} == {ME, AKS_ID}


def test_what_takes_a_method_back_counts_only_where_it_is_asked_for() -> None:
    update = permissions.DATA_ACTIONS["update"]
    held = {
        TEAM: RoleDefinition(id="/r/u", name="Updater", data_actions=(f"{KEYS}update/action",)),
        AKS_ID: RoleDefinition(id="/r/v", name="Vaults", actions=("Microsoft.KeyVault/vaults/*",)),
        SINGLE_ID: RoleDefinition(id="/r/w", name="Roles", actions=(WRITE_ROLES,)),
    }
    for scope, on_firewall in ((PREMIUM.id, {AKS_ID}), (f"{PREMIUM.id}/keys/{MYSQL_KEY.id.name}", set())):
        grants = [estates.grant(60 + n, scope, who, role) for n, (who, role) in enumerate(held.items())]
        estate = estates.with_grants(*grants)
        index = Index(replace(estate, role_definitions=(*estate.role_definitions, *held.values())))

        def who(*also: str, index: Index = index) -> set[str]:
            return {path.principal_id for path in regrants(index, MYSQL_KEY.id, also)}

        assert who() == {ME, SINGLE_ID}
        assert who(update) - {ME} == {SINGLE_ID, TEAM}
        assert who(WRITE_VAULT) == {ME, SINGLE_ID} | on_firewall


def test_a_policy_that_lets_update_is_a_way_back_where_that_is_asked_for() -> None:
    entry = AccessPolicy(tenant_id="t", object_id=AKS_ID, keys=("get", "Update"))
    index = Index(replace(estates.dcc(), vaults=(PREMIUM, replace(STANDARD, access_policies=(entry,)))))
    assert AKS_ID not in {path.principal_id for path in regrants(index, SOFT_KEY.id)}
    also = (permissions.DATA_ACTIONS["update"],)
    assert AKS_ID in {path.principal_id for path in regrants(index, SOFT_KEY.id, also)}


class World(NamedTuple):
    """A random world: who holds which role where, and who is in which group."""

    roles: list[RoleDefinition]
    grants: list[tuple[int, str, str]]
    members: dict[str, tuple[str, ...]]


ACTIONS = [f"{KEYS}unwrap/action", f"{KEYS}decrypt/action", f"{KEYS}wrap/action", f"{KEYS}read"]
WILDCARDS = ["*", "Microsoft.KeyVault/*", f"{KEYS}*", f"{KEYS}*/action", f"{KEYS}unwrap/*", "*/read", *ACTIONS]
PEOPLE = [f"p{n}" for n in range(4)]
GROUPS = ["g0", "g1"]
SCOPES = [
    "/",
    ROOT_MG,
    MG,
    f"/subscriptions/{SUB}",
    estates.GROUP,
    PREMIUM.id,
    MYSQL_SCOPE,
    estates.AKS_SCOPE,
    STANDARD.id,
]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    patterns = st.lists(st.sampled_from(WILDCARDS), max_size=2)
    roles = [
        RoleDefinition(
            id=f"r{n}", name=f"r{n}", data_actions=tuple(draw(patterns)), not_data_actions=tuple(draw(patterns))
        )
        for n in range(draw(st.integers(1, 3)))
    ]
    one = st.tuples(st.integers(0, len(roles) - 1), st.sampled_from(SCOPES), st.sampled_from(PEOPLE + GROUPS))
    members = {group: tuple(draw(st.sets(st.sampled_from(PEOPLE)))) for group in GROUPS}
    return World(roles, draw(st.lists(one, max_size=8)), members)


def oracle(world: World, principal: str, scope: str, action: str) -> bool:
    """The rule as Azure states it, without any index: some grant at or above, to me or to a group of mine, holds it."""
    above = {"/", ROOT_MG, MG, f"/subscriptions/{SUB}", estates.GROUP, PREMIUM.id, scope}
    mine = {principal, *(group for group, members in world.members.items() if principal in members)}
    for role_number, at, holder in world.grants:
        role = world.roles[role_number]
        held = any(fnmatch.fnmatch(action.lower(), one.lower()) for one in role.data_actions)
        taken = any(fnmatch.fnmatch(action.lower(), one.lower()) for one in role.not_data_actions)
        if at in above and holder in mine and held and not taken:
            return True
    return False


@settings(max_examples=100, deadline=None)
@given(worlds())
def test_the_paths_agree_with_a_brute_force_reading_of_the_rule(world: World) -> None:
    estate = replace(
        estates.dcc(),
        role_definitions=tuple(world.roles),
        role_assignments=tuple(
            RoleAssignment(
                id=f"a{n}",
                scope=scope,
                role_definition_id=f"/x/{world.roles[role].id}",
                principal_id=holder,
                principal_type="Group" if holder in GROUPS else "ServicePrincipal",
            )
            for n, (role, scope, holder) in enumerate(world.grants)
        ),
        principals=tuple(
            Principal(object_id=group, kind="Group", members=members) for group, members in world.members.items()
        ),
    )
    index = Index(estate)
    everybody = access.holders(index, MYSQL_KEY.id)
    for principal in PEOPLE:
        found = access.paths(index, MYSQL_KEY.id, principal)
        allowed = any(oracle(world, principal, MYSQL_SCOPE, action) for action in ACTIONS[:2])
        assert bool(found) == allowed
        assert not any(path.unknown for path in found)
        assert bool([path for path in everybody if path.principal_id == principal]) == allowed


def test_every_built_in_role_of_the_fact_sheet_is_judged_as_it_says() -> None:
    opens = {ENCRYPTION_USER: True, estates.CRYPTO_OFFICER: True, estates.READER: False, estates.OWNER: False}
    for role, expected in opens.items():
        assert bool({"unwrapKey", "decrypt"}.intersection(permissions.allowed_words(role))) == expected
