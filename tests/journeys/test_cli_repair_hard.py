"""Repair under a kill at each boundary, and while a call fails: it ends right, and what could not be read is said."""

import pytest

from tests.journeys.clients import Clients
from tests.journeys.test_cli_kill import EVENTS, done, everyday, kill_at
from tests.journeys.test_cli_repair import until_lost
from tests.journeys.test_cli_revoke import truth_of
from tests.support import Program, Sandbox

REPAIR = ("repair", "dcc-mysql", "--yes")
BOUNDARIES = [(step, event) for step in (1, 2) for event in EVENTS]
KINDS = ("status:503", "status:403", "throttle:1", "reset", "timeout", "lost")
ARM = "management.azure.com"
READS = {
    "activity log": f"GET {ARM}/subscriptions/*/eventtypes/management/values",
    "permissions": f"GET {ARM}/subscriptions/*/permissions",
    "identity": f"GET {ARM}/subscriptions/*/userassignedidentities/dcc-mysql-id",
    "server": f"GET {ARM}/subscriptions/*/flexibleservers/dcc-mysql",
}
WRITES = {
    "create an assignment": f"PUT {ARM}/subscriptions/*/vaults/dcc-premium/keys/*/roleassignments/*",
    "revalidate": f"PATCH {ARM}/subscriptions/*/flexibleservers/dcc-mysql",
}


def lose_grant(sandbox: Sandbox, program: Program) -> Clients:
    """Take the grant away past the program, once it has read the estate, and wait until the server noticed."""
    assert program.json("estate").status == 0
    admin, truth = Clients(sandbox), truth_of(sandbox, "dcc-mysql")
    scope, identity = truth["role_assignment_scope"][0], truth["identity"]["object_id"]
    (name,) = [name for name, grant in admin.grants(scope).items() if grant[0] == identity]
    admin.remove_grant(scope, name)
    until_lost(sandbox, admin)
    return admin


def granted_once(sandbox: Sandbox) -> bool:
    """The identity holds exactly one role at the key, by the sandbox's own account."""
    truth = truth_of(sandbox, "dcc-mysql")
    (scope,) = truth["role_assignment_scope"]
    holders = [grant[0] for grant in Clients(sandbox).grants(scope).values()]
    return holders.count(truth["identity"]["object_id"]) == 1


@pytest.mark.parametrize(("step", "event"), everyday(BOUNDARIES, (1, "sent")))
def test_a_killed_repair_is_resumed(sandbox: Sandbox, program: Program, step: int, event: str) -> None:
    admin = lose_grant(sandbox, program)
    operation = kill_at(program, REPAIR, step, event)
    resumed = done(program.json("resume", operation, "--yes", "--watch"))
    assert [one["result"] for one in resumed["watch"]] == ["confirmed"]
    assert admin.server_state() == "Ready"
    assert granted_once(sandbox)


@pytest.mark.parametrize(("step", "event"), everyday(BOUNDARIES, (1, "accepted")))
def test_the_undo_of_a_killed_repair_takes_no_grant_from_a_server_that_uses_the_key(
    sandbox: Sandbox, program: Program, step: int, event: str
) -> None:
    admin = lose_grant(sandbox, program)
    operation = kill_at(program, REPAIR, step, event)
    undone = program.json("undo", operation, "--yes")
    if (step, event) != (1, "intent"):
        assert undone.status == 1
        assert "waits: dcc-mysql uses mysql-encryption-key" in undone.json["error"]["message"]
    again = program.json(*REPAIR, "--watch")
    assert again.status == 0 or "is up (Ready)" in again.json["error"]["message"], again.out
    assert admin.server_state() == "Ready"
    assert granted_once(sandbox)


EVERYDAY = {("create an assignment", "lost")}


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("call", "kind"),
    [
        pytest.param(call, kind, marks=() if (call, kind) in EVERYDAY else pytest.mark.full)
        for call in (*READS, *WRITES)
        for kind in KINDS
    ],
)
def test_one_failing_call_does_not_change_the_end(sandbox: Sandbox, program: Program, call: str, kind: str) -> None:
    admin = lose_grant(sandbox, program)
    sandbox.fault(f"{(READS | WRITES)[call]} {kind};times=1")
    first = program.json(*REPAIR, "--watch")
    if first.status != 0:
        left = [one for one in program.json("operations").json["operations"] if one["resumable"]]
        again = ("resume", left[0]["operation"], "--yes", "--watch") if left else (*REPAIR, "--watch")
        first = program.json(*again)
    assert first.status == 0, first.out
    assert [one["result"] for one in first.json["watch"]] == ["confirmed"]
    assert admin.server_state() == "Ready"
    assert granted_once(sandbox)
    assert [one for one in sandbox.requests() if one.get("fault")], "the fault was never met"


def test_a_log_that_refuses_is_told_and_holds_nothing_up(sandbox: Sandbox, program: Program) -> None:
    lose_grant(sandbox, program)
    sandbox.fault(f"{READS['activity log']} status:403")
    plan = program.json("repair", "dcc-mysql", "--plan").json
    assert plan["problems"] == []
    assert "the Activity Log could not be read" in plan["findings"][0]
    assert any(one.startswith("The Activity Log could not be read") for one in plan["warnings"])
