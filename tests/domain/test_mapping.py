"""The mapping: one row for each consumer and slot; what is not known is not empty, and every problem has its code."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from cmk_admin.domain import mapping
from cmk_admin.domain.errors import FailureKind
from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.index import Index
from cmk_admin.domain.mapping import MappingRow
from cmk_admin.domain.model import Consumer, CoverageProblem, Estate, Principal, Source
from tests.domain import estates
from tests.domain.estates import (
    AKS,
    AKS_KEY,
    AKS_SCOPE,
    DES,
    DES_ID,
    MYSQL,
    MYSQL_ID,
    MYSQL_KEY,
    MYSQL_SCOPE,
    NEW,
    NOW,
    PREMIUM,
    SINGLE,
    SINGLE_ID,
    SOFT_KEY,
    STANDARD,
    SUB,
    TEAM,
)


def row(consumer: Consumer, estate: Estate | None = None) -> MappingRow:
    (found,) = (one for one in mapping.rows(Index(estate or estates.dcc())) if one.consumer_id == consumer.id)
    return found


def using(consumer: Consumer, *, estate: Estate | None = None) -> Estate:
    """The estate with one consumer in place of its namesake."""
    estate = estate or estates.dcc()
    return replace(estate, consumers=tuple(consumer if one.id == consumer.id else one for one in estate.consumers))


def test_a_row_tells_the_key_the_identity_and_the_grant() -> None:
    found = row(MYSQL)
    assert (found.service, found.slot, found.vault, found.key_name, found.version) == (
        "mysql-flexible",
        "primary",
        "dcc-premium",
        "mysql-encryption-key",
        NEW,
    )
    assert found.key_id == f"https://dcc-premium.vault.azure.net/keys/mysql-encryption-key/{NEW}"
    assert (found.identity_name, found.identity_object_id) == ("dcc-mysql-id", MYSQL_ID)
    assert found.role_assignment_scope == (MYSQL_SCOPE,)
    assert (found.key_type, found.key_size, found.key_options) == ("RSA-HSM", 2048, ("unwrapKey", "wrapKey"))
    assert (found.state, found.problems) == ("enabled", ())


def test_a_cluster_has_its_sets_identity_and_key() -> None:
    cluster, holder = row(AKS), row(DES)
    assert cluster.identity_object_id == holder.identity_object_id == DES_ID
    assert cluster.key_id == holder.key_id
    assert "unused-grant" in cluster.problems
    assert "shared-identity" not in cluster.problems


def test_a_cluster_has_no_row_for_a_key_that_its_set_is_leaving() -> None:
    rotating = replace(DES, slots=(*DES.slots, estates.slot(AKS_KEY, DES_ID, estates.OLD, "previous")))
    found = [one.slot for one in mapping.rows(Index(using(rotating))) if one.consumer_id in (AKS.id, DES.id)]
    assert sorted(found) == ["previous", "primary", "primary"]


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (PREMIUM.id.upper(), PREMIUM.id),
        (f"/subscriptions/{SUB.upper()}", f"/subscriptions/{SUB}"),
        (estates.MG.lower(), estates.MG),
        ("/", "/"),
    ],
)
def test_scopes_are_sorted_and_spelt_as_the_thing_itself(scope: str, expected: str) -> None:
    found = row(MYSQL, estates.with_grants(estates.grant(50, scope, MYSQL_ID)))
    assert found.role_assignment_scope == tuple(sorted((MYSQL_SCOPE, expected)))
    assert "inherited-grant" in found.problems


def test_a_grant_through_a_group_has_its_code() -> None:
    team = Principal(object_id=TEAM, kind="Group", members=(MYSQL_ID,))
    found = row(MYSQL, estates.with_grants(estates.grant(50, MYSQL_SCOPE, TEAM, kind="Group"), principals=(team,)))
    assert (found.role_assignment_scope, found.problems) == ((MYSQL_SCOPE,), ("group-grant",))


def test_an_access_policy_stands_as_such() -> None:
    on_policy = replace(SINGLE, slots=(estates.slot(SOFT_KEY, SINGLE_ID),))
    found = row(SINGLE, using(on_policy))
    assert found.role_assignment_scope == (f"access-policy:{STANDARD.id}",)
    assert found.problems == ("software-key",)


def test_no_grant_is_an_empty_list_and_unread_grants_are_not_known() -> None:
    bare = replace(estates.dcc(), role_assignments=())
    assert row(MYSQL, bare).role_assignment_scope == ()
    unread = replace(bare, unread_assignments=frozenset({f"/subscriptions/{SUB}"}))
    assert row(MYSQL, unread).role_assignment_scope is None


def test_a_group_whose_members_are_unread_makes_the_scopes_unknown_unless_they_are_known_anyway() -> None:
    team = Principal(object_id=TEAM, kind="Group", members=None)
    elsewhere = estates.with_grants(estates.grant(50, PREMIUM.id, TEAM, kind="Group"), principals=(team,))
    assert row(MYSQL, elsewhere).role_assignment_scope is None
    same = estates.with_grants(estates.grant(50, MYSQL_SCOPE, TEAM, kind="Group"), principals=(team,))
    assert row(MYSQL, same).role_assignment_scope == (MYSQL_SCOPE,)


def test_a_vault_that_is_not_visible_leaves_all_of_the_key_unknown() -> None:
    there = KeyId("partner.vault.azure.net", "their-key", NEW)
    found = row(MYSQL, using(replace(MYSQL, slots=(replace(MYSQL.slots[0], key_id=there),))))
    assert found.problems == ("not-visible",)
    assert (found.vault, found.key_name) == ("partner", "their-key")
    assert [found.role_assignment_scope, found.key_type, found.key_size, found.key_options, found.state] == [None] * 5


def test_a_vault_out_of_reach_has_its_code() -> None:
    problem = CoverageProblem(scope=PREMIUM.id, kind=FailureKind.UNREACHABLE, message="closed")
    closed = replace(PREMIUM, problem=problem, keys_from=Source.ARM)
    assert row(MYSQL, replace(estates.dcc(), vaults=(closed, STANDARD))).problems == ("vault-unreachable",)


def test_an_identity_of_two_services_is_shared_and_a_set_with_its_cluster_is_one() -> None:
    shared = replace(SINGLE, slots=(estates.slot(MYSQL_KEY, MYSQL_ID),))
    assert "shared-identity" in row(MYSQL, using(shared)).problems
    assert "shared-identity" not in row(DES).problems


def test_a_grant_of_an_identity_that_nobody_uses_for_the_key_is_unused() -> None:
    assert "unused-grant" in row(DES).problems
    assert "unused-grant" not in row(MYSQL).problems
    person = estates.with_grants(estates.grant(50, MYSQL_SCOPE, estates.ME, kind="User"))
    assert "unused-grant" not in row(MYSQL, person).problems
    reader = estates.with_grants(estates.grant(50, MYSQL_SCOPE, estates.AKS_ID, estates.READER))
    assert "unused-grant" not in row(MYSQL, reader).problems


def test_the_state_is_that_of_the_version_in_use() -> None:
    first, second = MYSQL_KEY.versions or ()
    half = replace(MYSQL_KEY, versions=(replace(first, enabled=False), second), enabled=False)
    estate = replace(estates.dcc(), keys=(half, AKS_KEY))
    assert (row(MYSQL, estate).state, row(MYSQL, estate).problems) == ("disabled", ("disabled-version-in-use",))
    old = replace(MYSQL, slots=(estates.slot(MYSQL_KEY, MYSQL_ID, estates.OLD),))
    assert row(MYSQL, using(old, estate=estate)).state == "enabled"
    newest = replace(MYSQL, slots=(estates.slot(MYSQL_KEY, MYSQL_ID, None),))
    found = row(MYSQL, using(newest, estate=estate))
    assert (found.state, found.version) == ("disabled", None)


@pytest.mark.parametrize(
    ("not_before", "expires", "expected"),
    [(None, -1, "expired"), (None, 1, "enabled"), (1, None, "not-yet-valid"), (-1, None, "enabled")],
)
def test_dates_decide_between_expired_and_not_yet_valid(
    not_before: int | None, expires: int | None, expected: str
) -> None:
    def day(number: int | None) -> datetime | None:
        return None if number is None else NOW + timedelta(days=number)

    first = replace((MYSQL_KEY.versions or ())[0], not_before=day(not_before), expires=day(expires))
    assert row(MYSQL, replace(estates.dcc(), keys=(replace(MYSQL_KEY, versions=(first,)),))).state == expected


def test_a_key_that_was_looked_for_and_is_not_there_was_deleted() -> None:
    gone = replace(estates.dcc(), keys=())
    assert row(MYSQL, gone).state == "deleted"
    unread = replace(gone, vaults=(replace(PREMIUM, keys_from=Source.UNREAD), STANDARD))
    assert row(MYSQL, unread).state is None


def test_a_consumer_whose_key_is_not_known_has_a_row_all_the_same() -> None:
    orphan = replace(AKS, holder_id="/subscriptions/x/unseen-set")
    found = row(AKS, using(orphan))
    assert (found.key_id, found.problems) == (None, ("not-visible",))


def test_rows_are_sorted_by_service_and_consumer() -> None:
    keys = [(one.service, one.consumer_id.lower()) for one in mapping.rows(estates.index())]
    assert keys == sorted(keys)
    assert AKS_SCOPE in (row(DES).role_assignment_scope or ())


def test_what_is_worked_out_once_is_worked_out_anew_for_another_time() -> None:
    index = estates.index()
    assert mapping.rows(index) is mapping.rows(index, NOW)
    first = replace((MYSQL_KEY.versions or ())[0], expires=NOW + timedelta(days=1))
    index = Index(replace(estates.dcc(), keys=(replace(MYSQL_KEY, versions=(first,)),)))
    states = [
        next(one.state for one in mapping.rows(index, NOW + timedelta(days=days)) if one.consumer_id == MYSQL.id)
        for days in (0, 2, 0)
    ]
    assert states == ["enabled", "expired", "enabled"]
