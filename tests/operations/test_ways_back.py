"""What somebody who was cut could take back by a right of its own; and a role that is changed after its grant was seen."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.plan import PathState, Plan
from cmk_admin.domain.steps import Outcome
from cmk_admin.domain.verbs.revoke import RevokeDraft
from cmk_admin.operations.backend import OpenBackend
from cmk_admin.operations.interface import OperationReport, PathProof
from tests.journeys.clients import Clients
from tests.operations.stories import Azure, consumer
from tests.support import serve

VAULT_CONTRIBUTOR = "f25e0fa2-a7c8-4377-a976-54943a77a395"
CRYPTO_USER = "12338af0-0e69-4776-bea7-57ae8d297424"
ROLES = "Microsoft.Authorization/roleDefinitions"
KEYS = "Microsoft.KeyVault/vaults/keys"


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[Azure]:
    running = serve(tmp_path / "azure", speed=600, scenario="incident")
    yield Azure(running, tmp_path / "home")
    running.stop()


async def planned(backend: OpenBackend, name: str, method: str = "") -> Plan:
    one = consumer(await backend.read(), name)
    key = one.slots[0].key_id.key
    plan = await backend.prepare_revoke(RevokeDraft(key=key, consumers=(one.id,), method=method or None))
    assert not plan.problems, plan.problems
    return plan


def back(plan: Plan) -> list[tuple[PathState, str]]:
    """The ways back that a plan names, each with the first half of its reason."""
    return [(one.state, (one.reason or "").split(";")[0]) for one in plan.paths if one.kind == "regrant"]


async def identity(backend: OpenBackend, name: str) -> str:
    return str(consumer(await backend.read(), name).slots[0].principal_id)


def states(report: OperationReport, kind: str = "use") -> set[PathProof]:
    assert report.proof is not None
    return {one.state for one in report.proof.paths if one.path.kind == kind}


BY_ITSELF = {
    "disable": "by it, it can enable the key again",
    "operations": "by it, it can put the operations back",
    "delete": "by it, it can recover the key",
}


@pytest.mark.parametrize("method", BY_ITSELF)
def test_who_may_take_back_what_was_done_to_a_key_is_an_open_way_of_its_own(azure: Azure, method: str) -> None:
    async def story(backend: OpenBackend) -> None:
        plan = await planned(backend, "in-mysql-pinned", method)
        assert back(plan) == [(PathState.STAYS_OPEN, BY_ITSELF[method])]
        best = next(one for one in plan.methods if one.recommended)
        assert best.name == "grants"
        report = await backend.run(plan, watch=False)
        assert (report.outcome, [one.kind for one in report.open_paths]) == (Outcome.PARTIAL, ["regrant"])
        assert [one.reason for one in report.open_paths] == [BY_ITSELF[method]]
        assert states(report) == {PathProof.CLOSED}
        assert states(report, "regrant") == {PathProof.OPEN}

    azure.run(story)


def test_the_identity_does_enable_again_what_was_said_that_it_can(azure: Azure) -> None:
    async def story(backend: OpenBackend) -> None:
        plan = await planned(backend, "in-mysql-pinned", "disable")
        used = next(slot.key_id for slot in consumer(await backend.read(), "in-mysql-pinned").slots)
        wrapped = await asyncio.to_thread(Clients(azure.sandbox).wrap, str(used))
        await backend.run(plan, watch=False)
        own = Clients(azure.sandbox, "in-pinned-id")
        keys = own.keys(f"https://{used.host}")
        await asyncio.to_thread(keys.update_key_properties, used.name, used.version, enabled=True)
        assert await asyncio.to_thread(own.unwraps, wrapped, str(used))

    azure.run(story)


@pytest.mark.parametrize("method", [*BY_ITSELF, "firewall"])
def test_a_grant_that_only_wraps_and_unwraps_takes_nothing_back(azure: Azure, method: str) -> None:
    async def story(backend: OpenBackend) -> None:
        plan = await planned(backend, "in-mysql-mixed", method)
        assert back(plan) == []
        assert (await backend.run(plan, watch=False)).outcome is Outcome.DONE

    azure.run(story)


def test_who_may_write_the_vault_could_open_its_firewall_again(azure: Azure) -> None:
    async def story(backend: OpenBackend) -> None:
        estate = await backend.read()
        mixed = next(one for one in estate.vaults if one.name == "in-mixed")
        who = await identity(backend, "in-mysql-mixed")
        await asyncio.to_thread(Clients(azure.sandbox).grant, mixed.id, VAULT_CONTRIBUTOR, who)
        assert back(await planned(backend, "in-mysql-mixed", "disable")) == []
        plan = await planned(backend, "in-mysql-mixed", "firewall")
        assert back(plan) == [(PathState.STAYS_OPEN, "by it, it can open the firewall again")]
        assert who in {one.principal for one in plan.regrants}
        report = await backend.run(plan, watch=False)
        assert (report.outcome, [one.kind for one in report.open_paths]) == (Outcome.PARTIAL, ["regrant"])

    azure.run(story)


def test_an_access_policy_that_lets_its_holder_update_keys_is_a_way_back(azure: Azure) -> None:
    async def story(backend: OpenBackend) -> None:
        assert back(await planned(backend, "in-mysql-policies", "disable")) == []
        who = await identity(backend, "in-mysql-policies")
        vault = next(one for one in (await backend.read()).vaults if one.name == "in-policies")
        await asyncio.to_thread(Clients(azure.sandbox).allow, vault.id, who, ("get", "unwrapKey", "wrapKey", "update"))
        assert [one[1] for one in back(await planned(backend, "in-mysql-policies", "disable"))] == [
            BY_ITSELF["disable"]
        ]
        assert back(await planned(backend, "in-mysql-policies", "delete")) == []

    azure.run(story)


@pytest.mark.parametrize("unlisted", [False, True])
def test_a_role_that_is_changed_after_a_revoke_opens_its_path_and_raises_an_alarm(azure: Azure, unlisted: bool) -> None:
    async def story(backend: OpenBackend) -> None:
        clients = Clients(azure.sandbox)
        who = await identity(backend, "in-mysql-mixed")
        scope = (await backend.read()).vaults[0].id.split("/resourceGroups/")[0]
        role = await asyncio.to_thread(clients.role, scope, "in-editors", ["*/read"])
        await asyncio.to_thread(clients.grant, scope, role, who)
        report = await backend.run(await planned(backend, "in-mysql-mixed"), watch=False)
        assert report.outcome is Outcome.DONE, report.open_paths
        azure.sandbox.advance(60)
        await asyncio.to_thread(clients.role, scope, "in-editors", ["*/read"], [f"{KEYS}/*"], role)
        if unlisted:
            azure.sandbox.fault(f"GET *{ROLES}?* status:403")
        proven = await backend.prove(report.operation)
        assert PathProof.OPEN in states(proven)
        [alarm] = proven.alarms
        assert "role in-editors" in alarm.text
        assert "was changed by administrator at" in alarm.text

    azure.run(story)


def test_a_role_that_can_no_longer_be_read_is_not_called_closed(azure: Azure) -> None:
    async def story(backend: OpenBackend) -> None:
        clients = Clients(azure.sandbox)
        who = await identity(backend, "in-mysql-mixed")
        scope = (await backend.read()).vaults[0].id.split("/resourceGroups/")[0]
        role = await asyncio.to_thread(clients.role, scope, "in-editors", ["*/read"])
        await asyncio.to_thread(clients.grant, scope, role, who)
        report = await backend.run(await planned(backend, "in-mysql-mixed"), watch=False)
        azure.sandbox.fault(f"GET *{ROLES}* status:403")
        assert PathProof.UNKNOWN in states(await backend.prove(report.operation))

    azure.run(story)


def test_a_plan_knows_a_role_as_it_is_now(azure: Azure) -> None:
    async def story(backend: OpenBackend) -> None:
        clients = Clients(azure.sandbox)
        one = consumer(await backend.read(), "in-mysql-mixed")
        scope = one.id.split("/resourceGroups/")[0]
        role = await asyncio.to_thread(clients.role, scope, "in-editors", ["*/read"])
        await asyncio.to_thread(clients.grant, scope, role, str(one.slots[0].principal_id))
        await backend.read()
        await asyncio.to_thread(clients.role, scope, "in-editors", ["*/read"], [f"{KEYS}/*"], role)
        mixed = KeyId("in-mixed.vault.azure.net", "mixed-key")
        plan = await backend.prepare_revoke(RevokeDraft(key=mixed, consumers=(one.id,)))
        assert [path.via for path in plan.paths if path.state is PathState.STAYS_OPEN] == ["role in-editors"]

    azure.run(story)


def test_who_may_change_its_own_role_can_give_itself_the_key_again(azure: Azure) -> None:
    async def story(backend: OpenBackend) -> None:
        clients = Clients(azure.sandbox)
        who = await identity(backend, "in-mysql-mixed")
        scope = (await backend.read()).vaults[0].id.split("/resourceGroups/")[0]
        role = await asyncio.to_thread(clients.role, scope, "in-editors", [f"{ROLES}/write"])
        await asyncio.to_thread(clients.grant, scope, role, who)
        plan = await planned(backend, "in-mysql-mixed")
        assert back(plan) == [(PathState.STAYS_OPEN, "by it, it can give itself the key again")]
        assert who in {one.principal for one in plan.regrants}

    azure.run(story)
