"""The writes: keys, access policies, role assignments; each seen again by a fresh read."""

from dataclasses import replace
from typing import Any

import pytest

from cmk_admin.cloud import api, keys, roles, vaults
from cmk_admin.cloud.inventory import read_estate, refresh
from cmk_admin.cloud.session import Session
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.ids import KeyId, key_scope
from cmk_admin.domain.model import AccessPolicy, Consumer, Estate, RoleAssignment, Source
from cmk_admin.runtime.sandbox_process import start_sandbox

from .conftest import Azure, Run, opened, vault_named

MYSQL_KEY = KeyId("dcc-premium.vault.azure.net", "mysql-encryption-key")


@pytest.fixture
def session(hasty: Session) -> Session:
    """What these tests change they give back, but for those that ask for a sandbox of their own."""
    return hasty


@pytest.fixture
def estate(session: Session, run: Run[Estate]) -> Estate:
    return run(read_estate(session))


def on_mysql_key(estate: Estate) -> list[RoleAssignment]:
    scope = key_scope(vault_named(estate, "dcc-premium").id, MYSQL_KEY.name)
    return [one for one in estate.role_assignments if one.scope == scope]


def test_a_version_is_disabled_and_enabled(session: Session, estate: Estate, run: Run[Any]) -> None:
    key = next(key for key in estate.keys if key.id == MYSQL_KEY)
    version = replace(MYSQL_KEY, version=key.current_version)
    assert run(keys.set_enabled(session, version, False)).enabled is False
    assert run(keys.get_version(session, version)).enabled is False
    seen = next(each for each in run(refresh(session, estate, MYSQL_KEY)).keys if each.id == MYSQL_KEY)
    assert seen.enabled is False
    assert seen.versions is not None
    assert [each.enabled for each in seen.versions] == [False]
    assert run(keys.set_enabled(session, version, True)).enabled is True


def test_a_key_without_a_version_is_not_disabled_by_guessing(session: Session, run: Run[Any]) -> None:
    with pytest.raises(ValueError, match="names no version"):
        run(keys.set_enabled(session, MYSQL_KEY, False))


def test_an_assignment_goes_and_comes_back_under_its_own_name(session: Session, estate: Estate, run: Run[Any]) -> None:
    assignment = on_mysql_key(estate)[0]
    assert run(roles.delete_assignment(session, assignment.id)) is True
    assert run(roles.delete_assignment(session, assignment.id)) is False
    without = run(refresh(session, estate, MYSQL_KEY))
    assert assignment.id not in {one.id for one in without.role_assignments}
    assert len(without.role_assignments) == len(estate.role_assignments) - 1
    made = run(roles.create_assignment(session, assignment))
    assert made.id == assignment.id
    again = run(refresh(session, without, MYSQL_KEY))
    back = next(one for one in again.role_assignments if one.id == assignment.id)
    assert replace(back, created_on=None, created_by=None) == replace(assignment, created_on=None, created_by=None)


def test_an_assignment_that_exists_is_a_conflict(session: Session, estate: Estate, run: Run[Any]) -> None:
    twin = replace(on_mysql_key(estate)[0], id=f"{on_mysql_key(estate)[0].id[:-4]}0000")
    with pytest.raises(AzureFailure) as caught:
        run(roles.create_assignment(session, twin))
    assert caught.value.kind is FailureKind.CONFLICT
    assert caught.value.azure_code == "RoleAssignmentExists"


def test_what_reaches_a_principal_is_told_with_groups(session: Session, estate: Estate, run: Run[Any]) -> None:
    train = next(identity for identity in estate.identities if identity.name == "dcc-train-id")
    scope = key_scope(vault_named(estate, "dcc-lab").id, "train-encryption-key")
    found = run(roles.assignments_of(session, scope, train.principal_id))
    assert [one.principal_type for one in found] == ["Group"]


def test_a_policy_entry_is_taken_replaced_and_given_back(session: Session, estate: Estate, run: Run[Any]) -> None:
    vault = vault_named(estate, "dcc-standard")
    identity = next(identity for identity in estate.identities if identity.name == "dcc-reports-id")
    entry = vaults.policy_entry(vault, identity.principal_id, None)
    assert entry is not None
    others = [each for each in vault.access_policies if each != entry]

    def now_is(wanted: AccessPolicy | None) -> None:
        run(vaults.set_policy_entry(session, vault.id, identity.principal_id, None, wanted))
        after = run(vaults.get_vault(session, vault.id))
        assert vaults.policy_entry(after, identity.principal_id, None) == wanted
        assert [each for each in after.access_policies if each.object_id != identity.principal_id] == others

    now_is(None)
    now_is(entry)
    now_is(replace(entry, keys=("get", "list")))
    now_is(replace(entry, keys=(), secrets=("get",)))
    now_is(None)
    now_is(None)
    now_is(entry)


