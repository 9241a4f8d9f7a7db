"""Copies that are softly deleted in another vault, or that come after the revoke: a plan, a proof and an alarm tell them."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.model import Vault
from cmk_admin.domain.plan import PathState, Plan
from cmk_admin.domain.steps import Outcome
from cmk_admin.domain.verbs.revoke import RevokeDraft
from cmk_admin.operations.backend import OpenBackend
from cmk_admin.operations.interface import OperationReport, PathProof
from tests.journeys.clients import Clients
from tests.operations.stories import Azure, consumer
from tests.support import serve

OWN = KeyId("in-main.vault.azure.net", "own-key")
TWIN = "https://in-twin.vault.azure.net"
CRYPTO_OFFICER = "14b46e9e-c2b7-41b4-b07b-48a6ebf60603"
ENCRYPTION_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[Azure]:
    running = serve(tmp_path / "azure", speed=600, scenario="incident")
    yield Azure(running, tmp_path / "home")
    running.stop()


async def with_deleted_copy(azure: Azure, backend: OpenBackend, role: str) -> Plan:
    """The plan that cuts ``in-mysql-own``, whose identity holds a role at the vault of a copy that is softly deleted."""
    estate = await backend.read()
    one, twin = consumer(estate, "in-mysql-own"), vault(estate.vaults, "in-twin")
    clients = Clients(azure.sandbox)
    await asyncio.to_thread(clients.grant, twin.id, role, str(one.slots[0].principal_id))
    await asyncio.to_thread(lambda: clients.keys(TWIN).begin_delete_key("own-key").wait())
    await backend.read()
    plan = await backend.prepare_revoke(RevokeDraft(key=OWN, consumers=(one.id,)))
    assert not plan.problems, plan.problems
    return plan


def vault(vaults: tuple[Vault, ...], name: str) -> Vault:
    return next(each for each in vaults if each.name == name)


def planned(plan: Plan) -> list[tuple[PathState, str]]:
    return [(path.state, str(path.reason)) for path in plan.paths if path.kind == "copy"]


def proven(report: OperationReport) -> list[PathProof]:
    assert report.proof is not None
    return [one.state for one in report.proof.paths if one.path.kind == "copy"]


def test_a_deleted_copy_is_open_to_whom_is_cut_and_may_recover_it(azure: Azure) -> None:
    async def story(backend: OpenBackend) -> None:
        plan = await with_deleted_copy(azure, backend, CRYPTO_OFFICER)
        [(state, why)] = planned(plan)
        assert (state, "can recover that by itself" in why) == (PathState.STAYS_OPEN, True)
        report = await backend.run(plan, watch=False)
        assert (report.outcome, [one.kind for one in report.open_paths]) == (Outcome.PARTIAL, ["copy"])

        azure.sandbox.advance(700)  # by then the role counts at the vault
        identity = Clients(azure.sandbox, "in-own-id").keys(TWIN)
        await asyncio.to_thread(lambda: identity.begin_recover_deleted_key("own-key").wait())
        assert proven(await backend.prove(report.operation)) == [PathProof.OPEN]

    azure.run(story)


def test_a_deleted_copy_that_only_others_may_recover_raises_an_alarm_when_they_do(azure: Azure) -> None:
    async def story(backend: OpenBackend) -> None:
        plan = await with_deleted_copy(azure, backend, ENCRYPTION_USER)
        assert planned(plan) == []
        report = await backend.run(plan, watch=False)
        assert report.outcome is Outcome.DONE
        assert proven(await backend.prove(report.operation)) == []

        keys = Clients(azure.sandbox).keys(TWIN)
        await asyncio.to_thread(lambda: keys.begin_recover_deleted_key("own-key").wait())
        again = await backend.prove(report.operation)
        assert proven(again) == [PathProof.OPEN]
        [(kind, text)] = [(alarm.kind, alarm.text) for alarm in again.alarms]
        assert kind == "copy"
        assert "in-own-id" in text
        assert "own-key of in-twin" in text

    azure.run(story)


@pytest.mark.parametrize(("role", "states"), [(CRYPTO_OFFICER, [PathState.UNKNOWN]), (ENCRYPTION_USER, [])])
def test_deleted_keys_that_cannot_be_read_are_unknown_to_whom_may_recover_them(
    azure: Azure, role: str, states: list[PathState]
) -> None:
    async def story(backend: OpenBackend) -> None:
        azure.sandbox.fault("GET *in-twin*/deletedkeys/* status:403")
        plan = await with_deleted_copy(azure, backend, role)
        assert [state for state, _ in planned(plan)] == states

    azure.run(story)


def test_a_copy_that_is_restored_after_the_revoke_is_open_and_raises_an_alarm(azure: Azure) -> None:
    async def story(backend: OpenBackend) -> None:
        estate = await backend.read()
        one = consumer(estate, "in-mysql-mixed")
        key, who = one.slots[0].key_id.key, str(one.slots[0].principal_id)
        clients = Clients(azure.sandbox)
        await asyncio.to_thread(clients.grant, vault(estate.vaults, "in-twin").id, ENCRYPTION_USER, who)
        await backend.read()
        report = await backend.run(await backend.prepare_revoke(RevokeDraft(key=key, consumers=(one.id,))), watch=False)
        assert (report.outcome, report.alarms) == (Outcome.DONE, ())

        blob = await asyncio.to_thread(clients.keys(f"https://{key.host}").backup_key, key.name)
        await asyncio.to_thread(clients.keys(TWIN).restore_key_backup, blob)
        again = await backend.prove(report.operation)
        assert proven(again) == [PathProof.OPEN]
        assert [alarm.kind for alarm in again.alarms] == ["copy"]

    azure.run(story)


@pytest.mark.parametrize(("role", "state"), [(CRYPTO_OFFICER, PathProof.OPEN), (ENCRYPTION_USER, PathProof.CLOSED)])
def test_a_disabled_copy_is_open_to_whom_is_cut_and_may_enable_it(azure: Azure, role: str, state: PathProof) -> None:
    async def story(backend: OpenBackend) -> None:
        estate = await backend.read()
        one, clients = consumer(estate, "in-mysql-own"), Clients(azure.sandbox)
        who = str(one.slots[0].principal_id)
        await asyncio.to_thread(clients.grant, vault(estate.vaults, "in-twin").id, role, who)
        await asyncio.to_thread(clients.keys(TWIN).update_key_properties, "own-key", enabled=False)
        await backend.read()
        plan = await backend.prepare_revoke(RevokeDraft(key=OWN, consumers=(one.id,)))
        report = await backend.run(plan, watch=False)
        assert proven(report) == [state]
        assert report.outcome is (Outcome.PARTIAL if state is PathProof.OPEN else Outcome.DONE)

    azure.run(story)
