"""Two people revoke the same at the same moment: each is told what was done, and by whom."""

from pathlib import Path

import pytest

from tests.journeys.clients import Clients
from tests.support import COMMAND_SECONDS, Done, Program, Sandbox, serve

CUT = ("revoke", "dcc-premium/mysql-encryption-key", "--consumer", "dcc-mysql", "--yes", "--watch", "--format", "json")


@pytest.mark.parametrize("same_home", [True, False])
def test_of_two_revokes_at_once_one_did_it_and_the_other_says_that_it_was_so(
    sandbox: Sandbox, program: Program, tmp_path: Path, same_home: bool
) -> None:
    mysql = Clients(sandbox, "dcc-mysql-id")
    wrapped = mysql.wrap()
    sandbox.fault("DELETE *roleassignments* delay:5000;times=2")  # both have looked by then
    other = program if same_home else Program(tmp_path / "elsewhere", sandbox.file)
    processes = [one.start(*CUT) for one in (program, other)]
    answers = [Done(p.returncode, *said) for p in processes for said in [p.communicate(timeout=COMMAND_SECONDS)]]
    assert [one.status for one in answers] == [0, 0], [one.out for one in answers]
    assert [one.json["outcome"] for one in answers] == ["done", "done"]
    assert all(one.json["proof"]["closed"] and one.json["open_paths"] == [] for one in answers)
    assert [w["result"] for one in answers for w in one.json["watch"]] == ["confirmed", "confirmed"]
    steps = {step["state"]: step for one in answers for step in one.json["steps"]}
    assert set(steps) == {"done", "skipped"}
    first = next(one.json["operation"] for one in answers if one.json["steps"][0]["state"] == "done")
    by = f"done by operation {first} of this connection" if same_home else "by administrator"
    assert steps["skipped"]["activity"].startswith("It was so already: ")
    assert by in steps["skipped"]["activity"]
    assert sorted(entry["status"] for entry in sandbox.writes() if entry["method"] == "DELETE") == [200, 204]
    assert not mysql.unwraps(wrapped)


def test_a_plan_that_would_cut_a_service_that_came_meanwhile_is_another_plan(tmp_path: Path) -> None:
    running = serve(tmp_path / "workshop", speed=600, scenario="workshop")
    try:
        program, colleague = (Program(tmp_path / name, running.file) for name in ("home", "elsewhere"))
        cut = ("revoke", "ws-premium/used-key", "--consumer", "ws-mysql-attached")
        seen = program.json(*cut, "--plan").json
        attach = ("attach", "ws-premium/used-key", "--consumer", "ws-mysql", "--identity", "ws-attached-id", "--yes")
        assert colleague.json(*attach).status == 0
        running.advance(1200)
        since = len(running.writes())
        answer = program.json(*cut, "--yes", "--expect", seen["hash"])
        assert (answer.status, answer.json["error"]["code"]) == (1, "plan-changed")
        assert len(running.writes()) == since
        now = program.json(*cut, "--plan").json
        assert {one["consumer_id"].rsplit("/", 1)[-1] for one in now["effects"]} == {"ws-mysql-attached", "ws-mysql"}
        assert now["hash"] in answer.json["error"]["message"]
    finally:
        running.stop()
