"""The program is killed at a boundary; what the journal then shows can be gone on with, or taken back."""

import signal

import pytest

from tests.journeys.clients import Clients
from tests.support import Document, Done, Program, Sandbox

KEY = "dcc-premium/mysql-encryption-key"
REVOKE = ("revoke", KEY, "--consumer", "dcc-mysql", "--consumer", "dcc-mysql-single", "--yes")
EVENTS = ("intent", "sent", "accepted", "done")
REVOKE_BOUNDARIES = [(step, event) for step in (1, 2) for event in EVENTS]
RESTORE_BOUNDARIES = [(step, event) for step in (1, 2, 3, 4) for event in EVENTS]


def everyday(cells: list[tuple[int, str]], *chosen: tuple[int, str]) -> list[object]:
    """All cells; but for the chosen ones only in the full run."""
    return [pytest.param(*c, marks=() if c in chosen else pytest.mark.full) for c in cells]


def grants(sandbox: Sandbox) -> dict[str, list[str]]:
    """Where the two servers' identities may unwrap, as the sandbox itself judges it."""
    rows = sandbox.truth()
    servers = ("dcc-mysql", "dcc-mysql-single")
    return {s: next(r["role_assignment_scope"] for r in rows if r["consumer_id"].endswith("/" + s)) for s in servers}


def kill_at(program: Program, arguments: tuple[str, ...], step: int, event: str) -> str:
    """Run a command, kill it at a boundary; the operation that it leaves."""

    def reached(boundary: Document) -> bool:
        return (boundary.get("step"), boundary["event"]) == (step, event)

    killed = program.until(arguments, reached)
    assert killed.status == -signal.SIGKILL
    assert any(map(reached, killed.boundaries))
    assert killed.out == ""
    operation = str(killed.boundaries[0]["operation"])
    listed = program.json("operations").json["operations"]
    left = next(o for o in listed if o["operation"] == operation)
    assert left["resumable"]
    assert not left["alive"]
    assert left["outcome"] in ("partial", "planned")
    return operation


def done(answer: Done) -> Document:
    assert answer.status == 0, answer.out
    assert answer.json["outcome"] == "done"
    return answer.json


@pytest.mark.parametrize(("step", "event"), everyday(REVOKE_BOUNDARIES, (1, "intent"), (2, "sent")))
def test_a_killed_revoke_is_resumed_and_then_undone(sandbox: Sandbox, program: Program, step: int, event: str) -> None:
    whole, scope = grants(sandbox), grants(sandbox)["dcc-mysql"][0]
    assignments = Clients(sandbox).grants(scope)
    operation = kill_at(program, REVOKE, step, event)
    resumed = done(program.json("resume", operation, "--yes", "--watch"))
    assert [w["result"] for w in resumed["watch"]] == ["confirmed", "confirmed"]
    assert grants(sandbox) == {"dcc-mysql": [], "dcc-mysql-single": []}
    undone = done(program.json("undo", operation, "--yes", "--watch"))
    assert [w["result"] for w in undone["watch"]] == ["confirmed", "confirmed"]
    assert grants(sandbox) == whole
    assert Clients(sandbox).grants(scope) == assignments


@pytest.mark.parametrize(("step", "event"), everyday(REVOKE_BOUNDARIES, (1, "sent")))
def test_a_killed_revoke_is_undone(sandbox: Sandbox, program: Program, step: int, event: str) -> None:
    whole, scope = grants(sandbox), grants(sandbox)["dcc-mysql"][0]
    assignments = Clients(sandbox).grants(scope)
    operation = kill_at(program, REVOKE, step, event)
    undone = program.json("undo", operation, "--yes", "--watch")
    assert undone.status == 0, undone.out
    assert grants(sandbox) == whole
    assert Clients(sandbox).grants(scope) == assignments
    admin = Clients(sandbox)
    assert admin.server_state() == "Ready"


