"""``sandbox serve`` as a process: options, the connection file, its end, and one process at a time on a state."""

import json
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from cmk_admin.sandbox.connection import KEYS
from cmk_admin.sandbox.scenarios import KNOWN
from cmk_admin.sandbox.serve import main as serve_main

from .process import PROGRAM, Served

SMALL = ("--scenario", "empty")
Serve = Callable[..., Served]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*PROGRAM, *arguments], capture_output=True, text=True, timeout=30, check=False)


def test_it_is_ready_with_a_private_file_of_the_agreed_keys_and_ends_cleanly(serve: Serve, tmp_path: Path) -> None:
    served = serve(*SMALL, "--speed", "60", "--state-dir", str(tmp_path / "state"))
    assert set(served.connection) == KEYS
    assert served.connection["speed"] == 60
    assert stat.S_IMODE(served.file.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    assert {stat.S_IMODE(f.stat().st_mode) for f in (tmp_path / "state").iterdir()} == {0o600}
    assert served.arm("GET", "/subscriptions").status_code == 200
    assert served.end(signal.SIGTERM) == (0, "")
    assert not served.file.exists()


def test_its_help_names_every_scenario() -> None:
    told = " ".join(run("serve", "--help").stdout.split())
    assert [name for name in KNOWN if name not in told] == []


def test_an_interrupt_ends_it_cleanly_too(serve: Serve) -> None:
    assert serve(*SMALL).end(signal.SIGINT) == (0, "")


def test_a_child_ends_when_its_standard_input_closes(serve: Serve) -> None:
    served = serve(*SMALL, "--exit-with-stdin")
    assert served.process.stdin is not None
    served.process.stdin.close()
    served.process.stdin = None
    assert served.wait() == (0, "")


def test_a_state_is_kept_even_over_a_kill(serve: Serve, tmp_path: Path) -> None:
    state = ("--state-dir", str(tmp_path / "state"))
    first = serve(*SMALL, "--seed", "7", *state)
    subscription = first.connection["subscriptions"][0]
    group = f"/subscriptions/{subscription}/resourceGroups/kept"
    assert first.arm("PUT", group, json={"location": "westeurope"}).status_code == 201
    first.control("POST", "clock", {"advance_s": 12345})
    before = first.control("GET", "clock")
    token = first.token()
    first.end(signal.SIGKILL)
    assert first.file.exists()
    again = serve(*state, file="again.json")
    for name in ("instance_id", "tenant_id", "subscriptions", "principals"):
        assert again.connection[name] == first.connection[name]
    after = again.control("GET", "clock")
    assert after["azure_seconds"] >= before["azure_seconds"] - 1
    assert after["now"] > before["now"]
    answer = again.send(
        "GET",
        f"https://management.azure.com{group}?api-version=2022-12-01",
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 200


def test_a_stale_connection_file_is_gone_before_the_new_one_is_ready(serve: Serve, tmp_path: Path) -> None:
    first = serve(*SMALL)
    first.end(signal.SIGKILL)
    again = subprocess.Popen([*PROGRAM, "serve", *SMALL, "--connection-file", str(first.file)], stderr=subprocess.PIPE)
    end = time.monotonic() + 20
    while not first.file.exists() or json.loads(first.file.read_text()) == first.connection:
        assert time.monotonic() < end
        time.sleep(0.01)
    again.terminate()
    assert again.communicate(timeout=20)[1] == b""


def test_a_second_process_on_a_state_is_refused(serve: Serve, tmp_path: Path) -> None:
    state = ("--state-dir", str(tmp_path / "state"))
    served = serve(*SMALL, *state)
    second = run("serve", *SMALL, *state, "--connection-file", str(tmp_path / "second.json"))
    assert (second.returncode, second.stderr.count("\n")) == (2, 1)
    assert "in use" in second.stderr
    assert served.arm("GET", "/subscriptions").status_code == 200


def test_a_port_that_is_taken_is_told(serve: Serve, tmp_path: Path) -> None:
    port = serve(*SMALL).connection["proxy"].rpartition(":")[2]
    second = run("serve", *SMALL, "--port", port, "--connection-file", str(tmp_path / "second.json"))
    assert (second.returncode, second.stderr.count("\n")) == (2, 1)
    assert "in use" in second.stderr


@pytest.mark.parametrize(
    "options",
    [
        ["--port", "70000"],
        ["--port", "x"],
        ["--speed", "-1"],
        ["--speed", "nan"],
        ["--speed", "inf"],
        ["--latency-ms", "-5"],
        ["--seed", "1.5"],
        ["--scenario", "nowhere"],
        ["--fault", "GET everything"],
        ["--fault", "GET * status:9"],
        ["--what"],
        ["left-over"],
    ],
)
def test_bad_options_are_refused_in_one_sentence(
    tmp_path: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert serve_main(["--connection-file", str(tmp_path / "c.json"), *options]) == 2
    written = capsys.readouterr()
    assert written.out == ""
    assert written.err.startswith("cmk-admin sandbox serve: ")
    assert written.err.count("\n") == 1
    assert not (tmp_path / "c.json").exists()


def test_files_that_are_not_its_own_are_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mine = tmp_path / "mine.json"
    mine.write_text('{"precious": true}')
    for options in (
        ("--connection-file", str(mine)),
        ("--connection-file", str(tmp_path)),
        ("--connection-file", str(tmp_path / "no" / "folder.json")),
        ("--connection-file", str(tmp_path / "c.json"), "--state-dir", str(mine)),
    ):
        assert serve_main([*SMALL, *options]) == 2
        assert capsys.readouterr().err.count("\n") == 1
    assert mine.read_text() == '{"precious": true}'


def test_a_state_of_another_scenario_or_seed_is_not_overwritten(
    serve: Serve, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = ("--state-dir", str(tmp_path / "state"))
    serve(*SMALL, *state).end(signal.SIGTERM)
    for other in (("--scenario", "forbidden"), ("--seed", "99")):
        assert serve_main([*other, *state, "--connection-file", str(tmp_path / "c.json")]) == 2
        (told,) = capsys.readouterr().err.splitlines()
        assert "keeps a state of" in told


def test_the_connection_file_is_needed_and_the_commands_are_named() -> None:
    assert "--connection-file" in run("serve").stderr
    assert run().returncode == 2
    assert run("dance").returncode == 2


def test_latency_is_added_to_each_answer(serve: Serve) -> None:
    served = serve(*SMALL, "--latency-ms", "80")
    served.token()
    began = time.monotonic()
    served.arm("GET", "/subscriptions")
    assert time.monotonic() - began >= 0.08


def test_faults_of_the_command_line_are_in_force(serve: Serve) -> None:
    served = serve(*SMALL, "--fault", "GET management.azure.com/* status:503;times=1")
    assert [served.arm("GET", "/subscriptions").status_code for _ in range(2)] == [503, 200]


def test_it_listens_on_loopback_only(serve: Serve) -> None:
    served = serve(*SMALL)
    listening = Path(f"/proc/{served.process.pid}/net/tcp")
    if sys.platform != "linux":
        pytest.skip("reads Linux's table of sockets")
    ports = {int(served.connection["proxy"].rpartition(":")[2]), served.connection["tls_port"]}
    local = [line.split()[1].split(":") for line in listening.read_text().splitlines()[1:] if line.split()[3] == "0A"]
    assert {address for address, port in local if int(port, 16) in ports} == {"0100007F"}


def test_its_log_holds_no_token_and_no_secret(serve: Serve) -> None:
    served = serve(*SMALL)
    secret, token = served.principal("administrator")["secret"], served.token()
    served.arm("GET", "/subscriptions/nonsense/x", params={"secret": secret})
    served.send("POST", "https://login.microsoftonline.com/x/oauth2/token", data={"client_secret": secret})
    served.send(
        "GET", "https://management.azure.com/nothing?api-version=1", headers={"Authorization": f"Bearer {token}x"}
    )
    served.arm("GET", f"/providers/Microsoft.Nothing/{'x' * 5}")
    log = json.dumps(served.control("GET", "requests"))
    _, errors = served.end(signal.SIGTERM)
    for text in (log, errors):
        assert secret not in text
        assert token not in text
    assert "no route" in errors


def test_the_control_is_gone_with_the_process(serve: Serve) -> None:
    served = serve(*SMALL)
    served.end(signal.SIGTERM)
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get(served.connection["control"] + "/clock", timeout=5)
