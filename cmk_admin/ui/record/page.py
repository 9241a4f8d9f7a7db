"""A record to read: whether it is as it was written, its head hash, and its page. Nothing on it can be changed or clicked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QColor, QFocusEvent, QKeyEvent, QPalette
from PySide6.QtWidgets import QFileDialog, QFrame, QPushButton, QTextBrowser, QVBoxLayout, QWidget

from cmk_admin.domain.record import Record, Result, Verdict, to_document, to_lines
from cmk_admin.operations.record_html import to_html
from cmk_admin.operations.record_parts import title
from cmk_admin.runtime.paths import write_private
from cmk_admin.ui.announce import announce
from cmk_admin.ui.emergency.foot import footer
from cmk_admin.ui.emergency.parts import Notice, words_label
from cmk_admin.ui.record.pdf import document_of, to_pdf
from cmk_admin.ui.theme.theme import Theme
from cmk_admin.ui.widgets.labels import Copyable

FORMATS = {
    "pdf": "PDF, to read and print (*.pdf)",
    "jsonl": "JSON lines, the evidence itself (*.jsonl)",
    "json": "JSON, for programs (*.json)",
    "html": "Web page, to read (*.html)",
}
Told = Callable[[str, bool], None]
"""Gets a sentence, and whether it was written."""


class RecordPage(QWidget):
    """One record as it was when it was opened; opening it again shows what came since."""

    dismissed = Signal()

    def __init__(self, theme: Theme, verdict: Verdict, told: Told, *, source: str, called: str = "") -> None:
        """`verdict` holds the record; `source` says where it is from, `called` is the file's name.

        Raises BadInput ``bad-record``.
        """
        super().__init__()
        assert verdict.record is not None
        self.record, self.verdict = verdict.record, verdict
        self._theme, self._told = theme, told
        self.setObjectName("record-page")
        self.setWindowTitle(f"Record: {called or title(self.record)}")
        self.setAccessibleName(f"Record of operation {self.record.operation}")
        intact = verdict.result is Result.INTACT
        self._verdict = Notice(
            theme, "confirmed" if intact else "danger", "confirmed" if intact else "broken", "record-verdict"
        )
        self._rest = Notice(theme, "caution", "clock", "record-rest")
        self.text = self._browser()
        column = QVBoxLayout()
        column.setContentsMargins(24, 16, 24, 12)
        column.setSpacing(8)
        column.addWidget(words_label(source, "secondary", name="record-source"))
        column.addWidget(self._verdict)
        column.addWidget(self._rest)
        if intact:
            head = self.record.head
            column.addWidget(Copyable(theme, "Head hash", f"Head hash, to be kept elsewhere: {head}", head))
        column.addWidget(self.text, 1)
        body = QVBoxLayout(self)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(0)
        body.addLayout(column, 1)
        body.addWidget(self._footer(theme))
        # Shown once they stand on the page: before, each would be a window of its own
        self._verdict.say((verdict.message if intact else f"Altered. {verdict.message}", verdict.proven))
        if not intact:
            self._rest.say((f"Shown below: {_up_to(len(self.record.entries))}, and nothing of what follows.",))

    def export(self, *_: object) -> None:
        """Ask for a file, and write the record there in the form of its ending."""
        dialog = QFileDialog(self, "Export the record")
        dialog.setObjectName("record-file")
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters(list(FORMATS.values()))
        dialog.setDefaultSuffix("pdf")
        dialog.selectFile(f"record-{self.record.operation}.pdf")
        dialog.filterSelected.connect(lambda chosen: dialog.setDefaultSuffix(_ending(chosen)))
        dialog.fileSelected.connect(self.export_to)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def export_to(self, path: str) -> None:
        """Write it there, mode 0600, as PDF, JSON, JSON lines or a page, by the file's ending."""
        try:
            write_record(self.record, Path(path))
        except OSError as error:
            self._told(f"{path} could not be written: {error.strerror or error}", False)
        else:
            self._told(f"The record was written to {path}", True)
            announce(self, f"The record was written to {path}")

    # Qt's own

    def focusInEvent(self, _: QFocusEvent) -> None:
        """Opened or turned to: the text can be scrolled at once."""
        self.text.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.dismissed.emit()
            return
        super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        event.accept()

    # Layout

    def _browser(self) -> QTextBrowser:
        browser = QTextBrowser()
        browser.setObjectName("record-text")
        browser.setAccessibleName("The record")
        browser.setOpenLinks(False)
        browser.setOpenExternalLinks(False)
        browser.setUndoRedoEnabled(False)
        browser.setTabChangesFocus(True)
        browser.setFrameShape(QFrame.Shape.StyledPanel)
        # Paper: the same light sheet in the dark look
        browser.setStyleSheet("QTextBrowser { background: #ffffff; color: #1a1a1a; }")
        palette = browser.palette()
        palette.setColor(QPalette.ColorRole.Base, QColor("#ffffff"))
        palette.setColor(QPalette.ColorRole.Text, QColor("#1a1a1a"))
        browser.setPalette(palette)
        document = document_of(self.record)
        document.setDocumentMargin(24)
        document.setParent(browser)
        browser.setDocument(document)
        return browser

    def _footer(self, theme: Theme) -> QWidget:
        whole, row = footer()
        self.export_button = QPushButton("&Export…")
        self.export_button.setObjectName("record-export")
        self._paint()
        theme.changed.connect(self._paint)
        self.export_button.clicked.connect(self.export)
        if self.verdict.result is not Result.INTACT:
            # What is left of it would look like a whole one
            self.export_button.setEnabled(False)
            self.export_button.setToolTip("A record that was altered is not written anew; keep the file as it is")
        close = QPushButton("Close")
        close.setObjectName("record-close")
        close.clicked.connect(lambda *_: self.dismissed.emit())
        for button in (self.export_button, close):
            button.setAutoDefault(False)
        row.addWidget(self.export_button)
        row.addStretch(1)
        row.addWidget(close)
        return whole

    def _paint(self) -> None:
        self.export_button.setIcon(self._theme.icon("export"))


def write_record(record: Record, path: Path) -> None:
    """Write a record in the form of the file's ending, mode 0600; any other ending: as JSON lines. Raises OSError."""
    match path.suffix.lower():
        case ".pdf":
            content = to_pdf(record)
        case ".html" | ".htm":
            content = to_html(record).encode()
        case ".json":
            content = to_document(record).encode()
        case _:
            content = to_lines(record).encode()
    write_private(path, content)


def _up_to(entries: int) -> str:
    return "the first entry" if entries == 1 else f"the first {entries} entries"


def _ending(chosen: str) -> str:
    return next((ending for ending, words in FORMATS.items() if words == chosen), "pdf")
