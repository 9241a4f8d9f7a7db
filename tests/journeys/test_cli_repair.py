"""A server that lost its key past the program: the command line says what is missing and who took it, and repairs it."""

import time

import pytest

from tests.journeys.clients import MYSQL_KEY, Clients
from tests.journeys.test_cli_revoke import truth_of
from tests.sandbox.running import Client
from tests.support import Program, Sandbox

ENCRYPTION_USER = "e147488a-f6f5-4113-8e2d-b22465e65bf6"


def until_lost(sandbox: Sandbox, admin: Clients) -> None:
    """Push the clock past Azure's ten minutes and five of spreading, and wait until the server noticed."""
    end = time.monotonic() + 20
    sandbox.advance(660)
    while admin.server_state() != "Inaccessible":
        assert time.monotonic() < end, "the server did not notice"
        sandbox.advance(120)


def test_a_lost_grant_is_named_with_who_removed_it_and_given_back(sandbox: Sandbox, program: Program) -> None:
    admin, mysql = Clients(sandbox), Clients(sandbox, "dcc-mysql-id")
    wrapped = mysql.wrap()
    truth = truth_of(sandbox, "dcc-mysql")
    scope, identity = truth["role_assignment_scope"][0], truth["identity"]["object_id"]
    (name,) = [name for name, grant in admin.grants(scope).items() if grant[0] == identity]
    admin.remove_grant(scope, name)
    until_lost(sandbox, admin)

    sent = sandbox.last_request()
    told = program("repair", "dcc-mysql", "--plan")
    assert told.status == 0, told.err
    assert "may not get, wrapKey or unwrapKey with mysql-encryption-key" in told.out
    assert "by administrator" in told.out
    assert not sandbox.writes(sent)

    planned = program.json("repair", "dcc-mysql", "--plan").json
    assert [step["verb"] for step in planned["steps"]] == ["create-role-assignment", "revalidate"]
    (finding,) = planned["findings"]
    assert "Delete role assignment" in finding
    assert planned["problems"] == []

    done = program.json("repair", "dcc-mysql", "--yes", "--watch", "--reason", "grant was lost")
    assert done.status == 0, done.out
    assert (done.json["verb"], done.json["outcome"]) == ("repair", "done")
    assert [one["result"] for one in done.json["watch"]] == ["confirmed"]
    assert (identity, ENCRYPTION_USER) in {grant[:2] for grant in admin.grants(scope).values()}
    assert admin.server_state() == "Ready"
    mysql.await_unwraps(wrapped, wanted=True)

    again = program.json("repair", "dcc-mysql", "--yes")
    assert again.status == 1
    assert "nothing to repair: dcc-mysql is up (Ready)" in again.json["error"]["message"]


@pytest.mark.parametrize("break_", ["disabled", "deleted"])
def test_a_version_or_key_that_was_taken_is_given_back(sandbox: Sandbox, program: Program, break_: str) -> None:
    admin, mysql = Clients(sandbox), Clients(sandbox, "dcc-mysql-id")
    wrapped = mysql.wrap()
    keys, name = admin.keys(), MYSQL_KEY.rsplit("/", 1)[-1]
    if break_ == "disabled":
        keys.update_key_properties(name, enabled=False)
    else:
        keys.begin_delete_key(name).wait()
    until_lost(sandbox, admin)
    done = program.json("repair", "dcc-mysql", "--yes", "--watch")
    assert done.status == 0, done.out
    assert done.json["steps"][0]["verb"] == {"disabled": "set-key-version-enabled", "deleted": "recover-key"}[break_]
    assert admin.server_state() == "Ready"
    assert keys.get_key(name).properties.enabled
    assert mysql.unwraps(wrapped)


def test_what_cannot_be_given_back_is_refused_with_what_to_do(sandbox: Sandbox, program: Program) -> None:
    program.json("estate")
    admin = Clients(sandbox)
    identity = truth_of(sandbox, "dcc-mysql")["identity"]["resource_id"]
    deleted = Client(sandbox.file, sandbox.described).arm("DELETE", identity, "2024-11-30")
    assert deleted.status_code == 200, deleted.text
    until_lost(sandbox, admin)
    sent = sandbox.last_request()
    refused = program.json("repair", "dcc-mysql", "--yes")
    assert refused.status == 1
    assert "create an identity, and attach" in refused.json["error"]["message"]
    assert not sandbox.writes(sent)
