"""The rest of a long list, shown when it is asked for: a page of fifty services is read and walked through like one of five."""

from collections.abc import Sequence
from typing import TypeVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton

from cmk_admin.ui.theme import sizes

MOST = 8
"""Rows of a list that are shown unasked; a longer one is folded."""

T = TypeVar("T")


class Fold(QPushButton):
    """A link under a list that shows all of it, and folds it again. Hidden where nothing is folded."""

    turned = Signal()

    def __init__(self, name: str, text: str, *, few: int = MOST) -> None:
        """`text` with ``{}`` for the number of all rows; `few`: so many are shown while it is folded."""
        super().__init__()
        self._text, self._few = text, few
        self.open = False
        self.setObjectName(name)
        self.setProperty("role", "link")
        self.setMinimumHeight(sizes.TARGET)
        self.setAutoDefault(False)
        self.clicked.connect(self._turn)
        self.first(())

    def first(self, rows: Sequence[T]) -> Sequence[T]:
        """Those of a list that are to be shown now."""
        folds = len(rows) > MOST
        text = "Show fewer" if self.open else self._text.format(len(rows))
        self.setText(text)
        self.setAccessibleName(text)
        self.setVisible(folds)
        return rows[: self._few] if folds and not self.open else rows

    def _turn(self, *_: object) -> None:
        self.open = not self.open
        self.turned.emit()
