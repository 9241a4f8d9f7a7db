"""Eligible roles, copies and what else an estate must hold so that a revoke is complete, against the real sandbox."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from cmk_admin.cloud import keys, pim
from cmk_admin.cloud.inventory import read_estate, refresh
from cmk_admin.cloud.session import Session
from cmk_admin.domain.access import PathKind, paths
from cmk_admin.domain.copies import copies
from cmk_admin.domain.errors import AzureFailure
from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Estate
from cmk_admin.domain.regrants import regrants
from cmk_admin.domain.verbs.changes_roles import activate, matches
from cmk_admin.runtime.connection import read_connection
from tests.support import Sandbox, serve

OWN = KeyId("in-main.vault.azure.net", "own-key")
TWIN = KeyId("in-twin.vault.azure.net", "own-key")
VERSIONS = KeyId("in-main.vault.azure.net", "versions-key")

A_PERSON = "50000000-0000-0000-0000-000000000001"


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    running = serve(tmp_path_factory.mktemp("incident"), speed=600, scenario="incident")
    yield running
    running.stop()


@asynccontextmanager
async def signed_in(azure: Sandbox, principal: str = "administrator") -> AsyncIterator[Session]:
    session = await Session.open(read_connection(azure.file), principal=principal)
    try:
        yield session
    finally:
        await session.close()


async def estate_of(azure: Sandbox, principal: str = "administrator") -> Estate:
    async with signed_in(azure, principal) as session:
        return await read_estate(session)


@pytest.fixture(scope="module")
def estate(azure: Sandbox) -> Estate:
    return asyncio.run(estate_of(azure))


def test_eligible_roles_are_read_with_whom_they_name(azure: Sandbox, estate: Estate) -> None:
    responder = azure.described["principals"]["responder"]["object_id"]
    index = Index(estate)
    found = {(index.role(one.role_definition_id), one.principal_id) for one in estate.role_eligibilities}
    assert {(role.name if role else None, who) for role, who in found} == {
        ("Key Vault Crypto Officer", responder),
        ("User Access Administrator", responder),
    }
    assert estate.unread_eligibilities == frozenset()
    assert [path.kind for path in paths(index, OWN, responder)] == [PathKind.ELIGIBLE]
    again = [path for path in regrants(index, OWN) if path.principal_id == responder]
    assert [path.kind for path in again] == [PathKind.ELIGIBLE]


def test_a_restored_copy_is_known_by_its_public_numbers(estate: Estate) -> None:
    index = Index(estate)
    assert [str(copy.id) for copy in copies(index, OWN)] == ["https://in-twin.vault.azure.net/keys/own-key"]
    assert copies(index, VERSIONS) == ()
    assert all(key.thumbprint for key in estate.keys)


def test_a_key_behind_a_certificate_is_managed_by_it(estate: Estate) -> None:
    assert {key.id.name for key in estate.keys if key.managed} == {"web-certificate"}


def test_what_each_service_carries_is_read(estate: Estate) -> None:
    for consumer in estate.consumers:
        used = {slot.principal_id for slot in consumer.slots}
        assert consumer.carries is not None
        assert used <= set(consumer.carries)


def test_a_refresh_reads_the_operations_of_every_enabled_version(azure: Sandbox, estate: Estate) -> None:
    async def story() -> Estate:
        async with signed_in(azure) as session:
            return await refresh(session, estate, VERSIONS)

    found = asyncio.run(story())
    key = Index(found).key(VERSIONS)
    assert key is not None
    assert [version.operations for version in key.versions or ()] == [("unwrapKey", "wrapKey")] * 3
    assert found.role_eligibilities == estate.role_eligibilities


def test_a_key_that_was_disabled_is_still_known_to_have_a_copy(azure: Sandbox, estate: Estate) -> None:
    async def story() -> Estate:
        async with signed_in(azure) as session:
            key = Index(estate).key(TWIN)
            assert key is not None
            version = replace(TWIN, version=key.current_version)
            await keys.set_enabled(session, version, False)
            found = await refresh(session, estate, TWIN)
            await keys.set_enabled(session, version, True)
            return found

    assert [copy.id for copy in copies(Index(asyncio.run(story())), TWIN)] == [OWN]


def test_discovery_asks_two_things_more_of_a_subscription_and_none_of_a_vault(azure: Sandbox) -> None:
    since = azure.last_request()
    asyncio.run(estate_of(azure))
    asked = [one["path"].lower() for one in azure.requests(since)]
    assert sum("scheduleinstances" in path for path in asked) == 2
    assert not any(path.endswith(("/secrets", "/certificates", "/rotationpolicy")) for path in asked)


def test_a_refusal_leaves_coverage_whole_and_people_unknown(azure: Sandbox) -> None:
    azure.fault("GET *roleEligibilityScheduleInstances* status:403")
    try:
        found = asyncio.run(estate_of(azure))
    finally:
        azure.no_faults()
    index = Index(found)
    assert found.coverage.complete
    assert len(found.unread_eligibilities) == 1
    assert [path.kind for path in paths(index, OWN, A_PERSON)] == [PathKind.UNREAD]
    (server,) = [one for one in found.consumers if one.name == "in-mysql-own"]
    assert any(path.unknown for path in regrants(index, OWN))
    assert all(path.unknown is None for path in paths(index, OWN, str(server.slots[0].principal_id)))


def test_who_may_not_read_what_others_may_activate_is_told_of_its_own(azure: Sandbox) -> None:
    azure.fault("GET *roleEligibilityScheduleInstances* status:403;times=1")
    try:
        found = asyncio.run(estate_of(azure, "responder"))
    finally:
        azure.no_faults()
    responder = azure.described["principals"]["responder"]["object_id"]
    assert [one.principal_id for one in found.role_eligibilities] == [responder, responder]
    assert len(found.unread_eligibilities) == 1


def test_what_one_may_activate_oneself_needs_no_right_to_read(azure: Sandbox, estate: Estate) -> None:
    async def story() -> None:
        async with signed_in(azure, "in-own-id") as session:
            scope = f"/subscriptions/{estate.subscriptions[0].id}"
            assert await pim.own_eligibilities(session, scope) == ()
            with pytest.raises(AzureFailure, match="roleEligibilityScheduleInstances/read"):
                await pim.eligibilities_in(session, scope)

    asyncio.run(story())


def test_an_activated_role_is_an_assignment_that_ends(azure: Sandbox) -> None:
    async def story() -> None:
        async with signed_in(azure, "responder") as session:
            before = await read_estate(session)
            index = Index(before)
            wanted = next(one for one in before.role_eligibilities if one.scope.endswith("in-keys"))
            step = activate(index, wanted, "leak", "INC-1")
            facts = {**dict(step.after or {}), "schedule": wanted.id.rsplit("/", 1)[-1]}
            assert not await pim.is_active(session, facts)
            asked = await pim.activate(session, step.target, facts)
            assert asked.given
            assert await pim.is_active(session, facts)
            after = await read_estate(session)
            (made,) = [one for one in after.role_assignments if one.ends is not None]
            assert matches(wanted, {**facts, "principal_id": made.principal_id})
            assert 3500 < (made.ends - session.clock.now()).total_seconds() <= 3600  # type: ignore[operator]
            again = await pim.get_activation(session, step.target)
            assert again is not None
            assert again.given

    asyncio.run(story())
