"""Many grants of one key that are looked at in the same moment are read with one list, and rightly."""

import asyncio
from collections.abc import Iterator

import pytest

from cmk_admin.cloud import roles
from cmk_admin.cloud.gathering import LEAST
from cmk_admin.cloud.session import Session
from cmk_admin.domain.errors import AzureFailure
from cmk_admin.domain.model import RoleAssignment
from cmk_admin.runtime.connection import read_connection
from tests.bench import consumers
from tests.support import Sandbox, serve

_LIST = "GET *roleAssignments"
COUNT = 10


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    running = serve(tmp_path_factory.mktemp("many"))
    running.post("estate", consumers.estate())
    yield running
    running.stop()


@pytest.fixture(autouse=True)
def no_faults(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.no_faults()


async def _grants(session: Session) -> list[RoleAssignment]:
    at_key = await roles.assignments_at(session, consumers.key_scope(consumers.key_of(COUNT)))
    return [one for one in at_key if one.scope.endswith(consumers.key_of(COUNT))]


def _looked(sandbox: Sandbox, count: int, *, gone: int = 0) -> tuple[list[bool], list[str]]:
    """Whether each grant is there, and what was asked; `gone` of them are taken away before, and given back."""

    async def story() -> tuple[list[bool], list[str]]:
        session = await Session.open(read_connection(sandbox.file))
        try:
            grants = (await _grants(session))[:count]
            assert len(grants) == count
            for one in grants[:gone]:
                await roles.delete_assignment(session, one.id)
            since = await asyncio.to_thread(sandbox.last_request)
            found = await asyncio.gather(
                *(roles.get_assignment(session, one.id) for one in grants), return_exceptions=True
            )
            for one in grants[:gone]:
                await roles.create_assignment(session, one)
        finally:
            await session.close()
        for answer in found:
            if isinstance(answer, BaseException):
                raise answer
        for grant, answer in zip(grants[gone:], found[gone:], strict=True):
            assert answer == grant
        asked = [one["path"].rsplit("/", 1)[-1] for one in sandbox.requests(since) if one["method"] == "GET"]
        return [answer is not None for answer in found], asked

    return asyncio.run(story())


def test_many_are_read_with_one_list(sandbox: Sandbox) -> None:
    there, asked = _looked(sandbox, COUNT)
    assert there == [True] * COUNT
    assert [one.lower() for one in asked] == ["roleassignments"]


def test_few_are_read_one_by_one(sandbox: Sandbox) -> None:
    there, asked = _looked(sandbox, LEAST - 1)
    assert there == [True] * (LEAST - 1)
    assert len(asked) == LEAST - 1


def test_what_the_list_does_not_have_is_asked_for_by_itself(sandbox: Sandbox) -> None:
    there, asked = _looked(sandbox, COUNT, gone=2)
    assert there == [False] * 2 + [True] * (COUNT - 2)
    assert len(asked) == 3


@pytest.mark.parametrize("trouble", ["status:403", "delay:3000"])
def test_a_list_that_is_refused_or_late_holds_nobody_up(sandbox: Sandbox, trouble: str) -> None:
    sandbox.fault(f"{_LIST} {trouble};skip=1")  # the first list is the test's own
    there, asked = _looked(sandbox, COUNT)
    assert there == [True] * COUNT
    assert len(asked) >= COUNT


def test_one_that_cannot_be_read_tells_it_of_itself(sandbox: Sandbox) -> None:
    sandbox.fault("GET *roleAssignments* status:403;skip=1")
    with pytest.raises(AzureFailure):
        _looked(sandbox, COUNT)
