"""One of a few things to choose or to tick, with a sentence under it; changed in place, so that the focus stays."""

import re

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QLabel, QSizePolicy, QVBoxLayout, QWidget

from cmk_admin.ui.theme import sizes
from cmk_admin.ui.widgets.labels import label

INDENT = 24
"""From a radio button's or box's edge to its text."""

_CITED = re.compile(r" \(([A-Z]{2,6} [\w/.-]+\.md)\)")
"""A place in Azure's documentation, as the domain's sentences name it."""


class Option(QWidget):
    """A radio button or a box, with its sentence under it on as many lines as that needs."""

    picked = Signal(str)
    """The value; by a click or a key, never by what the program sets."""

    def __init__(self, button: QAbstractButton, value: str, name: str) -> None:
        super().__init__()
        self.value, self.button = value, button
        button.setObjectName(name)
        button.setMinimumHeight(sizes.TARGET)
        button.clicked.connect(self._clicked)
        # A long name is broken here: neither of the two breaks its text
        button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._title = ""
        self._sentence = _Sentence(button)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)
        self._under = QVBoxLayout()
        self._under.setContentsMargins(INDENT, 0, 0, 0)
        self._under.addWidget(self._sentence)
        self._column.addLayout(self._under)
        self._sentence.hide()

    def show_option(self, title: str, sentence: str, *, chosen: bool, enabled: bool = True) -> None:
        """Where the sentence quotes Azure's documentation, the place is in its tooltip."""
        self._title = title
        self._fit()
        self.button.setAccessibleName(title)
        self.button.setAccessibleDescription(sentence)
        self.button.setEnabled(enabled)
        self.button.setChecked(chosen)
        self._sentence.setText(_CITED.sub("", sentence))
        cited = _CITED.search(sentence)
        self._sentence.setToolTip(f"Documented in {cited[1]}" if cited else "")
        self._sentence.setVisible(bool(sentence))

    def put(self, under: QWidget) -> None:
        """Something more under the sentence, as far in as that."""
        self._under.addWidget(under)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        room = max(40, self.width() - INDENT - sizes.HALF)
        shown = _broken(self._title, QFontMetrics(self.button.font()), room)
        # An ampersand in a name is no mnemonic
        self.button.setText(shown.replace("&", "&&"))
        self.button.setToolTip("" if "…" not in shown else self._title)

    def _clicked(self, *_: object) -> None:
        self.picked.emit(self.value)


def _broken(text: str, metrics: QFontMetrics, room: int) -> str:
    """A text on as many lines as it needs; only a word that is longer than a line is shortened."""
    lines: list[str] = []
    for word in text.split(" "):
        both = f"{lines[-1]} {word}" if lines else word
        if lines and metrics.horizontalAdvance(both) <= room:
            lines[-1] = both
        else:
            lines.append(metrics.elidedText(word, Qt.TextElideMode.ElideMiddle, room))
    return "\n".join(lines)


class _Sentence(QLabel):
    """What an option means; a click on it chooses that one."""

    def __init__(self, button: QAbstractButton) -> None:
        super().__init__()
        self._button = button
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", "secondary")
        self.setWordWrap(True)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton and self._button.isEnabled():
            self._button.setFocus(Qt.FocusReason.MouseFocusReason)
            self._button.click()


def heading(text: str, name: str = "") -> QLabel:
    """The head of a card."""
    return label(text, "section", name=name)
