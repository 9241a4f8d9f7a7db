"""A real sandbox in a process of its own, and sessions that talk to it from a real background loop."""

import json
import shutil
import urllib.request
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from cmk_admin.cloud.session import Session, Timeouts
from cmk_admin.domain.model import Estate, Vault
from cmk_admin.runtime.background import Background
from cmk_admin.runtime.connection import SandboxConnection
from cmk_admin.runtime.sandbox_process import SandboxProcess, start_sandbox

_T = TypeVar("_T")
Run = Callable[[Coroutine[Any, Any, _T]], _T]

SECONDS = 60.0


@dataclass(frozen=True)
class Azure:
    """A running sandbox as the tests use it."""

    process: SandboxProcess

    @property
    def connection(self) -> SandboxConnection:
        return self.process.connection

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the control."""
        data = None if body is None else json.dumps(body).encode()
        url = f"{self.connection.control.rstrip('/')}/{path}"
        request = urllib.request.Request(url, data=data, method=method, headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def fault(self, spec: str) -> None:
        """Set a fault; `calm` takes all away."""
        self.control("POST", "faults", {"spec": spec})

    def calm(self) -> None:
        self.control("DELETE", "faults")

    def requests(self, method: str, part: str) -> list[dict[str, Any]]:
        """What was sent by that method to a path that contains `part`."""
        answer = self.control("GET", "requests?since=0")
        sent = answer["requests"] if isinstance(answer, dict) else answer
        return [each for each in sent if each["method"] == method and part.lower() in each["path"].lower()]

    def truth(self, principal: str) -> list[dict[str, Any]]:
        answer = self.control("GET", f"truth?principal={principal}")
        return list(answer["rows"] if isinstance(answer, dict) else answer)


@pytest.fixture(scope="session")
def background() -> Iterator[Background]:
    background = Background().start()
    yield background
    assert background.stop(within=5)


@pytest.fixture(scope="session")
def run(background: Background) -> Run[Any]:
    """Run a coroutine on the background loop and give its result."""

    def run(work: Coroutine[Any, Any, _T]) -> _T:
        return background.submit(work).result(SECONDS)

    return run


@pytest.fixture(scope="session")
def laid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state of a dcc, laid in once in a worker: making real keys takes its time."""
    folder = tmp_path_factory.mktemp("laid")
    assert start_sandbox(folder, scenario="dcc", speed=60).stop() == 0
    return folder / "state"


@pytest.fixture(scope="session")
def shared(laid: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    """One dcc for all tests of a worker that only look."""
    process = _start(laid, tmp_path_factory.mktemp("shared"))
    yield Azure(process)
    assert process.stop() == 0


@pytest.fixture
def azure(laid: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    """A dcc of the test's own, to change; its clock runs 60 times as fast."""
    process = _start(laid, tmp_path_factory.mktemp("own"))
    yield Azure(process)
    process.stop()


@pytest.fixture(scope="session")
def _lent(laid: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    process = _start(laid, tmp_path_factory.mktemp("lent"))
    yield Azure(process)
    process.stop()


@pytest.fixture
def lent(_lent: Azure) -> Iterator[Azure]:
    """One dcc for all tests of a worker that set faults and give back whatever they change."""
    yield _lent
    _lent.calm()


def _start(laid: Path, folder: Path) -> SandboxProcess:
    shutil.copytree(laid, folder / "state")
    return start_sandbox(folder, scenario="dcc", speed=60)


def opened(
    azure: Azure, run: Run[Any], principal: str | None = None, timeouts: Timeouts | None = None
) -> Iterator[Session]:
    session = run(Session.open(azure.connection, principal=principal, timeouts=timeouts))
    yield session
    run(session.close())


@pytest.fixture
def looking(shared: Azure, run: Run[Any]) -> Iterator[Session]:
    """The administrator at the shared sandbox."""
    yield from opened(shared, run)


@pytest.fixture
def reader(shared: Azure, run: Run[Any]) -> Iterator[Session]:
    """The reader at the shared sandbox."""
    yield from opened(shared, run, "reader")


@pytest.fixture
def session(azure: Azure, run: Run[Any]) -> Iterator[Session]:
    """The administrator at the test's own sandbox; impatient, so that tests of time-outs are quick."""
    yield from opened(azure, run, timeouts=Timeouts(connect=2, read=2, write=1))


@pytest.fixture
def hasty(lent: Azure, run: Run[Any]) -> Iterator[Session]:
    """The administrator at the lent sandbox; as impatient as `session`."""
    yield from opened(lent, run, timeouts=Timeouts(connect=2, read=2, write=1))


def vault_named(estate: Estate, name: str) -> Vault:
    return next(vault for vault in estate.vaults if vault.name == name)
