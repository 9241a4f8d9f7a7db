"""While nothing of Azure answers an operation waits, burns no step, and goes on by itself when something does."""

import asyncio

import pytest

from cmk_admin.domain.steps import Outcome, StepState
from cmk_admin.operations.interface import OperationReport
from tests.operations.stories import PLANS, Azure, as_before, taken

_GONE = "* * reset"


@pytest.mark.parametrize("method", ["grants", pytest.param("disable", marks=pytest.mark.full)])
def test_a_lost_network_pauses_a_revoke_and_it_goes_on_by_itself(azure: Azure, method: str) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan = await PLANS[method](backend)
            azure.sandbox.fault(_GONE)
            paused = asyncio.Event()

            def listen(report: OperationReport) -> None:
                if report.paused:
                    paused.set()

            running = asyncio.create_task(backend.run(plan, watch=False, on_report=listen))
            await asyncio.wait_for(paused.wait(), 60)
            assert await asyncio.to_thread(azure.sent) is not None
            azure.sandbox.no_faults()
            done = await running
            assert {s.state for s in done.steps} == {StepState.DONE}, done.log
            assert done.paused is None
            assert any("The network is back" in line for line in done.log)
            assert await taken(azure, plan)

    asyncio.run(story())


def test_a_revoke_that_waits_for_the_network_can_be_stopped_and_gone_on_with(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan = await PLANS["grants"](backend)
            azure.sandbox.fault(_GONE)
            tasks: list[asyncio.Task[None]] = []

            def listen(report: OperationReport) -> None:
                if report.paused and not tasks:
                    tasks.append(asyncio.create_task(backend.cancel(report.operation)))

            stopped = await backend.run(plan, watch=False, on_report=listen)
            await asyncio.gather(*tasks)
            assert stopped.outcome is Outcome.CANCELLED
            assert stopped.resumable
            azure.sandbox.no_faults()
            assert await as_before(azure, plan)
            done = await backend.resume(stopped.operation, watch=False)
            assert {s.state for s in done.steps} == {StepState.DONE}, done.log

    asyncio.run(story())
