"""A sandbox of each test's own, 600 times as fast as Azure, and the backend opened on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.operations.stories import Azure
from tests.support import serve

SPEED = 600


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[Azure]:
    """A fresh `dcc`: MySQL's ten minutes are a second."""
    running = serve(tmp_path / "azure", speed=SPEED)
    yield Azure(running, tmp_path / "home")
    running.stop()


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Azure]:
    """A fresh `workshop`, as fast."""
    running = serve(tmp_path / "workshop", speed=SPEED, scenario="workshop")
    yield Azure(running, tmp_path / "home")
    running.stop()
