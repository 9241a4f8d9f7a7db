"""The crash file, written by a process that really dies."""

import subprocess
import sys
from pathlib import Path

import pytest

from cmk_admin.runtime import crash


@pytest.fixture(autouse=True)
def _unwatch() -> None:
    crash.unwatch()


def die(folder: Path) -> None:
    program = (
        "import faulthandler, pathlib, sys; from cmk_admin.runtime import crash; "
        "crash.watch(pathlib.Path(sys.argv[1])); faulthandler._sigabrt()"
    )
    assert subprocess.run([sys.executable, "-c", program, str(folder)], check=False, timeout=60).returncode != 0


def test_a_crash_is_told_once_at_the_next_start(tmp_path: Path) -> None:
    assert crash.watch(tmp_path) is None
    crash.unwatch()
    die(tmp_path)
    told = crash.watch(tmp_path)
    crash.unwatch()
    assert told is not None
    assert "Fatal Python error" in told
    assert crash.watch(tmp_path) is None
    crash.unwatch()
    assert "Fatal Python error" in (tmp_path / "crash-last.txt").read_text()
