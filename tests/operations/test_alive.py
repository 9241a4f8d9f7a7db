"""One process at a time: who is running an operation, who may go on with it, and how it is stopped."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from cmk_admin.domain.errors import Refused
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import Outcome, StepState
from cmk_admin.operations.backend import OpenBackend
from cmk_admin.operations.interface import OperationReport, WatchResult
from tests.operations.stories import Azure, as_before, plan_disable, plan_grants, taken

_HOLD = "DELETE management.azure.com* hold;times=1"


@asynccontextmanager
async def _held(azure: Azure, backend: OpenBackend, plan: Plan) -> AsyncIterator[asyncio.Task[OperationReport]]:
    """A revoke whose write was done and whose answer is held back."""
    azure.sandbox.fault(_HOLD)
    sent = asyncio.Event()
    task = asyncio.create_task(
        backend.run(plan, watch=False, on_boundary=lambda b: sent.set() if b.event == "sent" else None)
    )
    await asyncio.wait_for(sent.wait(), 20)
    yield task
    azure.sandbox.post("release")


def test_a_second_process_is_refused_while_the_first_lives(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as first, azure.opened() as second:
            async with _held(azure, first, await plan_grants(first)) as task:
                (seen,) = await second.operations()
                assert (seen.alive, seen.resumable, seen.undoable) == (True, False, False)
                for attempt in (
                    second.resume(seen.operation),
                    second.undo(seen.operation),
                    second.prepare_restore(seen.operation),
                    second.prepare_undo(seen.operation),
                    second.cancel(seen.operation),
                ):
                    with pytest.raises(Refused, match=seen.operation):
                        await attempt
            assert (await task).outcome is Outcome.DONE
            assert not (await second.operation(seen.operation)).alive

    asyncio.run(story())


def test_the_operation_that_is_being_given_back_cannot_be_gone_on_with(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as first, azure.opened() as second:
            plan = await plan_disable(first, "dcc-des-old")
            azure.sandbox.fault(f"PATCH {plan.steps[0].target.removeprefix('https://')}* status:403;times=1")
            cut = await first.run(plan, watch=False)
            assert cut.resumable
            azure.sandbox.fault("PATCH *.vault.azure.net* hold;times=1")
            sent = asyncio.Event()
            restore = await first.prepare_restore(cut.operation)
            task = asyncio.create_task(
                first.run(restore, watch=False, on_boundary=lambda b: sent.set() if b.event == "sent" else None)
            )
            await asyncio.wait_for(sent.wait(), 20)
            with pytest.raises(Refused, match="another process"):
                await second.resume(cut.operation)
            azure.sandbox.post("release")
            await task
            assert await as_before(azure, plan)

    asyncio.run(story())


def test_a_write_whose_answer_is_held_back_too_long_is_looked_up_and_found_done(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan = await plan_grants(backend)
            azure.sandbox.fault(_HOLD)
            done = await backend.run(plan, watch=False)
            assert done.outcome is Outcome.DONE
            assert "found done" in " ".join(done.log)
            assert [w["method"] for w in azure.sent()].count("DELETE") == 1

    asyncio.run(story())


def test_cancelling_does_not_begin_the_next_step_and_keeps_the_answer_of_the_one_in_flight(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan = await plan_grants(backend)
            cut = await backend.run(plan, watch=False)
            restore = await backend.prepare_restore(cut.operation)
            cancels: list[asyncio.Task[None]] = []
            done = await backend.run(
                restore,
                watch=False,
                on_boundary=lambda b: (
                    cancels.append(asyncio.get_running_loop().create_task(backend.cancel(b.operation)))
                    if b.event == "intent"
                    else None
                ),
            )
            await asyncio.gather(*cancels)
            assert [s.state for s in done.steps] == [StepState.DONE, StepState.PLANNED]
            assert (done.outcome, done.resumable) == (Outcome.CANCELLED, True)
            assert await as_before(azure, plan)
            again = await backend.resume(done.operation)
            assert again.outcome is Outcome.DONE

    asyncio.run(story())


def test_closing_finishes_the_call_in_flight_and_leaves_the_rest_to_be_gone_on_with(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan = await plan_grants(backend)
            azure.sandbox.fault("DELETE management.azure.com* delay:1500;times=1")
            sent = asyncio.Event()
            task = asyncio.create_task(
                backend.run(plan, on_boundary=lambda b: sent.set() if b.event == "sent" else None)
            )
            await asyncio.wait_for(sent.wait(), 20)
        left = await task
        assert (left.outcome, left.resumable, left.alive) == (Outcome.RUNNING, True, False)
        assert [s.state for s in left.steps] == [StepState.DONE]
        assert await taken(azure, plan)
        async with azure.opened() as later:
            done = await later.resume(left.operation)
            assert done.outcome is Outcome.DONE, done.log

    asyncio.run(story())


def test_cancelling_the_caller_does_not_stop_the_operation(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan = await plan_grants(backend)
            begun, ended = asyncio.Event(), asyncio.Event()
            caller = asyncio.create_task(
                backend.run(
                    plan,
                    watch=False,
                    on_boundary=lambda b: begun.set() if b.event == "intent" else None,
                    on_report=lambda r: ended.set() if r.ended_at and not r.alive else None,
                )
            )
            await asyncio.wait_for(begun.wait(), 20)
            caller.cancel()
            with pytest.raises(asyncio.CancelledError):
                await caller
            await asyncio.wait_for(ended.wait(), 20)
            assert (await backend.operations())[0].outcome is Outcome.DONE

    asyncio.run(story())


def test_an_operation_that_failed_before_it_changed_anything_is_watched_anew_when_gone_on_with(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan = await plan_grants(backend)
            azure.sandbox.fault("DELETE management.azure.com* status:403;times=1")
            failed = await backend.run(plan)
            assert failed.outcome is Outcome.FAILED
            done = await backend.resume(failed.operation)
            assert done.outcome is Outcome.DONE, done.log
            assert [w.result for w in done.watch] == [WatchResult.CONFIRMED]

    asyncio.run(story())


def test_an_operation_that_never_began_is_ended_by_undoing_it(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan = await plan_grants(backend)
            azure.sandbox.fault("GET management.azure.com* delay:1500")
            journaled = asyncio.Event()
            task = asyncio.create_task(backend.run(plan, on_report=lambda _: journaled.set()))
            await asyncio.wait_for(journaled.wait(), 20)
        left = await task
        assert [s.state for s in left.steps] == [StepState.PLANNED]
        azure.sandbox.no_faults()
        async with azure.opened() as later:
            ended = await later.undo(left.operation)
            assert (ended.outcome, ended.undoable) == (Outcome.CANCELLED, False)
            assert await as_before(azure, plan)

    asyncio.run(story())


def test_a_write_that_azure_put_off_is_not_called_sent_when_it_is_cancelled_meanwhile(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan = await plan_grants(backend)
            azure.sandbox.fault("DELETE management.azure.com* throttle:60")
            cancels: list[asyncio.Task[None]] = []

            def cancel(report: OperationReport) -> None:
                if "slow down" in str(report.steps[0].error) and not cancels:
                    cancels.append(asyncio.get_running_loop().create_task(backend.cancel(report.operation)))

            done = await asyncio.wait_for(backend.run(plan, watch=False, on_report=cancel), 20)
            await asyncio.gather(*cancels)
            assert [s.state for s in done.steps] == [StepState.FAILED]
            assert (done.outcome, done.undoable, done.resumable) == (Outcome.CANCELLED, False, True)
            assert await as_before(azure, plan)

    asyncio.run(story())
