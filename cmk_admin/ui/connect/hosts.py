"""Test the connection: each host of it, whether it answers, and what to do where it does not."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from cmk_admin.operations.interface import Backend, HostReach
from cmk_admin.ui.announce import announce
from cmk_admin.ui.bridge import Bridge
from cmk_admin.ui.dialogs import failure_text
from cmk_admin.ui.emergency.parts import words_label
from cmk_admin.ui.theme.theme import Theme
from cmk_admin.ui.widgets.labels import ToneIcon, label
from cmk_admin.ui.widgets.places import clear

_NAMES = {"sign-in": "Sign-in", "arm": "Resource manager", "vault": "Vault", "graph": "Microsoft Graph"}


class HostsDialog(QDialog):
    """Asks at once, and again on a click."""

    def __init__(self, parent: QWidget, *, bridge: Bridge, backend: Backend, theme: Theme) -> None:
        super().__init__(parent)
        self.setObjectName("hosts")
        self.setWindowTitle("Test the connection")
        self.setAccessibleName("Test the connection")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(560, 380)
        self._bridge, self._backend, self._theme = bridge, backend, theme
        self.sentence = words_label("", name="hosts-sentence")
        self._bar = QProgressBar()
        self._bar.setAccessibleName("Asking the hosts")
        self._bar.setRange(0, 0)
        self._bar.setTextVisible(False)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(12)
        buttons = QDialogButtonBox()
        self._again = buttons.addButton("Test again", QDialogButtonBox.ButtonRole.ActionRole)
        self._again.setObjectName("hosts-again")
        self._again.setAutoDefault(False)
        self._again.clicked.connect(self._ask)
        close = buttons.addButton("Close", QDialogButtonBox.ButtonRole.RejectRole)
        close.setObjectName("hosts-close")
        close.setDefault(True)
        buttons.rejected.connect(self.reject)
        body = QVBoxLayout(self)
        body.setContentsMargins(24, 20, 24, 16)
        body.setSpacing(12)
        body.addWidget(label("Test the connection", "title"))
        body.addWidget(self.sentence)
        body.addWidget(self._bar)
        body.addLayout(self._rows)
        body.addStretch(1)
        body.addWidget(buttons)
        self._ask()
        close.setFocus()

    def _ask(self, *_: object) -> None:
        self._again.setEnabled(False)
        clear(self._rows)
        self.sentence.setText("Asking the sign-in host, the resource manager, a vault and Microsoft Graph…")
        self._bar.show()
        self._bridge.start(self, self._backend.reach(), self._show, self._failed)

    def _show(self, hosts: tuple[HostReach, ...]) -> None:
        down = [_NAMES[one.name] for one in hosts if not one.ok]
        self._say("Every host answers." if not down else f"Without an answer: {', '.join(down)}.")
        for one in hosts:
            self._rows.addLayout(self._row(one))

    def _failed(self, error: Exception) -> None:
        self._say(f"The hosts could not be asked: {failure_text(error)}")

    def _say(self, sentence: str) -> None:
        self._bar.hide()
        self._again.setEnabled(True)
        self.sentence.setText(sentence)
        announce(self, sentence)

    def _row(self, one: HostReach) -> QHBoxLayout:
        host = f" ({one.host})" if one.host else ""
        head = label(f"{_NAMES[one.name]}{host}: {'answers' if one.ok else 'failed'}", "section", wrap=True)
        head.setObjectName(f"hosts-{one.name}")
        text = QVBoxLayout()
        text.setSpacing(2)
        text.addWidget(head)
        text.addWidget(words_label(" ".join(filter(None, (one.message, one.next))), "quiet"))
        row = QHBoxLayout()
        row.setSpacing(10)
        icon = ToneIcon(self._theme, *(("confirmed", "confirmed") if one.ok else ("broken", "danger")))
        row.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(text, 1)
        return row
