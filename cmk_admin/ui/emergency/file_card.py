"""Where the file lies with which anyone can give back what a revoke took."""

from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QHBoxLayout, QVBoxLayout, QWidget

from cmk_admin.operations.interface import ConnectionInfo, ConnectionKind
from cmk_admin.ui.announce import announce
from cmk_admin.ui.emergency.option import heading
from cmk_admin.ui.emergency.parts import card, link, words_label
from cmk_admin.ui.widgets.labels import Elided


class FileCard(QWidget):
    """Hidden while there is no file."""

    def __init__(self, info: ConnectionInfo | None) -> None:
        """`info` is the connection that the command has to name."""
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
                _way_back(info),
                "secondary",
                name="operation-file-words",
            )
        )
        column.addLayout(row)
        self._silent = words_label("", "secondary", name="operation-file-silent")
        self._silent.hide()
        column.addWidget(self._silent)
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
        if self._file is None or QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._file.parent))):
            return
        said = f"Nothing on this machine opened the folder. It is {self._file.parent}"
        self._silent.setText(said)
        self._silent.show()
        announce(self, said)


def _way_back(info: ConnectionInfo | None) -> str:
    """How the file is used, with the option that names this connection."""
    who = "Whoever has it and the rights can give back what was taken"
    if info is None:
        return f"{who}: cmk-admin restore FILE, with the option that names the connection. It holds no secret."
    if info.drill is not None:
        return "With it what was taken can be given back, as long as the drill's sandbox is there. It holds no secret."
    if info.kind is ConnectionKind.LIVE:
        cloud = f" --cloud {info.account.cloud}" if info.account.cloud != "public" else ""
        where = f"--live{cloud} --tenant {info.account.tenant_id}"
        return f"{who}, on another machine too: cmk-admin restore FILE {where}. It holds no secret."
    return (
        f"{who}: cmk-admin restore FILE --sandbox; of a sandbox that is none of the program's own, --connection and its "
        "file instead. It holds no secret."
    )
