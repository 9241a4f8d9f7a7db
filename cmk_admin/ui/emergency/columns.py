"""Cards beside each other in two columns, or under each other in one where the page is narrow."""

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from cmk_admin.ui.widgets.places import taken_out

NARROW = 900
"""Of a page, in pixels: two columns leave too little of a sentence on a line below that."""

SPACING = 12


class Columns(QWidget):
    """The cards stay who they are: none loses its focus or what is typed into it when the page gets narrow."""

    def __init__(self, left: tuple[QWidget, ...], right: tuple[QWidget, ...], stacked: tuple[QWidget, ...]) -> None:
        """`stacked`: the same cards, in the order in which they stand in one column."""
        super().__init__()
        self._sides, self._one = (left, right), stacked
        self.stacked = False
        """In one column."""
        self._columns = (QVBoxLayout(), QVBoxLayout())
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACING)
        for column, stretch in zip(self._columns, (4, 5), strict=True):
            column.setSpacing(SPACING)
            column.setAlignment(Qt.AlignmentFlag.AlignTop)
            row.addLayout(column, stretch)
        self._row = row
        self._place(self._sides)

    def fit(self, page_width: int) -> None:
        """Put them as a page of this width lets them stand."""
        stacked = page_width < NARROW
        if stacked != self.stacked:
            self.stacked = stacked
            self._place((self._one, ()) if stacked else self._sides)
            self._row.setSpacing(0 if stacked else SPACING)
            self._row.setStretch(1, 0 if stacked else 5)

    def _place(self, sides: Iterable[Iterable[QWidget]]) -> None:
        for column in self._columns:
            taken_out(column)
        for column, cards in zip(self._columns, sides, strict=True):
            for card in cards:
                column.addWidget(card)
