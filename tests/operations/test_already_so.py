"""A step that somebody else did meanwhile: it is said by whom, and the proof is read.

That the services are followed all the same stands in ``tests/journeys/test_cli_race.py``.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import Outcome, StepState
from cmk_admin.domain.verbs.revoke import RevokeDraft
from cmk_admin.operations.backend import OpenBackend
from cmk_admin.operations.interface import Boundary, OperationReport, PathProof
from tests.journeys.clients import Clients
from tests.operations.stories import Azure, consumer, plan_disable, plan_grants, taken


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


async def _again(backend: OpenBackend, name: str, **more: object) -> Plan:
    """The same service on the same key, as the window asks for it: no method is named."""
    one = consumer(backend.estate or await backend.read(), name)
    draft = RevokeDraft(key=one.slots[0].key_id.key, consumers=(one.id,), best=True)
    return await backend.prepare_revoke(replace(draft, **more))  # type: ignore[arg-type]


@pytest.mark.parametrize("best", [True, False])
def test_a_service_that_is_cut_already_is_said_to_be_and_nobody_else_is_offered_up(azure: Azure, best: bool) -> None:
    async def story(backend: OpenBackend) -> None:
        first = await backend.run(await plan_grants(backend), watch=False)
        since = azure.sandbox.last_request()
        plan = await _again(backend, "dcc-mysql", best=best)
        assert (plan.method, plan.steps, plan.effects, plan.paths) == ("grants", (), (), ())
        assert plan.problems[0] == (
            "dcc-mysql has no grant on mysql-encryption-key any more: no path of its identity is left. "
            "Azure may let it in for up to 10 minutes after the last was removed."
        )
        assert plan.problems[1].startswith(f"Operation {first.operation} of this connection did it at ")
        assert not [one.name for one in plan.methods if one.recommended]
        assert not azure.sent(since)

    azure.run(story)


def test_a_key_that_is_shut_already_is_said_to_be_and_no_other_method_takes_its_place(azure: Azure) -> None:
    async def story(backend: OpenBackend) -> None:
        first = await backend.run(await plan_disable(backend), watch=False)
        plan = await _again(backend, "dcc-mysql", consumers=())
        assert (plan.method, plan.steps, plan.effects) == ("disable", (), ())
        assert "disabled already" in plan.problems[0]
        assert first.operation in plan.problems[1]
        assert not [one.name for one in plan.methods if one.recommended]
        assert not any("held up" in (one.reason or "") for one in plan.methods)

    azure.run(story)


def test_who_was_given_the_key_back_is_cut_anew_and_no_former_operation_is_named(azure: Azure) -> None:
    async def story(backend: OpenBackend) -> None:
        first = await backend.run(await plan_grants(backend), watch=False)
        await backend.run(await backend.prepare_restore(first.operation), watch=False)
        plan = await _again(backend, "dcc-mysql")
        assert (plan.method, len(plan.steps), plan.problems) == ("grants", 1, ())
        assert not any(first.operation in one for one in (*plan.warnings, *plan.problems))

    azure.run(story)


def test_a_plan_says_that_an_operation_does_the_same_just_now(azure: Azure) -> None:
    async def story(backend: OpenBackend) -> None:
        azure.sandbox.fault("DELETE *roleassignments* hold;times=1")
        plan = await plan_grants(backend)
        sent = asyncio.Event()

        def at(boundary: Boundary) -> None:
            if boundary.event == "sent":
                sent.set()

        running = asyncio.ensure_future(backend.run(plan, watch=False, on_boundary=at))
        await sent.wait()
        again = await _again(backend, "dcc-mysql")
        azure.sandbox.post("release")
        done = await running
        assert done.outcome is Outcome.DONE, done.sentence
        assert again.warnings[0].startswith(
            f"Operation {done.operation} of this connection, which does the same, has not"
        )
        assert again.method == "grants"
        assert not [one.name for one in again.methods if one.recommended and one.name != "grants"]

    azure.run(story)
