"""What a person set for this machine: ``settings.json`` in the home folder, and the environment before it."""

import json
import os
from pathlib import Path

from cmk_admin.domain.errors import BadInput

RESTORE_VARIABLE = "CMK_ADMIN_RESTORE_DIR"


def restore_folder(home: Path) -> Path | None:
    """Where a revoke writes the file from which anyone can restore; None: into the connection's own folder.

    ``CMK_ADMIN_RESTORE_DIR``, else ``{"restore_folder": PATH}`` in ``settings.json``; in full, from the root or from ``~``
    on, so that it is the same folder wherever the program is started. Raises BadInput ``bad-settings``.
    """
    path, variable = home / "settings.json", os.environ.get(RESTORE_VARIABLE)
    named = variable or _setting(path, "restore_folder")
    if not named:
        return None
    folder = Path(named).expanduser()
    if not folder.is_absolute():
        where = RESTORE_VARIABLE if variable else f"“restore_folder” in “{path}”"
        raise BadInput(
            "bad-settings",
            f"{where} does not name the folder for restore files in full: it says “{named}”.",
            subject=named,
            next="Name it from the root on.",
        )
    return folder


def set_restore_folder(home: Path, folder: str) -> None:
    """Remember where; empty: into the connection's own folder. What else is set stays. Raises BadInput, OSError."""
    path = home / "settings.json"
    _setting(path, "restore_folder")
    found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    found.pop("restore_folder", None)
    if folder:
        found["restore_folder"] = folder
    # Beside it first, so that what could not be written whole replaces nothing
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
        beside.chmod(0o600)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _setting(path: Path, name: str) -> str | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        value = found.get(name)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, AttributeError) as error:
        raise _bad(path, f"cannot be read ({type(error).__name__})") from error
    if value is not None and not isinstance(value, str):
        raise _bad(path, f"does not say a folder as “{name}”")
    return value or None


def _bad(path: Path, what: str) -> BadInput:
    return BadInput(
        "bad-settings",
        f"The settings in “{path}” cannot be used: it {what}.",
        subject=str(path),
        next="Mend or remove it.",
    )
