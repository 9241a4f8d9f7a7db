"""While nothing of Azure answers an operation waits, burns no step, and goes on by itself when something does."""

import asyncio

import pytest

from cmk_admin.domain.steps import Outcome, StepState
from cmk_admin.operations.interface import Boundary, OperationReport
from tests.operations.stories import PLANS, Azure, as_before, taken

_GONE = "* * reset"


def _set_network(azure: Azure, *, up: bool) -> None:
    azure.sandbox.post("network", {"up": up})


@pytest.mark.parametrize(
    "event",
    [pytest.param(event, marks=pytest.mark.full) for event in ("intent", "sent", "accepted", "done")],
)
def test_a_network_that_goes_in_the_midst_of_a_revoke_leaves_it_whole(azure: Azure, event: str) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan = await PLANS["grants"](backend)
            paused = asyncio.Event()
            crossed: list[str] = []

            def lose(boundary: Boundary) -> None:
                if boundary.event == event and event not in crossed:
                    _set_network(azure, up=False)
                crossed.append(boundary.event)

            running = asyncio.create_task(
                backend.run(
                    plan,
                    on_report=lambda report: paused.set() if report.paused else None,
                    on_boundary=lose,
                )
            )
            waiting = asyncio.create_task(paused.wait())
            await asyncio.wait([running, waiting], return_when=asyncio.FIRST_COMPLETED, timeout=60)
            assert waiting.done(), running
            _set_network(azure, up=True)
            done = await running
            assert {s.state for s in done.steps} == {StepState.DONE}, done.log
            assert await taken(azure, plan)
            assert len([w for w in azure.sent() if w["method"] == "DELETE" and w["status"] in (200, 204)]) >= 1

    asyncio.run(story())


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
            assert azure.sent() == []
            azure.sandbox.no_faults()
            done = await running
            assert {s.state for s in done.steps} == {StepState.DONE}, done.log
            assert done.paused is None
            assert any("The network is back" in line for line in done.log)
            assert await taken(azure, plan)

    asyncio.run(story())


@pytest.mark.full
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
