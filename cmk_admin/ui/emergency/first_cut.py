"""One service is cut before all others, and watched: one box, and which one."""

from collections.abc import Iterable, Mapping

from PySide6.QtCore import Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QSizePolicy, QVBoxLayout, QWidget

from cmk_admin.domain.ids import last
from cmk_admin.domain.plan import Choice
from cmk_admin.domain.verbs.choices import STAGED
from cmk_admin.domain.words import listed
from cmk_admin.ui.emergency.option import Option
from cmk_admin.ui.emergency.parts import words_label
from cmk_admin.ui.theme import sizes

ONE_OF_THEM = "Cut one service first, watch it, then the rest"
CANNOT = " cannot be cut first: "
"""Between a service and why, as the domain says it."""
MOST_REASONS = 3
MOST_NAMES = 3


class FirstCut(QWidget):
    """Those that can be first stand in a list to pick from; why the others cannot is said once for each reason."""

    picked = Signal(str)
    """The value of the choice that was ticked, unticked or taken instead."""

    def __init__(self) -> None:
        super().__init__()
        self._offered: tuple[Choice, ...] = ()
        self._box = Option(QCheckBox(), STAGED, "revoke-choice-staged")
        self._box.show_option(ONE_OF_THEM, "", chosen=False)
        self._which = _Picker()
        for part in (self._which, self._which.view()):
            part.setObjectName("revoke-choice-staged-which")
            part.setAccessibleName("Which service is cut first")
        self._box.put(self._which)
        self._cannot = words_label("", "secondary", name="revoke-choice-staged-cannot")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self._box)
        column.addWidget(self._cannot)
        self._box.picked.connect(self._ticked)
        self._which.activated.connect(self._took)
        self.hide()

    @property
    def buttons(self) -> tuple[QWidget, ...]:
        return (self._box.button, self._which)

    @property
    def ticked(self) -> tuple[str, ...]:
        """The value that is ticked, or none."""
        return (self._current.id,) if self._offered and self._box.button.isChecked() else ()

    def show_staged(self, choices: Iterable[Choice], names: Mapping[str, str]) -> None:
        """`names`: of services, by their folded ids."""
        choices = tuple(choices)
        named = {one.id: _name(one, names) for one in choices}
        before = self._current.id if self._offered else ""
        # One that was ticked and cannot be first by another method can be unticked
        self._offered = tuple(one for one in choices if one.possible or one.chosen)
        shown = [named[one.id] for one in self._offered]
        if shown != [self._which.itemText(at) for at in range(self._which.count())]:
            self._which.clear()
            self._which.addItems(shown)
        wanted = [one.id for one in self._offered if one.chosen] or [before]
        ids = [one.id for one in self._offered]
        if wanted[0] in ids:
            self._which.setCurrentIndex(ids.index(wanted[0]))
        self._show_current()
        said = _reasons([one for one in choices if not one.possible], named, everything=not self._offered)
        self._cannot.setText("\n".join(said))
        self._cannot.setVisible(bool(said))
        self.setVisible(bool(choices))

    @property
    def _current(self) -> Choice:
        return self._offered[max(0, self._which.currentIndex())]

    def _show_current(self) -> None:
        self._box.setVisible(bool(self._offered))
        self._which.setVisible(len(self._offered) > 1)
        if self._offered:
            title = ONE_OF_THEM if len(self._offered) > 1 else self._current.title
            self._box.show_option(title, self._current.why, chosen=any(one.chosen for one in self._offered))

    def _ticked(self, _: str) -> None:
        self.picked.emit(self._current.id)

    def _took(self, _: int) -> None:
        if self._box.button.isChecked():
            self.picked.emit(self._current.id)
        else:
            self._show_current()


class _Picker(QComboBox):
    """The wheel scrolls the page, and picks nothing on the way."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumHeight(sizes.TARGET)
        # A long name widens no page
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(12)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


def _name(choice: Choice, names: Mapping[str, str]) -> str:
    consumer = choice.id.removeprefix(STAGED)
    return names.get(consumer.lower(), last(consumer))


def _reasons(choices: Iterable[Choice], named: Mapping[str, str], *, everything: bool) -> list[str]:
    """Why they cannot be first, those with the same reason in one sentence. `everything`: none can."""
    found: dict[str, list[Choice]] = {}
    for one in choices:
        found.setdefault(one.why.removeprefix(f"{named[one.id]}{CANNOT}"), []).append(one)
    if everything and len(found) == 1:
        [(reason, those)] = found.items()
        return [f"No service can be cut first: {reason}" if len(those) > 1 else those[0].why]
    said = [
        those[0].why if len(those) == 1 else f"{_few([named[one.id] for one in those])}{CANNOT}{reason}"
        for reason, those in found.items()
    ]
    more = len(said) - MOST_REASONS
    return said if more <= 0 else [*said[:MOST_REASONS], "Others cannot be cut first for reasons like these."]


def _few(names: list[str]) -> str:
    more = len(names) - MOST_NAMES
    return listed(names if more <= 1 else [*names[:MOST_NAMES], f"{more} more"])
