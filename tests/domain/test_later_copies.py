"""Which vaults are asked for a copy that was not there, or was deleted, when the estate was read."""

from collections.abc import Callable
from dataclasses import replace
from time import perf_counter

import pytest

from cmk_admin.domain.access import AccessPath
from cmk_admin.domain.copies import RECOVER, copy_paths, to_be_asked
from cmk_admin.domain.ids import KeyId, key_scope
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import AccessPolicy, Estate, Namesake, Principal, RoleDefinition, RoleEligibility
from tests.domain.estates import (
    CRYPTO_OFFICER,
    ENCRYPTION_USER,
    MG,
    MYSQL_ID,
    MYSQL_KEY,
    READER,
    SUB,
    TEAM,
    busy_key,
    grant,
    vault,
    with_grants,
)

ELSE = vault("elsewhere")
THERE = KeyId(ELSE.host, MYSQL_KEY.id.name)
SCOPE = key_scope(ELSE.id, THERE.name)
RECOVERER = RoleDefinition(id="/recoverer", name="Recovers", data_actions=(RECOVER,))


def with_elsewhere(estate: Estate) -> Estate:
    return replace(estate, vaults=(*estate.vaults, ELSE), role_definitions=(*estate.role_definitions, RECOVERER))


def unplaced(estate: Estate) -> Estate:
    return replace(estate, subscriptions=tuple(replace(one, management_groups=None) for one in estate.subscriptions))


def eligible() -> Estate:
    one = RoleEligibility(
        id="/e", scope=ELSE.id, role_definition_id=ENCRYPTION_USER.id, principal_id=MYSQL_ID, principal_type="User"
    )
    return replace(with_grants(), role_eligibilities=(one,))


def by_policy(*keys: str) -> Estate:
    estate = with_elsewhere(with_grants())
    entry = AccessPolicy(tenant_id="t", object_id=MYSQL_ID, keys=keys)
    shut = replace(ELSE, rbac=False, access_policies=(entry,))
    return replace(estate, vaults=(*estate.vaults[:-1], shut))


IN_TEAM = Principal(object_id=TEAM, kind="Group", members=(MYSQL_ID,))
UNREAD_TEAM = Principal(object_id=TEAM, kind="Group")
REACHED: dict[str, Callable[[], Estate]] = {
    "the key": lambda: with_grants(grant(20, SCOPE, MYSQL_ID)),
    "the vault": lambda: with_grants(grant(20, ELSE.id, MYSQL_ID)),
    "only a recovery": lambda: with_grants(grant(20, ELSE.id, MYSQL_ID, RECOVERER)),
    "the subscription": lambda: with_grants(grant(20, f"/subscriptions/{SUB}", MYSQL_ID)),
    "a management group": lambda: with_grants(grant(20, MG, MYSQL_ID)),
    "one that may stand above": lambda: unplaced(with_grants(grant(20, MG, MYSQL_ID))),
    "a group": lambda: with_grants(grant(20, ELSE.id, TEAM, kind="Group"), principals=(IN_TEAM,)),
    "a group that was not read": lambda: with_grants(grant(20, ELSE.id, TEAM, kind="Group"), principals=(UNREAD_TEAM,)),
    "an eligible role": eligible,
    "what was not read": lambda: replace(with_grants(), unread_assignments=frozenset({f"/subscriptions/{SUB}"})),
    "a policy": lambda: by_policy("unwrapKey"),
    "a policy to recover": lambda: by_policy("recover"),
}


@pytest.mark.parametrize("by", REACHED)
def test_a_vault_within_reach_is_asked(by: str) -> None:
    estate = REACHED[by]()
    estate = estate if len(estate.vaults) == 3 else with_elsewhere(estate)
    assert THERE in to_be_asked(Index(estate), MYSQL_KEY.id, [MYSQL_ID])


@pytest.mark.parametrize("estate", [with_grants(), with_grants(grant(20, ELSE.id, MYSQL_ID, READER)), by_policy("get")])
def test_a_vault_out_of_reach_is_not_asked(estate: Estate) -> None:
    estate = estate if len(estate.vaults) == 3 else with_elsewhere(estate)
    assert to_be_asked(Index(estate), MYSQL_KEY.id, [MYSQL_ID]) == ()


def test_many_vaults_out_of_reach_of_many_identities_take_no_time() -> None:
    estate = busy_key(200, 2000)
    estate = replace(estate, vaults=(*estate.vaults, *(vault(f"far-{n}") for n in range(500))))
    who = [one.slots[0].principal_id or "" for one in estate.consumers]
    index, began = Index(estate), perf_counter()
    to_be_asked(index, MYSQL_KEY.id, who)
    assert perf_counter() - began < 0.5


def deleted(*, same: bool, recovers: bool) -> list[AccessPath]:
    """The paths to a deleted key of the same name in another vault, where the identity may use what is there."""
    grants = [grant(20, ELSE.id, MYSQL_ID, CRYPTO_OFFICER if recovers else ENCRYPTION_USER)]
    version = MYSQL_KEY.current_version if same else "f" * 32
    gone = replace(MYSQL_KEY, id=THERE, vault_id=ELSE.id, current_version=version, versions=None, thumbprint=None)
    estate = replace(with_elsewhere(with_grants(*grants)), namesakes=(Namesake(id=THERE, deleted=gone),))
    index = Index(estate)
    return list(copy_paths(index, MYSQL_KEY.id, (), [MYSQL_ID], ("Microsoft.KeyVault/vaults/keys/unwrap/action",)))


def test_a_deleted_copy_is_a_path_for_whom_may_recover_it() -> None:
    [path] = deleted(same=True, recovers=True)
    assert (path.copy_of, path.unknown) == (THERE, None)
    assert deleted(same=True, recovers=False) == []


def test_a_deleted_key_of_another_version_is_in_doubt() -> None:
    [path] = deleted(same=False, recovers=True)
    assert "do not tell all its versions" in str(path.unknown)
