"""SIGKILL at every boundary of every method: gone on with it ends as planned, and taken back all is as before."""

import asyncio

import pytest

from cmk_admin.domain.steps import Outcome, StepState
from cmk_admin.operations.executors import Seen
from tests.operations.methods import METHODS, STEPS, rotating, seen, untouched
from tests.operations.stories import Azure, killed

_EVENTS = ("intent", "sent", "accepted", "done")
_EVERYDAY = {("operations", (1, "sent"))}


def _cells() -> list[object]:
    cells = [(what, (n, event)) for what, steps in STEPS.items() for n in range(1, steps + 1) for event in _EVENTS]
    return [
        pytest.param(what, at, marks=() if (what, at) in _EVERYDAY else pytest.mark.full, id=f"{what}-{at[0]}-{at[1]}")
        for what, at in cells
    ]


@pytest.mark.parametrize(("what", "at"), _cells())
def test_a_killed_revoke_is_gone_on_with_and_then_taken_back(azure: Azure, what: str, at: tuple[int, str]) -> None:
    async def story() -> None:
        if what == "rotation":
            await rotating(azure)
        killed(azure, what, at)
        async with azure.opened() as backend:
            (left,) = await backend.operations()
            assert (left.outcome, left.resumable) == (Outcome.RUNNING, True)
            assert left.plan is not None
            assert len(left.plan.steps) == STEPS[what], left.plan.steps
            done = await backend.resume(left.operation, watch=False)
            assert {s.state for s in done.steps} <= {StepState.DONE, StepState.SKIPPED}, done.log
            assert await seen(azure, done) == {Seen.AFTER}
            back = await backend.undo(left.operation, watch=False)
            assert {s.state for s in back.steps} <= {StepState.DONE, StepState.SKIPPED}, back.log
            assert await seen(azure, done) == {Seen.BEFORE}

    asyncio.run(story())


@pytest.mark.full
@pytest.mark.parametrize("what", [*METHODS])
@pytest.mark.parametrize("event", ["intent", "accepted"])
def test_a_killed_revoke_is_taken_back_without_going_on(azure: Azure, what: str, event: str) -> None:
    async def story() -> None:
        if what == "rotation":
            await rotating(azure)
        killed(azure, what, (1, event))
        async with azure.opened() as backend:
            (left,) = await backend.operations()
            assert left.plan is not None
            back = await backend.undo(left.operation, watch=False)
            assert {s.state for s in back.steps} <= {StepState.DONE, StepState.SKIPPED}, back.log
            assert await untouched(azure, left.plan)

    asyncio.run(story())
