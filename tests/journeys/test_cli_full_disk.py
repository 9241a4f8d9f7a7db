"""The disk is full after a write was sent: what is known is kept and told, nothing further is sent, and it can be gone on
with when there is room."""

import json
import resource
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.journeys.clients import Clients
from tests.support import COMMAND_SECONDS, Done, Program, Sandbox

KEY = "dcc-premium/mysql-encryption-key"
CUT = (
    "revoke",
    KEY,
    "--consumer",
    "dcc-mysql",
    "--consumer",
    "dcc-mysql-single",
    "--also",
    "staged:dcc-mysql",
    "--yes",
)
FULL: dict[str, Callable[[Path], int]] = {
    # The journal cannot grow; with the room that is kept for it the end of the call is written down
    "full": lambda folder: (folder / "journal.db-wal").stat().st_size,
    # Nothing at all can be written any more
    "dead": lambda folder: 1,
}


def grants(sandbox: Sandbox) -> list[list[str]]:
    rows = sandbox.truth()
    servers = ("dcc-mysql", "dcc-mysql-single")
    return [next(r["role_assignment_scope"] for r in rows if r["consumer_id"].endswith("/" + s)) for s in servers]


def journal_folder(program: Program) -> Path:
    [found] = program.home.glob("connections/*/journal.db")
    return found.parent


def full_while_in_flight(
    program: Program, sandbox: Sandbox, full: Callable[[Path], int], *arguments: str, hold: str, sent: int = 1
) -> Done:
    """Run a command whose first writes are done but not answered until its process can write no more to the disk."""
    sandbox.fault(hold)
    process = program.start(*arguments)
    assert process.stderr is not None
    assert process.stdout is not None
    lines = []
    for line in process.stderr:
        lines.append(line)
        sent -= line.startswith("{") and json.loads(line)["event"] == "sent"
        if not sent:
            break
    most = full(journal_folder(program))
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
    sandbox.no_faults()
    sandbox.post("release")
    out, err = process.communicate(timeout=COMMAND_SECONDS)
    return Done(process.returncode, out, "".join(lines) + err)


@pytest.mark.parametrize("kind", FULL)
def test_a_revoke_on_a_full_disk_says_what_was_in_flight_and_is_resumed(
    sandbox: Sandbox, program: Program, kind: str
) -> None:
    since = sandbox.last_request()
    stopped = full_while_in_flight(
        program, sandbox, FULL[kind], *CUT, "--format", "json", hold="DELETE *roleassignments* hold;times=1"
    )
    assert stopped.status == 1, stopped.err
    operation, error = stopped.json["operation"], stopped.json["error"]
    assert (error["code"], error["subject"]) == ("store", operation)
    assert f"Operation {operation} was stopped before its next write: " in error["message"]
    assert "Step 1 (" in error["message"]
    assert error["next"].startswith("Make room")
    assert f"cmk-admin resume {operation} --connection {sandbox.file}" in error["next"]
    known = "1 of 2 changes made" if kind == "full" else "how it ended may be unknown"
    assert known in error["message"]
    assert len(sandbox.writes(since)) == 1
    assert "Traceback" not in stopped.err

    [left] = program.json("operations").json["operations"]
    assert (left["operation"], left["resumable"]) == (operation, True)
    kept = "done" if kind == "full" else "sent"
    assert [step["state"] for step in left["steps"]] == [kept, "planned"]
    resumed = program.json("resume", operation, "--yes", "--watch")
    assert resumed.status == 0, resumed.out
    assert [step["state"] for step in resumed.json["steps"]] == ["done", "done"]
    assert [one["result"] for one in resumed.json["watch"]] == ["confirmed", "confirmed"]
    assert grants(sandbox) == [[], []]
    assert len(sandbox.writes(since)) == 2
    assert (journal_folder(program) / "reserve").stat().st_size > 0


def test_all_that_was_in_flight_on_a_full_disk_is_kept_and_named(sandbox: Sandbox, program: Program) -> None:
    since = sandbox.last_request()
    both = ("revoke", KEY, "--consumer", "dcc-mysql", "--consumer", "dcc-mysql-single", "--yes", "--format", "json")
    stopped = full_while_in_flight(
        program, sandbox, FULL["full"], *both, hold="DELETE *roleassignments* hold;times=2", sent=2
    )
    assert (stopped.status, stopped.json["error"]["code"]) == (1, "store"), stopped.err
    message = stopped.json["error"]["message"]
    assert "2 of 2 changes made. Step 1 (" in message
    assert message.count("was in flight: it was done, and that is in the journal.") == 2
    resumed = program.json("resume", stopped.json["operation"], "--yes", "--watch")
    assert (resumed.status, resumed.json["proof"]["closed"]) == (0, True)
    assert grants(sandbox) == [[], []]
    assert len(sandbox.writes(since)) == 2


def test_a_restore_on_a_full_disk_tells_people_the_same_and_ends_equal_to_before(
    sandbox: Sandbox, program: Program
) -> None:
    whole, scope = grants(sandbox), grants(sandbox)[0][0]
    assignments = Clients(sandbox).grants(scope)
    program.json("operations")
    with closing(sqlite3.connect(journal_folder(program) / "journal.db")) as beside:
        # Somebody looks at the journal too, so that its log of changes is not folded into it at the end of each command
        beside.execute("SELECT * FROM operation").fetchall()
        revoked = program.json("revoke", KEY, "--consumer", "dcc-mysql", "--yes", "--watch").json["operation"]
        stopped = full_while_in_flight(
            program, sandbox, FULL["full"], "restore", revoked, "--yes", hold="PUT *roleassignments* hold;times=1"
        )
    assert stopped.status == 1
    operation = next(one["operation"] for one in stopped.boundaries)
    assert f"Operation {operation}: interrupted" in stopped.out
    assert "Interrupted: 1 of 2 changes made" in stopped.out
    assert "was in flight: it was done, and that is in the journal." in stopped.err
    assert f"go on with it: cmk-admin resume {operation} --connection" in stopped.err
    resumed = program.json("resume", operation, "--yes", "--watch")
    assert resumed.status == 0, resumed.out
    assert grants(sandbox) == whole
    assert Clients(sandbox).grants(scope) == assignments
    assert Clients(sandbox).server_state() == "Ready"


def test_nothing_is_begun_without_room_for_its_end(sandbox: Sandbox, program: Program) -> None:
    program.json("operations")
    (journal_folder(program) / "reserve").unlink()
    before, since = grants(sandbox), sandbox.last_request()
    process = program.start(*CUT, "--format", "json")
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
    out, err = process.communicate(timeout=COMMAND_SECONDS)
    refused = Done(process.returncode, out, err)
    assert (refused.status, refused.json["error"]["code"]) == (1, "store"), err
    assert "There is no room for the journal, and nothing is begun without" in refused.json["error"]["message"]
    assert sandbox.writes(since) == []
    assert grants(sandbox) == before
