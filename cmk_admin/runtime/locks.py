"""Locks between processes: held by the operating system, so that any death of the holder frees them."""

from pathlib import Path

from filelock import FileLock, Timeout

from cmk_admin.runtime.paths import private_folder


class ProcessLock:
    """One named lock in a folder. At most one process (and one holder within it) has it."""

    def __init__(self, folder: Path, name: str) -> None:
        private_folder(folder)
        # thread_local=False: it is taken and given back by whichever thread runs the operation
        self._lock = FileLock(folder / f"{name}.lock", mode=0o600, thread_local=False)

    def take(self) -> bool:
        """Take it without waiting. False while somebody else holds it."""
        if self._lock.is_locked:
            return False
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            return False
        return True

    def free(self) -> None:
        """Give it back; nothing happens where it is not held."""
        self._lock.release()

    @property
    def held(self) -> bool:
        """True while this object holds it."""
        return self._lock.is_locked


def is_free(folder: Path, name: str) -> bool:
    """True where nobody holds the lock: the operation that it stands for is not running anywhere."""
    lock = ProcessLock(folder, name)
    if not lock.take():
        return False
    lock.free()
    return True
