"""Look-ups: ids without case, holders and what hangs under them, everything above a scope."""

from dataclasses import replace

from cmk_admin.domain.errors import FailureKind
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import CoverageProblem, Lock, Principal
from tests.domain import estates
from tests.domain.estates import (
    AKS,
    DES,
    DES_ID,
    MG,
    MYSQL,
    MYSQL_ID,
    MYSQL_KEY,
    MYSQL_SCOPE,
    PREMIUM,
    ROOT_MG,
    SUB,
    TEAM,
)

INDEX = estates.index()


def test_ids_are_found_in_any_case() -> None:
    assert INDEX.vault(PREMIUM.id.upper()) == PREMIUM
    assert INDEX.vault_at(PREMIUM.host.upper()) == PREMIUM
    assert INDEX.consumer(MYSQL.id.lower() + "/") == MYSQL
    assert INDEX.key(replace(MYSQL_KEY.id, name=MYSQL_KEY.id.name.upper())) == MYSQL_KEY
    assert INDEX.name_of(MYSQL_ID.upper()) == "dcc-mysql-id"
    assert INDEX.client_id_of(MYSQL_ID) == "c1"


def test_keys_are_found_by_their_vault_however_they_spell_its_id() -> None:
    odd = replace(MYSQL_KEY, vault_id=PREMIUM.id.upper())
    index = Index(replace(estates.dcc(), keys=(odd, estates.AKS_KEY)))
    assert set(index.keys_of(PREMIUM.id)) == {odd, estates.AKS_KEY}


def test_what_hangs_under_a_set_uses_the_sets_slots() -> None:
    assert INDEX.held_by(DES.id.upper()) == (AKS,)
    assert INDEX.holder_of(AKS) == DES
    assert INDEX.slots_of(AKS) == DES.slots
    assert [use.consumer.name for use in INDEX.uses_of_principal(DES_ID)] == ["dcc-des", "dcc-aks"]


def test_a_cluster_whose_set_is_not_visible_keeps_its_own_slots() -> None:
    own = replace(AKS, slots=(estates.slot(estates.AKS_KEY, None),), holder_id="/elsewhere")
    assert Index(replace(estates.dcc(), consumers=(own,))).slots_of(own) == own.slots


def test_everything_above_a_key_up_to_the_tenant_is_known() -> None:
    above = INDEX.scopes_above(MYSQL_SCOPE)
    wanted = [MYSQL_SCOPE, PREMIUM.id, estates.GROUP, f"/subscriptions/{SUB}", MG, ROOT_MG, "/"]
    assert [scope for scope in above if scope in [one.lower() for one in wanted]] == [one.lower() for one in wanted]
    assert INDEX.scopes_above("/") == ("/",)
    assert INDEX.scopes_above(MG)[-1] == "/"


def test_assignments_over_a_scope_are_those_at_it_and_above_nearest_first() -> None:
    ids = [one.id[-1] for one in INDEX.assignments_over(MYSQL_SCOPE.upper())]
    assert ids == ["1", "2", "6", "5"]
    assert [one.id[-1] for one in INDEX.assignments_over("/")] == []


def test_locks_are_inherited() -> None:
    lock = Lock(id="l", scope=estates.GROUP.upper(), level="ReadOnly")
    assert Index(replace(estates.dcc(), locks=(lock,))).locks_over(MYSQL_SCOPE) == (lock,)


def test_a_group_knows_its_members_and_they_know_it() -> None:
    team = Principal(object_id=TEAM, kind="Group", members=(MYSQL_ID.upper(),))
    index = Index(estates.with_grants(principals=(team,)))
    assert index.groups_of(MYSQL_ID) == (team,)
    assert index.group_ids_of(MYSQL_ID) == {TEAM}


def test_vaults_that_only_consumers_name_are_unseen() -> None:
    index = Index(
        replace(
            estates.dcc(),
            vaults=(PREMIUM,),
            consumers=(MYSQL, replace(DES, slots=(estates.slot(estates.SOFT_KEY, None),))),
        )
    )
    assert index.unseen_hosts == ("dcc-standard.vault.azure.net",)


def test_only_what_can_hide_a_service_leaves_it_open_who_uses_a_key() -> None:
    def read(scope: str, kind: FailureKind = FailureKind.FORBIDDEN) -> bool:
        estate = estates.dcc()
        problem = CoverageProblem(scope=scope, kind=kind, message="")
        return Index(replace(estate, coverage=replace(estate.coverage, problems=(problem,)))).consumers_read

    assert INDEX.consumers_read
    assert read(PREMIUM.id, FailureKind.UNREACHABLE)
    assert read("x.vault.azure.net", FailureKind.NOT_VISIBLE)
    assert read("directory/groups/x")
    assert read(f"/subscriptions/{SUB}/providers/Microsoft.Authorization/roleAssignments")
    assert not read(f"/subscriptions/{SUB}/providers/Microsoft.DBforMySQL/flexibleServers")
    assert not read(f"/subscriptions/{SUB}")
