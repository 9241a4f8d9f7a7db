"""Where widgets stand: taken out of a layout, or scrolled to."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLayout, QScrollArea, QWidget

MARGIN = 12
"""Pixels that are left above or below what is scrolled to."""


def taken_out(layout: QLayout) -> tuple[QWidget, ...]:
    """Take every widget out of a layout that holds nothing else; they live on.

    By `removeWidget`: an item that was taken by `takeAt` is not deleted, stays the one that the widget tells of a new
    size, and the layout that it is put into next never hears of one.
    """
    items = (layout.itemAt(at) for at in range(layout.count()))
    widgets = tuple(widget for item in items if item is not None and (widget := item.widget()) is not None)
    for widget in widgets:
        layout.removeWidget(widget)
    return widgets


def clear(layout: QLayout) -> None:
    """Take every widget out of a layout, and delete it."""
    for widget in taken_out(layout):
        widget.hide()
        widget.deleteLater()


class FollowingArea(QScrollArea):
    """Whatever in it gets the focus by the keyboard comes into sight, from wherever the focus came.

    Qt follows only while Tab goes from one widget of the area to the next one of it.
    """

    def __init__(self) -> None:
        super().__init__()
        QApplication.instance().focusChanged.connect(self._follow)  # type: ignore[union-attr]

    def _follow(self, _: QWidget | None, now: QWidget | None) -> None:
        # What is clicked on is seen, and must not move away under the mouse
        if now is None or QApplication.mouseButtons() != Qt.MouseButton.NoButton:
            return
        inside = self.widget()
        if inside is not None and inside.isAncestorOf(now) and now.height() <= self.viewport().height():
            self.ensureWidgetVisible(now, 0, MARGIN)
