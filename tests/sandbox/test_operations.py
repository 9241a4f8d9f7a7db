"""Long-running operations: both styles of polling, failures, the clock, and a restart in between."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from cmk_admin.sandbox import operations
from cmk_admin.sandbox.entra import caller_for
from cmk_admin.sandbox.state import World
from cmk_admin.sandbox.wire import Answer, AzureError, Call

from . import estate
from .running import Client, Running
from .test_faults import until


async def tag(world: World, data: dict[str, Any]) -> None:
    """The work of these tests: tag the vault, or refuse."""
    if data["refuse"]:
        raise AzureError(409, "Conflict", "The vault would not have it.", inner="TestInner")
    resource = world.get("resource", estate.VAULT)
    assert resource is not None
    world.put("resource", estate.VAULT, {**resource, "tags": {"done": "yes"}})


async def broken(world: World, data: dict[str, Any]) -> None:
    """A work with a defect."""
    raise ZeroDivisionError


operations.register_work("test.tag", tag)
operations.register_work("test.broken", broken)


def begin(sandbox: Running, *, work: str = "test.tag", seconds: float = 100, refuse: bool = False) -> Answer:
    def start(world: World) -> Answer:
        caller = caller_for(world, sandbox.principal("administrator")["object_id"])
        query = {"api-version": "2022-07-01"}
        call = Call(world, "PATCH", "management.azure.com", estate.VAULT, query, {}, b"", {}, caller)
        return operations.start(call, resource_id=estate.VAULT, seconds=seconds, work=work, data={"refuse": refuse})

    return sandbox.do(start)


def poll(sandbox: Client, url: str, *, as_: str = "administrator") -> requests.Response:
    return sandbox.send("GET", url, headers={"Authorization": f"Bearer {sandbox.token(as_)}"})


def done(sandbox: Client, url: str) -> Callable[[], bool]:
    return lambda: poll(sandbox, url).json()["status"] != "InProgress"


@pytest.mark.scenario("small", speed=0)
class TestOnAStoppedClock:
    def test_both_addresses_tell_that_the_work_is_not_done(self, sandbox: Running) -> None:
        answer = begin(sandbox)
        assert answer.status == 202
        assert int(answer.headers["Retry-After"]) >= 1
        status = poll(sandbox, answer.headers["Azure-AsyncOperation"])
        assert (status.status_code, status.json()["status"]) == (200, "InProgress")
        assert int(status.headers["Retry-After"]) >= 1
        result = poll(sandbox, answer.headers["Location"])
        assert (result.status_code, result.content) == (202, b"")
        assert result.headers["Location"] == answer.headers["Location"]

    def test_a_push_past_its_time_ends_it_and_the_result_is_the_resource(self, sandbox: Running) -> None:
        answer = begin(sandbox)
        sandbox.advance(99)
        assert poll(sandbox, answer.headers["Azure-AsyncOperation"]).json()["status"] == "InProgress"
        sandbox.advance(2)
        until(done(sandbox, answer.headers["Azure-AsyncOperation"]))
        assert poll(sandbox, answer.headers["Azure-AsyncOperation"]).json()["status"] == "Succeeded"
        result = poll(sandbox, answer.headers["Location"])
        assert (result.status_code, result.json()["tags"]) == (200, {"done": "yes"})

    def test_operations_end_in_the_order_of_their_times(self, sandbox: Running) -> None:
        slow, quick = begin(sandbox, seconds=500), begin(sandbox, seconds=5)
        sandbox.advance(10)
        until(done(sandbox, quick.headers["Azure-AsyncOperation"]))
        assert poll(sandbox, slow.headers["Azure-AsyncOperation"]).json()["status"] == "InProgress"

    def test_a_refusal_by_the_work_fails_the_operation_with_it(self, sandbox: Running) -> None:
        answer = begin(sandbox, refuse=True)
        sandbox.advance(100)
        until(done(sandbox, answer.headers["Azure-AsyncOperation"]))
        status = poll(sandbox, answer.headers["Azure-AsyncOperation"]).json()
        assert status["status"] == "Failed"
        assert status["error"] == {"code": "Conflict", "message": "The vault would not have it."}
        result = poll(sandbox, answer.headers["Location"])
        assert (result.status_code, result.json()["error"]["code"]) == (409, "Conflict")

    def test_a_defect_of_a_work_fails_its_operation_only(
        self, sandbox: Running, caplog: pytest.LogCaptureFixture
    ) -> None:
        bad, good = begin(sandbox, work="test.broken", seconds=1), begin(sandbox, seconds=2)
        sandbox.advance(10)
        until(done(sandbox, good.headers["Azure-AsyncOperation"]))
        status = poll(sandbox, bad.headers["Azure-AsyncOperation"]).json()
        assert (status["status"], status["error"]["code"]) == ("Failed", "InternalServerError")
        assert "ZeroDivisionError" in caplog.text

    def test_an_operation_is_only_its_starter_s_to_follow(self, sandbox: Running) -> None:
        answer = begin(sandbox)
        assert poll(sandbox, answer.headers["Azure-AsyncOperation"], as_="reader").status_code == 404
        assert poll(sandbox, answer.headers["Location"].replace("-", "0"), as_="reader").status_code in (400, 404)


def test_an_operation_ends_by_itself_on_a_clock_that_runs(start_sandbox: Callable[..., Running]) -> None:
    sandbox = start_sandbox("small", speed=1000)
    answer = begin(sandbox, seconds=100)
    assert answer.headers["Retry-After"] == "1"
    until(done(sandbox, answer.headers["Azure-AsyncOperation"]))


def test_an_operation_outlives_a_restart(start_sandbox: Callable[..., Running], tmp_path: Path) -> None:
    sandbox = start_sandbox("small", speed=0, state=tmp_path / "state")
    answer = begin(sandbox)
    sandbox.close()
    again = start_sandbox("small", speed=0, state=tmp_path / "state")
    assert poll(again, answer.headers["Azure-AsyncOperation"]).json()["status"] == "InProgress"
    again.advance(100)
    until(done(again, answer.headers["Azure-AsyncOperation"]))
    assert poll(again, answer.headers["Location"]).json()["tags"] == {"done": "yes"}


def test_a_name_stands_for_one_work() -> None:
    with pytest.raises(ValueError, match=r"test\.tag"):
        operations.register_work("test.tag", broken)
