"""A revoke that activates a role of one's own: what needs it waits for it, the rest is done at once."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cmk_admin.domain.ids import KeyId, fold
from cmk_admin.domain.steps import Outcome, StepState, StepVerb
from cmk_admin.domain.verbs.revoke import RevokeDraft
from cmk_admin.operations.backend import OpenBackend
from cmk_admin.operations.interface import OperationReport
from tests.journeys.clients import Clients
from tests.operations.methods import plan_activated
from tests.operations.stories import Azure, consumer, killed
from tests.support import serve

OWN = KeyId("in-main.vault.azure.net", "own-key")
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[Azure]:
    running = serve(tmp_path / "azure", speed=600, scenario="incident")
    yield Azure(running, tmp_path / "home")
    running.stop()


@pytest.fixture
def stopper(azure: Azure) -> Azure:
    """The responder may stop services besides."""
    responder = azure.sandbox.described["principals"]["responder"]["object_id"]
    for subscription in azure.sandbox.described["subscriptions"]:
        scope = f"/subscriptions/{subscription}/resourceGroups/in-services"
        Clients(azure.sandbox).grant(scope, CONTRIBUTOR, responder)
    azure.sandbox.advance(600)
    return azure


async def _until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not is_so():  # noqa: ASYNC110 - it is the sandbox, in a process of its own, that is waited for
            await asyncio.sleep(0.05)


def _asked(azure: Azure) -> bool:
    return any("roleassignmentschedulerequests" in one["path"].lower() for one in azure.sent())


def _enabled(azure: Azure) -> bool:
    keys = Clients(azure.sandbox).keys(f"https://{OWN.host}")
    return any(one.enabled for one in keys.list_properties_of_key_versions(OWN.name))


def test_a_role_that_is_given_at_once_lets_the_revoke_be_done(azure: Azure) -> None:
    async def story(backend: OpenBackend) -> None:
        one = consumer(await backend.read(), "in-mysql-own")
        offered = await backend.prepare_revoke(RevokeDraft(key=OWN, consumers=(one.id,)))
        assert offered.problems
        [role] = [choice.id for choice in offered.choices if choice.id.startswith("activate:")]
        plan = await backend.prepare_revoke(RevokeDraft(key=OWN, consumers=(one.id,), choices=(role,)))
        assert not plan.problems
        assert [(step.verb, step.stage) for step in plan.steps] == [
            (StepVerb.ACTIVATE_ROLE, 0),
            (StepVerb.REMOVE_ASSIGNMENT, 1),
        ]
        azure.sandbox.fault("DELETE *roleAssignments* status:403;times=3")
        done = await backend.run(plan, watch=False)
        assert [step.state for step in done.steps] == [StepState.DONE, StepState.DONE], done.log
        assert any("takes effect" in line for line in done.log)

    azure.run(story, "responder")


def test_what_needs_no_new_role_is_done_while_the_role_waits_for_approval(stopper: Azure) -> None:
    async def story(backend: OpenBackend) -> None:
        plan = await plan_activated(backend)
        assert not plan.problems
        stages = {step.verb: step.stage for step in plan.steps}
        assert stages == {StepVerb.ACTIVATE_ROLE: 0, StepVerb.STOP_CONSUMER: 0, StepVerb.SET_ENABLED: 1}
        stop = [step.verb for step in plan.steps].index(StepVerb.STOP_CONSUMER)
        reports: list[OperationReport] = []
        running = asyncio.create_task(backend.run(plan, watch=False, on_report=reports.append))
        await _until(lambda: bool(reports) and reports[-1].steps[stop].state is StepState.DONE)
        assert StepState.ACCEPTED in {step.state for step in reports[-1].steps}
        assert await asyncio.to_thread(_enabled, stopper)
        stopper.sandbox.post("approvals", {"request": None, "decision": "approve"})
        done = await running
        assert {step.state for step in done.steps} == {StepState.DONE}, done.log

    stopper.run(story, "responder")
    assert not _enabled(stopper)


def test_a_role_that_is_denied_stops_the_plan_with_the_reason_and_keeps_what_was_done(stopper: Azure) -> None:
    async def story(backend: OpenBackend) -> None:
        plan = await plan_activated(backend)
        running = asyncio.create_task(backend.run(plan, watch=False))
        await _until(lambda: _asked(stopper))
        stopper.sandbox.post("approvals", {"request": None, "decision": "deny"})
        done = await running
        states = {step.verb: row.state for step, row in zip(plan.steps, done.steps, strict=True)}
        assert states == {
            StepVerb.ACTIVATE_ROLE: StepState.FAILED,
            StepVerb.STOP_CONSUMER: StepState.DONE,
            StepVerb.SET_ENABLED: StepState.PLANNED,
        }, done.log
        assert done.outcome is Outcome.PARTIAL
        assert any("denied" in str(row.error) for row in done.steps)
        assert done.undoable

    stopper.run(story, "responder")
    assert _enabled(stopper)


@pytest.mark.parametrize(
    "event", [*(pytest.param(one, marks=pytest.mark.full) for one in ("intent", "sent")), "accepted"]
)
def test_one_who_is_killed_while_the_role_waits_for_approval_goes_on(stopper: Azure, event: str) -> None:
    killed(stopper, "activated", (1, event), principal="responder")

    async def story(backend: OpenBackend) -> None:
        [left] = await backend.operations()
        running = asyncio.create_task(backend.resume(left.operation, watch=False))
        await _until(lambda: _asked(stopper))
        await _until(lambda: any(one["path"].lower().endswith("/stop") for one in stopper.sent()))
        stopper.sandbox.post("approvals", {"request": None, "decision": "approve"})
        done = await running
        assert {step.state for step in done.steps} <= {StepState.DONE, StepState.SKIPPED}, done.log

    stopper.run(story, "responder")
    assert not _enabled(stopper)
    asked = [one for one in stopper.sent() if "roleassignmentschedulerequests" in fold(one["path"])]
    assert len(asked) == 1
