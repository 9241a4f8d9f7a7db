"""What goes on while somebody is signed in: the other side of the dialog, with the device code where there is one."""

from datetime import datetime

from PySide6.QtCore import QTimer, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from cmk_admin.domain import words
from cmk_admin.domain.sign_in import SignInNews
from cmk_admin.ui.announce import announce
from cmk_admin.ui.emergency.parts import card, words_label
from cmk_admin.ui.theme import sizes
from cmk_admin.ui.widgets.labels import label

TICK_MS = 1000


class Waiting(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("connect-waiting")
        self._expires_at: datetime | None = None
        self._address = ""
        self.words = words_label("", name="connect-words")
        self._bar = QProgressBar()
        self._bar.setObjectName("connect-progress")
        self._bar.setAccessibleName("Signing in")
        self._bar.setRange(0, 0)
        self._bar.setTextVisible(False)
        self.code = words_label("", "hero", name="connect-code")
        self.code.setAccessibleName("Code")
        self._left = label("", "secondary", name="connect-left")
        self._copy = _button("Copy the code", "connect-copy", self._copy_code)
        self._open = _button("Open the page", "connect-open", self._open_page)
        buttons = QHBoxLayout()
        buttons.setSpacing(sizes.GRID)
        buttons.addWidget(self._copy)
        buttons.addWidget(self._open)
        buttons.addStretch(1)
        self.card, column = card(label("Enter this code", "section"), self.code, self._left)
        column.addLayout(buttons)
        body = QVBoxLayout(self)
        body.setContentsMargins(0, 0, 0, 0)
        body.setSpacing(12)
        body.addWidget(self.words)
        body.addWidget(self._bar)
        body.addWidget(self.card)
        body.addStretch(1)
        self._tick = QTimer(self)
        self._tick.setInterval(TICK_MS)
        self._tick.timeout.connect(self._say_left)

    def start(self, text: str) -> None:
        """It begins."""
        self.words.setText(text)
        self.card.hide()
        self._tick.stop()

    def show_news(self, news: SignInNews) -> None:
        """What it says now."""
        self.words.setText(news.words)
        announce(self, news.words, urgent=news.code is not None)
        if news.code is None:
            return
        self.code.setText(news.code)
        self._address, self._expires_at = news.address or "", news.expires_at
        self._open.setToolTip(self._address)
        # Only where a web page can be: the address comes from the sign-in host
        self._open.setEnabled(self._address.startswith("https://"))
        self.card.show()
        self._say_left()
        self._tick.start()
        self._copy.setFocus()

    def _say_left(self) -> None:
        if self._expires_at is None:
            return
        left = (self._expires_at - datetime.now(self._expires_at.tzinfo)).total_seconds()
        self._left.setText(f"It counts for {words.duration(left)} more." if left > 0 else "It no longer counts.")

    def _copy_code(self, *_: object) -> None:
        QApplication.clipboard().setText(self.code.text())
        announce(self, "Code copied")
        self._copy.setText("Copied")

    def _open_page(self, *_: object) -> None:
        QDesktopServices.openUrl(QUrl(self._address))


def _button(text: str, name: str, clicked: object) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(name)
    button.setAccessibleName(text)
    button.setAutoDefault(False)
    button.clicked.connect(clicked)
    return button
