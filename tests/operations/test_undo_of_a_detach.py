"""A detach that is undone soon: its grant was gone for a moment, and what lets nobody in later must cost no server its key."""

import asyncio

import pytest

from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import Outcome
from cmk_admin.domain.verbs.attach import AttachDraft
from cmk_admin.operations.backend import OpenBackend
from cmk_admin.operations.interface import Boundary, OperationReport, WatchResult
from tests.operations.attaching import PREMIUM, target
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


@pytest.mark.parametrize("how", ["undo", pytest.param("attach", marks=pytest.mark.full)])
def test_a_server_that_gets_its_key_back_soon_keeps_it_and_is_followed_until_that_is_sure(
    azure: Azure, how: str
) -> None:
    waited: list[str] = []

    def told(report: OperationReport) -> None:
        if report.paused:
            waited.append(report.paused)

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
            if how == "undo":
                back = await backend.undo(done.operation, on_report=told)
            else:
                back = await backend.run(await _plan_attach_again(backend), on_report=told)
        assert [watch.result for watch in back.watch] == [WatchResult.CONFIRMED], back.log
        assert back.outcome is Outcome.DONE, back.log
        now = await seen(azure)
        assert now.server(ATTACHED)[0] == "Ready"
        assert not now.refusing
        if how == "undo":
            as_before("detach", before, now)

    asyncio.run(story())
    assert any(f"{ATTACHED} gets its key at" in one for one in waited)


async def _plan_attach_again(backend: OpenBackend) -> Plan:
    """The key that it had, by the identity that it carries."""
    server = await target(backend, "mysql-flexible", ATTACHED)
    key = KeyId(PREMIUM, "used-key")
    found = await backend.prepare(AttachDraft(key=key, consumer=server.id, service="mysql-flexible"))
    assert not found.problems
    return found
