"""An undo deletes an identity that was made only where nothing carries it by now, of whatever service."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from cmk_admin.domain.steps import Outcome, StepState, StepVerb
from cmk_admin.operations.interface import OperationReport
from cmk_admin.sandbox.running import open_world
from cmk_admin.sandbox.services.identity.model import identity_id
from tests.operations.conftest import SPEED
from tests.operations.stories import Azure
from tests.operations.wizard_stories import MADE, as_before, plan_grant, seen
from tests.support import serve

MACHINES = "Microsoft.Compute/virtualMachines"


def lay_machines(state: Path) -> None:
    """Two machines: one that will carry the identity, one that carries another whose name begins alike."""
    world = open_world(state, SPEED)
    group = next(one for _, one in world.items("resource") if "/resourceGroups/workshop-services/" in one["id"])
    subscription = group["id"].split("/")[2]
    for machine, identity in (("their-vm", MADE), ("other-vm", f"{MADE}-2")):
        carried = identity_id(subscription, "workshop-services", identity)
        resource_id = f"/subscriptions/{subscription}/resourceGroups/theirs/providers/{MACHINES}/{machine}"
        document = {
            "id": resource_id,
            "name": machine,
            "type": MACHINES,
            "location": "westeurope",
            "identity": {"type": "UserAssigned", "userAssignedIdentities": {carried.lower(): {}}},
            "properties": {},
        }
        world.put("resource", resource_id, document)
    world.commit()
    world.close()


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Azure]:
    """The workshop, in which somebody gives the identity to a machine, which this program knows nothing of."""
    folder = tmp_path / "workshop"
    serve(folder, speed=SPEED, scenario="workshop").stop()
    lay_machines(folder / "state")
    (folder / "connection.json").unlink(missing_ok=True)
    running = serve(folder, speed=SPEED, scenario="workshop")
    yield Azure(running, tmp_path / "home")
    running.stop()


def step_of(report: OperationReport, verb: StepVerb) -> tuple[StepState, str]:
    (found,) = [step for step in report.steps if step.verb == verb.value]
    return found.state, str(found.error)


def deletions(azure: Azure) -> list[object]:
    return [one for one in azure.sent() if one["method"] == "DELETE" and "/userAssignedIdentities/" in one["path"]]


def test_an_identity_that_a_machine_carries_by_now_is_left_alone_and_the_machine_named(shared: Azure) -> None:
    async def story() -> None:
        async with shared.opened() as backend:
            done = await backend.run(await plan_grant(backend))
            assert done.outcome is Outcome.DONE, done.log
            back = await backend.undo(done.operation)
            state, error = step_of(back, StepVerb.DELETE_IDENTITY)
            assert (back.outcome, state) == (Outcome.PARTIAL, StepState.FAILED)
            assert "their-vm (microsoft.compute/virtualmachines) carries it by now" in error
            assert "other-vm" not in error
        assert MADE in (await seen(shared)).identities
        assert deletions(shared) == []

    asyncio.run(story())


def test_where_azure_cannot_be_asked_who_carries_it_it_is_not_deleted(workshop: Azure) -> None:
    async def story() -> None:
        before = await seen(workshop)
        async with workshop.opened() as backend:
            done = await backend.run(await plan_grant(backend))
            undo = await backend.prepare_undo(done.operation)
            assert any("what this account may not read" in one for one in undo.warnings)
            workshop.sandbox.fault("POST */Microsoft.ResourceGraph/resources status:403")
            back = await backend.run(undo)
            state, error = step_of(back, StepVerb.DELETE_IDENTITY)
            assert (state, "could not be read" in error) == (StepState.FAILED, True)
            assert deletions(workshop) == []
            workshop.sandbox.no_faults()
            again = await backend.undo(done.operation)
            assert again.outcome is Outcome.DONE, again.log
        as_before("grant", before, await seen(workshop))

    asyncio.run(story())
