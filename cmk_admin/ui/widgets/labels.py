"""Labels: plain text, elided text, icon and word, ids that can be copied."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from cmk_admin.ui.announce import announce
from cmk_admin.ui.theme import sizes
from cmk_admin.ui.theme.colors import Tone
from cmk_admin.ui.theme.theme import Theme


def label(text: str, role: str = "", *, name: str = "", wrap: bool = False) -> QLabel:
    """A label that shows text as text, never as markup."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wrap)
    if role:
        made.setProperty("role", role)
    if name:
        made.setObjectName(name)
    return made


def repolish(widget: QWidget) -> None:
    """Let the style sheet see a changed ``role``."""
    widget.style().unpolish(widget)
    widget.style().polish(widget)


class Elided(QLabel):
    """One line that is shortened in the middle or at the end where it does not fit; whole in the tooltip."""

    def __init__(self, text: str = "", role: str = "", mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight) -> None:
        super().__init__(text)
        self._mode = mode
        self._tip = ""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        if role:
            self.setProperty("role", role)

    def set_tip(self, tip: str) -> None:
        """The tooltip where the text fits; where it does not, the text stands above it."""
        self._tip = tip
        self._set_tooltip()

    def setText(self, text: str) -> None:
        super().setText(text)
        self._set_tooltip()

    def minimumSizeHint(self) -> QSize:
        return QSize(24, super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:
        return QSize(QFontMetrics(self.font()).horizontalAdvance(self.text()) + 2, super().sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._set_tooltip()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        text = QFontMetrics(self.font()).elidedText(self.text(), self._mode, self.width())
        painter.drawText(self.rect(), int(self.alignment() | Qt.AlignmentFlag.AlignVCenter), text)
        painter.end()

    def _set_tooltip(self) -> None:
        fits = QFontMetrics(self.font()).horizontalAdvance(self.text()) <= self.width()
        self.setToolTip("\n".join(filter(None, ("" if fits else self.text(), self._tip))))


class ToneIcon(QLabel):
    """An icon in the colour of a meaning; follows the palette. What it means stands in words beside it."""

    def __init__(self, theme: Theme, name: str, tone: Tone = "secondary", size: int = sizes.ICON) -> None:
        super().__init__()
        self._theme, self._name, self._tone, self._size = theme, name, tone, size
        self.setFixedSize(size, size)
        self._drawn = False
        theme.changed.connect(self._paint)

    def show_icon(self, name: str, tone: Tone) -> None:
        if (name, tone) != (self._name, self._tone):
            self._name, self._tone = name, tone
            self._paint()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self._drawn:
            self._paint()

    def _paint(self) -> None:
        # While it is hidden it is not drawn: most icons of a start are on pages that nobody has asked for
        self._drawn = self.isVisible()
        if self._drawn:
            self.setPixmap(self._theme.pixmap(self._name, self._tone, self._size, self.devicePixelRatioF()))


class ChipLabel(QFrame):
    """A word in a rounded box, with an icon where its colour means something."""

    def __init__(self, theme: Theme, text: str, tone: Tone = "secondary", icon: str | None = None) -> None:
        super().__init__()
        self.setProperty("role", "chip")
        self.setProperty("tone", tone)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 8, 0)
        row.setSpacing(5)
        if icon is not None:
            row.addWidget(ToneIcon(theme, icon, tone, 13))
        self.word = label(text, tone if tone in ("danger", "caution", "confirmed", "unknown") else "chip")
        row.addWidget(self.word)
        self.setFixedHeight(22)


class Copyable(QWidget):
    """A value and a button that copies it whole."""

    def __init__(self, theme: Theme, what: str, shown: str, exact: str) -> None:
        super().__init__()
        self._theme, self._what, self._exact = theme, what, exact
        text = Elided(shown, mode=Qt.TextElideMode.ElideMiddle)
        text.set_tip(exact)
        text.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._button = QToolButton()
        name = what.lower().replace(" ", "-")
        self._button.setObjectName(f"copy-{name}")
        self._button.setAccessibleName(f"Copy {what[:1].lower() + what[1:]}")
        self._button.setToolTip(f"Copy {what[:1].lower() + what[1:]}")
        self._button.setFixedSize(24, 24)
        self._button.clicked.connect(self._copy)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(text)
        row.addWidget(self._button)
        row.addStretch(1)
        theme.changed.connect(self._paint)
        self._paint()

    def _copy(self) -> None:
        QApplication.clipboard().setText(self._exact)
        self._button.setIcon(self._theme.icon("confirmed", "confirmed"))
        announce(self, f"{self._what} copied")

    def _paint(self) -> None:
        self._button.setIcon(self._theme.icon("copy", "secondary"))


class Clickable(QFrame):
    """A row that can be clicked or, focused, opened with Enter or Space."""

    clicked = Signal()

    def __init__(self, name: str, spoken: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(spoken)
        self.setProperty("role", "row")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()
        super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.clicked.emit()
        else:
            super().keyPressEvent(event)
