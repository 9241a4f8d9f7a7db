"""Parts that tests of several rooms share: a real sandbox in its own process, and the program as a user starts it."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

COMMAND_SECONDS = 120.0
"""A command that takes longer hangs."""

Document = dict[str, Any]


@dataclass(slots=True)
class Sandbox:
    """A sandbox of a test's own, reached by its connection file and its control."""

    file: Path
    process: "subprocess.Popen[bytes]"
    described: Document = field(default_factory=dict)

    @property
    def control(self) -> str:
        return str(self.described["control"])

    def get(self, path: str) -> Any:
        return self._call("GET", path, None)

    def post(self, path: str, document: Any = None) -> Any:
        return self._call("POST", path, {} if document is None else document)

    def advance(self, azure_seconds: float) -> None:
        """Push Azure's time ahead."""
        self.post("clock", {"advance_s": azure_seconds})

    def fault(self, spec: str) -> None:
        """Add a fault, written as `sandbox.faults.GRAMMAR` says."""
        self.post("faults", {"fault": spec})

    def no_faults(self) -> None:
        self._call("DELETE", "faults", None)

    def requests(self, since: int = 0) -> list[Document]:
        """What was sent, oldest first."""
        return list(self.get(f"requests?since={since}"))

    def last_request(self) -> int:
        """The number of the newest entry of the request log."""
        entries = self.requests()
        return int(entries[-1]["n"]) if entries else 0

    def writes(self, since: int = 0) -> list[Document]:
        """What was sent to change something."""
        return [r for r in self.requests(since) if changes(r)]

    def truth(self, principal: str = "administrator") -> list[Document]:
        """The mapping rows that the scenario should yield."""
        return list(self.get(f"truth?principal={principal}"))

    def stop(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def _call(self, method: str, path: str, document: Any) -> Any:
        body = None if document is None else json.dumps(document).encode()
        request = urllib.request.Request(self.control.rstrip("/") + "/" + path, data=body, method=method)
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
            return json.loads(answer.read() or b"null")


def changes(request: Document) -> bool:
    """True for a request that changes Azure: not a read, a sign-in or a query."""
    if request["method"] in ("GET", "HEAD"):
        return False
    quiet = ("/oauth2/", "/providers/microsoft.resourcegraph/resources", "getbyids")
    return not any(part in request["path"].lower() for part in quiet)


def serve(folder: Path, *options: str, speed: float = 60, scenario: str = "dcc") -> Sandbox:
    """Start `cmk-admin sandbox serve` on a state folder in `folder`, and wait until it is ready."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "connection.json"
    command = [sys.executable, "-m", "cmk_admin", "sandbox", "serve", "--connection-file", str(file)]
    command += ["--state-dir", str(folder / "state"), "--speed", f"{speed:g}", "--exit-with-stdin"]
    command += ["--scenario", scenario, *options]
    with (folder / "serve.log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log)
    sandbox = Sandbox(file, process)
    until = time.monotonic() + 30
    while not file.exists():
        if process.poll() is not None or time.monotonic() > until:
            sandbox.stop()
            raise RuntimeError("the sandbox did not start: " + (folder / "serve.log").read_text(errors="replace"))
        time.sleep(0.02)
    sandbox.described = json.loads(file.read_text())
    return sandbox


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Document:
        """The one object on standard output. Fails where there is anything else."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found

    @property
    def boundaries(self) -> list[Document]:
        """The progress on standard error: the steps' boundaries."""
        return [line for line in self.lines if "step" in line]

    @property
    def lines(self) -> list[Document]:
        """All that a script reads on standard error, one object a line."""
        return [json.loads(line) for line in self.err.splitlines() if line.startswith("{")]


@dataclass(frozen=True, slots=True)
class Program:
    """`cmk-admin` as a user starts it, with a home of its own."""

    home: Path
    connection: Path | None = None

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start a command; the caller ends it."""
        command = [sys.executable, "-m", "cmk_admin", *self._where(arguments), *arguments]
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8", env=self.environment()
        )

    def __call__(self, *arguments: str) -> Done:
        """Run a command to its end."""
        process = self.start(*arguments)
        try:
            out, err = process.communicate(timeout=COMMAND_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise AssertionError(f"{arguments} did not end; it said:\n{out}\n{err}") from None
        return Done(process.returncode, out, err)

    def json(self, *arguments: str) -> Done:
        """The same with ``--format json``."""
        return self(*arguments, "--format", "json")

    def until(self, arguments: Sequence[str], wanted: Callable[[Document], bool], number: int = signal.SIGKILL) -> Done:
        """Run a command and send it a signal, once, as soon as a boundary is printed that is `wanted`."""
        process = self.start(*arguments, "--format", "json")
        assert process.stderr is not None
        assert process.stdout is not None
        watchdog = threading.Timer(COMMAND_SECONDS, process.kill)
        watchdog.start()
        lines, sent = [], False
        for line in process.stderr:
            lines.append(line)
            if not sent and line.startswith("{") and wanted(json.loads(line)):
                process.send_signal(number)
                sent = True
        out = process.stdout.read()
        process.wait()
        watchdog.cancel()
        process.stdout.close()
        process.stderr.close()
        return Done(process.returncode, out, "".join(lines))

    def environment(self) -> dict[str, str]:
        """The caller's, with a home of the test's own and without a display."""
        mine = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}
        return {**mine, "CMK_ADMIN_HOME": str(self.home), "PYTHONWARNINGS": "error"}

    def _where(self, arguments: Sequence[str]) -> list[str]:
        named = {"--connection", "--sandbox", "--live"} & set(arguments)
        return [] if named or self.connection is None else ["--connection", str(self.connection)]
