"""Every call of a revoke and a restore may go wrong in every way: the end is right, and nothing is done twice blindly."""

import asyncio

import pytest

from cmk_admin.domain.steps import Outcome, StepState
from cmk_admin.operations.interface import WatchResult
from tests.operations.stories import PLANS, Azure, as_before, plan_grants, state_of, taken

_KINDS = ("status:503", "throttle:1", "reset", "timeout", "lost", "status:500")
_CALLS = {
    "look": "GET management.azure.com*/roleAssignments/*",
    "write": "DELETE management.azure.com*/roleAssignments/*",
    "signal": "GET management.azure.com*/flexibleServers/dcc-mysql",
    "paths": "GET management.azure.com*/roleAssignments",
    "give back": "PUT management.azure.com*/roleAssignments/*",
    "revalidate": "PATCH management.azure.com*/flexibleServers/*",
    "poll": "GET management.azure.com*perationStatuses/*",
    "versions": "GET dcc-premium.vault.azure.net*",
    "disable": "PATCH dcc-premium.vault.azure.net*",
}
_GRANTS = ("look", "write", "signal", "paths")
_DISABLE = ("versions", "disable")
_RESTORE = ("look", "signal", "give back", "revalidate", "poll")
_EVERYDAY = {("grants", "write", "lost"), ("disable", "disable", "status:503"), ("restore", "give back", "reset")}


def _cells() -> list[object]:
    calls = [("grants", c) for c in _GRANTS] + [("disable", c) for c in _DISABLE] + [("restore", c) for c in _RESTORE]
    return [
        pytest.param(
            what,
            call,
            kind,
            marks=() if (what, call, kind) in _EVERYDAY else pytest.mark.full,
            id=f"{what}-{call}-{kind}".replace(" ", "-"),
        )
        for what, call in calls
        for kind in _KINDS
    ]


@pytest.mark.parametrize(("what", "call", "kind"), _cells())
def test_one_fault_on_any_call_does_not_change_the_end(azure: Azure, what: str, call: str, kind: str) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan = await PLANS["disable" if what == "disable" else "grants"](backend)
            if what == "restore":
                cut = await backend.run(plan)
                assert cut.outcome is Outcome.DONE, cut.log
                restore = await backend.prepare_restore(cut.operation)
                azure.sandbox.fault(f"{_CALLS[call]} {kind};times=1")
                done = await backend.run(restore)
                assert await as_before(azure, plan)
                assert await state_of(azure, plan) == "Ready"
            else:
                azure.sandbox.fault(f"{_CALLS[call]} {kind};times=1")
                done = await backend.run(plan)
                assert await taken(azure, plan)
                assert await state_of(azure, plan) == "Inaccessible"
            assert {s.state for s in done.steps} <= {StepState.DONE, StepState.SKIPPED}, done.log
            assert {w.result for w in done.watch} == {WatchResult.CONFIRMED}
            assert done.outcome is Outcome.DONE, done.log

    asyncio.run(story())


def test_a_write_whose_answer_was_lost_is_not_sent_twice(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan = await plan_grants(backend)
            azure.sandbox.fault("DELETE management.azure.com* lost;times=1")
            done = await backend.run(plan, watch=False)
            assert done.outcome is Outcome.DONE
            assert [w["method"] for w in azure.sent()].count("DELETE") == 1

    asyncio.run(story())


@pytest.mark.parametrize(("method", "looks"), [("grants", "look"), ("disable", "versions")])
def test_a_restore_writes_nothing_over_what_it_could_not_look_at(azure: Azure, method: str, looks: str) -> None:
    """Only a revoke may write unseen: whoever gives back could overwrite what somebody else did since."""

    async def story() -> None:
        async with azure.opened() as backend:
            plan = await PLANS[method](backend)
            cut = await backend.run(plan, watch=False)
            restore = await backend.prepare_restore(cut.operation)
            before = azure.sandbox.last_request()
            azure.sandbox.fault(f"{_CALLS[looks]} status:403")
            done = await backend.run(restore, watch=False)
            assert azure.sent(before) == []
            assert done.outcome is Outcome.FAILED
            assert {s.state for s in done.steps[: len(plan.steps)]} == {StepState.FAILED}
            assert "Nothing was sent" in (done.steps[0].error or "")
            azure.sandbox.no_faults()
            assert await taken(azure, plan)

    asyncio.run(story())


def test_a_write_that_never_succeeds_fails_with_azures_sentence_and_can_be_gone_on_with(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan = await plan_grants(backend)
            azure.sandbox.fault("DELETE management.azure.com* status:403")
            done = await backend.run(plan, watch=False)
            assert done.outcome is Outcome.FAILED
            assert done.steps[0].error
            assert await as_before(azure, plan)
            azure.sandbox.no_faults()
            again = await backend.resume(done.operation, watch=False)
            assert again.outcome is Outcome.DONE

    asyncio.run(story())


def test_the_looks_and_signals_of_a_revoke_leave_together_and_its_writes_after_one_round_trip(azure: Azure) -> None:
    """Every answer takes a second: one round trip to look, one to write; in line they would take four or more."""

    async def story() -> None:
        async with azure.opened() as backend:
            plan = await plan_grants(backend)
            azure.sandbox.fault("* management.azure.com* delay:1000")
            loop = asyncio.get_running_loop()
            began = loop.time()
            accepted: list[float] = []
            await backend.run(
                plan,
                watch=True,
                on_boundary=lambda b: accepted.append(loop.time() - began) if b.event == "accepted" else None,
            )
            assert accepted[-1] < 2.9

    asyncio.run(story())
