"""How a row of the tree is drawn: icon, name, what it is in grey; at the right the number of services and a mark."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from cmk_admin.domain.tree import Kind, Node
from cmk_admin.ui.theme import sizes
from cmk_admin.ui.theme.theme import Theme, font
from cmk_admin.ui.tree import look
from cmk_admin.ui.tree.model import TreeModel

LEAST_SECONDARY = 48
"""Below so many pixels the grey text says nothing any more and is left out."""


class RowDelegate(QStyledItemDelegate):
    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._text = font(parent.font())
        self._small = font(parent.font(), sizes.SMALL)
        self._strong = font(parent.font(), bold=True)
        self._text_metrics = QFontMetrics(self._text)
        self._small_metrics = QFontMetrics(self._small)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(120, sizes.ROW)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        model = index.model()
        node = model.node(index) if isinstance(model, TreeModel) else None
        if node is None:
            return
        rect = QRect(option.rect)
        ratio = painter.device().devicePixelRatioF()
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, self._theme.color("selected"))
        elif option.state & QStyle.StateFlag.State_MouseOver and node.kind is not Kind.NOTE:
            painter.fillRect(rect, self._theme.color("hover"))
        left = rect.left() + 2
        name, tone = look.icon(node)
        painter.drawPixmap(_icon_at(rect, left), self._theme.pixmap(name, tone, sizes.ICON, ratio))
        left += sizes.ICON + 6
        right = self._draw_right(painter, rect, node, ratio)
        self._draw_words(painter, QRect(left, rect.top(), max(0, right - left), rect.height()), node)
        if option.state & QStyle.StateFlag.State_HasFocus and node.kind is not Kind.NOTE:
            painter.setPen(self._theme.color("accent"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(rect.adjusted(0, 1, -3, -2), 4, 4)
        painter.restore()

    def _draw_right(self, painter: QPainter, rect: QRect, node: Node, ratio: float) -> int:
        """The mark, and left of it the number of services; returns where the words must end."""
        right = rect.right() - 10
        found = look.mark(node) if node.kind is not Kind.NOTE else None
        if found is not None:
            painter.drawPixmap(_icon_at(rect, right - sizes.ICON), self._theme.pixmap(*found, sizes.ICON, ratio))
        # The column of marks stays free without one, so that the numbers stand under each other
        right -= sizes.ICON + 6
        if node.consumers:
            text = f"{node.consumers:,}"
            width = max(20, self._small_metrics.horizontalAdvance(text) + 12)
            box = QRect(right - width, rect.center().y() - 8, width, 17)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.color("unknown_soft"))
            painter.drawRoundedRect(box, 8.5, 8.5)
            painter.setPen(self._theme.color("secondary"))
            painter.setFont(self._small)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
            right -= width + 6
        elif found is None:
            right += sizes.ICON  # nothing at the right at all: the words may use the place
        return right

    def _draw_words(self, painter: QPainter, rect: QRect, node: Node) -> None:
        note = node.kind is Kind.NOTE
        painter.setFont(self._text)
        faint = note or node.state in ("disabled", "not-visible") or node.kind is Kind.VERSION
        painter.setPen(self._theme.color("secondary" if faint else "text"))
        text = self._text_metrics.elidedText(node.text, Qt.TextElideMode.ElideMiddle, rect.width())
        painter.drawText(rect, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), text)
        used = self._text_metrics.horizontalAdvance(text) + 8
        left = rect.width() - used
        if not node.secondary or left < LEAST_SECONDARY:
            return
        painter.setFont(self._small)
        painter.setPen(self._theme.color("secondary"))
        grey = self._small_metrics.elidedText(node.secondary, Qt.TextElideMode.ElideRight, left)
        # One pixel lower, so that both sizes stand on the same line
        painter.drawText(
            rect.adjusted(used, 1, 0, 1), int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), grey
        )


def _icon_at(rect: QRect, left: int) -> QPoint:
    return QPoint(left, rect.top() + (rect.height() - sizes.ICON) // 2)
