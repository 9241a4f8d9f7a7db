"""What a plan offers besides, unticked: each box with a sentence of what it does and whom else it concerns."""

from collections.abc import Iterable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from cmk_admin.domain.plan import Choice, PlannedPath
from cmk_admin.domain.verbs.choices import STAGED
from cmk_admin.ui.emergency.option import Option, heading
from cmk_admin.ui.emergency.parts import card, words_label
from cmk_admin.ui.widgets.places import clear


class Ticks(QWidget):
    """Boxes in a card. They are changed in place while they are the same ones, so that the focus stays."""

    ticked = Signal(object)
    """The values that are ticked now, a tuple in the order of the boxes."""

    def __init__(self, title: str, name: str, sentence: str = "") -> None:
        super().__init__()
        self._name = name
        self.setObjectName(name)
        self.setAccessibleName(title)
        self._options: dict[str, Option] = {}
        frame, column = card(heading(title))
        self.sentence = words_label(sentence, "secondary", name=f"{name}-sentence")
        column.addWidget(self.sentence)
        self.sentence.setVisible(bool(sentence))
        self._column = QVBoxLayout()
        self._column.setSpacing(4)
        column.addLayout(self._column)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(frame)
        self.hide()

    @property
    def buttons(self) -> tuple[QWidget, ...]:
        return tuple(option.button for option in self._options.values())

    def show_boxes(self, boxes: Iterable[tuple[str, str, str, bool, bool]]) -> None:
        """Show these: value, title, sentence, ticked, possible. Without any the card is hidden."""
        boxes = tuple(boxes)
        if tuple(self._options) != tuple(value for value, *_ in boxes):
            self._make(value for value, *_ in boxes)
        for value, title, sentence, ticked, possible in boxes:
            self._options[value].show_option(title, sentence, chosen=ticked, enabled=possible)
        self.setVisible(bool(boxes))

    def _make(self, values: Iterable[str]) -> None:
        focused = self.focusWidget()
        was = focused.objectName() if focused is not None else ""
        clear(self._column)
        self._options = {}
        for value in values:
            option = Option(QCheckBox(), value, f"{self._name}-{value}")
            option.picked.connect(self._picked)
            self._options[value] = option
            self._column.addWidget(option)
            if option.button.objectName() == was:
                option.button.setFocus()

    def _picked(self, _: str) -> None:
        self.ticked.emit(tuple(value for value, option in self._options.items() if option.button.isChecked()))


class ChoicesCard(Ticks):
    """`Plan.choices`."""

    def __init__(self) -> None:
        super().__init__("What can be done besides", "revoke-choice")

    def show_choices(self, choices: tuple[Choice, ...]) -> None:
        self.show_boxes((one.id, one.title, one.why, one.chosen, one.possible) for one in choices)

    def _picked(self, value: str) -> None:
        """Only one can be first: whoever ticks another one means that."""
        if value.startswith(STAGED) and self._options[value].button.isChecked():
            for other, option in self._options.items():
                if other != value and other.startswith(STAGED):
                    option.button.setChecked(False)
        super()._picked(value)


class SuspectsCard(Ticks):
    """Whose accounts are suspect: those that the plan's paths name, and that were ticked before."""

    def __init__(self) -> None:
        super().__init__("Which accounts are suspect?", "revoke-suspect", "What these can do with the key is cut.")
        self._known: dict[str, tuple[str, str]] = {}

    def show_suspects(self, paths: Iterable[PlannedPath], chosen: tuple[str, ...], me: str = "") -> None:
        """Who has a path, and by which; `chosen` are ticked, `me` is the own account.

        A plan that cuts one need not name it any more.
        """
        for path in paths:
            self._known.setdefault(path.principal, (path.principal_name or path.principal, path.via))
        for one in chosen:
            self._known.setdefault(one, (one, ""))
        ordered = sorted(self._known.items(), key=lambda item: item[1][0].lower())
        own = {me.lower(): " (you)"}
        self.show_boxes(
            (one, f"{name}{own.get(one.lower(), '')}", via, one in chosen, True) for one, (name, via) in ordered
        )
