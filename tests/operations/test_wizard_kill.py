"""SIGKILL at every boundary of create-key, grant, attach and detach: gone on with or taken back, nobody loses a key."""

import asyncio

import pytest

from cmk_admin.domain.steps import Outcome, StepState
from cmk_admin.operations.backend import OpenBackend
from cmk_admin.operations.interface import OperationReport, WatchResult
from tests.operations.stories import Azure, killed
from tests.operations.wizard_stories import (
    MADE,
    NEW_KEY,
    SERVER,
    STEPS,
    as_before,
    as_wanted,
    has_its_key,
    key_facts,
    plan_attach,
    seen,
)

_EVENTS = ("intent", "sent", "accepted", "done")
_ALIKE = ("attach-single", "change")
"""Verbs whose steps are those of attach, at another kind of server or at one that has a key."""
_SILENT = ("attach-single", 2, "sent")
"""Nobody knows whether Azure has it, and the server does not show it: half an hour of Azure's is three seconds here."""
_EVERYDAY = {("attach", (3, "accepted")), ("create-key", (1, "accepted"))}


@pytest.fixture
def azure(workshop: Azure) -> Azure:
    """The estate of the wizards."""
    return workshop


def _cells() -> list[object]:
    """Every boundary of every step; all but a few stand in the full matrix."""
    cells = [
        (what, (n, event))
        for what, steps in STEPS.items()
        for n in range(1, steps + 1)
        for event in _EVENTS
        if what not in _ALIKE or event == "accepted" or (what, n, event) == _SILENT
    ]
    return [
        pytest.param(what, at, marks=() if (what, at) in _EVERYDAY else pytest.mark.full, id=f"{what}-{at[0]}-{at[1]}")
        for what, at in cells
    ]


def _done(report: OperationReport) -> None:
    assert report.outcome is Outcome.DONE, report.log
    assert {step.state for step in report.steps} <= {StepState.DONE, StepState.SKIPPED}
    assert {one.result for one in report.watch} <= {WatchResult.CONFIRMED}


async def _left(backend: OpenBackend) -> OperationReport:
    left = (await backend.operations())[0]
    assert (left.outcome, left.alive, left.resumable) == (Outcome.RUNNING, False, True)
    return left


async def _taken_back(backend: OpenBackend, operation: str, what: str) -> None:
    """An undo; a backup that was written stays, and then it is a part of it only."""
    back = await backend.undo(operation)
    partly = any("backup" in step.words for step in (await backend.operation(operation)).steps if step.undo is None)
    wanted = (Outcome.DONE, Outcome.PARTIAL) if what == "create-key" and partly else (Outcome.DONE,)
    assert back.outcome in wanted, back.log


@pytest.mark.parametrize(("what", "at"), _cells())
def test_what_was_killed_is_gone_on_with_to_the_same_end_and_taken_back_whole(
    azure: Azure, what: str, at: tuple[int, str]
) -> None:
    async def story() -> None:
        before = await seen(azure)
        killed(azure, what, at)
        async with azure.opened() as backend:
            left = await _left(backend)
            _done(await backend.resume(left.operation))
            as_wanted(azure, what, before, await seen(azure))
            await _taken_back(backend, left.operation, what)
        as_before(what, before, await seen(azure))

    asyncio.run(story())


@pytest.mark.parametrize(("what", "at"), _cells())
def test_what_was_killed_is_taken_back_to_the_state_before(azure: Azure, what: str, at: tuple[int, str]) -> None:
    async def story() -> None:
        before = await seen(azure)
        killed(azure, what, at)
        async with azure.opened() as backend:
            left = await _left(backend)
            assert left.undoable
            await _taken_back(backend, left.operation, what)
            assert (await backend.operation(left.operation)).resumable is False
        as_before(what, before, await seen(azure))

    asyncio.run(story())


@pytest.mark.full
@pytest.mark.parametrize(
    "at", [(n, event) for n in (1, 2, 3) for event in ("sent", "accepted")], ids=lambda at: f"{at[0]}-{at[1]}"
)
def test_an_undo_of_an_attach_that_is_killed_never_leaves_a_server_without_its_key(
    azure: Azure, at: tuple[int, str]
) -> None:
    async def story() -> None:
        before = await seen(azure)
        async with azure.opened() as backend:
            done = await backend.run(await plan_attach(backend))
            _done(done)
        killed(azure, "undo", at, done.operation)
        assert has_its_key(azure, await seen(azure), SERVER, MADE)  # also while it is being changed
        async with azure.opened() as backend:
            _done(await backend.resume((await _left(backend)).operation))
        as_before("attach", before, await seen(azure))

    asyncio.run(story())


def test_a_key_made_before_the_kill_is_not_made_twice(azure: Azure) -> None:
    async def story() -> None:
        killed(azure, "create-key", (1, "sent"))
        async with azure.opened() as backend:
            _done(await backend.resume((await _left(backend)).operation))
        creations = [one for one in azure.sent() if one["path"].endswith(f"/keys/{NEW_KEY.name}/create")]
        assert len(creations) == 1
        made = await key_facts(azure)
        assert made["tags"] == {"owner": "payments"}

    asyncio.run(story())
