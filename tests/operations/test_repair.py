"""Repair on the real sandbox: what is missing is named with who took it, given back, and the server comes back."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable

import pytest

from cmk_admin.cloud import key_changes, keys, repairing, roles, vaults
from cmk_admin.cloud.consumers import CONSUMERS
from cmk_admin.cloud.session import Session
from cmk_admin.domain.ids import KeyId, fold, key_scope, parse_key_id
from cmk_admin.domain.model import Consumer, RoleAssignment
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import Outcome, StepVerb
from cmk_admin.domain.verbs.repair import RepairDraft
from cmk_admin.operations.backend import OpenBackend
from cmk_admin.operations.interface import WatchResult
from tests.operations.stories import Azure, consumer

Break = Callable[[Session, Consumer, str], Awaitable[object]]


async def lose_grant(session: Session, server: Consumer, vault_id: str) -> None:
    for one in await grants(session, server, vault_id):
        await roles.delete_assignment(session, one.id)


async def disable_version(session: Session, server: Consumer, vault_id: str) -> None:
    await keys.set_enabled(session, server.slots[0].key_id, False)


async def delete_key(session: Session, server: Consumer, vault_id: str) -> None:
    await key_changes.delete_key(session, server.slots[0].key_id.key)


async def shut_out(session: Session, server: Consumer, vault_id: str) -> None:
    """A firewall that lets in nobody, this account neither: it reads the keys through the resource manager."""
    rules = {"defaultAction": "Deny", "bypass": "None", "ipRules": [{"value": "198.51.100.7/32"}]}
    body = {"properties": {"networkAcls": rules}}
    await session.arm("PATCH", vault_id, api_version="2023-07-01", body=body)


async def grants(session: Session, server: Consumer, vault_id: str) -> list[RoleAssignment]:
    """The role assignments of the server's identity at its key."""
    slot = server.slots[0]
    scope = key_scope(vault_id, slot.key_id.name)
    found = await roles.assignments_at(session, scope)
    return [one for one in found if one.principal_id == slot.principal_id and fold(one.scope) == fold(scope)]


async def until_lost(azure: Azure, session: Session, server: Consumer) -> None:
    """Push the clock past Azure's ten minutes, and wait until the server noticed."""
    azure.sandbox.advance(660)
    end = time.monotonic() + 20
    while not (await CONSUMERS[server.service].signal(session, server.id)).lost:
        assert time.monotonic() < end, "the server did not notice"
        azure.sandbox.advance(120)
        await asyncio.sleep(0.1)


async def broken(azure: Azure, backend: OpenBackend, break_: Break, name: str = "dcc-mysql") -> tuple[Consumer, str]:
    """The server after it lost its key, and the id of its vault."""
    estate = await backend.read()
    server = consumer(estate, name)
    vault_id = next(one.id for one in estate.vaults if one.host == server.slots[0].key_id.host)
    async with azure.session() as session:
        await break_(session, server, vault_id)
        await until_lost(azure, session, server)
    return server, vault_id


async def as_it_should_be(azure: Azure, server: Consumer, vault_id: str) -> None:
    """The other side: the grant, the version, the firewall and the server's own word."""
    async with azure.session() as session:
        assert await grants(session, server, vault_id)
        key = server.slots[0].key_id
        versions = (await keys.get_arm_key(session, vault_id, key.name)).versions or ()
        assert next(one for one in versions if one.id.version == key.version).enabled
        assert (await vaults.get_vault(session, vault_id)).trusted_bypass
        assert (await CONSUMERS[server.service].signal(session, server.id)).word == "Ready"


STORIES: dict[str, tuple[Break, StepVerb, str]] = {
    "grant": (lose_grant, StepVerb.CREATE_ASSIGNMENT, r"may not get, wrapKey or unwrapKey.*since .* by administrator"),
    "version": (disable_version, StepVerb.SET_ENABLED, r"is disabled; it was changed last at .*holds nothing"),
    "key": (delete_key, StepVerb.RECOVER_KEY, r"is deleted and can be recovered; since "),
    "firewall": (shut_out, StepVerb.SET_NETWORK, r"does not let trusted Azure services in.*by administrator"),
}


