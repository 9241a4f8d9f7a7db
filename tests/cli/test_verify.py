"""``verify``: its exit status, without a connection."""

import subprocess
import sys
from pathlib import Path

import pytest

from cmk_admin.domain.record import to_document, to_lines
from tests.domain.test_record import record_of

_RECORD = record_of(["one", "two"])
_LINES = to_lines(_RECORD)


@pytest.mark.parametrize(
    ("content", "more", "status", "words"),
    [
        (_LINES, (), 0, "Intact"),
        (to_document(_RECORD), ("--head", _RECORD.head), 0, "the one that was kept"),
        (_LINES.replace("two", "2wo"), (), 1, "Entry 3"),
        (_LINES[: _LINES.rindex("\n", 0, -1) + 1], ("--head", _RECORD.head), 1, "cut off"),
        ("<!DOCTYPE html><p>x", (), 2, "carries the head hash"),
        (_LINES, ("--head", "12"), 2, "64 hexadecimal digits"),
        (None, (), 2, "cannot be read"),
    ],
)
def test_verify_ends_with_what_it_found(
    tmp_path: Path, content: str | None, more: tuple[str, ...], status: int, words: str
) -> None:
    file = tmp_path / "record"
    if content is not None:
        file.write_bytes(content.encode())
    done = subprocess.run(
        [sys.executable, "-m", "cmk_admin", "verify", str(file), *more],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == status, done.stderr
    assert words in done.stdout + done.stderr
