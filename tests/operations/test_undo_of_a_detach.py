"""A detach that is undone soon: its grant was gone for a moment, and what lets nobody in later must cost no server its key."""

import asyncio

import pytest

from cmk_admin.domain.steps import Outcome
from cmk_admin.operations.interface import Boundary, WatchResult
from tests.operations.stories import Azure
from tests.operations.wizard_stories import ATTACHED, as_before, plan_detach, seen

_SPEED = 100
_GONE_SECONDS = 250.0
"""Azure's seconds for which the grant is gone. The server asks for its key every 240, so that once within them it is
refused; and a grant that is gone lets in for another 300, so that its key is accepted at once."""


@pytest.fixture
def azure(workshop: Azure) -> Azure:
    """The estate of the wizards."""
    return workshop


def test_a_server_that_gets_its_key_back_soon_keeps_it_and_is_followed_until_that_is_sure(azure: Azure) -> None:
    waited: list[str] = []

    async def story() -> None:
        before = await seen(azure)

        def at(boundary: Boundary) -> None:
            if (boundary.step, boundary.event) == (2, "accepted"):
                azure.sandbox.post("clock", {"speed": _SPEED})

        async with azure.opened() as backend:
            done = await backend.run(await plan_detach(backend), watch=False, on_boundary=at)
            assert done.outcome is Outcome.DONE, done.log
        await asyncio.sleep(_GONE_SECONDS / _SPEED)
        async with azure.opened() as backend:
            back = await backend.undo(
                done.operation, on_report=lambda report: waited.append(report.paused) if report.paused else None
            )
        assert [watch.result for watch in back.watch] == [WatchResult.CONFIRMED], back.log
        assert back.outcome is Outcome.DONE, back.log
        as_before("detach", before, await seen(azure))

    asyncio.run(story())
    assert any(f"{ATTACHED} gets its key at" in one for one in waited)
