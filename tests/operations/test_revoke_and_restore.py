"""The whole path: cut off, watch it stop, give back, watch it return."""

import asyncio

import pytest

from cmk_admin.domain.errors import BadInput, Refused
from cmk_admin.domain.steps import Outcome, StepState
from cmk_admin.operations.interface import OperationReport, WatchResult
from tests.operations.stories import PLANS, Azure, Seen, as_before, plan_grants, state_of, taken


@pytest.mark.parametrize("method", ["grants", "disable"])
def test_a_revoked_server_is_confirmed_inaccessible_and_comes_back_with_its_key(azure: Azure, method: str) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan = await PLANS[method](backend)
            cut = await backend.run(plan)
            assert cut.outcome is Outcome.DONE, cut.log
            assert {w.result for w in cut.watch} == {WatchResult.CONFIRMED}
            assert cut.open_paths == ()
            assert all(step.request_id for step in cut.steps)
            assert await taken(azure, plan)
            assert await state_of(azure, plan) == "Inaccessible"

            back = await backend.run(await backend.prepare_restore(cut.operation))
            assert back.outcome is Outcome.DONE, back.log
            assert {w.result for w in back.watch} == {WatchResult.CONFIRMED}
            assert await as_before(azure, plan)
            assert await state_of(azure, plan) == "Ready"
            answered = await backend.operation(cut.operation)
            assert (answered.answered_by, answered.resumable, answered.undoable) == (back.operation, False, False)

    asyncio.run(story())


def test_the_time_of_a_confirmation_is_azures_and_counts_from_the_first_write(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            (watch,) = (await backend.run(await plan_grants(backend))).watch
            assert watch.seconds is not None
            assert watch.wall_seconds is not None
            assert watch.seconds == pytest.approx(watch.wall_seconds * backend.info.speed)
            # a removed role assignment counts after 300 of the sandbox's seconds at the earliest
            assert watch.seconds >= 300
            assert (watch.before, watch.now) == ("Ready", "Inaccessible")

    asyncio.run(story())


def test_boundaries_come_in_order_and_only_after_the_journal_has_them(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            seen = Seen()
            plan = await plan_grants(backend)
            done = await backend.run(plan, watch=False, on_boundary=seen.boundaries.append)
            assert seen.events == [(1, "intent"), (1, "sent"), (1, "accepted"), (1, "done")]
            assert {(b.operation, b.of) for b in seen.boundaries} == {(done.operation, 1)}

    asyncio.run(story())


def test_listeners_hear_of_changes_and_always_of_the_end(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            reports: list[OperationReport] = []
            done = await backend.run(await plan_grants(backend), on_report=reports.append)
            assert reports[-1] == done
            assert not done.alive
            assert reports[0].alive
            assert {r.outcome for r in reports[:-1]} == {Outcome.RUNNING}

    asyncio.run(story())


def test_without_watching_it_is_done_when_every_write_is_accepted_and_no_path_is_open(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            done = await backend.run(await plan_grants(backend), watch=False)
            assert (done.outcome, done.watch, done.open_paths) == (Outcome.DONE, (), ())

    asyncio.run(story())


def test_what_was_given_back_is_not_given_back_twice(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            cut = await backend.run(await plan_grants(backend), watch=False)
            await backend.run(await backend.prepare_restore(cut.operation), watch=False)
            with pytest.raises(Refused, match="already given back"):
                await backend.prepare_restore(cut.operation)
            with pytest.raises(Refused, match="already given back"):
                await backend.undo(cut.operation)

    asyncio.run(story())


def test_a_step_that_is_already_so_is_skipped_and_nothing_is_sent(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan = await plan_grants(backend)
            await backend.run(plan, watch=False)
            before = len(azure.sent())
            again = await backend.run(plan, watch=False)
            assert [s.state for s in again.steps] == [StepState.SKIPPED]
            assert again.outcome is Outcome.DONE
            assert len(azure.sent()) == before

    asyncio.run(story())


def test_a_restore_from_the_revokes_own_file_gives_the_same_back(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan = await plan_grants(backend)
            cut = await backend.run(plan, watch=False)
            (file,) = (backend.info.folder / "rollback").iterdir()
            assert file.stat().st_mode & 0o077 == 0
        async with azure.opened(home=azure.home.with_name("elsewhere")) as other:
            restore = await other.prepare_restore(str(file))
            assert restore.answers == cut.operation
            back = await other.run(restore, watch=False)
            assert back.outcome is Outcome.DONE
            assert await as_before(azure, plan)

    asyncio.run(story())


def test_an_operation_that_this_connection_does_not_know_is_bad_input(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            for name in ("nothing", "", "%"):
                with pytest.raises(BadInput, match="no operation"):
                    await backend.operation(name)
            with pytest.raises(BadInput):
                await backend.prepare_restore(str(azure.home / "missing.json"))

    asyncio.run(story())


def test_an_operation_is_found_by_the_beginning_of_its_id(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            done = await backend.run(await plan_grants(backend), watch=False)
            assert (await backend.operation(done.operation[:5])).operation == done.operation
            (listed,) = await backend.operations()
            assert listed.plan == done.plan

    asyncio.run(story())
