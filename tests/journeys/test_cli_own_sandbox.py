"""A sandbox of one's own: kept from run to run, shared by two processes, gone when its program is."""

import json
import signal
import time
from pathlib import Path

import pytest

from tests.support import Program

CUT = ("--sandbox", "revoke", "dcc-premium/mysql-encryption-key", "--consumer", "dcc-mysql")


@pytest.fixture
def alone(tmp_path: Path) -> Program:
    return Program(tmp_path / "home")


def test_what_was_done_is_there_at_the_next_run_until_it_is_made_fresh(alone: Program) -> None:
    cut = alone.json(*CUT, "--yes")
    assert cut.status == 0, cut.out
    listed = alone.json("--sandbox", "operations").json["operations"]
    assert [o["operation"] for o in listed] == [cut.json["operation"]]
    [row] = [r for r in alone.json("--sandbox", "mapping").json["rows"] if r["consumer_id"].endswith("/dcc-mysql")]
    assert row["role_assignment_scope"] == []
    assert alone.json("--sandbox", "--fresh", "operations").json["operations"] == []
    [row] = [r for r in alone.json("--sandbox", "mapping").json["rows"] if r["consumer_id"].endswith("/dcc-mysql")]
    assert row["role_assignment_scope"]


def test_a_killed_program_takes_its_sandbox_along_and_the_next_one_goes_on(alone: Program) -> None:
    killed = alone.until([*CUT, "--yes"], lambda b: b["event"] == "sent")
    assert killed.status == -signal.SIGKILL
    operation = killed.boundaries[0]["operation"]
    resumed = alone.json("--sandbox", "resume", operation, "--yes", "--watch")
    assert resumed.status == 0, resumed.out
    assert [w["result"] for w in resumed.json["watch"]] == ["confirmed"]


def test_a_second_process_shares_the_sandbox_of_the_first(alone: Program) -> None:
    first = alone.start(*CUT, "--yes", "--watch", "--format", "json")
    try:
        file = alone.home / "sandbox" / "connection.json"
        until = time.monotonic() + 30
        while not file.exists():
            assert time.monotonic() < until
            time.sleep(0.02)
        assert alone.json("--sandbox", "mapping").status == 0
        fresh = alone.json("--sandbox", "--fresh", "mapping")
        assert fresh.status == 1
        assert fresh.json["error"]["code"] == "sandbox-in-use"
    finally:
        first.send_signal(signal.SIGINT)
        out, _ = first.communicate(timeout=60)
    assert first.returncode in (0, 3)
    assert json.loads(out)["steps"][0]["state"] == "done"
