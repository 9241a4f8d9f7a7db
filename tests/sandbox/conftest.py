"""Real sandboxes for the tests: on a thread of the test's process, or in a process of their own.

``@pytest.mark.scenario("dcc", seed=1, speed=60, latency_ms=0, faults=[...])`` chooses what the ``sandbox`` fixture serves;
without it, it serves ``dcc`` at speed 1. ``small`` is the estate of `estate.py`.
"""

import shutil
import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cmk_admin.sandbox import entra, scenarios
from cmk_admin.sandbox.running import Sandbox, open_world
from cmk_admin.sandbox.state import World

from . import estate
from .process import Served
from .running import Running

Lay = Callable[[World], None]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "scenario(name, *, seed, speed, latency_ms, faults): what the sandbox serves")


def _lay_of(name: str, seed: int) -> Lay:
    return estate.lay if name == "small" else partial(scenarios.lay, name=name, seed=seed)


@pytest.fixture(scope="session")
def laid(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, int], Path]:
    """State folders with a scenario laid in, made once in a session: making real keys takes its time."""
    folders: dict[tuple[str, int], Path] = {}

    def get(name: str, seed: int) -> Path:
        if (name, seed) not in folders:
            folder = tmp_path_factory.mktemp(f"laid-{name}-{seed}")
            world = open_world(folder, 1.0)
            Sandbox.lay_new(world, _lay_of(name, seed))
            entra.prepare(world)
            world.close()
            folders[name, seed] = folder
        return folders[name, seed]

    return get


@pytest.fixture
def start_sandbox(tmp_path: Path, laid: Callable[[str, int], Path]) -> Iterator[Callable[..., Running]]:
    """Start sandboxes on threads: ``start_sandbox("dcc", seed=1, speed=60, state=FOLDER, latency_ms=0, faults=[...])``.

    Each gets a folder of its own under tmp_path unless one is named; all are stopped after the test.
    """
    started: list[Running] = []

    def start(
        name: str = "dcc", *, seed: int = 1, speed: float = 1.0, state: Path | None = None, **options: Any
    ) -> Running:
        folder = state or tmp_path / f"sandbox-{len(started)}"
        if not (folder / "world.sqlite3").exists():
            shutil.copytree(laid(name, seed), folder, dirs_exist_ok=True)
        running = Running(partial(open_world, folder, speed), folder, _lay_of(name, seed), **options)
        started.append(running)
        return running

    yield start
    for running in started:
        running.close()


@pytest.fixture
def sandbox(request: pytest.FixtureRequest, start_sandbox: Callable[..., Running]) -> Running:
    """A running sandbox of the scenario that the test's marker names."""
    marker = request.node.get_closest_marker("scenario")
    return start_sandbox(*marker.args, **marker.kwargs) if marker else start_sandbox()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Start sandboxes in processes of their own: ``serve("--scenario", "empty", ...)``; all are ended after the test."""
    started: list[Served] = []

    def start(*options: str, file: str = "connection.json") -> Served:
        served = Served(tmp_path / file, *options)
        started.append(served)
        return served

    yield start
    for served in started:
        if served.process.returncode is None:
            served.end(signal.SIGKILL)
