"""A plan as an az script on the command line: written as asked for, private to its owner; nothing is done by writing it."""

import stat
import subprocess
from pathlib import Path

from tests.support import Program, Sandbox

KEY = "dcc-premium/mysql-encryption-key"


def test_the_plan_of_a_revoke_is_written_as_a_script_and_nothing_is_done(
    sandbox: Sandbox, program: Program, tmp_path: Path
) -> None:
    file = tmp_path / "cut.sh"
    before = sandbox.last_request()
    planned = program.json("revoke", KEY, "--consumer", "dcc-mysql", "--plan", "--script", str(file))
    assert planned.status == 0, planned.err
    assert sandbox.writes(before) == []
    text = file.read_text()
    assert [line.split(" ")[1] for line in text.splitlines() if line.startswith("step ") and "{" not in line] == [
        str(step["n"]) for step in planned.json["steps"]
    ]
    assert sandbox.described["tenant_id"] in text
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert subprocess.run(["bash", "-n", str(file)], check=False).returncode == 0
    secrets = [who["secret"] for who in sandbox.described["principals"].values()]
    assert not any(secret in text for secret in secrets)


def test_a_place_where_no_script_can_be_written_is_said_before_anything_is_read(
    sandbox: Sandbox, program: Program, tmp_path: Path
) -> None:
    before = sandbox.last_request()
    refused = program.json("revoke", KEY, "--plan", "--script", str(tmp_path / "missing" / "cut.sh"))
    assert (refused.status, refused.json["error"]["code"]) == (2, "bad-out")
    assert sandbox.requests(before) == []
