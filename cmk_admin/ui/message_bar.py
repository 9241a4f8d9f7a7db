"""One message under the strip: what happened, until it is closed or another one comes."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QToolButton

from cmk_admin.ui.announce import announce
from cmk_admin.ui.theme.colors import Tone
from cmk_admin.ui.theme.theme import Theme
from cmk_admin.ui.widgets.labels import ToneIcon, label, repolish

_ICONS: dict[str, tuple[str, Tone]] = {
    "text": ("info", "accent"),
    "caution": ("warning", "caution"),
    "danger": ("broken", "danger"),
    "confirmed": ("confirmed", "confirmed"),
}


class MessageBar(QFrame):
    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("message-bar")
        self.setProperty("role", "message")
        self._theme = theme
        self._icon = ToneIcon(theme, "info", "accent")
        self.text = label("", name="message-text", wrap=True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._close = QToolButton()
        self._close.setObjectName("message-close")
        self._close.setAccessibleName("Close the message")
        self._close.setToolTip("Close the message")
        self._close.setFixedSize(24, 24)
        self._close.clicked.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 6, 8, 6)
        row.setSpacing(10)
        row.addWidget(self._icon)
        self._act: Callable[[], None] | None = None
        self.action = QPushButton()
        self.action.setObjectName("message-action")
        self.action.setAccessibleName("What the message offers")
        self.action.setProperty("role", "link")
        self.action.setAutoDefault(False)
        self.action.clicked.connect(self._acted)
        self.action.hide()
        row.addWidget(self.text, 1)
        row.addWidget(self.action)
        row.addWidget(self._close)
        theme.changed.connect(self._paint)
        self.hide()

    def say(
        self, text: str, tone: str, *, urgent: bool, action: str = "", act: Callable[[], None] | None = None
    ) -> None:
        """Show and speak it; `action` is the text of a button that calls `act`."""
        self._act = act
        self.action.setText(action)
        self.action.setAccessibleName(action or "What the message offers")
        self.action.setVisible(act is not None)
        icon, colour = _ICONS.get(tone, _ICONS["text"])
        self._icon.show_icon(icon, colour)
        self.text.setText(text)
        self.setProperty("tone", tone)
        repolish(self)
        self._paint()
        self.show()
        announce(self, text, urgent=urgent)

    def _acted(self, *_: object) -> None:
        if self._act is not None:
            self._act()

    def _paint(self) -> None:
        self._close.setIcon(self._theme.icon("close", "secondary"))
