"""What Azure said of each write is kept, and its own log's entry beside it."""

import asyncio

from cmk_admin.operations.interface import WatchResult
from tests.operations.methods import plan_stop
from tests.operations.stories import Azure, plan_disable, plan_grants


def test_a_write_keeps_azures_date_and_correlation_id_and_its_entry_in_the_activity_log(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            done = await backend.run(await plan_grants(backend))
            (step,) = done.steps
            assert step.azure_date is not None
            assert step.azure_date.endswith("GMT")
            (write,) = [w for w in azure.sent() if w["method"] == "DELETE"]
            assert step.correlation_id
            assert step.activity is not None
            assert "by " in step.activity
            assert write["status"] in (200, 204)
            assert (await backend.operation(done.operation)).steps == done.steps

    asyncio.run(story())


def test_a_write_to_a_vault_says_where_it_is_logged_instead(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            done = await backend.run(await plan_disable(backend), watch=False)
            assert all(step.azure_date and step.correlation_id for step in done.steps)
            assert all("audit log" in str(step.activity) for step in done.steps)

    asyncio.run(story())


def test_a_server_that_the_plan_stopped_is_no_proof_that_its_key_is_refused(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            done = await backend.run(await plan_stop(backend))
            (watch,) = done.watch
            assert watch.result is WatchResult.NOT_CONFIRMED
            assert "stopped by this plan at" in str(watch.reason)

    asyncio.run(story())
