"""Proof, close and a restore of one service on the command line."""

import re
from pathlib import Path

from tests.journeys.clients import MYSQL_KEY, Clients
from tests.support import Program, Sandbox, serve

KEY = "dcc-premium/mysql-encryption-key"
CUT = ("revoke", KEY, "--consumer", "dcc-mysql", "--consumer", "dcc-mysql-single")


def test_an_incident_is_proven_one_service_is_given_back_and_it_is_closed(sandbox: Sandbox, program: Program) -> None:
    mysql, single = Clients(sandbox, "dcc-mysql-id"), Clients(sandbox, "dcc-mysql-single")
    wrapped = mysql.wrap()
    revoked = program.json(*CUT, "--yes")
    assert revoked.status == 0, revoked.out
    operation = revoked.json["operation"]
    assert (revoked.json["incident"], revoked.json["alarms"]) == ("open", [])

    proven = program.json("proof", operation)
    assert proven.status == 0, proven.out
    assert proven.json["proof"]["closed"]
    assert {path["proof"] for path in proven.json["proof"]["paths"]} == {"closed"}
    shown = program("proof", operation)
    assert "2 of 2 paths closed" in shown.out
    assert all(path["counts_at"] > revoked.json["created_at"] for path in proven.json["proof"]["paths"])

    asked = program("restore", operation, "--consumer", "dcc-mysql", "--plan")
    assert "Not answered; add --clean where it is." in asked.out
    part = program.json("restore", operation, "--consumer", "dcc-mysql", "--yes", "--clean")
    assert part.status == 0, part.out
    kept = program("record", part.json["operation"], "--format", "html")
    assert "Is the identity clean?" in kept.out
    assert "The identity is clean" in kept.out
    mysql.await_unwraps(wrapped, wanted=True)
    single.await_unwraps(wrapped, wanted=False)
    half = program.json("proof", operation)
    assert half.status == 1
    assert (half.json["incident"], half.json["alarms"]) == ("open", [])
    assert sorted(path["proof"] for path in half.json["proof"]["paths"]) == ["closed", "open"]

    unknown = program.json("restore", operation, "--consumer", "dcc-aks", "--yes")
    assert (unknown.status, unknown.json["error"]["code"]) == (2, "unknown-consumer")
    sandbox.advance(600)
    closed = program.json("close", operation)
    assert (closed.status, closed.json["incident"], closed.json["next_proof_at"]) == (0, "closed", None)
    assert {path["counting"] for path in closed.json["proof"]["paths"]} == {None}
    assert closed.json["proof"]["at"] > half.json["proof"]["at"]
    rest = program.json("restore", operation, "--yes")
    assert "not answered" in program("record", rest.json["operation"], "--format", "html").out
    assert [step["verb"] for step in rest.json["steps"]].count("create-role-assignment") == 1
    single.await_unwraps(wrapped, wanted=True)


def test_a_proof_that_is_followed_tells_of_what_somebody_opens(sandbox: Sandbox, program: Program) -> None:
    operation = program.json("revoke", MYSQL_KEY, "--yes").json["operation"]
    opened = False

    def alarmed(line: dict[str, object]) -> bool:
        nonlocal opened
        if not opened:
            opened = True
            Clients(sandbox).keys().rotate_key("mysql-encryption-key")
        return bool(line["alarms"])

    followed = program.until(("proof", operation, "--follow"), alarmed, number=2)
    assert followed.status == 3, followed.err
    assert [one["kind"] for one in followed.json["alarms"]] == ["new-version"]
    assert not followed.json["proof"]["closed"]


def test_the_restore_file_goes_where_the_settings_say(sandbox: Sandbox, program: Program, tmp_path: Path) -> None:
    program.home.mkdir()
    (program.home / "settings.json").write_text(f'{{"restore_folder": "{tmp_path / "share"}"}}')
    revoked = program.json("revoke", KEY, "--consumer", "dcc-mysql", "--yes")
    file = Path(str(revoked.json["restore_file"]))
    assert file.parent == tmp_path / "share"
    for settings in ("[]", '{"restore_folder": "share/restores"}'):
        (program.home / "settings.json").write_text(settings)
        refused = program.json("operations")
        assert (refused.status, refused.json["error"]["code"]) == (2, "bad-settings")
    assert "in full: it says “share/restores”" in refused.json["error"]["message"]


