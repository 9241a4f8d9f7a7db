"""A key that is just being recovered is not there, and will be in a moment: no revoke takes it for deleted."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from cmk_admin.cloud import key_changes
from cmk_admin.domain.ids import parse_key_id
from cmk_admin.domain.steps import StepState
from tests.operations.effects import KINDS, asking, found
from tests.operations.methods import plan_delete
from tests.operations.stories import Azure
from tests.support import serve


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[Azure]:
    """As slow as Azure, but for pushes."""
    running = serve(tmp_path / "azure", speed=1)
    yield Azure(running, tmp_path / "home")
    running.stop()


def test_a_key_that_is_being_recovered_is_deleted_once_it_is_there(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend:
            await backend.read()
            used = found(backend, KINDS["mysql-flexible"])
            async with asking(azure, KINDS["mysql-flexible"], used) as identity, azure.session() as session:
                plan = await plan_delete(backend)
                key = parse_key_id(plan.steps[0].target)
                await key_changes.delete_key(session, key)
                azure.sandbox.advance(60)
                await key_changes.recover_key(session, key)
                done = await backend.run(plan, watch=False)
                assert [step.state for step in done.steps] == [StepState.DONE], done.log
                azure.sandbox.advance(60)
                assert await identity.refused()
                assert await key_changes.is_deleted(session, key)

    asyncio.run(story())
