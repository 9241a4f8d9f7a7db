"""A copy of a key is read again from its own vault: what is closed there is closed, and what cannot be read is unknown."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.verbs.revoke import RevokeDraft
from cmk_admin.operations.backend import OpenBackend
from cmk_admin.operations.interface import OperationReport, PathProof
from tests.journeys.clients import Clients
from tests.operations.stories import Azure, consumer
from tests.support import serve

OWN = KeyId("in-main.vault.azure.net", "own-key")
TWIN = "in-twin"
ENCRYPTION_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
"""Key Vault Crypto Service Encryption User."""


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[Azure]:
    running = serve(tmp_path / "azure", speed=600, scenario="incident")
    yield Azure(running, tmp_path / "home")
    running.stop()


def _copies(report: OperationReport) -> list[tuple[PathProof, str | None]]:
    assert report.proof is not None
    return [(one.state, one.reason) for one in report.proof.paths if one.path.kind == "copy"]


async def _cut(backend: OpenBackend, method: str) -> OperationReport:
    one = consumer(backend.estate or await backend.read(), "in-mysql-own")
    plan = await backend.prepare_revoke(RevokeDraft(key=OWN, consumers=(one.id,), method=method))
    assert not plan.problems, plan.problems
    return await backend.run(plan, watch=False)


def test_a_group_that_the_directory_does_not_tell_is_ruled_out_by_the_proof_as_by_the_plan(azure: Azure) -> None:
    azure.sandbox.fault("* graph.microsoft.com* status:403")

    async def story(backend: OpenBackend) -> None:
        await backend.read()
        cut = await _cut(backend, "grants")
        for report in (cut, await backend.prove(cut.operation)):
            assert report.proof is not None
            assert {one.state for one in report.proof.paths} == {PathProof.CLOSED}, report.proof.paths

    azure.run(story)


@pytest.mark.parametrize("method", ["grants", "delete"])
def test_a_copy_is_read_from_its_own_vault_each_time(azure: Azure, method: str) -> None:
    async def story(backend: OpenBackend) -> None:
        one = consumer(await backend.read(), "in-mysql-own")
        vault = next(each for each in (backend.estate or await backend.read()).vaults if each.name == TWIN)
        scope, who = f"{vault.id}/keys/own-key", str(one.slots[0].principal_id)
        clients = Clients(azure.sandbox)
        await asyncio.to_thread(clients.grant, scope, ENCRYPTION_USER, who)
        [name] = await asyncio.to_thread(clients.grants, scope)
        await backend.read()
        cut = await _cut(backend, method)
        assert [state for state, _ in _copies(cut)] == [PathProof.OPEN]
        assert "in-twin" in str(_copies(cut)[0][1])

        await asyncio.to_thread(clients.remove_grant, scope, name)
        assert [state for state, _ in _copies(await backend.prove(cut.operation))] == [PathProof.CLOSED]

        azure.sandbox.fault("GET *in-twin* status:403")
        [(state, why)] = _copies(await backend.prove(cut.operation))
        assert state is PathProof.UNKNOWN
        assert "could not be read again" in str(why)
        azure.sandbox.no_faults()

        await asyncio.to_thread(clients.grant, scope, ENCRYPTION_USER, who)
        again = await backend.prove(cut.operation)
        assert [state for state, _ in _copies(again)] == [PathProof.OPEN]
        assert "re-granted" in [alarm.kind for alarm in again.alarms]

        keys = clients.keys(f"https://{TWIN}.vault.azure.net")
        await asyncio.to_thread(keys.update_key_properties, "own-key", enabled=False)
        [(state, why)] = _copies(await backend.prove(cut.operation))
        assert (state, "is enabled" in str(why)) == (PathProof.CLOSED, True)

    azure.run(story)
