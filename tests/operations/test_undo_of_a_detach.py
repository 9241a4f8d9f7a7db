"""A detach that is undone soon: its grant was gone for a moment, and what lets nobody in later must cost no server its key."""

import asyncio

import pytest

from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import Outcome
from cmk_admin.domain.verbs.attach import AttachDraft
from cmk_admin.domain.verbs.detach import DetachDraft
from cmk_admin.operations.backend import OpenBackend
from cmk_admin.operations.interface import Boundary, OperationReport, WatchResult
from tests.journeys.clients import Clients
from tests.journeys.workshop import Workshop
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


@pytest.mark.full
@pytest.mark.parametrize("how", ["undo", "attach"])
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
                plan = await backend.prepare_undo(done.operation)
                assert any(
                    f"{ATTACHED} gets its key only 10 minutes after the role came back" in one for one in plan.warnings
                )
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
    assert any(
        f"{ATTACHED} gets its key at" in one
        and "“Give role Key Vault Crypto" in one
        and "ws-attached-id” is sure" in one
        for one in waited
    ), waited


def test_an_undo_says_before_that_nobody_gives_the_identity_its_grant_again(azure: Azure) -> None:
    async def story() -> None:
        admin, mine = Clients(azure.sandbox), Clients(azure.sandbox, "ws-attached-id").object_id
        async with azure.opened() as backend:
            server = await target(backend, "mysql-flexible", ATTACHED)
            detach = await backend.prepare(DetachDraft(consumer=server.id, service="mysql-flexible"))
            done = await backend.run(detach, watch=False)
            assert done.outcome is Outcome.DONE, done.log
            assert not _missing(await backend.prepare_undo(done.operation))
            scope = Workshop(azure.sandbox).scope("ws-premium", "used-key")
            for name, (who, *_) in (await asyncio.to_thread(admin.grants, scope)).items():
                if who == mine:
                    await asyncio.to_thread(admin.remove_grant, scope, name)
            azure.sandbox.advance(900)  # a grant that is gone goes on letting in for some minutes
            plan = await backend.prepare_undo(done.operation)
            assert _missing(plan) == [
                f"ws-attached-id has no grant on used-key, and no step gives it one: Azure will refuse "
                f"“{plan.steps[0].words}”. Grant it access to used-key first."
            ]
            back = await backend.run(plan, watch=False)
            assert back.outcome is Outcome.FAILED, back.log
            assert f"Azure answered 400 for {ATTACHED}: " in str(back.steps[0].error)

    asyncio.run(story())


def _missing(plan: Plan) -> list[str]:
    return [one for one in plan.warnings if "has no grant" in one]


async def _plan_attach_again(backend: OpenBackend) -> Plan:
    """The key that it had, by the identity that it carries."""
    server = await target(backend, "mysql-flexible", ATTACHED)
    key = KeyId(PREMIUM, "used-key")
    found = await backend.prepare(AttachDraft(key=key, consumer=server.id, service="mysql-flexible"))
    assert not found.problems
    return found
