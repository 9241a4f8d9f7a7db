"""A plan as an az script, in a file that the user picks."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from cmk_admin.domain.plan import Plan
from cmk_admin.domain.script import script
from cmk_admin.operations.interface import ConnectionInfo

Told = Callable[[str, bool], None]
"""Gets a sentence, and whether it was written."""


def save_script(parent: QWidget, plan: Plan, info: ConnectionInfo, told: Told) -> QFileDialog:
    """Ask where to, and write it there; only its owner may read or run it. Nothing is overwritten unasked."""
    dialog = QFileDialog(parent, "Save as az script")
    dialog.setObjectName("script-file")
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setNameFilters(["az script (*.sh)"])
    dialog.setDefaultSuffix("sh")
    dialog.selectFile(f"{plan.verb}-{plan.subject.rstrip('/').rsplit('/', 1)[-1]}.sh")
    dialog.fileSelected.connect(partial(_write, plan, info, told))
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
    return dialog


def _write(plan: Plan, info: ConnectionInfo, told: Told, path: str) -> None:
    try:
        write_script(Path(path), plan, info)
    except OSError as error:
        told(f"{path} could not be written: {error.strerror or error}", False)
    else:
        told(f"The script was written to {path}", True)


def write_script(path: Path, plan: Plan, info: ConnectionInfo) -> None:
    """Write it, mode 0600. Raises OSError."""
    text = script(plan, title=plan.title, cloud=info.account.cloud, tenant=info.account.tenant_id or "")
    # Beside it first, so that a file that could not be written whole replaces nothing
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
