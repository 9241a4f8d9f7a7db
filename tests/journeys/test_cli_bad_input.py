"""What makes no sense: one sentence, exit 2, and nothing is sent."""

import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import Document, Done, Program, Sandbox, serve

KEY = "dcc-premium/mysql-encryption-key"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One sandbox for all of these: none of them changes it."""
    running = serve(tmp_path_factory.mktemp("azure") / "azure")
    yield running
    running.stop()


@pytest.fixture
def asker(tmp_path: Path, shared: Sandbox) -> Program:
    return Program(tmp_path / "home", shared.file)


def refused(answer: Done, code: str) -> Document:
    assert answer.status == 2, (answer.out, answer.err)
    error = answer.json["error"]
    assert {"code", "message", "subject", "next"} <= error.keys()
    assert error["code"] == code, error
    assert "Traceback" not in answer.err
    return dict(error)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (["revoke", "https://evil.example/keys/mysql-encryption-key", "--yes"], "bad-key-id"),
        (["revoke", "https://dcc-premium.vault.azure.net.evil.example/keys/k", "--yes"], "bad-key-id"),
        (["revoke", "https://dcc-premium.vault.azure.cn/keys/mysql-encryption-key", "--yes"], "bad-key-id"),
        (["revoke", "http://dcc-premium.vault.azure.net/keys/mysql-encryption-key", "--yes"], "bad-key-id"),
        (["revoke", "https://user@dcc-premium.vault.azure.net/keys/mysql-encryption-key", "--yes"], "bad-key-id"),
        (["revoke", "https://dcc-premium.vault.azure.net/secrets/s", "--yes"], "bad-key-id"),
        (["revoke", "../../etc/passwd", "--yes"], "bad-key-id"),
        (["revoke", "'; DROP TABLE keys", "--yes"], "bad-key-id"),
        (["revoke", KEY, "--method", "magic", "--yes"], "bad-usage"),
        (["revoke", "--yes"], "bad-usage"),
        (["estate", "--frobnicate"], "bad-usage"),
        (["nonsense"], "bad-usage"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_sent(
    shared: Sandbox, asker: Program, line: list[str], code: str
) -> None:
    marker = shared.last_request()
    refused(asker.json(*line), code)
    assert not shared.requests(since=marker)


@pytest.mark.parametrize(
    ("line", "code", "named"),
    [
        (["revoke", "dcc-premum/mysql-encryption-key", "--yes"], "unknown-vault", "dcc-premum"),
        (["revoke", "dcc-premium/mysql-key", "--yes"], "unknown-key", "mysql-key"),
        (["revoke", KEY, "--consumer", "dcc-postgres", "--yes"], "unknown-consumer", "dcc-postgres"),
        (["restore", "0123456789ab", "--yes"], "unknown-operation", "0123456789ab"),
        (["resume", "0123456789ab", "--yes"], "unknown-operation", "0123456789ab"),
        (["undo", "0123456789ab", "--yes"], "unknown-operation", "0123456789ab"),
        (["restore", "no/such/file.json", "--yes"], "bad-rollback-file", "no/such/file.json"),
    ],
)
def test_what_is_not_there_is_named_and_nothing_is_changed(
    shared: Sandbox, asker: Program, line: list[str], code: str, named: str
) -> None:
    marker = shared.last_request()
    error = refused(asker.json(*line), code)
    assert named in error["message"]
    assert error["next"]
    assert not shared.writes(since=marker)


def test_where_no_assignment_could_be_read_a_refusal_says_so_and_what_else_can_be_done(
    shared: Sandbox, asker: Program
) -> None:
    line = ("revoke", KEY, "--consumer", "dcc-mysql", "--method", "grants", "--yes")
    marker = shared.last_request()
    shared.fault("GET management.azure.com*/roleAssignments status:403;skip=0")
    try:
        answer = asker.json(*line)
    finally:
        shared.no_faults()
    assert answer.status == 1, answer.out
    error = answer.json["error"]
    assert "could not be read" in error["message"]
    assert "wider than the vault" not in error["message"]
    assert "--method disable" in error["next"]
    assert not shared.writes(since=marker)


def test_candidates_are_offered(asker: Program) -> None:
    error = refused(asker.json("revoke", "dcc-premium/mysql-key", "--yes"), "unknown-key")
    assert "mysql-encryption-key" in " ".join(error.get("candidates", []))
    assert "mysql-encryption-key" in asker("revoke", "dcc-premium/mysql-key", "--yes").err


def test_a_change_without_a_named_connection_is_refused(tmp_path: Path) -> None:
    program = Program(tmp_path / "home")
    for line in (["revoke", KEY, "--yes"], ["restore", "x"], ["resume", "x"], ["undo", "x"], ["estate"]):
        refused(program.json(*line), "no-connection")


def test_a_live_change_without_the_plans_hash_is_refused_before_anybody_signs_in(tmp_path: Path) -> None:
    program = Program(tmp_path / "home")
    refused(program.json("revoke", KEY, "--live", "--cloud", "usgov", "--yes"), "no-expect")


@pytest.mark.parametrize(
    "content",
    ["", "not json", "[]", "{}", '{"proxy": "http://127.0.0.1:1"}', None],
    ids=["empty", "no-json", "list", "no-fields", "half", "absent"],
)
def test_a_connection_file_that_is_none_gets_one_sentence(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "connection.json"
    if content is not None:
        file.write_text(content)
    error = refused(Program(tmp_path / "home", file).json("estate"), "bad-connection-file")
    assert str(file) in error["message"]


def test_a_connection_file_that_points_elsewhere_is_refused(tmp_path: Path, shared: Sandbox) -> None:
    file = tmp_path / "connection.json"
    file.write_text(json.dumps({**shared.described, "control": "http://203.0.113.7/x"}))
    refused(Program(tmp_path / "home", file).json("estate"), "bad-connection-file")


def test_a_principal_that_is_not_there_is_named_with_those_that_are(asker: Program) -> None:
    error = refused(asker.json("mapping", "--principal", "nobody"), "unknown-principal")
    assert "administrator" in error["candidates"]


def test_a_home_that_is_a_file_gets_one_sentence(tmp_path: Path, shared: Sandbox) -> None:
    (tmp_path / "home").write_text("")
    refused(Program(tmp_path / "home", shared.file).json("estate"), "bad-home")


def test_an_operation_of_another_connection_is_unknown_here(tmp_path: Path, shared: Sandbox) -> None:
    elsewhere = serve(tmp_path / "elsewhere", speed=600)
    try:
        home = tmp_path / "home"
        operation = (
            Program(home, elsewhere.file).json("revoke", KEY, "--consumer", "dcc-mysql", "--yes").json["operation"]
        )
        [file] = home.glob(f"connections/*/rollback/{operation}.json")
        marker = shared.last_request()
        refused(Program(home, shared.file).json("restore", operation, "--yes"), "unknown-operation")
        refused(Program(home, shared.file).json("restore", str(file), "--yes"), "bad-rollback-file")
        assert not shared.writes(since=marker)
    finally:
        elsewhere.stop()


def test_a_sandbox_that_is_gone_is_said_without_a_traceback(tmp_path: Path) -> None:
    gone = serve(tmp_path / "gone")
    kept = tmp_path / "kept.json"
    kept.write_text(gone.file.read_text())
    gone.stop()
    answer = Program(tmp_path / "home", kept).json("estate")
    assert answer.status in (1, 2)
    assert answer.json["error"]["message"]
    assert "Traceback" not in answer.err


def test_without_a_display_the_window_is_refused_in_one_sentence(tmp_path: Path) -> None:
    words = Program(tmp_path / "home")("--sandbox")
    assert words.status == 2
    assert "no display" in words.err


def test_no_secret_reaches_a_log_a_journal_or_an_answer(asker: Program, shared: Sandbox) -> None:
    secrets = [p["secret"].encode() for p in shared.described["principals"].values()]
    said = [asker.json("mapping"), asker("estate"), asker.json("mapping", "--principal", "nobody")]
    files = [p for p in asker.home.rglob("*") if p.is_file()]
    assert files
    for text in [*(p.read_bytes() for p in files), *((d.out + d.err).encode() for d in said)]:
        assert not any(secret in text for secret in secrets)
        # what a signed token begins with
        assert b"eyJ" not in text
    assert {stat.S_IMODE(p.stat().st_mode) for p in files} == {0o600}
    assert {stat.S_IMODE(p.stat().st_mode) for p in asker.home.rglob("*") if p.is_dir()} == {0o700}
