"""Faults: the grammar, and what each kind does to a request over the wire."""

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from cmk_admin.sandbox.faults import Faults, parse

from . import estate
from .running import ARM, Running

GROUP = f"/subscriptions/{estate.ONE}/resourceGroups/keys"
LOCK = f"{GROUP}/providers/Microsoft.Authorization/locks/keep"
VERSION = "2020-05-01"
BODY = {"properties": {"level": "CanNotDelete"}}


@pytest.mark.parametrize(
    "spec",
    [
        "",
        "GET",
        "GET *",
        "FETCH * reset",
        "GET /subscriptions/* reset",
        "GET https://management.azure.com/* reset",
        "GET * explode",
        "GET * status",
        "GET * status:200",
        "GET * status:600",
        "GET * status:abc",
        "GET * throttle:0",
        "GET * delay:-1",
        "GET * delay:²",
        "GET * reset:1",
        "GET * lost;times=0",
        "GET * lost;times=x",
        "GET * lost;often=2",
        "GET * lost ;times=2",
    ],
)
def test_a_bad_spec_is_refused_in_one_sentence(spec: str) -> None:
    with pytest.raises(ValueError, match="the fault") as refused:
        parse(spec)
    assert "\n" not in str(refused.value)


@given(st.text())
def test_any_text_is_either_a_fault_or_refused_in_a_sentence(spec: str) -> None:
    with contextlib.suppress(ValueError):
        assert parse(spec).spec == spec


@given(skip=st.integers(0, 5), times=st.integers(1, 5), calls=st.integers(0, 15))
def test_skip_lets_the_first_pass_and_times_ends_it(skip: int, times: int, calls: int) -> None:
    faults = Faults()
    faults.add([f"GET * status:503;skip={skip};times={times}"])
    spoilt = [faults.before("GET", "host/path")[1] is not None for _ in range(calls)]
    assert spoilt == [skip <= n < skip + times for n in range(calls)]


def test_a_glob_is_matched_over_host_and_path_without_case() -> None:
    fault = parse("PUT *.vault.azure.net/KEYS/* reset")
    assert fault.meets("PUT", "a.vault.azure.net/keys/k/create")
    assert not fault.meets("GET", "a.vault.azure.net/keys/k/create")
    assert not fault.meets("PUT", "a.vault.azure.net/deletedkeys/k")


def test_delays_add_up_before_the_first_other_fault() -> None:
    faults = Faults()
    faults.add(["* * delay:20", "* * delay:22", "* * status:500", "* * reset"])
    wait, fault = faults.before("GET", "host/path")
    assert wait == 42
    assert fault is not None
    assert fault.argument == 500


pytest_small = pytest.mark.scenario("small")


