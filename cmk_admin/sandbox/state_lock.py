"""One process at a time in a state folder, by a lock that the system frees at any death."""

import os
import sys
from pathlib import Path


class StateLock:
    """Held from the moment it is made until `release` or the end of the process."""

    def __init__(self, folder: Path) -> None:
        """Raises ValueError with one sentence where another process holds the folder."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = os.open(folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            _take(self._file)
        except OSError as error:
            os.close(self._file)
            raise ValueError(f"the state folder {folder} is in use by another sandbox") from error

    def release(self) -> None:
        """Let the next one in."""
        os.close(self._file)


if sys.platform == "win32":
    import msvcrt

    def _take(file: int) -> None:
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(file: int) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
