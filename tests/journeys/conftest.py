"""Whole stories: a sandbox of each test's own, and the program as its user starts it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import Program, Sandbox, serve


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """A fresh `dcc`, 300 times as fast as Azure: MySQL's ten minutes are two seconds, long beside a busy machine's pauses."""
    running = serve(tmp_path / "azure", speed=300)
    yield running
    running.stop()


@pytest.fixture
def program(tmp_path: Path, sandbox: Sandbox) -> Program:
    """`cmk-admin --connection FILE` of that sandbox, as its administrator."""
    return Program(tmp_path / "home", sandbox.file)
