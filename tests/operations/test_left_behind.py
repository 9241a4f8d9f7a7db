"""What a long-running operation that failed leaves in Azure is named, and taken back with all else."""

import asyncio

import pytest

from cmk_admin.cloud import key_changes
from cmk_admin.cloud.consumers import disk_encryption_set
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import Outcome, StepState
from cmk_admin.operations.backend import OpenBackend
from cmk_admin.operations.interface import Boundary, OperationReport
from tests.operations.attaching import MADE_SET, SPARE_KEY, disks_draft
from tests.operations.stories import Azure


@pytest.fixture
def azure(workshop: Azure) -> Azure:
    return workshop


async def _not_finished(azure: Azure, backend: OpenBackend) -> tuple[Plan, OperationReport]:
    """A set whose key is deleted while Azure makes it."""
    plan = await backend.prepare(await disks_draft(backend))
    assert plan.problems == ()
    azure.sandbox.post("clock", {"speed": 1})
    tasks: list[asyncio.Task[None]] = []

    async def lose_key() -> None:
        async with azure.session() as session:
            await key_changes.delete_key(session, SPARE_KEY)
        azure.sandbox.advance(60)

    def at(boundary: Boundary) -> None:
        if (boundary.step, boundary.event) == (1, "accepted"):
            tasks.append(asyncio.ensure_future(lose_key()))

    done = await backend.run(plan, on_boundary=at)
    await asyncio.gather(*tasks)
    return plan, done


async def _set(azure: Azure, plan: Plan) -> str | None:
    """The provisioningState of the set; None: there is none."""
    async with azure.session() as session:
        found = await disk_encryption_set.get(session, plan.steps[0].target)
    return None if found is None else str(found["properties"]["provisioningState"])


def test_a_set_that_azure_could_not_finish_is_named_and_taken_back(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan, ended = await _not_finished(azure, backend)
            assert await _set(azure, plan) == "Failed"
            assert ended.steps[0].state is StepState.UNKNOWN, ended.log
            assert f"{MADE_SET} is there, but Azure could not finish it (Failed)." in str(ended.steps[0].error)
            assert ended.steps[1].state is StepState.PLANNED
            assert ended.undoable
            back = await backend.undo(ended.operation)
            assert back.outcome is Outcome.DONE, back.log
        assert await _set(azure, plan) is None

    asyncio.run(story())


def test_a_set_that_azure_could_not_finish_is_made_whole_when_it_is_gone_on_with(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan, ended = await _not_finished(azure, backend)
            azure.sandbox.advance(60)
            async with azure.session() as session:
                await key_changes.recover_key(session, SPARE_KEY)
            azure.sandbox.advance(60)
            azure.sandbox.post("clock", {"speed": 60})
            done = await backend.resume(ended.operation)
            assert done.outcome is Outcome.DONE, done.log
        assert await _set(azure, plan) == "Succeeded"

    asyncio.run(story())


@pytest.mark.full
def test_a_broken_set_of_somebody_else_is_left_alone(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan, _ = await _not_finished(azure, backend)
            again = await backend.run(plan)
            assert again.steps[0].state is StepState.FAILED
            assert "could not finish it" in str(again.steps[0].error)
            assert not again.undoable
        assert await _set(azure, plan) == "Failed"

    asyncio.run(story())


@pytest.mark.full
def test_a_set_whose_end_may_not_be_asked_for_is_taken_back_all_the_same(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan = await backend.prepare(await disks_draft(backend))
            azure.sandbox.fault("GET */operationStatuses/* status:403;times=1")
            ended = await backend.run(plan)
            assert ended.steps[0].state is StepState.UNKNOWN, ended.log
            assert "An undo takes it back." in str(ended.steps[0].error)
            back = await backend.undo(ended.operation)
            assert back.outcome is Outcome.DONE, back.log
        assert await _set(azure, plan) is None

    asyncio.run(story())
