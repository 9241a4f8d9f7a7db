"""An undo of what Azure accepted and still works on, or may get late: it takes no grant that a server is about to need."""

import asyncio
from datetime import UTC, datetime

import pytest

from cmk_admin.domain.steps import Outcome, StepState
from cmk_admin.operations.backend import OpenBackend
from cmk_admin.operations.interface import Boundary, OperationReport
from tests.operations.stories import Azure
from tests.operations.wizard_stories import SINGLE, as_before, has_its_key, plan_attach_single, plan_change, seen

_SPEED = 15
"""A change of a server takes Azure half a minute: two real seconds."""


@pytest.fixture
def azure(workshop: Azure) -> Azure:
    """The estate of the wizards."""
    return workshop


async def _left_under_way(azure: Azure, backend: OpenBackend) -> OperationReport:
    """Attach a key to a single server, which shows no sign of being changed, and stop following what Azure accepted."""
    plan = await plan_attach_single(backend)
    tasks: list[asyncio.Task[None]] = []

    def at(boundary: Boundary) -> None:
        if (boundary.step, boundary.event) == (1, "done"):
            azure.sandbox.advance(900)  # the grant counts everywhere
            azure.sandbox.post("clock", {"speed": _SPEED})
        if (boundary.step, boundary.event) == (2, "accepted"):
            tasks.append(asyncio.ensure_future(backend.cancel(boundary.operation)))

    left = await backend.run(plan, watch=False, on_boundary=at)
    await asyncio.gather(*tasks)
    assert [step.state for step in left.steps] == [StepState.DONE, StepState.ACCEPTED]
    return left


def test_an_undo_waits_for_what_azure_still_works_on_before_it_takes_the_grant(azure: Azure) -> None:
    async def story() -> None:
        before = await seen(azure)
        async with azure.opened() as backend:
            left = await _left_under_way(azure, backend)
            back = await backend.undo(left.operation)
            assert back.outcome is Outcome.DONE, back.log
            assert [step.state for step in back.steps] == [StepState.DONE, StepState.DONE]
        as_before("attach-single", before, await seen(azure))

    asyncio.run(story())


