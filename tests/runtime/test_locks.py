"""Locks that any death of their holder frees."""

import subprocess
import sys
from pathlib import Path

from cmk_admin.runtime.locks import ProcessLock, is_free

HOLD = (
    "import pathlib, sys; from cmk_admin.runtime.locks import ProcessLock; "
    "lock = ProcessLock(pathlib.Path(sys.argv[1]), 'op'); print(lock.take(), flush=True); sys.stdin.read()"
)


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    one, other = ProcessLock(tmp_path, "op"), ProcessLock(tmp_path, "op")
    assert is_free(tmp_path, "op")
    assert one.take()
    assert not one.take()
    assert not other.take()
    assert not is_free(tmp_path, "op")
    one.free()
    assert other.take()
    other.free()
    other.free()
    assert not other.held


def test_a_killed_holder_frees_its_lock(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        assert not is_free(tmp_path, "op")
    finally:
        holder.kill()
        holder.communicate(timeout=30)
    assert is_free(tmp_path, "op")