def test_a_reader_is_told_which_role_is_missing_where(shared: Azure, run: Run[Any]) -> None:
    for session in opened(shared, run, "reader"):
        estate = run(read_estate(session))
        assignment = on_mysql_key(estate)[0]
        with pytest.raises(AzureFailure) as caught:
            run(roles.delete_assignment(session, assignment.id))
        assert caught.value.kind is FailureKind.FORBIDDEN
        assert "User Access Administrator" in caught.value.message
        assert "remove the role assignment on mysql-encryption-key" in caught.value.message
        assert assignment.scope.lower() in str(caught.value.subject).lower()
        with pytest.raises(AzureFailure) as caught:
            run(keys.set_enabled(session, replace(MYSQL_KEY, version="0" * 32), False))
        assert caught.value.kind is FailureKind.FORBIDDEN
        assert "Key Vault Crypto Officer" in caught.value.message


def test_a_refresh_sees_a_key_that_is_gone(azure: Azure, run: Run[Any]) -> None:
    for session in opened(azure, run):
        estate = run(read_estate(session))
        key = next(key for key in estate.keys if key.id.vault_name == "dcc-standard")
        run(session.vault("DELETE", key.id.host, f"/keys/{key.id.name}", urgent=True))
        after = run(refresh(session, estate, key.id))
        assert key.id not in {each.id for each in after.keys}
        assert len(after.keys) == len(estate.keys) - 1


def test_a_refresh_of_an_estate_that_is_still_being_read_does_not_finish_it(
    session: Session, estate: Estate, run: Run[Any]
) -> None:
    growing = replace(estate, coverage=replace(estate.coverage, finished=False))
    assert run(refresh(session, growing, MYSQL_KEY)).coverage.finished is False


def test_a_refresh_past_a_firewall_comes_through_the_resource_manager(
    session: Session, estate: Estate, run: Run[Any]
) -> None:
    key = next(key for key in estate.keys if key.id.vault_name == "dcc-closed")
    after = run(refresh(session, estate, key.id))
    assert after.keys == estate.keys
    assert after.vaults == estate.vaults
    assert after.coverage == estate.coverage
    assert next(each for each in after.keys if each.id == key.id).source is Source.ARM


def test_a_refresh_changes_nothing_where_nothing_changed(session: Session, estate: Estate, run: Run[Any]) -> None:
    assert run(refresh(session, estate, MYSQL_KEY)) == estate


def test_a_refresh_of_a_key_of_an_unknown_vault_says_so(session: Session, estate: Estate, run: Run[Any]) -> None:
    with pytest.raises(AzureFailure) as caught:
        run(refresh(session, estate, KeyId("elsewhere.vault.azure.net", "a-key")))
    assert caught.value.kind is FailureKind.NOT_VISIBLE


def test_a_refresh_does_not_ask_the_graph(lent: Azure, session: Session, estate: Estate, run: Run[Any]) -> None:
    before = len(lent.requests("POST", "ResourceGraph"))
    run(refresh(session, estate, MYSQL_KEY))
    assert len(lent.requests("POST", "ResourceGraph")) == before


@pytest.mark.full
def test_in_a_wide_estate_a_refresh_asks_the_consumers_it_knows(
    tmp_path_factory: pytest.TempPathFactory, run: Run[Any]
) -> None:
    """More subscriptions than are worth listing: nine here."""

    async def change(session: Session, server: Consumer, encryption: dict[str, Any]) -> None:
        body = {"properties": {"dataEncryption": encryption}}
        reply = await session.arm("PATCH", server.id, api_version=api.MYSQL_FLEXIBLE, body=body, urgent=True)
        operation = session.long_running(reply)
        if operation is not None:
            await session.wait(operation, within=30)

    async def look() -> tuple[Estate, Estate]:
        session = await Session.open(process.connection)
        try:
            estate = await read_estate(session)
            server = next(one for one in estate.consumers if one.service == "mysql-flexible")
            document = (await session.arm("GET", server.id, api_version=api.MYSQL_FLEXIBLE)).body
            key = server.slots[0].key_id
            await change(session, server, {"type": "SystemManaged"})
            without = await refresh(session, estate, key)
            await change(session, server, document["properties"]["dataEncryption"])
            # attached again behind our back: seen where everybody must be known
            assert server.id not in {one.id for one in (await refresh(session, without, key)).consumers}
            assert server.id in {one.id for one in (await refresh(session, without, key, everywhere=True)).consumers}
            return estate, without
        finally:
            await session.close()

    process = start_sandbox(tmp_path_factory.mktemp("wide"), scenario="many-401x1", speed=60, within=60)
    try:
        before, after = run(look())
    finally:
        process.stop()
    assert len(before.subscriptions) == 9
    assert len(after.consumers) == len(before.consumers) - 1
    assert after.vaults == before.vaults
    assert after.coverage == before.coverage


def test_rights_at_a_scope_that_is_not_there_say_so_of_the_scope(
    session: Session, run: Run[Any], estate: Estate
) -> None:
    scope = f"/subscriptions/{estate.vaults[0].subscription_id}/resourceGroups/no-such-group"
    with pytest.raises(AzureFailure, match="There is no no-such-group, or it cannot be seen from here") as raised:
        run(roles.permissions_at(session, scope))
    assert raised.value.subject == scope
