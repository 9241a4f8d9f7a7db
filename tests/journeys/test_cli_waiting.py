"""Whoever reads along on the command line is told why an operation waits, and how to go on with one that was stopped."""

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


def test_a_revoke_whose_role_waits_for_approval_says_so(tmp_path: Path) -> None:
    azure = serve(tmp_path / "azure", speed=600, scenario="incident")
    try:
        program = Program(tmp_path / "home", azure.file)
        me = ("--principal", "responder")
        plan = program.json("revoke", "in-main/own-key", "--method", "disable", "--plan", *me).json
        [role] = [one["id"] for one in plan["choices"] if one["id"].startswith("activate:")]
        approved = False

        def approve(line: dict[str, Any]) -> bool:
            nonlocal approved
            if _waits(line) and not approved:
                approved = True
                azure.post("approvals", {"request": None, "decision": "approve"})
            return False

        command = ("revoke", "in-main/own-key", "--method", "disable", "--also", role, "--yes", *me)
        revoked = program.until(command, approve)
        assert approved, revoked.err
        assert {step["state"] for step in revoked.json["steps"]} == {"done"}, revoked.out
        first = _told(revoked)[0]
        assert first.startswith("“Activate your role Key Vault Crypto Officer")
        assert "the activation waits for approval" in first
    finally:
        azure.stop()


@pytest.mark.parametrize("watched", [False, True])
def test_a_revoke_says_until_when_azure_may_still_let_in(sandbox: Sandbox, program: Program, watched: bool) -> None:
    sandbox.post("clock", {"speed": 60})
    revoked = program(*CUT, "--yes", *(["--watch"] if watched else []))
    assert revoked.status == 0, revoked.out
    says = "Until then Azure may still let in." in revoked.out
    assert says is ("which counts at the vault by " in revoked.out)
    assert says or watched
