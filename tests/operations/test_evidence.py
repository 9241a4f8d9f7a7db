"""What Azure said of each write is kept, and its own log's entry beside it."""

import asyncio
from datetime import datetime
from functools import partial
from itertools import pairwise

from cmk_admin.operations.interface import WatchResult
from tests.journeys.clients import Clients
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


CRYPTO_ROLES = (
    "12338af0-0e69-4776-bea7-57ae8d297424",
    "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",
    "00482a5a-887f-4fb3-b363-3b7fe8e74483",
)
"""Of Key Vault: Crypto User, Crypto Officer and Administrator."""


def test_the_entries_of_many_writes_are_found_in_one_answer_of_the_log(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            (own,) = (await plan_grants(backend)).steps
            facts = own.before or {}
            for role in CRYPTO_ROLES:
                grant = partial(Clients(azure.sandbox).grant, str(facts["scope"]), role, str(facts["principal_id"]))
                await asyncio.to_thread(grant)
            azure.sandbox.advance(900)
            plan = await plan_grants(backend)
            assert len(plan.steps) == 1 + len(CRYPTO_ROLES)
            marker = azure.sandbox.last_request()
            done = await backend.run(plan)
            assert all("Delete role assignment" in str(step.activity) for step in done.steps), done.steps
            asked = [one for one in azure.sandbox.requests(marker) if "/eventtypes/management" in one["path"].lower()]
            times = [datetime.fromisoformat(one["time"]) for one in asked]
            assert times
            assert all((after - before).total_seconds() > 0.5 for before, after in pairwise(times)), times

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
