"""How old what stands on a page is: since when it was checked with Azure, and the way to check it again."""

from datetime import UTC, datetime

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from cmk_admin.domain.words import ago
from cmk_admin.ui.emergency.parts import link
from cmk_admin.ui.widgets.labels import label

AGE_MS = 5000
"""How often the age is said anew."""


class Checked(QWidget):
    """A line that ages by itself, with ``Check again`` beside it."""

    again = Signal()

    def __init__(self, name: str) -> None:
        """`name`: of the page; the label is ``NAME-state``, the button ``NAME-check``."""
        super().__init__()
        self._at: datetime | None = None
        self._more = ""
        self._state = label("", "quiet", name=f"{name}-state")
        self.button = link("Check again", f"{name}-check", self._on_again)
        self.button.hide()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self._state)
        row.addWidget(self.button)
        row.addStretch(1)
        self._age = QTimer(self)
        self._age.setInterval(AGE_MS)
        self._age.timeout.connect(self._show)

    @property
    def is_checked(self) -> bool:
        """Whether what stands on the page was checked with Azure."""
        return self._at is not None

    @property
    def text(self) -> str:
        return self._state.text()

    def say(self, text: str, *, again: bool = False) -> None:
        """Another sentence, which does not age; `again`: with the button."""
        self._at = None
        self._age.stop()
        self._state.setText(text)
        self.button.setVisible(again)

    def checked(self) -> None:
        """It was checked with Azure at this moment."""
        self._at = datetime.now(UTC)
        self._more = ""
        self._age.start()
        self.button.show()
        self._show()

    def add(self, sentence: str) -> None:
        """What is said after the age, until it is checked again; empty: nothing."""
        self._more = sentence
        self._show()

    def _show(self) -> None:
        if self._at is not None:
            self._state.setText(f"Checked with Azure {ago(self._at, datetime.now(UTC))}. {self._more}".rstrip())

    def _on_again(self, *_: object) -> None:
        self.again.emit()
