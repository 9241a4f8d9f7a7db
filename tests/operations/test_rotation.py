"""An undo at a disk encryption set that still names the key that it leaves: its grant is taken when it is left, not before."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from cmk_admin.cloud import roles
from cmk_admin.cloud.consumers import disk_encryption_set
from cmk_admin.domain.steps import Outcome, Step, StepState, StepVerb
from cmk_admin.operations.backend import OpenBackend
from cmk_admin.operations.interface import Boundary, OperationReport
from tests.operations.attaching import disks_draft, plan_of, target
from tests.operations.stories import Azure

_SPEED = 5
"""A change of a set takes Azure 20 seconds: four real ones."""


@pytest.fixture
def azure(workshop: Azure) -> Azure:
    return workshop


async def _attached(backend: OpenBackend) -> OperationReport:
    picked = await target(backend, "disk-encryption-set", "ws-des")
    done = await backend.run(await backend.prepare(await disks_draft(backend, new_disk_set=None, disk_set=picked.id)))
    assert done.outcome is Outcome.DONE, done.log
    return done


async def _rotate_there_and_back(azure: Azure, change: Step) -> None:
    """Somebody gives the set the key once more, and the former one again: it names the key among its previous ones."""
    async with azure.session() as session:
        await disk_encryption_set.set_key(session, change.target, change.after or {}, None)
        azure.sandbox.advance(60)
        for _ in range(100):
            if not disk_encryption_set.is_busy(await disk_encryption_set.get(session, change.target) or {}):
                break
            await asyncio.sleep(0.05)
        azure.sandbox.post("clock", {"speed": _SPEED})
        await disk_encryption_set.set_key(session, change.target, change.before or {}, None)


async def _slots(azure: Azure, change: Step) -> tuple[str, int]:
    """The set's key, and how many it had before and still names."""
    async with azure.session() as session:
        facts = (await disk_encryption_set.get(session, change.target) or {})["properties"]
    return str(facts["activeKey"]["keyUrl"]), len(facts.get("previousKeys") or [])


@pytest.mark.parametrize(
    "cancelled", [pytest.param(False, id="waits"), pytest.param(True, id="is-cancelled", marks=pytest.mark.full)]
)
def test_the_grant_goes_when_the_set_has_left_the_key(azure: Azure, cancelled: bool) -> None:
    async def story() -> None:
        tasks: list[asyncio.Task[None]] = []
        async with azure.opened() as backend:
            done = await _attached(backend)
            change = next(one for one in plan_of(done).steps if one.verb is StepVerb.SET_CONSUMER_KEY)
            before = str((change.before or {})["key"])

            def at(boundary: Boundary) -> None:
                if (boundary.step, boundary.event) != (1, "done"):
                    return
                with ThreadPoolExecutor() as other:  # the engine stands still meanwhile
                    other.submit(asyncio.run, _rotate_there_and_back(azure, change)).result()
                    assert other.submit(asyncio.run, _slots(azure, change)).result() == (before, 1)
                if cancelled:
                    tasks.append(asyncio.ensure_future(_cancel(backend, boundary)))

            plan = await backend.prepare_undo(done.operation)
            back = await backend.run(plan, on_boundary=at)
            await asyncio.gather(*tasks)
            assert await _slots(azure, change) == (before, 1 if cancelled else 0)
        taken = await _is_taken(azure, plan.steps[-1])
        assert "It is waited until the former key is left" in str(back.log)
        if cancelled:
            assert (back.outcome, back.steps[-1].state, taken) == (Outcome.CANCELLED, StepState.PLANNED, False)
        else:
            assert (back.outcome, taken) == (Outcome.DONE, True), back.log

    asyncio.run(story())


async def _cancel(backend: OpenBackend, boundary: Boundary) -> None:
    await asyncio.sleep(1)
    await backend.cancel(boundary.operation)


async def _is_taken(azure: Azure, removal: Step) -> bool:
    assert removal.verb is StepVerb.REMOVE_ASSIGNMENT
    async with azure.session() as session:
        return await roles.get_assignment(session, removal.target) is None
