"""Whoever reads along on the command line is told why an operation waits, and how to go on with one that was stopped."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cmk_admin.operations.interface import AWAY
from tests.support import COMMAND_SECONDS, Done, Program, Sandbox, serve

KEY = "dcc-premium/mysql-encryption-key"
CUT = ("revoke", KEY, "--consumer", "dcc-mysql")
BOTH = (*CUT, "--consumer", "dcc-mysql-single", "--also", "staged:dcc-mysql")
INTERRUPT = 2


def _waits(line: dict[str, Any]) -> bool:
    return bool(line["event"] == "waiting")


def _told(answer: Done) -> list[str]:
    return [str(line["message"]) for line in answer.lines if _waits(line)]


def _stopped(program: Program, *arguments: str) -> tuple[Done, str]:
    """Run a command until it says that it waits, and press Ctrl+C there; the reason, which stands in its answer too."""
    answer = program.until(arguments, _waits, INTERRUPT)
    assert answer.status == 3, answer.err
    [why] = _told(answer)
    assert answer.json["paused"] == why
    assert {line["operation"] for line in answer.lines} == {answer.json["operation"]}
    [kept] = [
        one for one in program.json("operations").json["operations"] if one["operation"] == answer.json["operation"]
    ]
    assert (kept["paused"], kept["resumable"]) == (None, True)
    return answer, why


def test_an_undo_that_waits_for_a_role_to_count_says_until_when(maker: Program, workshop: Sandbox) -> None:
    detached = maker.json("detach", "ws-mysql-attached", "--drop-grant", "--yes")
    assert detached.status == 0, detached.out
    workshop.post("clock", {"speed": 20})  # the ten minutes are thirty seconds now, which this test does not wait for
    _, why = _stopped(maker, "undo", str(detached.json["operation"]), "--yes", "--watch")
    assert why.startswith("ws-mysql-attached gets its key at ")


def test_a_staged_revoke_says_for_whom_it_waits_and_goes_on_when_it_is_asked(
    sandbox: Sandbox, program: Program
) -> None:
    sandbox.post("clock", {"speed": 20})
    stopped, why = _stopped(program, *BOTH, "--yes", "--watch")
    assert why == "It waits until dcc-mysql shows the effect; the rest is cut then."
    sandbox.post("clock", {"speed": 300})
    resumed = program.json("resume", stopped.json["operation"], "--yes", "--watch")
    assert resumed.status == 0, resumed.out
    assert resumed.json["paused"] is None


def test_a_table_names_the_reason_and_the_command_that_goes_on(sandbox: Sandbox, program: Program) -> None:
    sandbox.post("clock", {"speed": 20})
    process = program.start(*BOTH, "--yes", "--watch")
    assert process.stderr is not None
    why = "It waits until dcc-mysql shows the effect; the rest is cut then."
    for line in process.stderr:
        if line == f"{why}\n":
            break
    process.send_signal(INTERRUPT)
    out, _ = process.communicate(timeout=COMMAND_SECONDS)
    assert process.returncode == 3
    lines = out.splitlines()
    assert lines[lines.index("It was stopped while it waited:") + 1] == f"  {why}"
    [operation] = [line.split()[1].rstrip(":") for line in lines if line.startswith("Operation ")]
    resume = f"  cmk-admin resume {operation} --yes --connection {sandbox.file}: goes on with it."
    assert lines[lines.index("What comes next:") + 1] == resume
    assert resume in program("resume", operation).out.splitlines()


@pytest.mark.full
def test_a_revoke_says_that_nothing_of_azure_answers_once_and_goes_on(sandbox: Sandbox, program: Program) -> None:
    lost = False

    def lose_and_find(line: dict[str, Any]) -> bool:
        nonlocal lost
        if line["event"] == "intent" and not lost:
            lost = True
            sandbox.post("network", {"up": False})
        elif _waits(line):
            sandbox.post("network", {"up": True})
        return False

    revoked = program.until((*CUT, "--yes", "--watch"), lose_and_find)
    [why] = _told(revoked)
    assert why.startswith(AWAY)
    assert [one["result"] for one in revoked.json["watch"]] == ["confirmed"]
    assert revoked.json["paused"] is None


@pytest.fixture
def incident(tmp_path: Path) -> Iterator[Sandbox]:
    """Where the responder may ask for a role that somebody else approves."""
    running = serve(tmp_path / "incident", speed=600, scenario="incident")
    yield running
    running.stop()


ME = ("--principal", "responder")


def _asks(program: Program) -> tuple[str, ...]:
    """A revoke that asks for the role first."""
    disable = ("revoke", "in-main/own-key", "--method", "disable")
    plan = program.json(*disable, "--plan", *ME).json
    [role] = [one["id"] for one in plan["choices"] if one["id"].startswith("activate:")]
    return (*disable, "--also", role, "--yes", *ME)


def test_a_revoke_whose_role_waits_for_approval_says_so_and_goes_on(tmp_path: Path, incident: Sandbox) -> None:
    program = Program(tmp_path / "home", incident.file)
    approved = False

    def approve(line: dict[str, Any]) -> bool:
        nonlocal approved
        if _waits(line) and not approved:
            approved = True
            incident.post("approvals", {"request": None, "decision": "approve"})
        return False

    revoked = program.until(_asks(program), approve)
    assert approved, revoked.err
    assert {step["state"] for step in revoked.json["steps"]} == {"done"}, revoked.out
    first = _told(revoked)[0]
    assert first.startswith("“Activate your role Key Vault Crypto Officer")
    assert "the activation waits for approval" in first


def test_a_revoke_that_is_stopped_before_the_approval_says_what_is_under_way(tmp_path: Path, incident: Sandbox) -> None:
    program = Program(tmp_path / "home", incident.file)
    stopped = program.until(_asks(program), _waits, INTERRUPT)
    assert stopped.status == 3, stopped.out
    assert "the activation waits for approval" in stopped.json["paused"]
    asked, disabling = stopped.json["steps"]
    assert asked["error"] == "It is not over yet: the activation waits for approval."
    assert (asked["state"], disabling["state"]) == ("unknown", "planned")
    undo = program.json("undo", stopped.json["operation"], "--yes", *ME)
    assert undo.status == 1
    assert "still waiting for approval, or active until it ends by itself" in undo.json["error"]["message"]


def test_a_revoke_says_until_when_azure_may_still_let_in(sandbox: Sandbox, program: Program) -> None:
    sandbox.post("clock", {"speed": 60})
    revoked = program(*CUT, "--yes")
    assert revoked.status == 0, revoked.out
    counts = r"  1 path is closed, which counts at the vault by \d\d:\d\d:\d\d UTC at the latest\."
    assert re.search(rf"{counts} Until then Azure may still let in\.", revoked.out)
    [operation] = program.json("operations").json["operations"]
    sandbox.advance(600)
    assert program.json("proof", operation["operation"]).json["proof"]["closed"]
    assert "Until then" not in program("resume", operation["operation"]).out
