"""Every write of every method, and of its restore, may go wrong in every way: the end is right all the same."""

import asyncio

import pytest

from cmk_admin.domain.steps import StepState
from cmk_admin.operations.executors import Seen
from tests.operations.methods import METHODS, rotating, seen
from tests.operations.stories import Azure

_KINDS = ("status:503", "throttle:1", "reset", "timeout", "lost", "status:500")
_WRITES = {
    "operations": "PATCH dcc-premium.vault.azure.net*",
    "firewall": "PATCH management.azure.com*/vaults/*",
    "delete": "DELETE dcc-premium.vault.azure.net*",
    "stop": "POST management.azure.com*/stop",
    "rotation": "PUT dcc-premium.vault.azure.net*/rotationpolicy",
    "staged": "DELETE management.azure.com*/roleAssignments/*",
}
_BACK = _WRITES | {
    "delete": "POST dcc-premium.vault.azure.net*/recover",
    "stop": "POST management.azure.com*/start",
    "staged": "PUT management.azure.com*/roleAssignments/*",
}
_EVERYDAY = {("firewall", "revoke", "lost")}


def _cells() -> list[object]:
    return [
        pytest.param(what, turn, kind, marks=() if (what, turn, kind) in _EVERYDAY else pytest.mark.full)
        for what in METHODS
        for turn in ("revoke", "restore")
        for kind in _KINDS
    ]


@pytest.mark.parametrize(("what", "turn", "kind"), _cells())
def test_one_fault_on_a_write_does_not_change_the_end(azure: Azure, what: str, turn: str, kind: str) -> None:
    async def story() -> None:
        if what == "rotation":
            await rotating(azure)
        async with azure.opened() as backend:
            plan = await METHODS[what](backend)
            if turn == "revoke":
                azure.sandbox.fault(f"{_WRITES[what]} {kind};times=1")
            done = await backend.run(plan, watch=False)
            assert {s.state for s in done.steps} <= {StepState.DONE, StepState.SKIPPED}, done.log
            assert await seen(azure, done) == {Seen.AFTER}
            restore = await backend.prepare_restore(done.operation)
            if turn == "restore":
                azure.sandbox.fault(f"{_BACK[what]} {kind};times=1")
            back = await backend.run(restore, watch=False)
            assert {s.state for s in back.steps} <= {StepState.DONE, StepState.SKIPPED}, back.log
            assert await seen(azure, done) == {Seen.BEFORE}

    asyncio.run(story())
