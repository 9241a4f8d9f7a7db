"""A sandbox of our own: a child process that ends when we do."""

import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from cmk_admin.domain.errors import CmkError
from cmk_admin.runtime.connection import SandboxConnection, read_connection
from cmk_admin.runtime.paths import private_folder

START_SECONDS = 20.0
"""How long a start may take: under 2 s by promise, more on a machine that is busy."""
_STOP_SECONDS = 5.0


class SandboxFailed(CmkError):
    """The sandbox did not start, or ended before it was ready."""


class SandboxProcess:
    """One running sandbox. Closing its standard input ends it, so it also ends when this process is killed."""

    def __init__(
        self, process: "subprocess.Popen[bytes]", connection_file: Path, connection: SandboxConnection
    ) -> None:
        self._process = process
        self.connection_file = connection_file
        self.connection = connection

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def stop(self, *, within: float = _STOP_SECONDS) -> int:
        """Close its standard input and wait; where it does not end in time, end it. Returns its exit status."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):  # it may have ended already
                self._process.stdin.close()
        try:
            return self._process.wait(within)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


def start_sandbox(
    state_dir: Path,
    *,
    scenario: str = "dcc",
    speed: float = 60,
    seed: int | None = None,
    fresh: bool = False,
    latency_ms: float = 0,
    faults: Sequence[str] = (),
    within: float = START_SECONDS,
) -> SandboxProcess:
    """Start a sandbox on `state_dir` and wait until it is ready. Blocks; see `start_sandbox_async`.

    `fresh`: what is kept there is forgotten first, by the sandbox itself: one that a killed program left behind may still
    have it in its hands. Its messages go to ``state_dir/serve.log``. Raises SandboxFailed with the last of them.
    """
    private_folder(state_dir)
    connection_file = state_dir / "connection.json"
    connection_file.unlink(missing_ok=True)
    command = [sys.executable, "-m", "cmk_admin", "sandbox", "serve"]
    command += ["--connection-file", str(connection_file), "--state-dir", str(state_dir / "state")]
    command += ["--scenario", scenario, "--speed", f"{speed:g}", "--latency-ms", f"{latency_ms:g}", "--exit-with-stdin"]
    command += ["--fresh"] if fresh else []
    command += [] if seed is None else ["--seed", str(seed)]
    for fault in faults:
        command += ["--fault", fault]
    log = state_dir / "serve.log"
    log.touch(mode=0o600)
    with log.open("wb") as messages:
        # A session of its own: Ctrl+C in a terminal is for us, who still have a call in flight to finish with it.
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=messages, start_new_session=True
        )
    try:
        return SandboxProcess(process, connection_file, _wait(process, connection_file, log, within))
    except BaseException:
        process.kill()
        process.wait()
        if process.stdin is not None:
            process.stdin.close()
        raise


async def start_sandbox_async(
    state_dir: Path, *, scenario: str = "dcc", speed: float = 60, fresh: bool = False
) -> SandboxProcess:
    """`start_sandbox` without blocking the loop."""
    return await asyncio.to_thread(start_sandbox, state_dir, scenario=scenario, speed=speed, fresh=fresh)


def _wait(process: "subprocess.Popen[bytes]", file: Path, log: Path, within: float) -> SandboxConnection:
    until = time.monotonic() + within
    while time.monotonic() < until:
        if file.exists():  # written atomically: if it is there, it is whole
            return read_connection(file)
        if process.poll() is not None:
            raise SandboxFailed(
                "sandbox-failed",
                f"The sandbox ended before it was ready (exit status {process.returncode}).",
                subject=_last_line(log),
                next=f"Its messages are in {log}.",
            )
        time.sleep(0.02)
    raise SandboxFailed(
        "sandbox-failed",
        f"The sandbox was not ready within {within:g} seconds.",
        subject=_last_line(log),
        next=f"Its messages are in {log}.",
    )


def _last_line(log: Path) -> str | None:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1][:500] if lines else None