@pytest.mark.parametrize("what", STORIES)
def test_what_a_server_lost_is_named_given_back_and_the_server_confirmed_back(azure: Azure, what: str) -> None:
    break_, verb, words = STORIES[what]

    async def story() -> None:
        async with azure.opened() as backend:
            server, vault_id = await broken(azure, backend, break_)
            plan = await backend.prepare(RepairDraft(consumer=server.id, service=server.service))
            assert plan.problems == ()
            (finding,) = plan.findings
            assert re.search(words, finding), finding
            assert [step.verb for step in plan.steps] == [verb, StepVerb.REVALIDATE]
            done = await backend.run(plan)
            assert done.outcome is Outcome.DONE, done.log
            assert [(one.result, one.now) for one in done.watch] == [(WatchResult.CONFIRMED, "Ready")]
        await as_it_should_be(azure, server, vault_id)

    asyncio.run(story())


def test_a_server_that_only_has_to_try_again_is_asked_and_comes_back(azure: Azure) -> None:
    async def give_back(session: Session, server: Consumer, vault_id: str) -> None:
        await disable_version(session, server, vault_id)
        await until_lost(azure, session, server)
        await keys.set_enabled(session, server.slots[0].key_id, True)

    async def story() -> None:
        async with azure.opened() as backend:
            server, vault_id = await broken(azure, backend, give_back)
            plan = await backend.prepare(RepairDraft(consumer=server.id))
            assert [step.verb for step in plan.steps] == [StepVerb.REVALIDATE]
            assert "only has to try it again" in plan.findings[0]
            assert (await backend.run(plan)).outcome is Outcome.DONE
        await as_it_should_be(azure, server, vault_id)

    asyncio.run(story())


@pytest.mark.parametrize("given_back", [False, True], ids=["lost", "given-back-by-somebody"])
def test_a_cluster_gets_its_grant_back_and_its_nodes_started(azure: Azure, given_back: bool) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            estate = await backend.read()
            cluster = consumer(estate, "dcc-aks")
            disk_set = next(one for one in estate.consumers if fold(one.id) == fold(cluster.holder_id or ""))
            vault_id = next(one.id for one in estate.vaults if one.host == disk_set.slots[0].key_id.host)
            async with azure.session() as session:
                lost = await grants(session, disk_set, vault_id)
                await lose_grant(session, disk_set, vault_id)
                azure.sandbox.advance(660)
                await asyncio.sleep(1)
                azure.sandbox.advance(4000)
                end = time.monotonic() + 20
                while not (await CONSUMERS["aks-disks"].signal(session, cluster.id)).lost:
                    assert time.monotonic() < end, "the nodes did not stop"
                    azure.sandbox.advance(600)
                    await asyncio.sleep(0.1)
            if given_back:
                async with azure.session() as session:
                    for one in lost:
                        await roles.create_assignment(session, one)
                azure.sandbox.advance(660)
            plan = await backend.prepare(RepairDraft(consumer=cluster.id, service="aks-disks"))
            assert plan.problems == ()
            giving = [] if given_back else [StepVerb.CREATE_ASSIGNMENT]
            assert [step.verb for step in plan.steps] == [*giving, StepVerb.START_NODES]
            done = await backend.run(plan)
            assert done.outcome is Outcome.DONE, done.log
            assert [one.result for one in done.watch] == [WatchResult.CONFIRMED]
            async with azure.session() as session:
                assert await grants(session, disk_set, vault_id)
                assert (await CONSUMERS["aks-disks"].signal(session, cluster.id)).lost is False

    asyncio.run(story())


