"""The first page: three doors, one sentence each."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from cmk_admin.operations.connection import ConnectionChoice
from cmk_admin.ui.connect.words import last_choice
from cmk_admin.ui.theme.theme import Theme
from cmk_admin.ui.widgets.labels import Elided, ToneIcon, label, repolish

CARD_WIDTH, LEAST_CARD = 264, 196


class Door(QFrame):
    """A card with a heading, a sentence and one button."""

    clicked = Signal()

    def __init__(self, theme: Theme, name: str, *, icon: str, heading: str, text: str, verb: str) -> None:
        super().__init__()
        self.setObjectName(f"door-{name}")
        self.setProperty("role", "card")
        self.setMinimumWidth(LEAST_CARD)
        self.setMaximumWidth(CARD_WIDTH)
        self.setMinimumHeight(216)
        self.text = label(text, "quiet", name=f"door-{name}-text", wrap=True)
        self.more = Elided("", "secondary", Qt.TextElideMode.ElideMiddle)
        self.button = QPushButton(verb)
        self.button.setObjectName(f"door-{name}-open")
        self.button.setAccessibleName(f"{heading}: {verb}")
        self.button.clicked.connect(self.clicked)
        body = QVBoxLayout(self)
        body.setContentsMargins(20, 20, 20, 20)
        body.setSpacing(8)
        body.addWidget(ToneIcon(theme, icon, "accent", 24))
        body.addSpacing(4)
        body.addWidget(label(heading, "door", wrap=True))
        body.addWidget(self.text)
        body.addWidget(self.more)
        body.addStretch(1)
        body.addWidget(self.button)


class Doors(QWidget):
    chosen = Signal(object)
    """A `ConnectionChoice`."""
    azure_wanted = Signal()
    """Ask which Azure, and how to sign in."""
    drill_wanted = Signal()
    """Ask which drill."""

    def __init__(self, theme: Theme, last: ConnectionChoice | None) -> None:
        super().__init__()
        self.setObjectName("doors")
        self._last = last
        self.sandbox = Door(
            theme,
            "sandbox",
            icon="sandbox",
            heading="Try the sandbox",
            text="A small Azure on this machine, with vaults, keys and services that stop when their key is gone.",
            verb="Open the sandbox",
        )
        self.azure = Door(
            theme,
            "azure",
            icon="cloud",
            heading="Connect to Azure",
            text="Your own vaults and services, with your own rights. Reading needs no more than the role Reader.",
            verb="Choose and sign in…",
        )
        self.last = Door(
            theme,
            "last",
            icon="history",
            heading="Go on where you were",
            text="Open what was open last, with what was read of it on screen at once.",
            verb="Open it again",
        )
        self.sandbox.clicked.connect(self._open_sandbox)
        self.azure.clicked.connect(self.azure_wanted)
        self.last.clicked.connect(self._open_last)
        self.message = label("", "danger", name="doors-message", wrap=True)
        self.message.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.message.setMaximumWidth(3 * CARD_WIDTH + 32)
        heading = label("CMK Admin", "hero")
        heading.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        under = label("See which service uses which key, cut one off and watch it stop, give the key back.", "quiet")
        under.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        cards = QHBoxLayout()
        cards.setSpacing(16)
        cards.addStretch(1)
        for door in (self.sandbox, self.azure, self.last):
            cards.addWidget(door, 100)
        cards.addStretch(1)
        self.file = QPushButton("Open a running sandbox by the file that it wrote…")
        self.file.setObjectName("door-file-open")
        self.file.setAccessibleName("Open a running sandbox by its file")
        self.file.setProperty("role", "link")
        self.file.setCursor(Qt.CursorShape.PointingHandCursor)
        self.file.setToolTip("For work and tests together with others: “cmk-admin sandbox serve” writes it")
        self.file.clicked.connect(self._choose_file)
        self.drill = QPushButton("Hold a drill: an emergency to practise on, with a clock and a score…")
        self.drill.setObjectName("door-drill-open")
        self.drill.setAccessibleName("Hold a drill")
        self.drill.setProperty("role", "link")
        self.drill.setCursor(Qt.CursorShape.PointingHandCursor)
        self.drill.clicked.connect(self.drill_wanted)
        body = QVBoxLayout(self)
        body.setContentsMargins(24, 24, 24, 24)
        body.setSpacing(8)
        body.addStretch(2)
        body.addWidget(heading)
        body.addWidget(under)
        body.addSpacing(20)
        body.addLayout(cards)
        body.addSpacing(8)
        body.addWidget(self.message, 0, Qt.AlignmentFlag.AlignHCenter)
        body.addSpacing(8)
        body.addWidget(self.drill, 0, Qt.AlignmentFlag.AlignHCenter)
        body.addWidget(self.file, 0, Qt.AlignmentFlag.AlignHCenter)
        body.addStretch(3)
        self.message.hide()
        self.show_last(last)

    def show_last(self, last: ConnectionChoice | None) -> None:
        """What was open last; without it the third door is not there."""
        self._last = last
        self.last.setVisible(last is not None)
        if last is not None:
            self.last.more.setText(_words(last))
        first = self.last if last is not None else self.sandbox
        for door in (self.sandbox, self.azure, self.last):
            door.button.setProperty("role", "primary" if door is first else "")
            repolish(door.button)

    def show_failure(self, text: str) -> None:
        """It could not be opened."""
        self.message.setText(text)
        self.message.show()

    def show_idle(self) -> None:
        """Nothing has gone wrong."""
        self.message.hide()

    def _open_sandbox(self) -> None:
        self.chosen.emit(ConnectionChoice(own_sandbox=True))

    def _open_last(self) -> None:
        if self._last is not None:
            self.chosen.emit(self._last)

    def _choose_file(self, *_: object) -> None:
        dialog = QFileDialog(self, "Choose a sandbox's connection file")
        dialog.setObjectName("connection-dialog")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters(["Connection files (*.json)", "All files (*)"])
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._took_file)
        dialog.open()

    def _took_file(self, path: str) -> None:
        self.chosen.emit(ConnectionChoice(file=Path(path)))


def _words(last: ConnectionChoice) -> str:
    if last.live is not None:
        return last_choice(last.live)
    return str(last.file) if last.file else "your own sandbox"
