"""Reading a whole estate."""

from typing import Any

import pytest

from cmk_admin.cloud.inventory import read_estate
from cmk_admin.cloud.session import Session
from cmk_admin.domain.errors import FailureKind
from cmk_admin.domain.index import Index
from cmk_admin.domain.mapping import rows
from cmk_admin.domain.model import Estate, Source
from cmk_admin.domain.wire import row_json
from cmk_admin.runtime.sandbox_process import start_sandbox

from .conftest import Azure, Run, vault_named


@pytest.fixture
def estate(looking: Session, run: Run[Estate]) -> Estate:
    return run(read_estate(looking))


def _by_slot(found: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["consumer_id"].lower(), row["slot"]): row for row in found}


def test_the_mapping_of_the_administrator_is_the_truth(estate: Estate, shared: Azure) -> None:
    found: list[dict[str, Any]] = [dict(row_json(row)) for row in rows(Index(estate))]
    assert _by_slot(found) == _by_slot(shared.truth("administrator"))


def test_the_mapping_of_the_reader_is_the_truth_although_the_directory_is_closed(
    reader: Session, run: Run[Estate], shared: Azure
) -> None:
    estate = run(read_estate(reader))
    found: list[dict[str, Any]] = [dict(row_json(row)) for row in rows(Index(estate))]
    assert _by_slot(found) == _by_slot(shared.truth("reader"))
    group = next(principal for principal in estate.principals if principal.kind == "Group")
    assert group.members is None
    identity = next(identity for identity in estate.identities if identity.name == "dcc-train-id")
    assert group.known_members == (identity.principal_id,)
    assert f"directory/groups/{group.object_id}" in {problem.scope for problem in estate.coverage.problems}


def test_a_vault_behind_a_firewall_is_unreachable_and_its_keys_come_through_the_resource_manager(
    estate: Estate,
) -> None:
    closed = vault_named(estate, "dcc-closed")
    assert closed.keys_from is Source.ARM
    assert closed.problem is not None
    assert closed.problem.kind is FailureKind.UNREACHABLE
    assert [problem.scope for problem in estate.coverage.problems] == [closed.id]
    assert not estate.coverage.complete
    (key,) = [key for key in estate.keys if key.vault_id == closed.id]
    assert (key.key_type, key.size, key.source) == ("RSA-HSM", 2048, Source.ARM)
    assert key.operations == ("unwrapKey", "wrapKey")
    assert key.versions is not None
    assert len(key.versions) == 1


def test_keys_that_consumers_name_have_their_versions(estate: Estate) -> None:
    rotated = next(key for key in estate.keys if key.id.name == "rotated-key")
    assert rotated.versions is not None
    assert [version.enabled for version in rotated.versions] == [True, True, False]
    assert rotated.versions[0].id.version == rotated.current_version


def test_the_cluster_hangs_under_its_disk_encryption_set_and_shows_the_sets_key(estate: Estate) -> None:
    held = {consumer.name: consumer for consumer in estate.consumers}
    assert held["dcc-aks"].holder_id == held["dcc-des"].id
    assert held["dcc-aks"].slots == held["dcc-des"].slots
    assert held["dcc-aks"].slots[0].principal_id == held["dcc-des"].slots[0].principal_id


def test_group_members_names_and_management_groups_are_read(estate: Estate) -> None:
    group = next(principal for principal in estate.principals if principal.name == "dcc-crypto-users")
    identity = next(identity for identity in estate.identities if identity.name == "dcc-train-id")
    assert group.kind == "Group"
    assert group.members == (identity.principal_id,)
    assert all(subscription.management_groups for subscription in estate.subscriptions)


def test_the_reader_misses_the_partners_subscription_and_is_told_so(reader: Session, run: Run[Estate]) -> None:
    estate = run(read_estate(reader))
    assert not estate.coverage.complete
    hidden = [each for each in estate.coverage.problems if each.kind is FailureKind.NOT_VISIBLE]
    assert [each.scope for each in hidden] == ["dcc-partner.vault.azure.net"]
    assert "dcc-partner" not in {vault.name for vault in estate.vaults}
    assert "dcc-des-partner" in {consumer.name for consumer in estate.consumers}


