"""Room that is kept free for the journal: given up when the disk is full, so that the end of what was sent is kept."""

import os
import sys
from pathlib import Path

SIZE = 4 * 1024 * 1024
"""Bytes: some hundred commits of a step, each with its pages of the write-ahead log and its entry of the record; more
than there are calls in flight at once."""


class Reserve:
    """One file of zeros beside the journal, on the disk before anything is begun. Processes of one folder share it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def held(self) -> bool:
        """Whether it is there, whole."""
        try:
            return self.path.stat().st_size >= SIZE
        except OSError:
            return False

    def take(self) -> None:
        """Put it there (mode 0600) and wait until its blocks are the file's. Raises OSError where there is no room."""
        handle = os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            _fill(handle)
            os.fsync(handle)
        except OSError:
            self.path.unlink(missing_ok=True)
            raise
        finally:
            os.close(handle)

    def give_up(self) -> None:
        """Free its room. Raises OSError."""
        self.path.unlink(missing_ok=True)


def _fill(handle: int) -> None:
    if sys.platform == "linux":
        os.posix_fallocate(handle, 0, SIZE)
        return
    # A file that is only made longer holds no blocks
    block = bytes(64 * 1024)
    for _ in range(SIZE // len(block)):
        os.write(handle, block)
