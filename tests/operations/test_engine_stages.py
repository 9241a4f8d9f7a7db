"""A staged revoke: the first consumer is watched, and only what is seen lets the rest begin."""

import asyncio

from cmk_admin.domain.steps import Outcome, StepState
from cmk_admin.operations.interface import OperationReport, WatchResult
from tests.operations.methods import plan_staged, seen
from tests.operations.stories import Azure


def test_the_rest_is_cut_once_the_first_was_seen_lost(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            told: list[OperationReport] = []
            plan = await plan_staged(backend)
            assert [step.stage for step in plan.steps] == [0, 1]
            assert plan.gates
            done = await backend.run(plan, on_report=told.append)
            assert done.outcome is Outcome.DONE, done.log
            assert {w.result for w in done.watch} == {WatchResult.CONFIRMED}
            waiting = [one for one in told if one.paused]
            assert waiting
            assert all(one.steps[1].state is StepState.PLANNED for one in waiting)
            assert done.paused is None

    asyncio.run(story())


def test_where_the_first_is_not_seen_the_rest_is_not_begun_and_a_person_may_go_on(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan = await plan_staged(backend)
            azure.sandbox.fault("GET management.azure.com*/flexibleServers/dcc-mysql status:403;skip=1")
            held = await backend.run(plan)
            assert held.outcome is Outcome.PARTIAL
            assert [s.state for s in held.steps] == [StepState.DONE, StepState.PLANNED]
            assert any("was not begun" in line for line in held.log)
            assert held.resumable
            deleted = [w for w in azure.sent() if w["method"] == "DELETE"]
            assert len(deleted) == 1
            azure.sandbox.no_faults()
            done = await backend.resume(held.operation, watch=False)
            assert {s.state for s in done.steps} == {StepState.DONE}, done.log
            assert {one.value for one in await seen(azure, done)} == {"after"}

    asyncio.run(story())