def test_an_incident_is_not_closed_while_azure_may_still_let_the_identity_in(tmp_path: Path) -> None:
    sandbox = serve(tmp_path / "azure", speed=10)
    try:
        program, mysql = Program(tmp_path / "home", sandbox.file), Clients(sandbox, "dcc-mysql-id")
        wrapped = mysql.wrap()
        revoked = program.json("revoke", KEY, "--consumer", "dcc-mysql", "--yes")
        assert revoked.status == 0, revoked.out
        operation = revoked.json["operation"]
        refused = program.json("close", operation)
        assert (refused.status, refused.json["error"]["code"]) == (1, "still-open")
        assert re.search(r"1 path is closed, but may let in until \d\d:\d\d:\d\d UTC", refused.json["error"]["message"])
        assert mysql.unwraps(wrapped)
        [path] = program.json("proof", operation).json["proof"]["paths"]
        said = r"the grant is gone; it counts at the vault by \d\d:\d\d:\d\d UTC at the latest"
        assert re.fullmatch(said, path["counting"])
        assert re.search(said, program("proof", operation).out)

        sandbox.advance(600)
        assert not re.search(said, program("proof", operation).out)
        closed = program.json("close", operation)
        assert (closed.status, closed.json["incident"]) == (0, "closed")
        assert not mysql.unwraps(wrapped)
    finally:
        sandbox.stop()


def test_an_incident_with_a_path_that_is_open_is_closed_only_anyway_and_the_record_says_so(
    sandbox: Sandbox, program: Program
) -> None:
    cut = program.json("revoke", KEY, "--consumer", "dcc-mysql", "--yes")
    operation = cut.json["operation"]
    assert cut.status == 0, cut.out
    sandbox.advance(600)
    row = next(r for r in sandbox.truth() if r["consumer_id"].endswith("/dcc-mysql-single"))
    scope = row["role_assignment_scope"][0]
    role = "e147488a-f6f5-4113-8e2d-b22465e65bf6"
    Clients(sandbox).grant(scope, role, sandbox.described["principals"]["dcc-mysql-id"]["object_id"])
    left = (
        "1 path is open (dcc-mysql-id by role Key Vault Crypto Service Encryption User at key mysql-encryption-key of"
        " dcc-premium)"
    )

    refused = program.json("close", operation)
    error = refused.json["error"]
    assert (refused.status, error["code"], error["subject"]) == (1, "still-open", operation)
    assert left in error["message"]
    assert "--anyway" in error["next"]
    [still] = program.json("operations").json["operations"]
    assert (still["incident"], still["proof"]["closed"]) == ("open", False)

    closed = program.json("close", operation, "--anyway")
    assert (closed.status, closed.json["incident"], closed.json["proof"]["closed"]) == (0, "closed", False)
    assert [path["state"] for path in closed.json["open_paths"]] == ["stays_open"]
    kept = program.json("record", operation).json["entries"]
    [end] = [one["facts"] for one in kept if one["kind"] == "incident-closed"]
    assert end["although"] == left
    assert any(f"The incident was closed by administrator, although {left}." in str(one["facts"]) for one in kept)
    assert f"although {left}" in program("record", operation, "--format", "html").out


def test_an_incident_whose_paths_cannot_be_read_is_closed_only_anyway(sandbox: Sandbox, program: Program) -> None:
    operation = program.json("revoke", KEY, "--yes").json["operation"]
    sandbox.fault("GET *dcc-premium*/keys* status:403")
    refused = program.json("close", operation)
    assert (refused.status, refused.json["error"]["code"]) == (1, "still-open")
    assert "not known (" in refused.json["error"]["message"]
    sandbox.no_faults()
    closed = program.json("close", operation)
    assert (closed.status, closed.json["incident"], closed.json["proof"]["closed"]) == (0, "closed", True)
