"""A revoke that has ended is told as its paths were found last, whatever it said at its end."""

import asyncio

import pytest

from cmk_admin.cli.reports import operation_text, operations_text
from cmk_admin.domain.ids import last
from cmk_admin.domain.steps import Outcome
from cmk_admin.operations.interface import Incident
from tests.journeys.clients import Clients
from tests.operations.stories import Azure, plan_grants, taken
from tests.operations.test_own_steps import KEPT, own_step, plan_both, refuse


@pytest.mark.parametrize("closed", [False, True], ids=["open", "closed all the same"])
def test_what_a_later_revoke_closed_is_no_longer_told_as_open(azure: Azure, closed: bool) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan = await plan_both(backend)
            refuse(azure, plan, own_step(plan, KEPT))
            first = await backend.run(plan, watch=False)
            azure.sandbox.no_faults()
            if closed:
                first = await backend.close_incident(first.operation, anyway=True)
            assert first.left_open == (1, 0)
            assert first.sentence.endswith("1 path still open or unknown.")
            second = await backend.run(await plan_grants(backend, KEPT), watch=False)
            assert second.outcome is Outcome.DONE, second.log
            assert await taken(azure, plan)
            now = await backend.operation(first.operation)
            assert (now.outcome, now.left_open, now.open_paths) == (Outcome.PARTIAL, (0, 0), ())
            assert now.sentence.endswith("1 path still open or unknown; all paths were found closed since.")
            assert now.incident is (Incident.CLOSED if closed else Incident.OPEN)
            assert now.alarms == ()

    asyncio.run(story())


def test_a_revoke_of_another_key_reads_nothing_of_it_again(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            plan = await plan_both(backend)
            refuse(azure, plan, own_step(plan, KEPT))
            first = await backend.run(plan, watch=False)
            other = await plan_grants(backend, "dcc-reports-mysql")
            assert other.subject != plan.subject
            await backend.run(other, watch=False)
            now = await backend.operation(first.operation)
            assert now.proof == first.proof

    asyncio.run(story())


@pytest.mark.full
def test_the_command_line_says_of_a_revoke_that_was_done_that_it_is_open_again(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            cut = await backend.run(await plan_grants(backend), watch=False)
            assert f"Operation {cut.operation}: done\n" in operation_text(cut)
            [step] = cut.plan.steps if cut.plan else ()
            facts = dict(step.before or {})
            role = last(str(facts["role_definition_id"]))
            await asyncio.to_thread(Clients(azure.sandbox).grant, str(facts["scope"]), role, str(facts["principal_id"]))
            opened = await backend.prove(cut.operation)
            assert opened.outcome is Outcome.DONE
            text = operation_text(opened)
            assert (
                f"Operation {cut.operation}: done, open again\nDone: 1 of 1 change made; 1 path is open again.\n"
                in text
            )
            assert "done, open again" in operations_text(await backend.operations())
            azure.sandbox.fault("* * reset")
            unread = await backend.prove(cut.operation)
            assert f"Operation {cut.operation}: done, not proved\n" in operation_text(unread)
            assert "; 1 path is not known." in operation_text(unread)

    asyncio.run(story())
