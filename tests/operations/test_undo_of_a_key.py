"""An undo of create-key deletes the key that was made, and nobody else's: neither a newer version nor one of that name."""

import asyncio
from typing import Any

import pytest

from cmk_admin.cloud.session import Session
from cmk_admin.domain.steps import Outcome, StepState
from cmk_admin.operations.interface import OperationReport
from tests.operations.attaching import PREMIUM
from tests.operations.stories import Azure, killed
from tests.operations.wizard_stories import NEW_KEY, as_before, key_facts, plan_create, seen


@pytest.fixture
def azure(workshop: Azure) -> Azure:
    """The estate of the wizards."""
    return workshop


async def write(session: Session, method: str, path: str, body: dict[str, Any]) -> None:
    """What somebody else does to the key."""
    await session.vault(method, PREMIUM, f"/keys/{NEW_KEY.name}{path}", body=body, urgent=True)


def error_of(report: OperationReport) -> str:
    (failed,) = [step for step in report.steps if step.state is StepState.FAILED]
    return str(failed.error)


def deletions(azure: Azure) -> list[object]:
    return [one for one in azure.sent() if one["method"] == "DELETE" and "/keys/" in one["path"]]


def test_a_key_with_a_newer_version_is_not_deleted(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend, azure.session() as session:
            done = await backend.run(await plan_create(backend))
            early = await backend.prepare_undo(done.operation)
            assert early.problems == ()
            await write(session, "POST", "/rotate", {})
            late = await backend.run(early)
            assert "it has 2 versions now: deleting it would take the newer one too" in error_of(late)
            again = await backend.prepare_undo(done.operation)
            assert any("it has 2 versions now" in one for one in again.problems)
        assert await key_facts(azure)
        assert deletions(azure) == []

    asyncio.run(story())


def test_a_key_of_which_people_changed_tags_and_whether_it_is_enabled_is_still_the_one_that_was_made(
    azure: Azure,
) -> None:
    async def story() -> None:
        before = await seen(azure)
        async with azure.opened() as backend, azure.session() as session:
            done = await backend.run(await plan_create(backend))
            await write(session, "PATCH", "/", {"tags": {"by": "them"}, "attributes": {"enabled": False}})
            back = await backend.undo(done.operation)
            assert back.outcome is Outcome.PARTIAL, "the backup stays"
            assert {step.state for step in back.steps} == {StepState.DONE}
        as_before("create-key", before, await seen(azure))

    asyncio.run(story())


def test_a_key_whose_operations_were_changed_is_left_alone_and_the_difference_said(azure: Azure) -> None:
    async def story() -> None:
        async with azure.opened() as backend, azure.session() as session:
            done = await backend.run(await plan_create(backend))
            await write(session, "PATCH", "/", {"key_ops": ["sign", "verify"]})
            back = await backend.undo(done.operation)
            assert "operations is sign, verify instead of" in error_of(back)
        assert await key_facts(azure)
        assert deletions(azure) == []

    asyncio.run(story())


def test_where_it_is_not_known_who_made_it_a_key_that_differs_in_anything_is_left_alone(azure: Azure) -> None:
    async def story() -> None:
        killed(azure, "create-key", (1, "intent"))
        assert await key_facts(azure) is None
        async with azure.opened() as backend, azure.session() as session:
            left = (await backend.operations())[0]
            assert left.steps[0].state is StepState.INTENT
            theirs = {"kty": "RSA", "key_size": 2048, "key_ops": ["wrapKey", "unwrapKey"], "tags": {"owner": "them"}}
            planned = dict((left.plan.steps[0].after if left.plan else None) or {})
            theirs |= {"kty": planned["key_type"], "key_size": planned["size"], "key_ops": planned["operations"]}
            await write(session, "POST", "/create", theirs)
            back = await backend.undo(left.operation)
            assert "tags is owner: them instead of owner: payments" in error_of(back)
        assert (await key_facts(azure))["tags"] == {"owner": "them"}
        assert deletions(azure) == []

    asyncio.run(story())
