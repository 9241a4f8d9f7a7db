"""Whole stories: a sandbox of each test's own, and the program as its user starts it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support import Program, Sandbox, serve

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from tests.journeys.driver import Driver


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """A fresh `dcc`, 300 times as fast as Azure: MySQL's ten minutes are two seconds, long beside a busy machine's pauses."""
    running = serve(tmp_path / "azure", speed=300)
    yield running
    running.stop()


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Sandbox]:
    """A fresh `workshop`, as fast."""
    running = serve(tmp_path / "workshop", speed=300, scenario="workshop")
    yield running
    running.stop()


@pytest.fixture
def maker(tmp_path: Path, workshop: Sandbox) -> Program:
    """`cmk-admin --connection FILE` of that sandbox, as its administrator."""
    return Program(tmp_path / "home", workshop.file)


@pytest.fixture(scope="module")
def looked_at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One `workshop` for all tests of a file that change nothing."""
    running = serve(tmp_path_factory.mktemp("azure") / "workshop", speed=300, scenario="workshop")
    yield running
    running.stop()


@pytest.fixture
def asker(tmp_path: Path, looked_at: Sandbox) -> Program:
    """`cmk-admin --connection FILE` of that sandbox, as its administrator."""
    return Program(tmp_path / "home", looked_at.file)


@pytest.fixture
def program(tmp_path: Path, sandbox: Sandbox) -> Program:
    """`cmk-admin --connection FILE` of that sandbox, as its administrator."""
    return Program(tmp_path / "home", sandbox.file)


@pytest.fixture
def open_driver(
    program: Program, sandbox: Sandbox, qapp: "QApplication", monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], "Driver"]]:
    """Opens windows on that sandbox, each with its estate read; they share their home with the command line."""
    from tests.journeys.driver import Driver

    monkeypatch.setenv("CMK_ADMIN_HOME", str(program.home))
    program.home.mkdir(exist_ok=True)
    opened: list[Driver] = []

    def make() -> Driver:
        opened.append(Driver(program.home))
        return opened[-1].connect(sandbox)

    yield make
    for one in opened:
        one.close()


@pytest.fixture
def driver(open_driver: Callable[[], "Driver"]) -> "Driver":
    """One such window."""
    return open_driver()