def test_the_reader_sees_keys_through_the_resource_manager_where_the_vault_refuses(
    reader: Session, run: Run[Estate]
) -> None:
    estate = run(read_estate(reader))
    lab = vault_named(estate, "dcc-lab")
    assert lab.keys_from is Source.ARM
    assert lab.problem is not None
    assert lab.problem.kind is FailureKind.FORBIDDEN
    assert "Key Vault Reader" in lab.problem.message
    assert all(key.key_type for key in estate.keys if key.vault_id == lab.id)


def test_two_readings_of_the_same_thing_are_equal_but_for_their_time(looking: Session, run: Run[Estate]) -> None:
    first, second = run(read_estate(looking)), run(read_estate(looking))
    assert first.keys == second.keys
    assert first.vaults == second.vaults
    assert first.role_assignments == second.role_assignments
    assert first.consumers == second.consumers
    assert first.read_at < second.read_at


def test_growing_estates_are_published_unfinished_and_only_grow(looking: Session, run: Run[Estate]) -> None:
    published: list[Estate] = []
    last = run(read_estate(looking, published.append))
    assert published
    assert all(not each.coverage.finished for each in published)
    assert last.coverage.finished
    sizes = [len(each.vaults) + len(each.keys) for each in [*published, last]]
    assert sizes == sorted(sizes)


def test_without_the_graph_the_providers_tell_the_same(lent: Azure, hasty: Session, run: Run[Estate]) -> None:
    through_graph = run(read_estate(hasty))
    lent.fault("POST management.azure.com/providers/Microsoft.ResourceGraph/* status:400")
    through_providers = run(read_estate(hasty))
    assert through_providers.consumers == through_graph.consumers
    assert through_providers.vaults == through_graph.vaults
    assert through_providers.identities == through_graph.identities
    # only the graph tells which management groups stand above a subscription
    assert "management groups" in {problem.scope for problem in through_providers.coverage.problems}


def test_a_vault_that_fails_is_one_problem_and_the_rest_is_read(lent: Azure, hasty: Session, run: Run[Estate]) -> None:
    lent.fault("GET dcc-lab.vault.azure.net/keys* status:400")
    estate = run(read_estate(hasty))
    lab = vault_named(estate, "dcc-lab")
    assert lab.keys_from is Source.ARM
    assert lab.problem is not None
    assert lab.problem.kind is FailureKind.FAILED
    assert vault_named(estate, "dcc-premium").keys_from is Source.DATA_PLANE


def test_an_estate_with_nothing_in_it_is_complete(tmp_path_factory: pytest.TempPathFactory, run: Run[Any]) -> None:
    estate = _read_scenario("empty", tmp_path_factory, run)
    assert (estate.vaults, estate.keys, estate.consumers) == ((), (), ())
    assert estate.coverage.complete


def test_a_forbidden_estate_names_what_is_missing(tmp_path_factory: pytest.TempPathFactory, run: Run[Any]) -> None:
    estate = _read_scenario("forbidden", tmp_path_factory, run)
    kinds = {problem.kind for problem in estate.coverage.problems}
    assert kinds == {FailureKind.FORBIDDEN, FailureKind.NOT_VISIBLE}
    assert [consumer.name for consumer in estate.consumers] == ["guarded-mysql"]
    assert estate.unread_assignments


def _read_scenario(scenario: str, folders: pytest.TempPathFactory, run: Run[Any]) -> Estate:
    async def read() -> Estate:
        session = await Session.open(process.connection)
        try:
            return await read_estate(session)
        finally:
            await session.close()

    process = start_sandbox(folders.mktemp(scenario), scenario=scenario)
    try:
        found: Estate = run(read())
        return found
    finally:
        process.stop()
