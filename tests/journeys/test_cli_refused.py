"""A plan that cannot start is refused with what can be done instead."""

from pathlib import Path

from tests.support import Program, serve


def test_who_lacks_a_right_is_told_which_role_to_activate_and_with_it_the_plan_starts(tmp_path: Path) -> None:
    sandbox = serve(tmp_path / "azure", scenario="incident")
    try:
        responder = Program(tmp_path / "home", sandbox.file)
        line = ("revoke", "in-main/own-key", "--consumer", "in-mysql-own", "--method", "grants")
        marker = sandbox.last_request()
        refused = responder.json(*line, "--principal", "responder", "--yes")
        assert refused.status == 1, refused.out
        told = refused.json["error"]["next"]
        assert "--also activate:" in told
        assert not sandbox.writes(since=marker)
        role = told.partition("--also ")[2].split()[0].rstrip(".")
        allowed = responder.json(*line, "--principal", "responder", "--also", role, "--reason", "leak", "--yes")
        assert [step["verb"] for step in allowed.json["steps"]] == ["activate-role", "remove-role-assignment"]
        [cut] = [one for one in sandbox.writes(since=marker) if "/roleassignments/" in one["path"].lower()]
        assert (cut["method"], cut["status"]) == ("DELETE", 200)
    finally:
        sandbox.stop()
