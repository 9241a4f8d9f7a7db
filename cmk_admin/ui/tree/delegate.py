"""How a row of the tree is drawn: icon, name, what it is in grey; at the right the number of services and a mark.

The view hands over whole rows, fold sign included: passing each through Qt's style options costs more than drawing it.
"""

from typing import NamedTuple

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QStaticText, QTransform
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem, QWidget

from cmk_admin.domain.tree import Kind, Node
from cmk_admin.ui.theme import sizes
from cmk_admin.ui.theme.theme import Theme, font
from cmk_admin.ui.tree import look

LEAST_SECONDARY = 48
"""Below so many pixels the grey text says nothing any more and is left out."""

KEPT_TEXTS = 4_000
"""How many texts are kept as they are laid out; names and kinds come again from row to row and from paint to paint."""

_FOLD = 12
_PILL = 17
_FAINT_STATES = frozenset({"disabled", "not-visible"})


class Marks(NamedTuple):
    """What the view knows of a row when it is drawn."""

    indent: int
    """Where the row's own part begins, in pixels from the left."""
    fold: str
    """The icon of the fold sign; '' where nothing hangs under the row."""
    selected: bool
    hovered: bool
    focused: bool


class _Words(NamedTuple):
    """A row's texts as they fit into a width."""

    name: QStaticText
    grey: QStaticText | None
    grey_left: int


class RowDelegate(QStyledItemDelegate):
    """Tells Qt how high a row is, and draws rows for `TreeView`."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._text = font(parent.font())
        self._small = font(parent.font(), sizes.SMALL)
        self._text_metrics = QFontMetrics(self._text)
        self._small_metrics = QFontMetrics(self._small)
        self._words: dict[tuple[str, str, int], _Words] = {}
        self._numbers: dict[int, tuple[QStaticText, int]] = {}
        self._ratio = 1.0
        self._colors: dict[str, QColor] = {}
        self._recolour()
        theme.changed.connect(self._recolour)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(120, sizes.ROW)

    def begin(self, ratio: float) -> None:
        """Rows are about to be drawn on a device with so many pixels to one."""
        self._ratio = ratio

    def draw(self, painter: QPainter, rect: QRect, node: Node, marks: Marks) -> None:
        """Draw a whole row; `rect` is as wide as the view."""
        colors, ratio, top, height = self._colors, self._ratio, rect.top(), rect.height()
        left = marks.indent
        row = QRect(left, top, rect.width() - left, height)
        note = node.kind is Kind.NOTE
        if marks.selected:
            painter.fillRect(rect, colors["selected"])
        elif marks.hovered and not note:
            painter.fillRect(row, colors["hover"])
        if marks.fold:
            sign = self._theme.pixmap(marks.fold, "secondary", _FOLD, ratio)
            painter.drawPixmap(QPoint(left - _FOLD - 2, top + (height - _FOLD) // 2), sign)
        icon_top = top + (height - sizes.ICON) // 2
        name, tone = look.icon(node)
        painter.drawPixmap(QPoint(left + 2, icon_top), self._theme.pixmap(name, tone, sizes.ICON, ratio))
        found = None if note else look.mark(node)
        # The column of marks stays free without one, so that the numbers stand under each other
        right = row.right() - 10 - sizes.ICON
        if found is not None:
            painter.drawPixmap(QPoint(right, icon_top), self._theme.pixmap(*found, sizes.ICON, ratio))
        right -= 6
        if node.consumers:
            right = self._draw_number(painter, right, row, node.consumers)
        elif found is None:
            right += sizes.ICON  # nothing at the right at all: the words may use the place
        left += sizes.ICON + 8
        self._draw_words(painter, QRect(left, top, max(0, right - left), height), node)
        if marks.selected:
            painter.fillRect(QRect(0, top, 3, height), colors["accent_fill"])
        if marks.focused and not note:
            painter.setPen(colors["accent"])
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.drawRoundedRect(row.adjusted(0, 1, -3, -2), 4, 4)

    def _draw_number(self, painter: QPainter, right: int, row: QRect, number: int) -> int:
        """The number of services in its pill; returns where the words must end."""
        known = self._numbers.get(number)
        if known is None:
            text = f"{number:,}"
            known = self._numbers[number] = (_laid_out(text, self._small), self._small_metrics.horizontalAdvance(text))
        static, advance = known
        width = max(20, advance + 12)
        box = QRect(right - width, row.center().y() - 8, width, _PILL)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._colors["unknown_soft"])
        painter.drawRoundedRect(box, 8.5, 8.5)
        painter.setPen(self._colors["secondary"])
        painter.setFont(self._small)
        painter.drawStaticText(
            box.left() + (width - advance) // 2, box.top() + (_PILL - self._small_metrics.height()) // 2, static
        )
        return right - width - 6

    def _draw_words(self, painter: QPainter, rect: QRect, node: Node) -> None:
        left, top, height = rect.left(), rect.top(), rect.height()
        known = (node.text, node.secondary, rect.width())
        words = self._words.get(known)
        if words is None:
            if len(self._words) >= KEPT_TEXTS:
                self._words.clear()
            words = self._words[known] = self._fitted(*known)
        faint = node.kind is Kind.NOTE or node.kind is Kind.VERSION or node.state in _FAINT_STATES
        painter.setFont(self._text)
        painter.setPen(self._colors["secondary" if faint else "text"])
        painter.drawStaticText(left, top + (height - self._text_metrics.height()) // 2, words.name)
        if words.grey is not None:
            painter.setFont(self._small)
            painter.setPen(self._colors["secondary"])
            # One pixel lower, so that both sizes stand on the same line
            painter.drawStaticText(
                left + words.grey_left, top + 1 + (height - self._small_metrics.height()) // 2, words.grey
            )

    def _fitted(self, text: str, secondary: str, width: int) -> _Words:
        text = self._text_metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, width)
        used = self._text_metrics.horizontalAdvance(text) + 8
        name = _laid_out(text, self._text)
        if not secondary or width - used < LEAST_SECONDARY:
            return _Words(name, None, 0)
        secondary = whole_parts(secondary, width - used, self._small_metrics)
        return _Words(name, _laid_out(secondary, self._small), used) if secondary else _Words(name, None, 0)

    def _recolour(self) -> None:
        names = ("text", "secondary", "selected", "hover", "accent", "accent_fill", "unknown_soft")
        self._colors = {name: self._theme.color(name) for name in names}


def whole_parts(text: str, room: int, metrics: QFontMetrics) -> str:
    """As many whole parts as there is room for, or of one part whole words, and a sign that there are more.

    “RSA-HSM” says something, “RSA-HS…” only that there is no room; “of 26”, of a date that goes on, says what is wrong.
    """
    shown = text
    while text and metrics.horizontalAdvance(shown) > room:
        text = text.rpartition(", " if ", " in text else " ")[0]
        shown = f"{text}…" if text else ""
    return shown


def _laid_out(text: str, used: QFont) -> QStaticText:
    made = QStaticText(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.prepare(QTransform(), used)
    return made
