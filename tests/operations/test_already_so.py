"""A step that somebody else did meanwhile: it is said by whom, and the proof is read.

That the services are followed all the same stands in ``tests/journeys/test_cli_race.py``.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from cmk_admin.domain.steps import Outcome, StepState
from cmk_admin.operations.backend import OpenBackend
from cmk_admin.operations.interface import OperationReport, PathProof
from tests.journeys.clients import Clients
from tests.operations.stories import Azure, plan_disable, plan_grants, taken


@asynccontextmanager
async def two(azure: Azure, *, same_home: bool) -> AsyncIterator[tuple[OpenBackend, OpenBackend]]:
    """Two people who do not know of each other, or two windows of one."""
    elsewhere = azure.home if same_home else azure.home.with_name("elsewhere")
    async with azure.opened() as one, azure.opened(home=elsewhere) as other:
        yield one, other


def whole(report: OperationReport) -> None:
    """Somebody else's doing, told and proven."""
    assert report.outcome is Outcome.DONE, report.sentence
    assert [step.state for step in report.steps] == [StepState.SKIPPED]
    assert report.open_paths == ()
    assert report.incident is None
    assert report.proof is not None
    assert {path.state for path in report.proof.paths} == {PathProof.CLOSED}


@pytest.mark.parametrize("same_home", [True, False])
def test_a_grant_that_was_removed_meanwhile_says_by_whom_and_is_done(azure: Azure, same_home: bool) -> None:
    async def story() -> None:
        async with two(azure, same_home=same_home) as (one, other):
            plan, late = await plan_grants(one), await plan_grants(other)
            first = await one.run(plan, watch=False)
            azure.sandbox.advance(900)  # the Activity Log shows an event within minutes
            second = await other.run(late, watch=False)
            whole(second)
            assert await taken(azure, plan)
            assert await other.operation(second.operation) == second  # also after it was read from the journal
            said = str(second.steps[0].activity)
            if same_home:
                at = said.removeprefix(f"It was so already: done by operation {first.operation} of this connection at ")
                assert len(at) == len("12:00:00 UTC.")
            else:
                assert said.startswith("It was so already: Delete role assignment, ")
                assert said.endswith(", by administrator.")
            assert not second.undoable
            assert first.operation != second.operation

    asyncio.run(story())


def test_a_policy_that_was_taken_meanwhile_says_by_whom(azure: Azure) -> None:
    async def story() -> None:
        async with two(azure, same_home=False) as (one, other):
            plan, late = await plan_grants(one, "dcc-reports-mysql"), await plan_grants(other, "dcc-reports-mysql")
            await one.run(plan, watch=False)
            azure.sandbox.advance(900)
            second = await other.run(late, watch=False)
            whole(second)
            said = str(second.steps[0].activity)
            assert said.startswith("It was so already: ")
            assert said.endswith(", by administrator.")

    asyncio.run(story())


def test_a_version_that_was_disabled_meanwhile_says_that_no_log_tells_by_whom(azure: Azure) -> None:
    async def story() -> None:
        async with two(azure, same_home=False) as (one, other):
            plan, late = await plan_disable(one), await plan_disable(other)
            await one.run(plan, watch=False)
            second = await other.run(late, watch=False)
            whole(second)
            assert await taken(azure, plan)
            assert "By whom is not known" in str(second.steps[0].activity)

    asyncio.run(story())


def test_what_is_open_all_the_same_makes_it_partly_done_with_the_reason(azure: Azure) -> None:
    async def story() -> None:
        async with two(azure, same_home=False) as (one, other):
            plan, late = await plan_grants(one), await plan_grants(other)
            await one.run(plan, watch=False)
            facts = dict(plan.steps[0].before or {})
            role = str(facts["role_definition_id"]).rsplit("/", 1)[-1]
            granting = (str(facts["scope"]), role, str(facts["principal_id"]))
            await asyncio.to_thread(Clients(azure.sandbox).grant, *granting)
            second = await other.run(late, watch=False)
            assert [step.state for step in second.steps] == [StepState.SKIPPED]
            assert second.outcome is Outcome.PARTIAL
            assert [path.reason for path in second.open_paths] == ["it is still there"]
            assert "1 path still open or unknown" in second.sentence

    asyncio.run(story())
