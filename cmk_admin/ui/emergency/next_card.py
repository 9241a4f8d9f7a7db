"""What comes after the plan, in order, with the wizards that do it; and who could grant again what it closes."""

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from cmk_admin.domain.plan import PlannedPath
from cmk_admin.domain.words import count
from cmk_admin.ui.emergency.option import heading
from cmk_admin.ui.emergency.parts import Disclosure, card, words_label
from cmk_admin.ui.emergency.paths import PathList, ScopeWords
from cmk_admin.ui.theme.theme import Theme

WIZARDS = (("create-key", "Create a key…"), ("attach", "Attach a service to it…"))


class NextCard(QWidget):
    """`Plan.next`, with its wizards where they are within reach; hidden while there is nothing."""

    wanted = Signal(str)
    """The id of a verb."""

    def __init__(self, name: str = "revoke-next", *, wizards: tuple[tuple[str, str], ...] = WIZARDS) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName("What comes next")
        self._words = words_label("", name=f"{name}-words")
        frame, column = card(heading("What comes next"), self._words)
        row = QHBoxLayout()
        row.setSpacing(16)
        self.buttons: tuple[QPushButton, ...] = tuple(self._button(verb, text) for verb, text in wizards)
        for button in self.buttons:
            row.addWidget(button)
        row.addStretch(1)
        column.addLayout(row)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(frame)
        self.hide()

    def show_next(self, sentences: tuple[str, ...]) -> None:
        self._words.setText("\n".join(f"{n}. {sentence}" for n, sentence in enumerate(sentences, 1)))
        self.setVisible(bool(sentences))

    def _button(self, verb: str, text: str) -> QPushButton:
        button = QPushButton(text)
        button.setObjectName(f"{self.objectName()}-{verb}")
        button.setProperty("role", "link")
        button.setAutoDefault(False)
        button.clicked.connect(partial(self._clicked, verb))
        return button

    def _clicked(self, verb: str, *_: object) -> None:
        self.wanted.emit(verb)


class Regrants(QWidget):
    """`Plan.regrants`, folded away: they count for no outcome."""

    def __init__(self, theme: Theme, scope_words: ScopeWords) -> None:
        super().__init__()
        self.setObjectName("revoke-regrants")
        self._list = PathList(theme, "revoke-regrants-list", scope_words)
        self._list.heading.hide()
        self._list.setAccessibleName("Who could open it again")
        self.toggle = Disclosure(theme, "", "revoke-regrants-toggle", "Show who could open it again", self._list)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.toggle)
        column.addWidget(self._list)
        self.hide()

    def show_regrants(self, paths: tuple[PlannedPath, ...]) -> None:
        who = len({path.principal for path in paths})
        self.toggle.setText(f"{count(who, 'account')} could open it again")
        self.toggle.setAccessibleName(f"{self.toggle.text()}: show them")
        self._list.show_paths(paths, quiet=True)
        self.setVisible(bool(paths))
