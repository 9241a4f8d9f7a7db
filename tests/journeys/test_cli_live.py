"""The command line on a real Azure: the sandbox as one, through its proxy and with its authority in the trust store."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live import arguments_of_az, browser_of_a_person, outside, program_called_az, service_principal, way_there
from tests.support import COMMAND_SECONDS, Document, Done, Program, Sandbox, serve

KEY = "dcc-premium/mysql-encryption-key"
REVOKE = ("revoke", KEY, "--consumer", "dcc-mysql")
LIVE = ("--live", "--auth", "environment")


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One dcc for the tests that only look."""
    running = serve(tmp_path_factory.mktemp("azure"), speed=300)
    yield running
    running.stop()


def run(home: Path, environment: dict[str, str], *arguments: str) -> Done:
    """`cmk-admin` in an environment of the test's own."""
    done = subprocess.run(
        [sys.executable, "-m", "cmk_admin", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=COMMAND_SECONDS,
        env=outside({"CMK_ADMIN_HOME": str(home), "PYTHONWARNINGS": "error"}, environment),
    )
    return Done(done.returncode, done.stdout, done.stderr)


def signed_in(azure: Sandbox, name: str = "administrator") -> dict[str, str]:
    return {**way_there(azure.described), **service_principal(azure.described, name)}


def rows_of(document: Document) -> dict[tuple[str, str, str], Document]:
    return {(r["service"], r["consumer_id"].lower(), r["slot"]): r for r in document["rows"]}


def test_the_whole_mapping_is_found_on_a_live_connection(azure: Sandbox, tmp_path: Path) -> None:
    found = run(tmp_path, signed_in(azure), *LIVE, "mapping", "--format", "json")
    assert found.status == 0, found.err
    assert rows_of(found.json) == rows_of({"rows": azure.truth()})
    # Where it is kept says which cloud, tenant and account it was
    folders = [folder.name for folder in (tmp_path / "connections").iterdir()]
    who = azure.described["principals"]["administrator"]["object_id"]
    assert folders == [f"live-public-{azure.described['tenant_id']}-{who}"]


def test_people_are_told_that_it_is_live_and_as_whom(azure: Sandbox, tmp_path: Path) -> None:
    said = run(tmp_path, signed_in(azure), *LIVE, "estate")
    assert said.status == 0
    assert f"LIVE: Azure public cloud, tenant {azure.described['tenant_id']}, signed in as" in said.err
    assert "through the environment variables" in said.err


def test_without_a_way_named_the_environment_is_found_behind_a_missing_az(azure: Sandbox, tmp_path: Path) -> None:
    environment = {**signed_in(azure), "PATH": str(tmp_path)}
    found = run(tmp_path / "home", environment, "--live", "connection", "--format", "json")
    assert found.status == 0
    assert {host["name"]: host["state"] for host in found.json["hosts"]} == {
        "sign-in": "ok", "arm": "ok", "vault": "ok", "graph": "ok",
    }  # fmt: skip


def test_an_az_that_is_missing_is_told_in_one_sentence(azure: Sandbox, tmp_path: Path) -> None:
    environment = {**way_there(azure.described), "PATH": str(tmp_path)}
    refused = run(tmp_path / "home", environment, "--live", "--auth", "cli", "estate", "--format", "json")
    assert refused.status == 1
    error = refused.json["error"]
    assert error["code"] == "sign_in"
    assert error["message"] == "Azure CLI is not installed here: there is no “az” on the path."
    assert "az login" in error["next"]
    words = run(tmp_path / "home", environment, "--live", "--auth", "cli", "--tenant", "contoso.example", "estate")
    assert "az login --tenant contoso.example" in words.err
    assert "--auth: cli, environment, browser, device, managed" in words.err
    assert words.out == ""


def test_az_is_asked_for_the_cloud_and_the_tenant_that_are_meant(tmp_path: Path) -> None:
    folder = program_called_az(tmp_path / "bin", "sys.exit('Please run az login')")
    environment = {"PATH": str(folder)}
    line = ("--live", "--auth", "cli", "--cloud", "usgov", "--tenant", "contoso.example", "estate")
    assert run(tmp_path / "home", environment, *line).status == 1
    asked = arguments_of_az(folder)[0]
    assert asked[asked.index("--resource") + 1] == "https://management.core.usgovcloudapi.net"
    assert asked[asked.index("--tenant") + 1] == "contoso.example"


def test_each_host_says_whether_it_answers_and_what_to_do(tmp_path: Path) -> None:
    azure = serve(tmp_path / "azure")
    try:
        azure.fault("POST graph.microsoft.com* status:403")
        line = (*LIVE, "connection", "--vault", "dcc-closed")
        failed = run(tmp_path / "home", signed_in(azure), *line, "--format", "json")
        words = run(tmp_path / "home", signed_in(azure), *line)
    finally:
        azure.stop()
    assert failed.status == words.status == 1
    hosts = {host["name"]: host for host in failed.json["hosts"]}
    assert {name: host["state"] for name, host in hosts.items()} == {
        "sign-in": "ok", "arm": "ok", "vault": "failed", "graph": "failed",
    }  # fmt: skip
    assert hosts["vault"]["host"] == "dcc-closed.vault.azure.net"
    assert "firewall" in hosts["vault"]["message"]
    assert "Names of people and applications will be missing" in hosts["graph"]["message"]
    assert all(hosts[name]["next"] for name in ("vault", "graph"))
    assert "Microsoft Graph" in words.out


def test_a_vault_of_another_cloud_is_not_asked(azure: Sandbox, tmp_path: Path) -> None:
    before = azure.last_request()
    for vault in ("evil.example", "contoso.vault.azure.cn", "contoso.vault.azure.net.evil.example"):
        refused = run(tmp_path, signed_in(azure), *LIVE, "connection", "--vault", vault, "--format", "json")
        assert (refused.status, refused.json["error"]["code"]) == (2, "bad-vault")
    assert not [r for r in azure.requests(before) if "vault" in r["host"]]


def test_a_key_of_another_cloud_is_refused_before_anybody_signs_in(tmp_path: Path) -> None:
    key = "https://contoso.vault.azure.net/keys/mine"
    refused = run(tmp_path, {}, *LIVE, "--cloud", "usgov", "revoke", key, "--plan", "--format", "json")
    assert (refused.status, refused.json["error"]["code"]) == (2, "bad-key-id")
    assert ".vault.usgovcloudapi.net" in refused.json["error"]["next"]


def test_a_live_change_needs_the_hash_of_the_plan_that_was_seen(tmp_path: Path) -> None:
    azure = serve(tmp_path / "azure", speed=300)
    home, environment = tmp_path / "home", signed_in(azure)
    try:
        missing = run(home, environment, *LIVE, *REVOKE, "--yes", "--format", "json")
        assert (missing.status, missing.json["error"]["code"]) == (2, "no-expect")
        assert azure.requests() == []
        plan = run(home, environment, *LIVE, *REVOKE, "--plan", "--format", "json").json
        wrong = run(home, environment, *LIVE, *REVOKE, "--yes", "--expect", "0" * 64, "--format", "json")
        assert (wrong.status, wrong.json["error"]["code"]) == (1, "plan-changed")
        assert plan["hash"] in wrong.json["error"]["message"]
        assert "0" * 64 in wrong.json["error"]["message"]
        assert azure.writes() == []
        # Seen as another account, or run a second time, it is the same plan
        done = run(home, environment, *LIVE, *REVOKE, "--yes", "--expect", plan["hash"], "--format", "json")
        assert (done.status, done.json["outcome"]) == (0, "done")
        assert len(azure.writes()) == 1
    finally:
        azure.stop()


@pytest.mark.full
def test_a_live_undo_needs_the_hash_of_its_own_plan(tmp_path: Path) -> None:
    azure = serve(tmp_path / "azure", speed=300)
    home, environment = tmp_path / "home", signed_in(azure)
    try:
        plan = run(home, environment, *LIVE, *REVOKE, "--plan", "--format", "json").json
        assert run(home, environment, *LIVE, *REVOKE, "--yes", "--expect", plan["hash"]).status == 0
        listed = run(home, environment, *LIVE, "operations", "--format", "json").json["operations"]
        operation = listed[0]["operation"]
        back = run(home, environment, *LIVE, "undo", operation, "--plan", "--format", "json").json
        undone = run(home, environment, *LIVE, "undo", operation, "--yes", "--expect", back["hash"], "--format", "json")
        assert (undone.status, undone.json["outcome"]) == (0, "done")
        assert rows_of(run(home, environment, *LIVE, "mapping", "--format", "json").json) == rows_of(
            {"rows": azure.truth()}
        )
    finally:
        azure.stop()


def test_an_expected_hash_counts_on_a_sandbox_too(sandbox: Sandbox, program: Program) -> None:
    plan = program.json(*REVOKE, "--plan").json
    refused = program.json(*REVOKE, "--yes", "--expect", "f" * 64)
    assert (refused.status, refused.json["error"]["code"]) == (1, "plan-changed")
    assert sandbox.writes() == []
    assert program.json(*REVOKE, "--yes", "--expect", plan["hash"]).status == 0


def test_what_a_live_connection_remembers_is_not_the_sandboxes(sandbox: Sandbox, program: Program) -> None:
    """One server, entered as a sandbox and as a real cloud: neither sees what the other did."""
    assert program.json(*REVOKE, "--yes").status == 0
    operation = program.json("operations").json["operations"][0]["operation"]
    environment = signed_in(sandbox)
    live = run(program.home, environment, *LIVE, "operations", "--format", "json")
    assert live.json["operations"] == []
    for verb in ("undo", "resume"):
        refused = run(program.home, environment, *LIVE, verb, operation, "--plan", "--format", "json")
        assert refused.status == 2
    assert len({folder.name.split("-")[0] for folder in (program.home / "connections").iterdir()}) == 2


def test_a_sandbox_takes_nothing_of_a_live_environment(sandbox: Sandbox, program: Program, tmp_path: Path) -> None:
    """A wrong proxy, wrong authorities and a live secret around it: a sandbox connection does not even look at them."""
    environment = {
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "SSL_CERT_FILE": str(tmp_path / "none.pem"),
        "AZURE_CLIENT_SECRET": "a-live-secret",
        "AZURE_CLIENT_ID": "11111111-1111-4111-8111-111111111111",
        "AZURE_TENANT_ID": "22222222-2222-4222-8222-222222222222",
        "AZURE_AUTHORITY_HOST": "login.evil.example",
        "PATH": str(program_called_az(tmp_path / "bin")),
    }
    found = run(program.home, environment, "--connection", str(sandbox.file), "mapping", "--format", "json")
    assert found.status == 0
    assert arguments_of_az(tmp_path / "bin") == []
    kept = b"".join(file.read_bytes() for file in program.home.rglob("*") if file.is_file())
    assert b"a-live-secret" not in kept


def test_no_secret_and_no_token_is_kept_of_a_live_connection(azure: Sandbox, tmp_path: Path) -> None:
    assert run(tmp_path, signed_in(azure), *LIVE, "estate").status == 0
    kept = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert service_principal(azure.described)["AZURE_CLIENT_SECRET"].encode() not in kept
    assert b"eyJ0eXAi" not in kept  # how a token begins


def test_the_browser_signs_the_person_in(azure: Sandbox, tmp_path: Path) -> None:
    # Python's own way to start a browser leaves it running, and warns of that
    environment = {**way_there(azure.described), **browser_of_a_person(tmp_path), "PYTHONWARNINGS": "default"}
    line = ("--live", "--auth", "browser", "--tenant", azure.described["tenant_id"], "connection")
    azure.post("browser", {"principal": "administrator"})
    done = run(tmp_path / "home", environment, *line)
    assert done.status == 0, done.err
    assert f"A web browser opens: sign in to tenant {azure.described['tenant_id']} there." in done.err
    assert "signed in as administrator@dcc.example through the web browser" in done.err
    azure.post("browser", {"principal": None})
    refused = run(tmp_path / "home", environment, *line, "--format", "json")
    assert (refused.status, refused.json["error"]["code"]) == (1, "sign_in")


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl+C is sent as a signal")
def test_ctrl_c_ends_the_waiting_for_a_device_code(azure: Sandbox, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cmk_admin", "--live", "--auth", "device", "estate", "--format", "json"]
    environment = outside({"CMK_ADMIN_HOME": str(tmp_path)}, way_there(azure.described))
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    assert process.stderr is not None
    # The code is said also where everything else is JSON: without it nobody could go on
    assert "enter the code" in process.stderr.readline()
    began = time.monotonic()
    os.kill(process.pid, signal.SIGINT)
    out, _ = process.communicate(timeout=20)
    assert time.monotonic() - began < 5
    assert process.returncode == 3
    assert json.loads(out)["error"]["code"] == "interrupted"
