"""Puts what a revoke leaves in files into a window: records to read, restore files to give back from."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QDialog, QFileDialog, QVBoxLayout

from cmk_admin.domain.errors import BadInput
from cmk_admin.domain.record import Verdict, to_lines, verify
from cmk_admin.domain.restore_file import RestoreFile, recognised
from cmk_admin.ui.actions import Verb
from cmk_admin.ui.dialogs import tell, tell_failure
from cmk_admin.ui.record import restoring

if TYPE_CHECKING:
    from collections.abc import Callable

    from cmk_admin.domain.record import Record
    from cmk_admin.operations.interface import OperationReport
    from cmk_admin.ui.emergency.install import Emergency
    from cmk_admin.ui.main_window import MainWindow
    from cmk_admin.ui.record.page import RecordPage

LARGEST = 64 * 1024 * 1024
"""Bytes of a file that is read; a record of a large revoke has about a thousandth of that."""
Found = Verdict | RestoreFile | None
"""What a file is; None: a restore file that is not as the revoke wrote it."""


class Records(QObject):
    """One per window."""

    def __init__(self, window: MainWindow, emergency: Emergency) -> None:
        super().__init__(window)
        self._window, self._emergency = window, emergency
        self._pages: dict[str, RecordPage] = {}
        window.verbs.add(
            Verb(
                id="open-record",
                text="Open a &record…",
                menu="file",
                icon="history",
                tip="Show an exported record, and whether it is as it was written; needs no connection",
            ),
            partial(self._choose, "Open a record", "record-open", "Records (*.jsonl *.json)", self.open_file),
        )
        window.verbs.add(
            Verb(
                id="restore-file",
                text="Restore &from a file…",
                menu="file",
                icon="restore",
                tip="Give back what a revoke took, from the restore file that it wrote, also on another machine",
            ),
            partial(self._choose, "Restore from a file", "restore-open", "Restore files (*.json)", self.restore_from),
            lambda _: None if window.backend is not None else "Open the connection that the file belongs to first.",
        )

    def open_file(self, path: str) -> None:
        """Show what an export wrote with the verdict on it; a restore file is told, and used where it fits."""
        self._look_at(path, self._show_file)

    def restore_from(self, path: str) -> None:
        """Show what a restore file gives back; any other file is told."""
        self._look_at(path, self._restore_from)

    def open_operation(self, report: OperationReport) -> None:
        """Show what the journal has of an operation."""
        backend = self._window.backend
        if backend is None:
            return
        self._window.bridge.start(self, backend.record(report.operation), self._show_record, self._not_read)

    # Inside

    def _choose(self, title: str, name: str, filter_: str, chosen: Callable[[str], None]) -> None:
        dialog = QFileDialog(self._window, title)
        dialog.setObjectName(name)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([filter_, "All files (*)"])
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(chosen)
        dialog.open()

    def _look_at(self, path: str, found: Callable[[str, Found], None]) -> None:
        self._window.bridge.compute(
            self, partial(_read, Path(path)), partial(found, path), partial(self._unreadable, path)
        )

    def _restore_from(self, path: str, found: Found) -> None:
        if isinstance(found, RestoreFile):
            restoring.show(self._window, self._emergency, Path(path), found)
        else:
            restoring.tell_useless(self._window, Path(path), damaged=found is None)

    def _show_record(self, record: Record) -> None:
        verdict = verify(to_lines(record).encode())
        self._show(verdict, f"journal {record.operation}", "From this machine’s journal, as it stands now")

    def _show_file(self, path: str, found: Found) -> None:
        if not isinstance(found, Verdict):
            self._restore_from(path, found)
        elif found.record is None:
            tell(
                self._window,
                "Nothing of this file can be shown as a record",
                f"{path}: {found.message} {found.proven}",
            )
        else:
            self._show(found, path, f"From the file {path}", called=Path(path).name)

    def _show(self, verdict: Verdict, key: str, source: str, *, called: str = "") -> None:
        """`called`: the file's name, by which two copies of one record are told apart."""
        from cmk_admin.ui.record.page import RecordPage  # with what makes a page of a record, which few starts need

        before = self._pages.pop(key, None)
        if before is not None:
            self._leave(before)
        try:
            page = RecordPage(self._window.theme, verdict, self._told, source=source, called=called)
        except BadInput as error:
            tell_failure(self._window, "The record cannot be shown", error)
            return
        self._pages[key] = page
        page.destroyed.connect(partial(self._gone, key, id(page)))
        if self._window.backend is not None:
            page.dismissed.connect(partial(self._later, page))
            self._window.open_page(page, title=page.windowTitle(), icon="history")
        else:
            self._show_alone(page)

    def _show_alone(self, page: RecordPage) -> None:
        """Before any connection there are no tabs: in a window of its own."""
        dialog = QDialog(self._window)
        dialog.setObjectName("record-window")
        dialog.setWindowTitle(page.windowTitle())
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.resize(min(1000, self._window.width()), min(760, self._window.height()))
        column = QVBoxLayout(dialog)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(page)
        page.dismissed.connect(dialog.close)
        dialog.open()
        page.text.setFocus()

    def _leave(self, page: RecordPage) -> None:
        alone = page.window()
        if isinstance(alone, QDialog):
            alone.close()
        else:
            self._window.close_page(page)

    def _later(self, page: RecordPage) -> None:
        # Not in its own signal: the button that was pressed is still on the stack
        QTimer.singleShot(0, page, partial(self._window.close_page, page))

    def _gone(self, key: str, which: int, *_: object) -> None:
        if key in self._pages and id(self._pages[key]) == which:
            del self._pages[key]

    def _told(self, sentence: str, written: bool) -> None:
        if self._window.backend is not None:
            self._window.say(sentence, tone="text" if written else "danger", urgent=not written)
        else:
            tell(self._window, "The record was written" if written else "The record was not written", sentence)

    def _unreadable(self, path: str, error: Exception) -> None:
        if isinstance(error, OSError):
            tell(self._window, "The file could not be read", f"{path} could not be read: {error.strerror or error}.")
        else:
            tell_failure(self._window, "The file could not be read", error)

    def _not_read(self, error: Exception) -> None:
        tell_failure(self._window, "The record could not be read", error)


def _read(path: Path) -> Found:
    """A restore file, or a record, which is verified. Raises OSError, BadInput ``too-large``."""
    with path.open("rb") as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise BadInput(
            "too-large",
            f"“{path.name}” is larger than any record or restore file of this program.",
            subject=str(path),
            next="Choose what “record” wrote, as JSON or JSON lines, or what a revoke wrote.",
        )
    restorable, damaged = recognised(data)
    return None if damaged else restorable or verify(data)


def install(window: MainWindow, emergency: Emergency) -> None:
    """The verbs, and what the button on an operation's page does."""
    records = Records(window, emergency)
    emergency.open_record = records.open_operation
