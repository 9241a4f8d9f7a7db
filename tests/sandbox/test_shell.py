"""``sandbox shell``: a client in it sees the sandbox and no live account."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from cmk_admin.sandbox import shell

from .process import PROGRAM
from .running import Running

pytestmark = pytest.mark.scenario("small")
SHOW = "import json, os; print(json.dumps(dict(os.environ)))"
ASK = """
import sys, requests
from azure.identity import DefaultAzureCredential
token = DefaultAzureCredential().get_token("https://management.azure.com/.default").token
url = "https://management.azure.com/subscriptions?api-version=2022-12-01"
answer = requests.get(url, headers={"Authorization": "Bearer " + token}, timeout=20)
print(",".join(s["displayName"] for s in answer.json()["value"]))
"""


def run(*arguments: str, outside: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **(outside or {})}
    command = [*PROGRAM, "shell", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_an_unmodified_client_signs_in_and_asks(sandbox: Running) -> None:
    done = run("--connection-file", str(sandbox.file), "--", sys.executable, "-c", ASK)
    assert (done.returncode, done.stdout) == (0, "one,two\n"), done.stderr


def test_nothing_of_a_live_account_goes_in(sandbox: Running) -> None:
    outside = {
        "AZURE_CLIENT_SECRET": "of-a-live-account",
        "AZURE_FEDERATED_TOKEN_FILE": "of-a-live-account",
        "ARM_ACCESS_KEY": "of-a-live-account",
        "MSI_ENDPOINT": "of-a-live-account",
        "IDENTITY_ENDPOINT": "of-a-live-account",
        "NO_PROXY": "*",
        "HTTPS_PROXY": "http://of-a-live-account",
        "KEPT": "yes",
    }
    done = run("--connection-file", str(sandbox.file), "--", sys.executable, "-c", SHOW, outside=outside)
    inside = json.loads(done.stdout)
    assert "of-a-live-account" not in "".join(inside.values())
    assert inside["KEPT"] == "yes"
    assert inside["AZURE_CORE_COLLECT_TELEMETRY"] == "false"
    assert inside["HTTPS_PROXY"] == inside["http_proxy"] == sandbox.connection["proxy"]
    assert inside["NO_PROXY"] == "127.0.0.1,localhost"
    assert inside["REQUESTS_CA_BUNDLE"] == inside["SSL_CERT_FILE"] == sandbox.connection["ca_file"]
    assert Path(inside["AZURE_CONFIG_DIR"]).stat().st_mode & 0o777 == 0o700
    again = run("--", sys.executable, "-c", SHOW, outside={shell.FILE_VARIABLE: str(sandbox.file)})
    assert json.loads(again.stdout)["AZURE_CONFIG_DIR"] == inside["AZURE_CONFIG_DIR"]


def test_the_command_s_exit_status_is_its_own(sandbox: Running) -> None:
    file = ("--connection-file", str(sandbox.file), "--", sys.executable, "-c")
    assert run(*file, "raise SystemExit(7)").returncode == 7
    assert run(*file, "import os; os.kill(os.getpid(), 9)").returncode == 137


def test_a_command_without_a_connection_gets_a_sandbox_of_its_own() -> None:
    outside = {shell.FILE_VARIABLE: ""}
    done = run("--", sys.executable, "-c", ASK, outside=outside)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


@pytest.mark.parametrize(
    "arguments", [[], ["--"], ["--connection-file"], ["--connection-file", "/nowhere", "--", "true"]]
)
def test_bad_input_is_refused_in_one_sentence(arguments: list[str]) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr


def test_a_command_that_is_not_there_is_told(sandbox: Running, tmp_path: Path) -> None:
    done = run("--connection-file", str(sandbox.file), "--", str(tmp_path / "none"))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    other = tmp_path / "other.json"
    other.write_text("{}")
    done = run("--connection-file", str(other), "--", "true")
    assert "is not a connection file" in done.stderr
