"""SIGKILL at every boundary of every method: gone on with it ends as planned, and taken back all is as before."""

import asyncio

import pytest

from cmk_admin.domain.errors import Refused
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import Outcome, StepState, StepVerb
from cmk_admin.domain.verbs.revoke import RevokeDraft
from cmk_admin.operations.backend import OpenBackend
from cmk_admin.operations.executors import EXECUTORS, Seen
from cmk_admin.operations.interface import OperationReport
from tests.operations.methods import METHODS, STEPS, rotating, seen, untouched
from tests.operations.stories import Azure, consumer, killed, plan_disable, plan_grants

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


_BACK = {**STEPS, "stop": 3}
"""Steps of each restore."""
_NOT_CROSSED = {("stop", (2, "done"))}
"""A server that starts before its grant counts is found started, without its key, and is revalidated then."""


def _restores() -> list[tuple[str, tuple[int, str]]]:
    cells = [(what, (n, event)) for what, steps in _BACK.items() for n in range(1, steps + 1) for event in _EVENTS]
    return [cell for cell in cells if cell not in _NOT_CROSSED]


async def _cut(azure: Azure, what: str) -> OperationReport:
    """Revoked and at its end, by a connection that is closed then."""
    if what == "rotation":
        await rotating(azure)
    async with azure.opened() as backend:
        done = await backend.run(await METHODS[what](backend), watch=False)
        assert {s.state for s in done.steps} <= {StepState.DONE, StepState.SKIPPED}, done.log
        return done


@pytest.mark.full
@pytest.mark.parametrize("then", ["resume", "restore"])
@pytest.mark.parametrize(("what", "at"), _restores())
def test_a_killed_restore_is_gone_on_with_or_made_again(
    azure: Azure, what: str, at: tuple[int, str], then: str
) -> None:
    async def story() -> None:
        cut = await _cut(azure, what)
        killed(azure, "restore", at, cut.operation)
        async with azure.opened() as backend:
            left = next(one for one in await backend.operations() if one.operation != cut.operation)
            assert (left.outcome, left.resumable) == (Outcome.RUNNING, True)
            whole = all(s.state in (StepState.DONE, StepState.SKIPPED) for s in left.steps)
            if whole:
                with pytest.raises(Refused, match="already given back"):
                    await backend.prepare_restore(cut.operation)
            if whole or then == "resume":
                back = await backend.resume(left.operation, watch=False)
            else:
                back = await backend.run(await backend.prepare_restore(cut.operation), watch=False)
            assert {s.state for s in back.steps} <= {StepState.DONE, StepState.SKIPPED}, back.log
            assert await seen(azure, cut) == {Seen.BEFORE}
            await _cut_again(azure, backend, what, cut)

    asyncio.run(story())


async def _plan_both(backend: OpenBackend) -> Plan:
    estate = backend.estate or await backend.read()
    both = [consumer(estate, name) for name in ("dcc-mysql", "dcc-mysql-single")]
    draft = RevokeDraft(key=both[0].slots[0].key_id.key, consumers=tuple(one.id for one in both))
    return await backend.prepare_revoke(draft)


_AGAIN = {**METHODS, "stop": plan_grants, "rotation": plan_disable, "staged": _plan_both}
"""The same without what was chosen besides, which may be as it was chosen already."""
_BESIDES = {StepVerb.STOP_CONSUMER, StepVerb.SET_ROTATION}


async def _cut_again(azure: Azure, backend: OpenBackend, what: str, cut: OperationReport) -> None:
    """What was given back, or a part of it, is taken once more, from how it stands now."""
    await backend.read()
    done = await backend.run(await _AGAIN[what](backend), watch=False)
    assert {s.state for s in done.steps} <= {StepState.DONE, StepState.SKIPPED}, done.log
    assert cut.plan is not None
    closing = [step for step in cut.plan.steps if step.verb not in _BESIDES]
    async with azure.session() as session:
        assert {(await EXECUTORS[step.verb].look(session, step)).seen for step in closing} == {Seen.AFTER}


@pytest.mark.full
@pytest.mark.parametrize(("what", "at"), [cell for cell in _restores() if cell[1][1] in ("sent", "accepted")])
def test_what_a_killed_restore_gave_back_is_taken_again_without_going_on(
    azure: Azure, what: str, at: tuple[int, str]
) -> None:
    async def story() -> None:
        cut = await _cut(azure, what)
        killed(azure, "restore", at, cut.operation)
        async with azure.opened() as backend:
            await _cut_again(azure, backend, what, cut)

    asyncio.run(story())
