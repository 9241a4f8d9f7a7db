"""Measured times and reasons of a service are its own: from its own writes, of its own requests, of what it was seen to do."""

import asyncio
from time import monotonic

from cmk_admin.cloud import api
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import Outcome, StepState, StepVerb
from cmk_admin.operations.interface import Boundary, OperationReport, WatchReport, WatchResult
from tests.operations.methods import plan_staged
from tests.operations.stories import Azure, plan_grants, state_of

THEN = "dcc-mysql-single"
SLACK = 0.2
"""Real seconds from what is measured until it is told."""


def of(report: OperationReport, name: str) -> WatchReport:
    return next(watch for watch in report.watch if watch.consumer_name == name)


class Moments:
    """When the step of the second service was about to be sent, and when the service was first told as confirmed."""

    def __init__(self) -> None:
        self.began = self.confirmed = 0.0

    def crossed(self, boundary: Boundary) -> None:
        if (boundary.step, boundary.event) == (2, "intent"):
            self.began = monotonic()

    def told(self, report: OperationReport) -> None:
        if not self.confirmed and of(report, THEN).result is WatchResult.CONFIRMED:
            self.confirmed = monotonic()

    @property
    def most(self) -> float:
        assert self.began
        assert self.confirmed
        return self.confirmed - self.began + SLACK


def took(done: OperationReport) -> float:
    """Real seconds after which the later service was confirmed."""
    assert done.outcome is Outcome.DONE, done.log
    seconds = of(done, THEN).wall_seconds
    assert seconds is not None
    return seconds


def test_the_time_of_a_service_that_is_cut_later_counts_from_its_own_write(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            seen = Moments()
            done = await backend.run(await plan_staged(backend), on_boundary=seen.crossed, on_report=seen.told)
            assert 0.0 < took(done) < seen.most

    asyncio.run(story())


def test_it_does_so_where_the_operation_is_gone_on_with(azure: Azure) -> None:
    async def story() -> None:
        azure.sandbox.post("clock", {"speed": 240})
        seen, cut = Moments(), asyncio.Event()

        def crossed(boundary: Boundary) -> None:
            seen.crossed(boundary)
            if (boundary.step, boundary.event) == (2, "done"):
                cut.set()

        async with azure.opened() as backend:
            running = asyncio.create_task(backend.run(await plan_staged(backend), on_boundary=crossed))
            await cut.wait()
        begun = await running
        assert of(begun, THEN).result is WatchResult.WAITING
        async with azure.opened() as backend:
            done = await backend.resume(begun.operation, on_report=seen.told)
            assert 1.0 < took(done) < seen.most

    asyncio.run(story())


def test_a_server_that_was_lost_while_a_restore_went_on_is_not_said_to_have_stayed_up(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            azure.sandbox.post("clock", {"speed": 120})
            plan = await plan_grants(backend)
            cut = await backend.run(plan, watch=False)
            restore = await backend.prepare_restore(cut.operation)
            azure.sandbox.advance(220)
            words: set[str] = set()
            looking = asyncio.create_task(_look(azure, plan, words))

            def hurry(boundary: Boundary) -> None:
                if (boundary.step, boundary.event) == (1, "done"):
                    azure.sandbox.advance(90)  # the removal counts before the server is asked, the new grant after it

            back = await backend.run(restore, on_boundary=hurry)
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
            assert back.outcome is Outcome.DONE, back.log
            assert "Inaccessible" in words, "it was lost meanwhile"
            [watch] = back.watch
            assert (watch.result, watch.before, watch.now) == (WatchResult.CONFIRMED, "Ready", "Ready")
            assert watch.reason is None

    asyncio.run(story())


async def _look(azure: Azure, plan: Plan, words: set[str]) -> None:
    """Keep every word that the server says of itself."""
    while True:
        words.add(await state_of(azure, plan))
        await asyncio.sleep(0.1)


def test_where_a_lock_forbids_to_ask_a_server_to_try_its_key_again_nothing_is_contradicted(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan = await plan_grants(backend)
            cut = await backend.run(plan)
            restore = await backend.prepare_restore(cut.operation)
            [n] = [n for n, step in enumerate(restore.steps, 1) if step.verb is StepVerb.REVALIDATE]
            await _lock(azure, restore.steps[n - 1].target)
            back = await backend.run(restore)
            assert back.steps[n - 1].state is StepState.FAILED
            [watch] = back.watch
            why = f"it was not asked to try its key again: step {n} failed; its state is still Inaccessible"
            assert (watch.result, watch.reason) == (WatchResult.NOT_CONFIRMED, why)
            assert await state_of(azure, plan) == "Inaccessible"

    asyncio.run(story())


async def _lock(azure: Azure, target: str) -> None:
    """Nobody may write it from now on."""
    lock = f"{target}/providers/Microsoft.Authorization/locks/frozen"
    async with azure.session() as session:
        await session.arm("PUT", lock, api_version=api.LOCKS, body={"properties": {"level": "ReadOnly"}}, urgent=True)
