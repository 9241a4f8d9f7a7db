"""What a plan offers besides, unticked: each with a sentence of what it does and whom else it concerns."""

from collections.abc import Iterable, Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from cmk_admin.domain.plan import Choice, PlannedPath
from cmk_admin.domain.verbs.choices import STAGED, STOP
from cmk_admin.ui.emergency.boxes import Box, Boxes
from cmk_admin.ui.emergency.first_cut import FirstCut
from cmk_admin.ui.emergency.fold import Fold
from cmk_admin.ui.emergency.option import heading
from cmk_admin.ui.emergency.parts import card, words_label


class Ticks(QWidget):
    """Boxes in a card, with a sentence over them. Without any box it is hidden."""

    ticked = Signal(object)
    """The values that are ticked now, a tuple in the order of the boxes."""

    def __init__(self, title: str, name: str, sentence: str, fold: Fold | None = None) -> None:
        """`fold`: many of them are folded, and it shows them all."""
        super().__init__()
        self._boxes = Boxes(name, fold)
        self._boxes.picked.connect(self._picked)
        _put(self, title, name, words_label(sentence, "secondary", name=f"{name}-sentence"), self._boxes)

    @property
    def buttons(self) -> tuple[QWidget, ...]:
        return self._boxes.buttons

    def show_boxes(self, boxes: Iterable[tuple[str, str, str, bool, bool]]) -> None:
        """Show these: value, title, sentence, ticked, possible."""
        shown = tuple(Box(*box) for box in boxes)
        self._boxes.show_boxes(shown)
        self.setVisible(bool(shown))

    def _picked(self, _: str) -> None:
        self.ticked.emit(self._boxes.ticked)


class ChoicesCard(QWidget):
    """`Plan.choices`: what concerns grants, the key and roles; services to be stopped; the one that is cut first."""

    ticked = Signal(object)
    """The ids of the choices that are ticked now, a tuple in the order of the plan's."""

    def __init__(self) -> None:
        super().__init__()
        self._choices: tuple[Choice, ...] = ()
        self._boxes = Boxes("revoke-choice", Fold("revoke-all-choices", "Show all {}"))
        # A box for each of many services is a page by itself
        self._stops = Boxes("revoke-choice", Fold("revoke-all-stops", "Stop services at once ({})…", few=0))
        self._first = FirstCut()
        _put(self, "What can be done besides", "revoke-choice", self._boxes, self._stops, self._first)
        for part in (self._boxes, self._stops, self._first):
            part.picked.connect(self._picked)

    @property
    def buttons(self) -> tuple[QWidget, ...]:
        return (*self._boxes.buttons, *self._stops.buttons, *self._first.buttons)

    def show_choices(self, choices: tuple[Choice, ...], names: Mapping[str, str]) -> None:
        """`names`: of services, by their folded ids."""
        self._choices = choices
        self._boxes.show_boxes(_box(one) for one in choices if not one.id.startswith((STOP, STAGED)))
        self._stops.show_boxes(_box(one) for one in choices if one.id.startswith(STOP))
        self._first.show_staged((one for one in choices if one.id.startswith(STAGED)), names)
        self.setVisible(bool(choices))

    def _picked(self, _: str) -> None:
        ticked = {*self._boxes.ticked, *self._stops.ticked, *self._first.ticked}
        self.ticked.emit(tuple(one.id for one in self._choices if one.id in ticked))


class SuspectsCard(Ticks):
    """Whose accounts are suspect: those that the plan's paths name, and that were ticked before."""

    def __init__(self) -> None:
        fold = Fold("revoke-all-suspects", "Show all {} accounts")
        super().__init__(
            "Which accounts are suspect?", "revoke-suspect", "What these can do with the key is cut.", fold
        )
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


def _put(whole: QWidget, title: str, name: str, *parts: QWidget) -> None:
    whole.setObjectName(name)
    whole.setAccessibleName(title)
    column = QVBoxLayout(whole)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(card(heading(title), *parts)[0])
    whole.hide()


def _box(choice: Choice) -> Box:
    return Box(choice.id, choice.title, choice.why, choice.chosen, choice.possible)
