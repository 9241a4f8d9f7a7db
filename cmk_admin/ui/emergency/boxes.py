"""Boxes to tick under each other, each with its sentence; a long list of them is folded."""

from collections.abc import Iterable
from typing import NamedTuple

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from cmk_admin.ui.emergency.fold import Fold
from cmk_admin.ui.emergency.option import Option
from cmk_admin.ui.widgets.places import clear


class Box(NamedTuple):
    """What is shown of one."""

    value: str
    title: str
    sentence: str
    ticked: bool
    possible: bool = True


class Boxes(QWidget):
    """They are changed in place while they are the same ones, so that the focus stays. What is ticked is never hidden."""

    picked = Signal(str)
    """The value of the one that was ticked or unticked by a click or a key."""

    def __init__(self, name: str, fold: Fold | None = None) -> None:
        """`name` begins the names of the boxes; `fold` shows all of many, and is put under them."""
        super().__init__()
        self._name, self._fold = name, fold
        self._boxes: tuple[Box, ...] = ()
        self._options: dict[str, Option] = {}
        self._column = QVBoxLayout()
        self._column.setSpacing(4)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(4)
        whole.addLayout(self._column)
        if fold is not None:
            whole.addWidget(fold, 0, Qt.AlignmentFlag.AlignLeft)
            fold.turned.connect(self._turned)
        self.hide()

    @property
    def buttons(self) -> tuple[QWidget, ...]:
        """All that takes the focus here, in its order."""
        end = () if self._fold is None else (self._fold,)
        return (*(option.button for option in self._options.values()), *end)

    @property
    def ticked(self) -> tuple[str, ...]:
        """The values that are ticked now, in the order of the boxes."""
        return tuple(value for value, option in self._options.items() if option.button.isChecked())

    def show_boxes(self, boxes: Iterable[Box]) -> None:
        """Show these and no others; without any there is nothing to see."""
        self._boxes = tuple(boxes)
        if tuple(self._options) != tuple(box.value for box in self._boxes):
            self._make()
        above = ""
        rows = self._boxes if self._fold is None else self._fold.first(self._boxes)
        unfolded = {box.value for box in rows}
        for box in self._boxes:
            option = self._options[box.value]
            # The same sentence at one after the other is read once
            option.show_option(
                box.title, "" if box.sentence == above else box.sentence, chosen=box.ticked, enabled=box.possible
            )
            option.button.setAccessibleDescription(box.sentence)
            shown = box.value in unfolded or box.ticked
            option.setVisible(shown)
            above = box.sentence if shown else above
        self.setVisible(bool(self._boxes))

    def _make(self) -> None:
        focused = self.focusWidget()
        was = focused.objectName() if focused is not None else ""
        clear(self._column)
        self._options = {}
        for box in self._boxes:
            option = Option(QCheckBox(), box.value, f"{self._name}-{box.value}")
            option.picked.connect(self.picked)
            self._options[box.value] = option
            self._column.addWidget(option)
            if option.button.objectName() == was:
                option.button.setFocus()

    def _turned(self) -> None:
        before = {value for value, option in self._options.items() if not option.isHidden()}
        self.show_boxes(box._replace(ticked=box.value in self.ticked) for box in self._boxes)
        new = [one for value, one in self._options.items() if value not in before and not one.isHidden()]
        if new and self._fold is not None and self._fold.hasFocus():
            new[0].button.setFocus(Qt.FocusReason.OtherFocusReason)