@pytest.mark.parametrize(("step", "event"), everyday(RESTORE_BOUNDARIES, (1, "sent")))
def test_a_killed_restore_is_resumed(sandbox: Sandbox, program: Program, step: int, event: str) -> None:
    whole, scope = grants(sandbox), grants(sandbox)["dcc-mysql"][0]
    assignments = Clients(sandbox).grants(scope)
    revoked = done(program.json(*REVOKE, "--watch"))["operation"]
    operation = kill_at(program, ("restore", revoked, "--yes"), step, event)
    resumed = done(program.json("resume", operation, "--yes", "--watch"))
    assert [w["result"] for w in resumed["watch"]] == ["confirmed", "confirmed"]
    assert grants(sandbox) == whole
    assert Clients(sandbox).grants(scope) == assignments
    assert Clients(sandbox).server_state() == "Ready"


@pytest.mark.full
@pytest.mark.parametrize(("step", "event"), RESTORE_BOUNDARIES)
def test_undo_of_a_killed_restore_cuts_nobody_off(sandbox: Sandbox, program: Program, step: int, event: str) -> None:
    """An undo never takes a grant away while a consumer may report the key; the restore can still be gone on with."""
    whole = grants(sandbox)
    revoked = done(program.json(*REVOKE, "--watch"))["operation"]
    operation = kill_at(program, ("restore", revoked, "--yes"), step, event)
    before = grants(sandbox)
    undone = program.json("undo", operation, "--yes")
    assert undone.status == 1
    assert undone.json["error"]["message"]
    assert grants(sandbox) == before
    done(program.json("resume", operation, "--yes", "--watch"))
    assert grants(sandbox) == whole


def test_ctrl_c_finishes_the_call_in_flight_and_leaves_the_rest(sandbox: Sandbox, program: Program) -> None:
    whole = grants(sandbox)
    revoked = done(program.json(*REVOKE, "--watch"))["operation"]
    sandbox.fault("PUT *roleAssignments* delay:700")
    stopped = program.until(
        ("restore", revoked, "--yes", "--watch"), lambda b: b["event"] == "sent", number=signal.SIGINT
    )
    assert stopped.status == 3, stopped.out
    assert stopped.json["outcome"] == "partial"
    states = [s["state"] for s in stopped.json["steps"]]
    assert states[:2] == ["done", "done"]
    assert states[2:] == ["planned", "planned"]
    resumed = done(program.json("resume", stopped.json["operation"], "--yes", "--watch"))
    assert resumed["operation"] == stopped.json["operation"]
    assert grants(sandbox) == whole


def test_ctrl_c_before_the_first_write_changes_nothing(sandbox: Sandbox, program: Program) -> None:
    sandbox.fault("GET *vaults* delay:20000")
    process = program.start(*REVOKE, "--format", "json")
    while not any("/vaults" in r["path"] or "resourcegraph" in r["path"].lower() for r in sandbox.requests()):
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 3
    assert Done(3, out, "").json["error"]["code"] == "interrupted"
    assert not sandbox.writes()
    assert not program.json("operations").json["operations"]


def test_a_second_process_on_the_same_operation_is_refused(sandbox: Sandbox, program: Program) -> None:
    sandbox.fault("DELETE *roleAssignments* hold;times=1")
    process = program.start(*REVOKE, "--format", "json")
    assert process.stderr is not None
    operation = Done(0, process.stderr.readline(), "").json["operation"]
    process.send_signal(signal.SIGSTOP)  # it lives and holds its lock for as long as the others take
    try:
        for command in ("resume", "undo"):
            refused = program.json(command, operation, "--yes")
            assert refused.status == 1
            assert refused.json["error"]["code"] == "busy"
        assert program.json("operations").json["operations"][0]["alive"]
    finally:
        process.send_signal(signal.SIGCONT)
        sandbox.post("release")
        process.communicate(timeout=60)
    assert process.returncode == 0
