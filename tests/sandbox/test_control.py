"""The control: the clock, the log, the reset, addresses, and who may reach it."""

from datetime import datetime
from typing import Any

import pytest
import requests

from cmk_admin.sandbox import connection, entra

from . import estate
from .running import Client, Running

pytestmark = pytest.mark.scenario("small")
LOCK = f"{estate.GROUP}/providers/Microsoft.Authorization/locks/keep"


def refused(sandbox: Running, method: str, name: str, json: Any = None, **params: Any) -> str:
    answer = requests.request(method, f"{sandbox.connection['control']}/{name}", json=json, params=params, timeout=10)
    assert answer.status_code == 400
    return str(answer.json()["error"])


def test_a_push_moves_the_calendar_and_azure_s_seconds_together(sandbox: Running) -> None:
    before = sandbox.control("GET", "clock")
    after = sandbox.control("POST", "clock", {"advance_s": 86400})
    moved = datetime.fromisoformat(after["now"]) - datetime.fromisoformat(before["now"])
    assert 86400 <= moved.total_seconds() < 86410
    assert 86400 <= after["azure_seconds"] - before["azure_seconds"] < 86410


def test_a_new_speed_leaves_the_calendar_alone_and_stands_in_the_connection_file(sandbox: Running) -> None:
    before = sandbox.control("GET", "clock")
    after = sandbox.control("POST", "clock", {"speed": 60})
    assert after["speed"] == 60
    moved = datetime.fromisoformat(after["now"]) - datetime.fromisoformat(before["now"])
    assert moved.total_seconds() < 10
    assert '"speed": 60' in sandbox.file.read_text()


@pytest.mark.parametrize(
    "body",
    [[], {}, {"advance_s": -1}, {"advance_s": "1"}, {"advance_s": 1e99}, {"speed": -1}, {"speed": True}, {"now": 1}],
)
def test_a_push_that_makes_no_sense_is_refused(sandbox: Running, body: Any) -> None:
    assert refused(sandbox, "POST", "clock", body)


@pytest.mark.parametrize("body", [None, {}, [], [1], "GET *", {"fault": "nonsense"}, {"other": "GET * reset"}])
def test_a_fault_that_makes_no_sense_is_refused_and_none_is_set(sandbox: Running, body: Any) -> None:
    assert refused(sandbox, "POST", "faults", body)
    assert sandbox.control("GET", "faults") == []


def test_the_log_goes_on_after_a_number_and_over_a_reset(sandbox: Running) -> None:
    sandbox.arm("GET", "/subscriptions")
    last = sandbox.control("GET", "requests")[-1]["n"]
    sandbox.control("POST", "reset")
    sandbox.arm("GET", "/subscriptions", params={"$filter": "hidden"})
    (entry,) = sandbox.control("GET", "requests", since=last)
    assert entry["n"] == last + 1
    assert (entry["method"], entry["path"], entry["status"]) == ("GET", "/subscriptions", 401)
    assert "since" in refused(sandbox, "GET", "requests", since="x")


def test_a_reset_lays_the_scenario_anew_and_keeps_the_instance(sandbox: Running) -> None:
    first = dict(sandbox.connection)
    sandbox.arm("PUT", LOCK, "2020-05-01", json={"properties": {"level": "ReadOnly"}})
    sandbox.control("POST", "faults", {"fault": "GET * reset"})
    sandbox.control("POST", "reset")
    assert sandbox.world.get("lock", LOCK) is None
    assert sandbox.control("GET", "faults") == []
    again = sandbox.sandbox.connection()
    assert again["instance_id"] == first["instance_id"]
    assert again["subscriptions"] == first["subscriptions"]


def test_an_address_is_set_by_name(sandbox: Running) -> None:
    sandbox.control("POST", "address", {"principal": "reader", "address": "198.51.100.7"})
    reader = sandbox.principal("reader")["object_id"]
    assert entra.address_of(sandbox.world, reader) == "198.51.100.7"
    assert entra.caller_for(sandbox.world, reader).address == "198.51.100.7"
    assert refused(sandbox, "POST", "address", {"principal": "nobody here", "address": "198.51.100.7"})
    assert refused(sandbox, "POST", "address", {"principal": "reader", "address": "home"})


def test_an_address_that_nobody_set_is_of_a_documentation_range_and_stays(sandbox: Running) -> None:
    one, two = (entra.address_of(sandbox.world, sandbox.principal("reader")["object_id"]) for _ in range(2))
    assert one == two
    assert one.startswith("203.0.113.")


def test_only_who_knows_the_path_reaches_the_control(sandbox: Running) -> None:
    base = sandbox.connection["control"].rpartition("/")[0]
    assert requests.get(f"{base}/clock", timeout=10).status_code == 404
    assert requests.get(f"{base}/guess/clock", timeout=10).status_code == 404


def test_what_the_control_does_not_know_is_told(sandbox: Running) -> None:
    assert requests.get(f"{sandbox.connection['control']}/nothing", timeout=10).status_code == 404
    assert requests.delete(f"{sandbox.connection['control']}/clock", timeout=10).status_code == 405


def test_a_made_identity_stands_in_the_connection_file_at_once(sandbox: Running) -> None:
    path = estate.IDENTITY.replace("worker", "fresh")
    answer = sandbox.arm("PUT", path, "2023-01-31", json={"location": "westeurope"})
    assert answer.status_code in (200, 201), answer.text
    fresh = connection.read(sandbox.file)["principals"]["fresh"]
    assert fresh["object_id"] == answer.json()["properties"]["principalId"]
    assert Client(sandbox.file, connection.read(sandbox.file)).token("fresh")


@pytest.mark.scenario("dcc")
def test_what_the_estate_s_clients_and_reviewers_would_find_is_told(sandbox: Running) -> None:
    truth = sandbox.control("GET", "truth")
    assert {row["vault"] for row in truth} >= {"dcc-premium"}
    assert len(sandbox.control("GET", "truth", principal="reader")) <= len(truth)
    assert refused(sandbox, "GET", "truth", principal="nobody here")
    assert all(server["accepted"] for server in sandbox.control("GET", "connections"))
