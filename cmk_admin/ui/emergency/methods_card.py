"""The methods of a revoke, to be compared: the chosen one in full, the others on a line, the impossible ones with why."""

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QRadioButton, QVBoxLayout, QWidget

from cmk_admin.domain.plan import Method
from cmk_admin.domain.verbs.revoke import EXPIRY
from cmk_admin.domain.words import duration
from cmk_admin.ui.emergency.option import Option, heading
from cmk_admin.ui.emergency.parts import card, words_label
from cmk_admin.ui.theme import sizes
from cmk_admin.ui.widgets.labels import label
from cmk_admin.ui.widgets.places import clear

SAID = "Not as things stand: see at the top."
"""In place of a reason that stands at the top of the page."""
SAME = "For the same reason."
"""In place of a reason that stands at a method above."""
FACTS = ("How soon", "Who else", "What survives", "Undone by")


class MethodsCard(QWidget):
    """The arrow keys go through the methods that are possible."""

    chosen = Signal(str)
    """The name of a `Method`."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("revoke-methods")
        self.setAccessibleName("How")
        self._group = QButtonGroup(self)
        self._rows: dict[str, _MethodRow] = {}
        frame, column = card(heading("How"))
        self._column = QVBoxLayout()
        self._column.setSpacing(4)
        column.addLayout(self._column)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(frame)

    @property
    def buttons(self) -> tuple[QWidget, ...]:
        return tuple(row.option.button for row in self._rows.values())

    def show_methods(self, methods: tuple[Method, ...], chosen: str | None, problems: tuple[str, ...] = ()) -> None:
        """Show these; of `problems`, which stand on the page already, none is said again."""
        if tuple(self._rows) != tuple(method.name for method in methods):
            self._make(methods)
        # Nothing greyed stands there as chosen; an exclusive group would not let the last one go
        self._group.setExclusive(False)
        above: set[str | None] = set()
        for method in methods:
            shown = method
            if not method.possible:
                again = SAID if method.reason in problems else SAME if method.reason in above else method.reason
                shown = replace(method, reason=again)
                above.add(method.reason)
            self._rows[method.name].show_method(shown, chosen=method.name == chosen and method.possible)
        self._group.setExclusive(True)

    def _make(self, methods: tuple[Method, ...]) -> None:
        for button in self._group.buttons():
            self._group.removeButton(button)
        clear(self._column)
        self._rows = {}
        for method in methods:
            row = _MethodRow(method.name)
            self._group.addButton(row.option.button)
            row.option.picked.connect(self.chosen)
            self._rows[method.name] = row
            self._column.addWidget(row)


class _MethodRow(QWidget):
    """One method: a radio button, a line of what matters, and under the chosen one all of it."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.option = Option(QRadioButton(), name, f"revoke-method-{name}")
        self._facts = QWidget()
        grid = QGridLayout(self._facts)
        grid.setContentsMargins(0, 4, 0, 8)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(1, 1)
        self._lines = {}
        for at, caption in enumerate(FACTS):
            shown, said = label(caption, "secondary"), words_label("")
            grid.addWidget(shown, at, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(said, at, 1)
            self._lines[caption] = (shown, said)
        self.option.put(self._facts)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, sizes.HALF if name == EXPIRY else 0)
        column.addWidget(self.option)

    def show_method(self, method: Method, *, chosen: bool) -> None:
        title = method.title + (" (recommended)" if method.recommended else "")
        if method.name == EXPIRY:
            title = f"{method.title}: not a revocation"
        in_full = chosen or not method.possible
        sentence = (method.reason or "") if in_full else _line(method)
        self.option.show_option(title, sentence, chosen=chosen, enabled=method.possible)
        facts = _facts(method) if chosen and method.possible else {}
        self._facts.setVisible(any(facts.values()))
        for caption, (shown, said) in self._lines.items():
            said.setText(facts.get(caption, ""))
            shown.setVisible(bool(facts.get(caption)))
            said.setVisible(bool(facts.get(caption)))


def _soon(method: Method) -> str:
    if method.within_seconds is None:
        return ""
    return f"within {duration(method.within_seconds)}" if method.within_seconds else "at once"


def _facts(method: Method) -> dict[str, str]:
    """What is known of it by the four captions; what a plan says nothing of is left out."""
    soon = _soon(method)
    told = bool(method.others or method.survives or method.undone or soon)
    return {
        "How soon": soon[:1].upper() + soon[1:] or ("Azure documents no time" if told else ""),
        "Who else": method.others or ("Nobody" if told else ""),
        "What survives": method.survives,
        "Undone by": method.undone,
    }


def _line(method: Method) -> str:
    """One that is not chosen, on a line: how soon, who else, or what speaks for it."""
    soon = _soon(method)
    # What speaks for or against it names the others too
    facts = [f"{soon[:1].upper()}{soon[1:]}." if soon else "", method.others or method.reason or ""]
    return " ".join(fact if fact.endswith(".") else f"{fact}." for fact in facts if fact)
