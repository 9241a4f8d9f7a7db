"""A service whose own step was not done was not cut, or not given back: its watch says so and contradicts nothing."""

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest

from cmk_admin.cloud import roles
from cmk_admin.domain.ids import last
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import Outcome, StepState
from cmk_admin.domain.verbs.revoke import RevokeDraft
from cmk_admin.operations.backend import OpenBackend
from cmk_admin.operations.interface import OperationReport, WatchResult
from tests.operations.stories import Azure, consumer, plan_disable, plan_grants, state_of

CUT, KEPT = "dcc-mysql", "dcc-mysql-single"


async def plan_both(backend: OpenBackend, *choices: str) -> Plan:
    """Cut two servers off their key, each by the grant of its own identity."""
    both = [consumer(backend.estate or await backend.read(), name) for name in (CUT, KEPT)]
    named = tuple(one.id for one in both)
    key = both[0].slots[0].key_id.key
    return await backend.prepare_revoke(RevokeDraft(key=key, consumers=named, method="grants", choices=choices))


def own_steps(plan: Plan, name: str) -> tuple[int, ...]:
    [watch] = [watch for watch in plan.watches if last(watch.consumer_id) == name]
    return watch.steps


def own_step(plan: Plan, name: str) -> int:
    [n] = own_steps(plan, name)
    return n


def refuse(azure: Azure, plan: Plan, n: int) -> None:
    """Let Azure refuse one step."""
    azure.sandbox.fault(f"DELETE management.azure.com*/{last(plan.steps[n - 1].target)} status:403")


def seen(report: OperationReport) -> dict[str, tuple[WatchResult, str | None]]:
    return {watch.consumer_name: (watch.result, watch.reason) for watch in report.watch}


def test_the_service_whose_step_failed_is_not_cut_and_followed_once_its_step_is_done(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan = await plan_both(backend)
            n = own_step(plan, KEPT)
            refuse(azure, plan, n)
            done = await backend.run(plan)
            assert done.outcome is Outcome.PARTIAL
            assert done.steps[n - 1].state is StepState.FAILED
            assert seen(done) == {
                CUT: (WatchResult.CONFIRMED, None),
                KEPT: (WatchResult.NOT_CONFIRMED, f"not cut: step {n} failed"),
            }
            waited = {watch.consumer_name: watch.seconds or 0.0 for watch in done.watch}
            assert waited[KEPT] < waited[CUT], "nobody waits for what was not cut"
            assert (await state_of(azure, plan, CUT), await state_of(azure, plan, KEPT)) == ("Inaccessible", "Ready")
            azure.sandbox.no_faults()
            again = await backend.resume(done.operation)
            assert again.outcome is Outcome.DONE, again.log
            assert seen(again) == {CUT: (WatchResult.CONFIRMED, None), KEPT: (WatchResult.CONFIRMED, None)}
            assert await state_of(azure, plan, KEPT) == "Inaccessible"

    asyncio.run(story())


def test_a_service_of_which_one_of_two_grants_is_left_is_followed_and_not_wholly_cut(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            await _grant_on_the_vault(azure, await plan_grants(backend, CUT))
            plan = await plan_grants(backend, CUT)
            assert [watch.steps for watch in plan.watches] == [(1, 2)]
            refuse(azure, plan, 2)
            done = await backend.run(plan)
            assert [step.state for step in done.steps] == [StepState.DONE, StepState.FAILED]
            [watch] = done.watch
            assert watch.result is WatchResult.NOT_CONFIRMED
            assert watch.reason == "not wholly cut: step 2 failed; its state is still Ready"
            assert (watch.seconds or 0.0) > 1200, "it was followed: what was taken might have been all that it lived on"
            assert await state_of(azure, plan, CUT) == "Ready"

    asyncio.run(story())


async def _grant_on_the_vault(azure: Azure, plan: Plan) -> None:
    """Give the plan's principal the same role once more, on the vault."""
    async with azure.session() as session:
        known = await roles.get_assignment(session, plan.steps[0].target)
        assert known is not None
        vault = dict(plan.context)["vault"]
        wide = f"{vault}/providers/Microsoft.Authorization/roleAssignments/{UUID(int=7)}"
        await roles.create_assignment(session, replace(known, id=wide, scope=vault))


def test_where_the_step_of_the_first_stage_failed_nothing_of_the_second_is_said_to_be_cut(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            first = consumer(await backend.read(), CUT).id
            plan = await plan_both(backend, f"staged:{first}", f"stop:{first}")
            refuse(azure, plan, own_step(plan, CUT))
            done = await backend.run(plan)
            assert [step.state for step in done.steps] == [StepState.FAILED, StepState.DONE, StepState.PLANNED], (
                done.log
            )
            assert seen(done) == {
                CUT: (WatchResult.NOT_CONFIRMED, "not cut: step 1 failed"),
                KEPT: (WatchResult.NOT_CONFIRMED, "not cut: step 3 was not begun"),
            }
            assert await state_of(azure, plan, KEPT) == "Ready"

    asyncio.run(story())


def test_a_service_that_loses_its_key_although_a_version_could_not_be_disabled_is_confirmed(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            key = consumer(await backend.read(), CUT).slots[0].key_id.key
            async with azure.session() as session:
                await session.vault("POST", key.host, f"/keys/{key.name}/create", body={"kty": "RSA-HSM"})
            plan = await plan_disable(backend, CUT)
            [spare] = [n for n, step in enumerate(plan.steps, 1) if step.words.endswith("(no known use)")]
            assert all(watch.steps == (1, 2) for watch in plan.watches)
            azure.sandbox.fault(f"PATCH {plan.steps[spare - 1].target.removeprefix('https://')}* status:403")
            done = await backend.run(plan)
            assert done.steps[spare - 1].state is StepState.FAILED
            assert seen(done) == dict.fromkeys((CUT, KEPT), (WatchResult.CONFIRMED, None))
            assert done.outcome is Outcome.PARTIAL

    asyncio.run(story())


@pytest.mark.full
def test_a_restore_says_of_each_service_what_was_not_given_back_and_follows_it_when_it_goes_on(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan = await plan_both(backend)
            cut = await backend.run(plan)
            restore = await backend.prepare_restore(cut.operation)
            assert [step.stage for step in restore.steps] == [0, 0, 1, 1]
            kept = last(plan.steps[own_step(plan, KEPT) - 1].target)
            azure.sandbox.fault(f"PUT management.azure.com*/{kept} status:403")
            back = await backend.run(restore)
            assert back.outcome is Outcome.PARTIAL
            first, second = (own_steps(restore, name) for name in (CUT, KEPT))
            nudged = f"not wholly given back: step {first[1]} was not begun; its state is still Inaccessible"
            assert seen(back) == {
                CUT: (WatchResult.NOT_CONFIRMED, nudged),
                KEPT: (WatchResult.NOT_CONFIRMED, f"not given back: step {second[0]} failed"),
            }
            azure.sandbox.no_faults()
            again = await backend.resume(back.operation)
            assert again.outcome is Outcome.DONE, again.log
            assert (await state_of(azure, plan, CUT), await state_of(azure, plan, KEPT)) == ("Ready", "Ready")

    asyncio.run(story())
