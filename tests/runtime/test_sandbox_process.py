"""A sandbox as a child of the program."""

import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cmk_admin.runtime.sandbox_process import SandboxFailed, start_sandbox


def test_it_keeps_its_state_and_ends_when_it_is_told_to(tmp_path: Path) -> None:
    first = start_sandbox(tmp_path, scenario="empty")
    identity = first.connection.instance_id
    assert stat.S_IMODE(first.connection_file.stat().st_mode) == 0o600
    assert first.running
    assert first.stop() == 0
    assert not first.running
    second = start_sandbox(tmp_path, scenario="empty")
    assert second.connection.instance_id == identity
    assert second.stop() == 0
    fresh = start_sandbox(tmp_path, scenario="dcc", fresh=True)
    assert fresh.connection.instance_id != identity
    assert fresh.stop() == 0


def test_no_secret_is_on_its_command_line(tmp_path: Path) -> None:
    process = start_sandbox(tmp_path, scenario="empty")
    try:
        line = subprocess.run(
            ["ps", "-o", "args=", "-p", str(process.pid)], capture_output=True, text=True, check=True, timeout=10
        ).stdout
        assert "sandbox serve" in line
        for who in process.connection.principals.values():
            assert who.secret not in line
    finally:
        process.stop()


def test_bad_options_are_told_with_its_own_words(tmp_path: Path) -> None:
    with pytest.raises(SandboxFailed) as caught:
        start_sandbox(tmp_path, scenario="no-such-scenario")
    assert "no-such-scenario" in (caught.value.subject or "")


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")
def test_it_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    program = (
        "import pathlib, sys, time; from cmk_admin.runtime.sandbox_process import start_sandbox; "
        "print(start_sandbox(pathlib.Path(sys.argv[1]), scenario='empty').pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.communicate(timeout=30)
    end = time.monotonic() + 15
    while _alive(child) and time.monotonic() < end:
        time.sleep(0.05)
    assert not _alive(child)


def _alive(pid: int) -> bool:
    """True unless it has ended; one that nobody has waited for yet has ended too."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"
