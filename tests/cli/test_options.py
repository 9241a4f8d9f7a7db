"""What may be typed, and what of it is refused with one sentence."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmk_admin.cli.grammar import COMMANDS, OFFLINE
from cmk_admin.cli.options import parse, wants_json
from cmk_admin.domain.errors import BadInput
from cmk_admin.domain.verbs.revoking import Cause
from cmk_admin.domain.verbs.ways import METHODS
from cmk_admin.operations.connection import LiveChoice

REVOKE = ["revoke", "dcc-premium/mysql-encryption-key", "--consumer", "dcc-mysql"]


def test_options_mean_the_same_before_and_after_the_command() -> None:
    before = parse(["--sandbox", "--format", "json", "--yes", "--reason", "drill", *REVOKE])
    after = parse([*REVOKE, "--sandbox", "--format", "json", "--yes", "--reason", "drill"])
    assert before == after
    assert after.choice is not None
    assert after.choice.own_sandbox


def test_a_consumer_may_be_given_several_times() -> None:
    assert parse([*REVOKE, "--consumer", "dcc-mysql-single", "--sandbox"]).consumers == (
        "dcc-mysql",
        "dcc-mysql-single",
    )


def test_a_revoke_takes_a_cause_identities_any_method_and_choices() -> None:
    line = ["--cause", "operator", "--identity", "eve", "--identity", "bob", "--also", "remove:x", "--also", "stop:y"]
    found = parse(["revoke", "v/k", *line, "--sandbox"])
    assert (found.cause, found.identities, found.also) == ("operator", ("eve", "bob"), ("remove:x", "stop:y"))
    for method in METHODS:
        assert parse(["revoke", "v/k", "--method", method, "--sandbox"]).method == method
    for cause in Cause:
        assert parse(["revoke", "v/k", "--cause", cause.value, "--sandbox"]).cause == cause


def test_an_incident_is_closed_over_an_open_path_only_where_that_was_typed() -> None:
    assert not parse(["close", "abc", "--sandbox"]).anyway
    assert parse(["close", "abc", "--anyway", "--sandbox"]).anyway
    with pytest.raises(BadInput):
        parse(["proof", "abc", "--anyway", "--sandbox"])


def test_a_connection_file_and_a_principal_are_handed_on(tmp_path: Path) -> None:
    choice = parse(["mapping", "--connection", str(tmp_path / "c.json"), "--principal", "reader"]).choice
    assert choice is not None
    assert (choice.file, choice.principal, choice.own_sandbox) == (tmp_path / "c.json", "reader", False)


def test_a_real_azure_is_named_by_cloud_tenant_and_way() -> None:
    plain = parse(["estate", "--live"]).choice
    assert plain is not None
    assert plain.live == LiveChoice(cloud="public", tenant=None, way=None)
    whole = parse(["--live", "--cloud", "usgov", "--auth", "device", "--tenant", "contoso.example", "--fresh"])
    assert whole.command is None
    assert whole.choice is not None
    assert whole.choice.live == LiveChoice(cloud="usgov", tenant="contoso.example", way="device", anew=True)


def test_every_change_takes_the_hash_of_the_plan_that_was_seen() -> None:
    for line in (REVOKE, ["restore", "x"], ["resume", "x"], ["undo", "x"]):
        assert parse([*line, "--live", "--yes", "--expect", "ABC"]).expect == "abc"
        assert parse([*line, "--sandbox", "--yes"]).expect is None


def test_no_command_opens_the_window_and_may_name_the_connection() -> None:
    assert parse([]).command is None
    assert parse([]).choice is None
    choice = parse(["--sandbox", "--fresh"]).choice
    assert choice is not None
    assert choice.fresh


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (["frobnicate"], "bad-usage"),
        (["estate"], "no-connection"),
        (REVOKE, "no-connection"),
        (["restore", "x"], "no-connection"),
        (["--live", "--yes", *REVOKE], "no-expect"),
        (["--live", "--yes", "resume", "x"], "no-expect"),
        (["--live", "--expect", "0", *REVOKE], "bad-usage"),
        (["estate", "--live", "--expect", "0"], "bad-usage"),
        (["--live", "--yes", "--expect", " ", *REVOKE], "bad-usage"),
        (["estate", "--live", "--principal", "reader"], "bad-usage"),
        (["estate", "--live", "--tenant", " "], "bad-usage"),
        (["estate", "--live", "--cloud", "germany"], "bad-usage"),
        (["estate", "--live", "--auth", "password"], "bad-usage"),
        (["estate", "--sandbox", "--auth", "cli"], "bad-usage"),
        (["estate", "--vault", "v", "--sandbox"], "bad-usage"),
        (["connection", "--vault", "", "--sandbox"], "bad-usage"),
        (["estate", "--sandbox", "--live"], "bad-usage"),
        (["estate", "--sandbox", "--connection", "f"], "bad-usage"),
        (["estate", "--connection", ""], "bad-usage"),
        (["estate", "--sandbox", "--cloud", "usgov"], "bad-usage"),
        (["estate", "--connection", "f", "--fresh"], "bad-usage"),
        (["estate", "--sandbox", "--principal", " "], "bad-usage"),
        (["--principal", "reader"], "bad-usage"),
        (["estate", "--sandbox", "--yes"], "bad-usage"),
        (["estate", "--sandbox", "--watch"], "bad-usage"),
        (["--sandbox", "--format", "json"], "bad-usage"),
        (["operations", "--sandbox", "--format", "csv"], "bad-usage"),
        (["operations", "--sandbox", "--out", "f"], "bad-usage"),
        (["resume", "x", "--sandbox", "--reason", "why"], "bad-usage"),
        (["estate", "--sandbox", "--format", "xml"], "bad-usage"),
        (["estate", "--sandbox", "--form", "json"], "bad-usage"),
        (["estate", "--sandbox", "--out", "/nowhere/at/all/f.csv"], "bad-out"),
        (["estate", "--sandbox", "--out", "/"], "bad-out"),
        (["revoke", "--sandbox"], "bad-usage"),
        (["revoke", "", "--sandbox"], "bad-usage"),
        (["revoke", "v/k", "--consumer", "", "--sandbox"], "bad-usage"),
        (["revoke", "v/k", "--method", "wish", "--sandbox"], "bad-usage"),
        (["revoke", "v/k", "--method", "expiry", "--sandbox"], "bad-usage"),
        (["revoke", "v/k", "--cause", "weather", "--sandbox"], "bad-usage"),
        (["revoke", "v/k", "--also", "", "--sandbox"], "bad-usage"),
        (["restore", "op", "--also", "x", "--sandbox"], "bad-usage"),
        (["revoke", "v/k", "w/l", "--sandbox"], "bad-usage"),
        (["restore", " ", "--sandbox"], "bad-usage"),
        (["revoke", "v/\x1bk", "--sandbox"], "bad-usage"),
        (["revoke", "v/\udc80", "--sandbox"], "bad-usage"),
        (["revoke", "v/k", "--sandbox", "--reason", "x" * 2001], "bad-usage"),
    ],
)
def test_what_makes_no_sense_is_refused_with_one_sentence(line: list[str], code: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse(line)
    assert refused.value.code == code
    assert refused.value.message.endswith((".", ")"))
    assert "\n" not in refused.value.message


def test_json_is_recognised_before_the_line_is_understood() -> None:
    assert wants_json(["--nonsense", "--format", "json"])
    assert wants_json(["--format=json", "revoke"])
    assert not wants_json(["estate", "--format", "csv", "json"])


@given(
    st.lists(
        st.one_of(st.sampled_from([*COMMANDS, "--sandbox", "--format", "json", "--yes", "--", "--out"]), st.text())
    )
)
def test_any_line_is_either_understood_or_refused(line: list[str]) -> None:
    if not {"-h", "--help", "--version"} & set(line):
        with contextlib.suppress(BadInput):
            options = parse(line)
            assert options.command in {None, *OFFLINE} or options.choice is not None


def test_the_help_of_a_command_shows_what_goes_with_it(capsys: pytest.CaptureFixture[str]) -> None:
    for command, option, shown in (("mapping", "--yes", False), ("mapping", "--out", True), ("revoke", "--yes", True)):
        with pytest.raises(SystemExit):
            parse([command, "--help"])
        assert (option in capsys.readouterr().out) is shown