def test_an_access_policy_that_was_taken_is_given_back_with_what_the_service_needs(azure: Azure) -> None:
    async def take_policy(session: Session, server: Consumer, vault_id: str) -> None:
        principal = server.slots[0].principal_id
        assert principal is not None
        await vaults.set_policy_entry(session, vault_id, principal, None, None)

    async def story() -> None:
        async with azure.opened() as backend:
            server, vault_id = await broken(azure, backend, take_policy, "dcc-reports-mysql")
            plan = await backend.prepare(RepairDraft(consumer=server.id))
            assert "no access policy lets it; since" in plan.findings[0]
            assert [step.verb for step in plan.steps] == [StepVerb.SET_POLICY, StepVerb.REVALIDATE]
            assert (await backend.run(plan)).outcome is Outcome.DONE
        async with azure.session() as session:
            principal = server.slots[0].principal_id or ""
            entry = vaults.policy_entry(await vaults.get_vault(session, vault_id), principal, None)
            assert entry is not None
            assert {word.lower() for word in entry.keys} == {"get", "list", "wrapkey", "unwrapkey"}
            assert (await CONSUMERS[server.service].signal(session, server.id)).word == "Ready"

    asyncio.run(story())


def prepared(azure: Azure, break_: Break, principal: str | None = None) -> Plan:
    """What a repair would say after this, and that preparing it changed nothing."""

    async def story() -> Plan:
        async with azure.opened() as backend:
            server, _ = await broken(azure, backend, break_)
        async with azure.opened(principal) as backend:
            await backend.read()
            before = len(azure.sent())
            plan = await backend.prepare(RepairDraft(consumer=server.id))
            assert len(azure.sent()) == before
            return plan

    return asyncio.run(story())


def test_a_deleted_vault_is_named_and_cannot_be_given_back_here(azure: Azure) -> None:
    async def delete_vault(session: Session, server: Consumer, vault_id: str) -> None:
        await session.arm("DELETE", vault_id, api_version="2023-07-01")

    plan = prepared(azure, delete_vault)
    assert plan.steps == ()
    (problem,) = plan.problems
    assert re.search(r"Vault dcc-premium is deleted and can be recovered; since .* by administrator", problem)


def test_an_identity_that_is_gone_is_named_and_gets_nothing(azure: Azure) -> None:
    async def delete_identity(session: Session, server: Consumer, vault_id: str) -> None:
        await lose_grant(session, server, vault_id)
        identity = server.slots[0].identity_resource_id
        assert identity is not None
        await session.arm("DELETE", identity, api_version="2024-11-30")

    plan = prepared(azure, delete_identity)
    assert plan.steps == ()
    assert "does not exist any more; since" in plan.problems[0]


def test_who_may_not_read_the_log_or_assign_roles_is_told_so(azure: Azure) -> None:
    plan = prepared(azure, lose_grant, principal="reader")
    assert any("roleAssignments/write is missing" in one for one in plan.problems), plan.problems
    assert "permission" not in plan.title


def test_a_repair_is_not_undone_while_the_server_uses_the_key(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            server, _ = await broken(azure, backend, lose_grant)
            done = await backend.run(await backend.prepare(RepairDraft(consumer=server.id)))
            undo = await backend.prepare_undo(done.operation)
            assert any("waits: dcc-mysql uses mysql-encryption-key" in one for one in undo.problems)

    asyncio.run(story())


def test_only_the_bypass_of_a_firewall_is_changed(azure: Azure) -> None:
    async def story() -> None:
        async with azure.session() as session:
            key = parse_key_id("https://dcc-premium.vault.azure.net/keys/mysql-encryption-key")
            vault_id = await _vault_id(azure, key)
            await shut_out(session, _nobody(key), vault_id)
            await repairing.set_firewall(session, vault_id, {"bypass": "AzureServices"})
            body = (await session.arm("GET", vault_id, api_version="2023-07-01")).body["properties"]["networkAcls"]
            assert body["bypass"] == "AzureServices"
            assert body["defaultAction"] == "Deny"
            assert [one["value"] for one in body["ipRules"]] == ["198.51.100.7/32"]

    asyncio.run(story())


async def _vault_id(azure: Azure, key: KeyId) -> str:
    async with azure.opened() as backend:
        return next(one.id for one in (await backend.read()).vaults if one.host == key.host)


def _nobody(key: KeyId) -> Consumer:
    return Consumer(id="", service="", name="", location="", subscription_id="", slots=())
