"""SIGKILL at every boundary: what is left can be gone on with, or taken back, and ends in the right state."""

import asyncio

import pytest

from cmk_admin.domain.errors import Refused
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import Outcome, StepState
from cmk_admin.operations.backend import OpenBackend
from cmk_admin.operations.interface import OperationReport, WatchResult
from tests.operations.stories import PLANS, Azure, as_before, killed, state_of, taken

_EVENTS = ("intent", "sent", "accepted", "done")
_EVERYDAY = {("grants", (1, "sent")), ("restore", (2, "accepted"))}


def _cells(whats: dict[str, int]) -> list[object]:
    """Every boundary of every step; all but a few stand in the full matrix."""
    cells = [(what, (n, event)) for what, steps in whats.items() for n in range(1, steps + 1) for event in _EVENTS]
    return [
        pytest.param(what, at, marks=() if (what, at) in _EVERYDAY else pytest.mark.full, id=f"{what}-{at[0]}-{at[1]}")
        for what, at in cells
    ]


async def _left(backend: OpenBackend, verb: str) -> OperationReport:
    """What a killed process left: an operation that nobody runs and that can be gone on with."""
    left = (await backend.operations())[0]
    assert (left.verb, left.outcome, left.alive, left.resumable) == (verb, Outcome.RUNNING, False, True)
    return left


def _plan(report: OperationReport) -> Plan:
    assert report.plan is not None
    return report.plan


def _confirmed(report: OperationReport) -> None:
    assert report.outcome is Outcome.DONE, report.log
    assert {w.result for w in report.watch} == {WatchResult.CONFIRMED}
    assert {s.state for s in report.steps} <= {StepState.DONE, StepState.SKIPPED}


@pytest.mark.parametrize(("what", "at"), _cells({"grants": 1, "disable": 1}))
def test_a_killed_revoke_is_gone_on_with_to_the_same_end(azure: Azure, what: str, at: tuple[int, str]) -> None:
    async def story() -> None:
        killed(azure, what, at)
        async with azure.opened() as backend:
            left = await _left(backend, "revoke")
            done = await backend.resume(left.operation)
            _confirmed(done)
            assert await taken(azure, _plan(left))
            assert await state_of(azure, _plan(left)) == "Inaccessible"
            assert not done.resumable

    asyncio.run(story())


@pytest.mark.parametrize(("what", "at"), _cells({"grants": 1, "disable": 1}))
def test_a_killed_revoke_is_taken_back_to_the_state_before(azure: Azure, what: str, at: tuple[int, str]) -> None:
    async def story() -> None:
        killed(azure, what, at)
        async with azure.opened() as backend:
            left = await _left(backend, "revoke")
            assert left.undoable
            back = await backend.undo(left.operation)
            _confirmed(back)
            assert await as_before(azure, _plan(left))
            assert await state_of(azure, _plan(left)) == "Ready"
            answered = await backend.operation(left.operation)
            assert (answered.answered_by, answered.resumable) == (back.operation, False)
            assert answered.outcome is Outcome.CANCELLED

    asyncio.run(story())


async def _revoked(azure: Azure, method: str = "grants") -> tuple[str, Plan]:
    async with azure.opened() as backend:
        plan = await PLANS[method](backend)
        cut = await backend.run(plan)
        assert cut.outcome is Outcome.DONE, cut.log
        return cut.operation, plan


@pytest.mark.parametrize(("what", "at"), _cells({"restore": 2}))
def test_a_killed_restore_is_gone_on_with_until_the_server_is_back(
    azure: Azure, what: str, at: tuple[int, str]
) -> None:
    async def story() -> None:
        cut, plan = await _revoked(azure)
        killed(azure, what, at, cut)
        async with azure.opened() as backend:
            left = await _left(backend, "restore")
            _confirmed(await backend.resume(left.operation))
            assert await as_before(azure, plan)
            assert await state_of(azure, plan) == "Ready"

    asyncio.run(story())


@pytest.mark.parametrize(("what", "at"), _cells({"restore": 2}))
def test_a_killed_restore_is_not_turned_round_but_the_revoke_can_be_given_back_again(
    azure: Azure, what: str, at: tuple[int, str]
) -> None:
    async def story() -> None:
        cut, plan = await _revoked(azure)
        killed(azure, what, at, cut)
        async with azure.opened() as backend:
            left = await _left(backend, "restore")
            with pytest.raises(Refused, match="uses mysql-encryption-key"):
                await backend.undo(left.operation)
            if (await backend.operation(cut)).undoable:
                _confirmed(await backend.undo(cut))
                assert (await backend.operation(left.operation)).outcome is Outcome.CANCELLED
            else:  # every step of the restore had ended; only the watching was cut short
                assert at == (2, "done")
                _confirmed(await backend.resume(left.operation))
            assert await as_before(azure, plan)
            assert await state_of(azure, plan) == "Ready"

    asyncio.run(story())


@pytest.mark.full
@pytest.mark.parametrize("at", [(n, event) for n in (1, 2) for event in _EVENTS])
def test_a_killed_undo_is_gone_on_with(azure: Azure, at: tuple[int, str]) -> None:
    async def story() -> None:
        cut, plan = await _revoked(azure, "disable")
        killed(azure, "undo", at, cut)
        async with azure.opened() as backend:
            left = await _left(backend, "undo")
            _confirmed(await backend.resume(left.operation))
            assert await as_before(azure, plan)

    asyncio.run(story())


@pytest.mark.full
@pytest.mark.parametrize("event", ["intent", "sent", "accepted"])
def test_an_operation_that_is_killed_twice_still_ends(azure: Azure, event: str) -> None:
    async def story() -> None:
        killed(azure, "grants", (1, "intent"))
        async with azure.opened() as backend:
            left = await _left(backend, "revoke")
        killed(azure, "resume", (1, event), left.operation)
        async with azure.opened() as backend:
            left = await _left(backend, "revoke")
            _confirmed(await backend.resume(left.operation))

    asyncio.run(story())
