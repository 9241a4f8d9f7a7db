"""Watching: only a change after the first write proves anything."""

import asyncio
import re

from cmk_admin.domain.steps import Outcome
from cmk_admin.operations.interface import Boundary, OperationReport, WatchResult
from tests.operations.stories import Azure, plan_disable, plan_grants, state_of


def test_a_server_that_was_lost_before_confirms_nothing(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan = await plan_grants(backend)
            disable = await plan_disable(backend)
            cut = await backend.run(plan)
            assert cut.outcome is Outcome.DONE
            done = await backend.run(disable)
            results = {w.consumer_name: (w.result, w.reason) for w in done.watch}
            assert results["dcc-mysql"] == (WatchResult.NOT_CONFIRMED, "was already lost before")
            assert results["dcc-mysql-single"] == (WatchResult.CONFIRMED, None)
            assert done.outcome is Outcome.PARTIAL
            assert re.search(
                r" dcc-mysql was without its data before, so that no loss could be seen; all paths are closed"
                r"(, which counts at the vault by \d\d:\d\d:\d\d UTC at the latest)?, and nothing is left to be done\.$",
                done.sentence,
            )

    asyncio.run(story())


def test_a_state_that_cannot_be_read_confirms_nothing(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan = await plan_grants(backend)
            azure.sandbox.fault("GET management.azure.com*/flexibleServers/dcc-mysql status:403;skip=1")
            done = await backend.run(plan)
            (watch,) = done.watch
            assert watch.result is WatchResult.NOT_CONFIRMED
            assert "could not be read" in str(watch.reason)
            assert done.outcome is Outcome.PARTIAL

    asyncio.run(story())


def test_a_signal_that_hangs_does_not_hold_up_the_writes_for_long(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan = await plan_grants(backend)
            azure.sandbox.fault("GET management.azure.com*/flexibleServers/dcc-mysql timeout;times=1")
            moments = []
            loop = asyncio.get_running_loop()
            began = loop.time()
            done = await backend.run(plan, on_boundary=lambda b: moments.append((b.event, loop.time() - began)))
            assert moments[0][0] == "intent"
            assert moments[0][1] < 9
            (watch,) = done.watch
            assert watch.before is None
            # it was seen up after the first write and lost then, so the change is proven all the same
            assert watch.result is WatchResult.CONFIRMED

    asyncio.run(story())


def test_watching_can_be_stopped_and_says_so(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            azure.sandbox.post("clock", {"speed": 1})
            plan = await plan_grants(backend)

            def stop(report: OperationReport) -> None:
                if report.watch and report.watch[0].seconds is not None and not report.cancel_requested:
                    tasks.append(loop.create_task(backend.cancel(report.operation)))

            loop = asyncio.get_running_loop()
            tasks: list[asyncio.Task[None]] = []
            done = await backend.run(plan, on_report=stop)
            assert done.outcome is Outcome.PARTIAL
            assert [(w.result, w.reason) for w in done.watch] == [(WatchResult.NOT_CONFIRMED, "watching was stopped")]
            await asyncio.gather(*tasks)

    asyncio.run(story())


def test_a_server_that_never_noticed_stays_up_through_revoke_and_restore(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            cut = await backend.run(await plan_grants(backend), watch=False)
            back = await backend.run(await backend.prepare_restore(cut.operation))
            assert back.outcome is Outcome.DONE, back.log
            (watch,) = back.watch
            assert watch.result is WatchResult.CONFIRMED
            assert watch.now == "Ready"

    asyncio.run(story())


def test_a_server_that_loses_its_key_while_the_grant_still_spreads_is_asked_again(azure: Azure) -> None:
    """The removal counts 300 s after it was made and the new grant 300 s after it was: between them nothing counts."""

    async def story() -> None:
        async with azure.opened() as backend:
            azure.sandbox.post("clock", {"speed": 30})
            cut = await backend.run(await plan_grants(backend), watch=False)
            restore = await backend.prepare_restore(cut.operation)
            azure.sandbox.advance(250)

            def hurry(boundary: Boundary) -> None:
                if (boundary.step, boundary.event) == (2, "done"):
                    azure.sandbox.advance(100)

            back = await backend.run(restore, on_boundary=hurry)
            assert back.outcome is Outcome.DONE, back.log
            (watch,) = back.watch
            assert (watch.before, watch.now, watch.result) == ("Ready", "Ready", WatchResult.CONFIRMED)
            asked = [w for w in azure.sent() if w["method"] == "PATCH"]
            assert len(asked) >= 2
            assert await state_of(azure, cut.plan or await plan_grants(backend)) == "Ready"

    asyncio.run(story())