@pytest_small
class TestOverTheWire:
    def put_lock(self, sandbox: Running, **options: Any) -> requests.Response:
        return sandbox.arm("PUT", LOCK, VERSION, json=BODY, **options)

    def set(self, sandbox: Running, spec: str) -> None:
        sandbox.token()
        sandbox.control("POST", "faults", {"fault": spec})

    def has_lock(self, sandbox: Running) -> bool:
        return sandbox.world.get("lock", LOCK) is not None

    @pytest.mark.parametrize(
        ("host", "error"), [("management.azure.com", "error"), ("login.microsoftonline.com", "error")]
    )
    def test_a_status_stands_in_for_the_answer_and_nothing_is_done(
        self, sandbox: Running, host: str, error: str
    ) -> None:
        self.set(sandbox, f"* {host}/* status:503;times=1")
        answer = sandbox.send("PUT", f"https://{host}{LOCK}?api-version={VERSION}", json=BODY)
        assert answer.status_code == 503
        assert error in answer.json()
        assert not self.has_lock(sandbox)
        assert self.put_lock(sandbox).status_code == 201

    @pytest.mark.parametrize(
        ("status", "code"),
        [(403, "Forbidden"), (409, "Conflict"), (429, "TooManyRequests"), (503, "ServiceUnavailable")],
    )
    def test_a_status_comes_with_the_code_that_azure_gives_it(self, sandbox: Running, status: int, code: str) -> None:
        self.set(sandbox, f"PUT */locks/* status:{status}")
        answer = self.put_lock(sandbox)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
        assert "Retry-After" not in answer.headers

    def test_a_throttle_says_how_long_to_wait(self, sandbox: Running) -> None:
        self.set(sandbox, "PUT */locks/* throttle:7")
        answer = self.put_lock(sandbox)
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
        assert not self.has_lock(sandbox)

    def test_a_delay_holds_a_call_up_and_then_does_it(self, sandbox: Running) -> None:
        self.set(sandbox, "PUT */locks/* delay:150")
        began = time.monotonic()
        assert self.put_lock(sandbox).status_code == 201
        assert time.monotonic() - began >= 0.15

    def test_a_reset_ends_the_connection_and_nothing_is_done(self, sandbox: Running) -> None:
        self.set(sandbox, "PUT */locks/* reset;times=1")
        with pytest.raises(requests.exceptions.ConnectionError):
            self.put_lock(sandbox)
        assert not self.has_lock(sandbox)
        assert self.put_lock(sandbox).status_code == 201

    def test_a_time_out_leaves_the_client_without_an_answer_and_nothing_is_done(self, sandbox: Running) -> None:
        self.set(sandbox, "PUT */locks/* timeout;times=1")
        with pytest.raises(requests.exceptions.ReadTimeout):
            self.put_lock(sandbox, timeout=0.3)
        assert not self.has_lock(sandbox)

    def test_a_lost_answer_is_of_a_call_that_was_done_and_kept(self, sandbox: Running) -> None:
        self.set(sandbox, "PUT */locks/* lost;times=1")
        with pytest.raises(requests.exceptions.ConnectionError):
            self.put_lock(sandbox)
        assert self.has_lock(sandbox)
        entry = sandbox.control("GET", "requests")[-1]
        assert (entry["status"], entry["fault"]) == (201, "lost")

    def test_a_held_answer_arrives_when_it_is_released(self, sandbox: Running) -> None:
        self.set(sandbox, "PUT */locks/* hold;times=1")
        answers: list[requests.Response] = []
        caller = threading.Thread(target=lambda: answers.append(self.put_lock(sandbox)))
        caller.start()
        until(lambda: self.has_lock(sandbox))
        assert not answers
        sandbox.control("POST", "release")
        caller.join(10)
        assert [answer.status_code for answer in answers] == [201]

    @pytest.mark.parametrize("kind", ["hold", "timeout"])
    def test_a_sandbox_that_ends_does_not_wait_for_what_it_withholds(self, sandbox: Running, kind: str) -> None:
        self.set(sandbox, f"PUT */locks/* {kind}")
        failures: list[Exception] = []

        def call() -> None:
            try:
                self.put_lock(sandbox)
            except requests.exceptions.ConnectionError as failure:
                failures.append(failure)

        caller = threading.Thread(target=call)
        caller.start()
        until(lambda: bool(sandbox.control("GET", "faults")[0]["seen"]))
        began = time.monotonic()
        sandbox.close()
        assert time.monotonic() - began < 5
        caller.join(10)
        assert failures

    def test_a_challenge_does_not_use_up_a_lost_answer(self, sandbox: Running) -> None:
        self.set(sandbox, "* *.vault.azure.net/* lost;times=1")
        assert sandbox.send("GET", "https://small.vault.azure.net/keys?api-version=7.4").status_code == 401
        with pytest.raises(requests.exceptions.ConnectionError):
            sandbox.vault("GET", "small", "/keys")

    def test_clearing_the_faults_ends_them(self, sandbox: Running) -> None:
        self.set(sandbox, "GET * status:500")
        assert sandbox.send("GET", f"{ARM}/subscriptions?api-version=2022-12-01").status_code == 500
        assert sandbox.control("GET", "faults") == [{"fault": "GET * status:500", "seen": 1, "applied": 1}]
        assert sandbox.control("DELETE", "faults") == []
        assert sandbox.arm("GET", "/subscriptions").status_code == 200


def until(holds: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait until something holds; fails where it does not within the time."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)
