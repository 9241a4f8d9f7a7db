"""Where things are kept: everything remembered lies under one folder that only its owner can read."""

import os
import tempfile
from pathlib import Path

from cmk_admin.domain.errors import BadInput

_ENVIRONMENT = "CMK_ADMIN_HOME"


def home() -> Path:
    """The folder of everything remembered: ``CMK_ADMIN_HOME``, else the platform's own place. Made with mode 0700.

    Raises BadInput ``bad-home`` where it cannot be made or is not a folder.
    """
    named = os.environ.get(_ENVIRONMENT)
    place = Path(named).expanduser() if named else _usual_place()
    try:
        return private_folder(place.absolute())
    except OSError as error:
        raise BadInput(
            "bad-home",
            f"The folder “{place}” cannot be used: {error.strerror or 'it is not a folder'}.",
            subject=str(place),
            next=f"Name another one in {_ENVIRONMENT}.",
        ) from error


def _usual_place() -> Path:
    import platformdirs

    return platformdirs.user_data_path("cmk-admin", appauthor=False)


def own_sandbox_folder() -> Path:
    """The folder of the program's own sandbox, made with mode 0700."""
    return private_folder(home() / "sandbox")


def private_folder(path: Path) -> Path:
    """Make `path` and its parents, each with mode 0700; `path` gets it where it was there before. Raises OSError."""
    for folder in (*reversed(path.parents), path):
        if not folder.is_dir():
            folder.mkdir(mode=0o700, exist_ok=True)  # parents=True would make the ones between for everybody to read
    if path.stat().st_mode & 0o077:
        path.chmod(0o700)
    return path


def write_private(path: Path, data: bytes) -> None:
    """Write a file of mode 0600 so that a reader sees the old bytes or the new ones, also after a power cut.

    Raises OSError.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mkstemp makes it 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make the rename durable; Windows has no such call and needs none."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
