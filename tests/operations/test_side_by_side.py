"""Steps of a revoke hold nothing up: not each other, and nothing else holds them up."""

import asyncio

from cmk_admin.domain.ids import last
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import Outcome, StepState
from cmk_admin.domain.verbs.revoke import RevokeDraft
from cmk_admin.operations.backend import OpenBackend
from cmk_admin.operations.interface import OperationReport, PathProof, Proof, WatchResult
from tests.operations.many_steps import plan_many
from tests.operations.stories import Azure, consumer, plan_grants, taken

_TEN = 10


def test_one_answer_that_is_held_does_not_hold_the_other_nine_up(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend, azure.session() as session:
            plan = await plan_many(backend, session, _TEN)
            azure.sandbox.fault(f"DELETE management.azure.com*/{last(plan.steps[2].target)} hold")
            accepted: set[int] = set()
            nine = asyncio.Event()

            def listen(step: int, event: str) -> None:
                if event == "done":
                    accepted.add(step)
                if len(accepted) == _TEN - 1:
                    nine.set()

            running = asyncio.create_task(backend.run(plan, watch=False, on_boundary=lambda b: listen(b.step, b.event)))
            await asyncio.wait_for(nine.wait(), 8)
            assert 3 not in accepted
            azure.sandbox.no_faults()
            done = await running
            assert {s.state for s in done.steps} == {StepState.DONE}, done.log
            assert await taken(azure, plan)

    asyncio.run(story())


def test_one_that_azure_refuses_is_named_with_a_way_on_and_the_others_are_done(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend, azure.session() as session:
            plan = await plan_many(backend, session, _TEN)
            azure.sandbox.fault(f"DELETE management.azure.com*/{last(plan.steps[2].target)} status:403")
            done = await backend.run(plan, watch=False)
            assert done.outcome is Outcome.PARTIAL
            assert [s.n for s in done.steps if s.state is StepState.FAILED] == [3]
            assert "Go on with the operation to try it again, or revoke another way" in str(done.steps[2].error)
            azure.sandbox.no_faults()
            again = await backend.resume(done.operation, watch=False)
            assert {s.state for s in again.steps} == {StepState.DONE}, again.log

    asyncio.run(story())


def test_a_revoke_overtakes_a_refresh_that_waits_for_azure(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan = await plan_grants(backend)
            azure.sandbox.fault("GET *.vault.azure.net* delay:6000")
            azure.sandbox.fault(
                "GET management.azure.com*/providers/microsoft.authorization/roleassignments delay:6000"
            )
            refresh = asyncio.create_task(backend.read())
            await asyncio.sleep(1)
            loop = asyncio.get_running_loop()
            began, accepted = loop.time(), asyncio.Event()
            running = asyncio.create_task(
                backend.run(plan, watch=False, on_boundary=lambda b: accepted.set() if b.event == "accepted" else None)
            )
            await asyncio.wait_for(accepted.wait(), 4)
            assert loop.time() - began < 3
            assert not refresh.done()
            azure.sandbox.no_faults()
            done = await running
            assert {s.state for s in done.steps} == {StepState.DONE}, done.log
            await refresh

    asyncio.run(story())


def test_a_service_that_is_cut_is_seen_while_another_step_waits_for_its_turn(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan, slow = await _plan_two(backend)
            azure.sandbox.fault(f"DELETE management.azure.com*/{last(plan.steps[slow - 1].target)} throttle:8;times=1")
            cut, seen = asyncio.Event(), asyncio.Event()

            def listen(report: OperationReport) -> None:
                if any(step.state is StepState.DONE for step in report.steps):
                    cut.set()
                results = {watch.consumer_name: watch.result for watch in report.watch}
                if results.get("dcc-mysql") is WatchResult.CONFIRMED and report.steps[slow - 1].state != StepState.DONE:
                    seen.set()

            running = asyncio.create_task(backend.run(plan, watch=True, on_report=listen))
            await asyncio.wait_for(cut.wait(), 5)
            azure.sandbox.advance(1200)
            done = await running
            assert seen.is_set(), done.log
            assert done.outcome is Outcome.DONE, done.log

    asyncio.run(story())


def test_what_is_closed_is_proved_while_another_step_is_held_up(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan, held = await _plan_two(backend)
            azure.sandbox.fault(f"DELETE management.azure.com*/{last(plan.steps[held - 1].target)} hold")
            proved = asyncio.Event()
            proofs: list[Proof] = []

            def listen(report: OperationReport) -> None:
                if report.proof is not None and report.steps[held - 1].state is not StepState.DONE:
                    proofs.append(report.proof)
                    proved.set()

            running = asyncio.create_task(backend.run(plan, watch=False, on_report=listen))
            await asyncio.wait_for(proved.wait(), 15)
            azure.sandbox.no_faults()
            done = await running
        assert {s.state for s in done.steps} == {StepState.DONE}, done.log
        assert _of(proofs[0], "dcc-mysql-id") == {PathProof.CLOSED}
        assert done.proof is not None
        assert not done.proof.left

    asyncio.run(story())


async def _plan_two(backend: OpenBackend) -> tuple[Plan, int]:
    """Cut two servers off one key by their grants, and which step is the second one's."""
    estate = await backend.read()
    first, second = (consumer(estate, name) for name in ("dcc-mysql", "dcc-mysql-single"))
    both = RevokeDraft(key=first.slots[0].key_id.key, consumers=(first.id, second.id), method="grants")
    plan = await backend.prepare_revoke(both)
    return plan, next(n for n, step in enumerate(plan.steps, start=1) if "single" in step.words)


def _of(proof: Proof, principal: str) -> set[PathProof]:
    return {one.state for one in proof.paths if one.path.principal_name == principal}
