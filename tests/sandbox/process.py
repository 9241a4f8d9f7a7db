"""The sandbox as its users start it: ``python -m cmk_admin.sandbox serve`` in a process of its own."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from cmk_admin.sandbox import connection

from .running import Client

PROGRAM = (sys.executable, "-m", "cmk_admin.sandbox")
READY = 30.0


class Served(Client):
    """A client of a sandbox in its own process, and that process."""

    def __init__(self, file: Path, *options: str) -> None:
        command = [*PROGRAM, "serve", "--connection-file", str(file), *options]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        end = time.monotonic() + READY
        while not file.exists():
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError(self.end(signal.SIGKILL))
            time.sleep(0.01)
        super().__init__(file, connection.read(file))

    def end(self, number: int) -> tuple[int, str]:
        """Send a signal and wait: exit status and what was written to standard error."""
        if self.process.poll() is None:
            os.kill(self.process.pid, number)
        return self.wait()

    def wait(self) -> tuple[int, str]:
        """Wait for the end: exit status and what was written to standard error."""
        _, errors = self.process.communicate(timeout=READY)
        session = getattr(self, "_session", None)
        if session is not None:
            session.close()
        return self.process.returncode, errors.decode()