def test_an_undo_that_cannot_see_how_it_goes_on_takes_nothing(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            left = await _left_under_way(azure, backend)
            azure.sandbox.fault("GET */operationStatuses/* status:403")
            back = await backend.undo(left.operation)
            assert (back.outcome, back.steps[0].state) == (Outcome.FAILED, StepState.FAILED)
            assert "nothing is taken" in str(back.steps[0].error)
            azure.sandbox.no_faults()
            azure.sandbox.advance(60)
            assert (await seen(azure)).server(SINGLE)[1] is not None
            assert has_its_key(azure, await seen(azure), SINGLE, SINGLE)
            again = await backend.undo(left.operation)
            assert again.outcome is Outcome.DONE, again.log
            assert (await seen(azure)).server(SINGLE) == ("Ready", None)

    asyncio.run(story())


def test_what_was_sent_without_an_answer_and_then_cancelled_is_not_said_to_have_failed(azure: Azure) -> None:
    async def story() -> None:
        before = await seen(azure)
        azure.sandbox.fault("PATCH */flexibleServers/* reset")
        tasks: list[asyncio.Task[None]] = []
        async with azure.opened() as backend:
            plan = await plan_change(backend)

            def at(boundary: Boundary) -> None:
                if (boundary.step, boundary.event) == (2, "sent") and not tasks:
                    tasks.append(asyncio.ensure_future(backend.cancel(boundary.operation)))

            left = await backend.run(plan, watch=False, on_boundary=at)
            await asyncio.gather(*tasks)
            assert (left.outcome, left.steps[1].state) == (Outcome.CANCELLED, StepState.UNKNOWN)
            azure.sandbox.no_faults()
            back = await backend.undo(left.operation)
            assert back.outcome is Outcome.DONE, back.log
            assert [step.state for step in back.steps] == [StepState.SKIPPED, StepState.DONE]
        as_before("change", before, await seen(azure))

    asyncio.run(story())


def test_a_write_that_never_got_an_answer_is_not_known_to_have_failed(azure: Azure) -> None:
    async def story() -> None:
        before = await seen(azure)
        azure.sandbox.fault("PATCH */flexibleServers/* reset")
        async with azure.opened() as backend:
            left = await backend.run(await plan_change(backend), watch=False)
            assert (left.outcome, left.steps[1].state) == (Outcome.PARTIAL, StepState.UNKNOWN)
            assert "may or may not have been done" in str(left.steps[1].error)
            azure.sandbox.no_faults()
            back = await backend.undo(left.operation)
            assert back.outcome is Outcome.DONE, back.log
        as_before("change", before, await seen(azure))

    asyncio.run(story())


async def _left_unknown(azure: Azure, backend: OpenBackend, fault: str, speed: float) -> OperationReport:
    """Attach a key to a single server by a write of which nobody hears again, and which nobody sends again."""
    plan = await plan_attach_single(backend)
    tasks: list[asyncio.Task[None]] = []
    azure.sandbox.fault(f"PUT */servers/{SINGLE}/keys/* {fault};times=1")

    def at(boundary: Boundary) -> None:
        if (boundary.step, boundary.event) == (1, "done"):
            azure.sandbox.advance(900)  # the grant counts everywhere
            azure.sandbox.post("clock", {"speed": speed})
        if (boundary.step, boundary.event) == (2, "sent"):
            tasks.append(asyncio.ensure_future(backend.cancel(boundary.operation)))

    left = await backend.run(plan, watch=False, on_boundary=at)
    await asyncio.gather(*tasks)
    assert [step.state for step in left.steps] == [StepState.DONE, StepState.UNKNOWN]
    return left


def test_no_grant_is_taken_for_half_an_hour_after_a_write_that_a_server_does_not_show(azure: Azure) -> None:
    speed = 120  # half an hour is fifteen seconds

    async def story() -> None:
        before = await seen(azure)
        async with azure.opened() as backend:
            left = await _left_unknown(azure, backend, "reset", speed)
        sent = datetime.now(UTC)
        async with azure.opened() as backend:  # whoever comes back asks how fast Azure's clock runs
            undo = await backend.prepare_undo(left.operation)
            assert any("no grant is taken within 30 minutes" in one for one in undo.warnings)
            back = await backend.run(undo)
            assert back.outcome is Outcome.DONE, back.log
            assert [step.state for step in back.steps] == [StepState.SKIPPED, StepState.DONE]
            assert (datetime.now(UTC) - sent).total_seconds() > 1800 / speed - 1
        as_before("attach-single", before, await seen(azure))

    asyncio.run(story())


@pytest.mark.full
def test_a_key_that_comes_late_is_taken_off_when_it_shows_and_the_grant_waits_for_the_half_hour(azure: Azure) -> None:
    async def story() -> None:
        before = await seen(azure)
        async with azure.opened() as backend:
            left = await _left_unknown(azure, backend, "lost", 1.5)  # the change takes twenty seconds
        async with azure.opened() as backend:
            reports: list[OperationReport] = []
            running = asyncio.ensure_future(
                backend.run(await backend.prepare_undo(left.operation), on_report=reports.append)
            )
            while not (reports and any("no grant is taken before" in one for one in reports[-1].log)):
                assert not running.done(), running.result().log
                await asyncio.sleep(0.2)
            assert [step.state for step in reports[-1].steps] == [StepState.DONE, StepState.PLANNED]
            assert (await seen(azure)).server(SINGLE) == ("Ready", None)
            assert (await seen(azure)).grants != before.grants
            await backend.cancel(reports[-1].operation)
            stopped = await running
            assert (stopped.outcome, stopped.resumable) == (Outcome.CANCELLED, True)
        azure.sandbox.post("clock", {"speed": 600})
        async with azure.opened() as backend:
            back = await backend.resume(stopped.operation)
            assert back.outcome is Outcome.DONE, back.log
        as_before("attach-single", before, await seen(azure))

    asyncio.run(story())


@pytest.mark.full
def test_a_write_that_a_server_does_not_show_and_that_never_got_an_answer_is_not_said_to_have_failed(
    azure: Azure,
) -> None:
    async def story() -> None:
        azure.sandbox.fault(f"PUT */servers/{SINGLE}/keys/* reset")
        async with azure.opened() as backend:
            left = await backend.run(await plan_attach_single(backend), watch=False)
            assert (left.outcome, left.steps[1].state) == (Outcome.PARTIAL, StepState.UNKNOWN)
            assert "may or may not have been done" in str(left.steps[1].error)

    asyncio.run(story())


def test_a_refusal_after_a_write_that_got_no_answer_does_not_make_that_one_a_failure(azure: Azure) -> None:
    async def story() -> None:
        azure.sandbox.fault(f"PUT */servers/{SINGLE}/keys/* reset;times=1")
        azure.sandbox.fault(f"PUT */servers/{SINGLE}/keys/* status:401")
        async with azure.opened() as backend:
            left = await backend.run(await plan_attach_single(backend), watch=False)
            assert (left.outcome, left.steps[1].state) == (Outcome.PARTIAL, StepState.UNKNOWN), left.log
            assert "An earlier request got no answer" in str(left.steps[1].error)

    asyncio.run(story())
