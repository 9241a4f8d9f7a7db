"""Where the file lies with which anyone can give back what a revoke took."""

from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QHBoxLayout, QVBoxLayout, QWidget

from cmk_admin.ui.announce import announce
from cmk_admin.ui.emergency.option import heading
from cmk_admin.ui.emergency.parts import card, link, words_label
from cmk_admin.ui.widgets.labels import Elided


class FileCard(QWidget):
    """Hidden while there is no file."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("operation-file")
        self.setAccessibleName("Restore file")
        self._file: Path | None = None
        self._path = Elided("", mode=Qt.TextElideMode.ElideMiddle)
        self._path.setObjectName("operation-file-path")
        self._copy = link("Copy the path", "operation-file-copy", self._copied)
        self._open = link("Open the folder", "operation-file-open", self._opened)
        row = QHBoxLayout()
        row.setSpacing(16)
        row.addWidget(self._copy)
        row.addWidget(self._open)
        row.addStretch(1)
        frame, column = card(heading("Restore file"), self._path)
        column.addWidget(
            words_label(
                "Whoever has it and the rights can give back what was taken, on another machine too: "
                "cmk-admin restore FILE. It holds no secret.",
                "secondary",
            )
        )
        column.addLayout(row)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(frame)
        self.hide()

    @property
    def buttons(self) -> tuple[QWidget, ...]:
        return (self._copy, self._open)

    def show_file(self, file: Path | None) -> None:
        self._file = file
        self.setVisible(file is not None)
        self._path.setText(str(file) if file is not None else "")
        self._path.set_tip(str(file) if file is not None else "")

    def _copied(self, *_: object) -> None:
        if self._file is not None:
            QApplication.clipboard().setText(str(self._file))
            announce(self, "The path was copied")

    def _opened(self, *_: object) -> None:
        if self._file is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._file.parent)))
