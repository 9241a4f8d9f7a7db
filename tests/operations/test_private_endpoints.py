"""A firewall that is shut while a private endpoint is approved: nobody is told that its paths are closed."""

import asyncio

from cmk_admin.domain.plan import PathState, Plan
from cmk_admin.domain.steps import Outcome
from cmk_admin.domain.verbs.revoke import RevokeDraft
from cmk_admin.operations.backend import OpenBackend
from cmk_admin.operations.interface import OperationReport, PathProof
from tests.journeys.clients import MYSQL_KEY, Clients
from tests.operations.stories import Azure, consumer

NETWORK, WITHIN = "10.1.0.0/16", "10.1.0.4"
ENDPOINT = "private endpoint pe-mysql"


async def _connect(azure: Azure, backend: OpenBackend, status: str) -> None:
    estate = backend.estate or await backend.read()
    vault = consumer(estate, "dcc-mysql").slots[0].key_id.vault_name
    wanted = {"vault": vault, "name": "pe-mysql", "network": NETWORK, "status": status}
    await asyncio.to_thread(azure.sandbox.post, "private-endpoint", wanted)


async def _plan(backend: OpenBackend) -> Plan:
    one = consumer(await backend.read(), "dcc-mysql")
    return await backend.prepare_revoke(RevokeDraft(key=one.slots[0].key_id.key, method="firewall"))


def _states(report: OperationReport) -> dict[str, PathProof]:
    assert report.proof is not None
    return {one.path.via: one.state for one in report.proof.paths}


def test_who_comes_by_an_approved_private_endpoint_is_not_said_to_be_cut(azure: Azure) -> None:
    azure.sandbox.post("address", {"principal": "dcc-mysql-id", "address": WITHIN})
    mysql = Clients(azure.sandbox, "dcc-mysql-id")
    wrapped = mysql.wrap()

    async def story() -> None:
        async with azure.opened() as backend:
            await _connect(azure, backend, "Approved")
            plan = await _plan(backend)
            (way,) = [path for path in plan.paths if path.via == ENDPOINT]
            assert way.state is PathState.STAYS_OPEN
            assert PathState.WILL_CLOSE not in {path.state for path in plan.paths}
            assert all("private endpoint pe-mysql" in one.stops for one in plan.effects), plan.effects
            cut = await backend.run(plan, watch=False)
            assert cut.outcome is Outcome.PARTIAL, cut.log
            assert cut.proof is not None
            assert not cut.proof.closed
            found = _states(cut)
            assert found.pop(ENDPOINT) is PathProof.OPEN
            assert set(found.values()) == {PathProof.UNKNOWN}
            await asyncio.to_thread(mysql.await_unwraps, wrapped, wanted=True, key_id=MYSQL_KEY)
            back = await backend.run(await backend.prepare_restore(cut.operation), watch=False)
            assert back.outcome is Outcome.DONE, back.log

    asyncio.run(story())


def test_one_that_is_approved_after_the_firewall_was_shut_raises_an_alarm(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            await _connect(azure, backend, "Pending")
            plan = await _plan(backend)
            assert {path.state for path in plan.paths} == {PathState.WILL_CLOSE}
            cut = await backend.run(plan, watch=False)
            assert cut.outcome is Outcome.DONE, cut.log
            await _connect(azure, backend, "Approved")
            proven = await backend.prove(cut.operation)
            assert _states(proven)[ENDPOINT] is PathProof.OPEN
            (alarm,) = [one for one in proven.alarms if one.kind == "way-in"]
            assert "pe-mysql" in alarm.text

    asyncio.run(story())
