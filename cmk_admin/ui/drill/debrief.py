"""The debrief of a drill: what was asked, what was done, and how it turned out, a verdict a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from cmk_admin.domain.drill import Verdict, clock, duration, lines, outcome
from cmk_admin.ui.widgets.labels import ToneIcon, label

if TYPE_CHECKING:
    from datetime import datetime

    from cmk_admin.domain.drill import Debrief
    from cmk_admin.operations.interface import OperationReport
    from cmk_admin.ui.theme.colors import Tone
    from cmk_admin.ui.theme.theme import Theme

_LOOK: dict[Verdict, tuple[str, Tone, str]] = {
    Verdict.GOOD: ("confirmed", "confirmed", "Right"),
    Verdict.BAD: ("broken", "danger", "Wrong"),
    Verdict.OPEN: ("clock", "caution", "Not yet"),
}
_WIDTH = 820


class DebriefPage(QWidget):
    """One reading of the score; looking again makes it new."""

    again = Signal()
    """Start the same drill anew."""
    other = Signal()
    """Choose another drill."""
    look = Signal()
    """Read the score again."""
    ended = Signal()
    """Close the drill's connection."""

    def __init__(self, theme: Theme, debrief: Debrief, operations: tuple[OperationReport, ...]) -> None:
        super().__init__()
        self.setObjectName("debrief")
        self.setWindowTitle(f"Debrief: {debrief.name}")
        self.setAccessibleName("Debrief of the drill")
        self._theme = theme
        inner = QWidget()
        inner.setMaximumWidth(_WIDTH)
        body = QVBoxLayout(inner)
        body.setContentsMargins(32, 24, 32, 24)
        body.setSpacing(8)
        body.addLayout(self._head(debrief))
        body.addWidget(label(outcome(debrief), _LOOK[_overall(debrief)][1], wrap=True, name="debrief-outcome"))
        body.addWidget(label(debrief.story, wrap=True, name="debrief-story"))
        body.addWidget(label(_asked(debrief), "quiet", wrap=True))
        body.addSpacing(8)
        body.addWidget(self._verdicts(debrief))
        body.addSpacing(8)
        body.addWidget(label("What you did", "door"))
        body.addWidget(self._done(operations, debrief.started_on))
        body.addSpacing(8)
        body.addWidget(label("What would have been best", "door"))
        self._tell_better(body, debrief)
        body.addSpacing(12)
        body.addLayout(self._buttons())
        body.addStretch(1)
        area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(inner, 1)
        row.addStretch(0)
        area.setWidget(holder)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)

    def _head(self, debrief: Debrief) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(10)
        icon, tone, _ = _LOOK[_overall(debrief)]
        row.addWidget(ToneIcon(self._theme, icon, tone, 24))
        row.addWidget(label(f"Drill “{debrief.name}”", "title"))
        row.addStretch(1)
        held = f"held for {clock(debrief.real_seconds)}, {duration(debrief.azure_seconds)} of Azure's time"
        row.addWidget(label(held, "quiet", name="debrief-held"))
        return row

    def _tell_better(self, body: QVBoxLayout, debrief: Debrief) -> None:
        """What would have been best: whoever is not done yet asks for it first."""
        better = label(debrief.better, wrap=True, name="debrief-better")
        if not debrief.done:
            show = QPushButton("Show what would have been best")
            show.setObjectName("debrief-show-better")
            show.setAccessibleName(show.text())
            show.clicked.connect(better.show)
            show.clicked.connect(show.hide)
            better.hide()
            row = QHBoxLayout()
            row.addWidget(show)
            row.addStretch(1)
            body.addLayout(row)
        body.addWidget(better)

    def _verdicts(self, debrief: Debrief) -> QFrame:
        card = QFrame()
        card.setProperty("role", "card")
        grid = QGridLayout(card)
        grid.setContentsMargins(16, 12, 16, 12)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(10)
        grid.setColumnStretch(3, 1)
        for row, line in enumerate(lines(debrief)):
            icon, tone, word = _LOOK[line.verdict]
            top = Qt.AlignmentFlag.AlignTop
            grid.addWidget(ToneIcon(self._theme, icon, tone), row, 0, top)
            grid.addWidget(label(word, tone, name=f"verdict-{row}"), row, 1, top)
            grid.addWidget(label(line.what, "strong"), row, 2, top)
            grid.addWidget(label(line.words, wrap=True, name=f"verdict-{row}-words"), row, 3, top)
        return card

    def _done(self, operations: tuple[OperationReport, ...], begun: datetime) -> QWidget:
        if not operations:
            return label("Nothing was changed.", "quiet", name="debrief-nothing")
        holder = QWidget()
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setColumnStretch(1, 1)
        ordered = sorted(operations, key=lambda one: str(one.created_at))
        for row, one in enumerate(ordered):
            at = clock((one.created_at - begun).total_seconds()) if one.created_at else "–"
            grid.addWidget(label(at, "quiet"), row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(label(one.title, wrap=True, name=f"debrief-operation-{row}"), row, 1)
            grid.addWidget(label(one.outcome.value.replace("_", " "), "quiet"), row, 2, Qt.AlignmentFlag.AlignTop)
        return holder

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        for name, text, signal in (
            ("debrief-again", "Start again", self.again),
            ("debrief-look", "Look again", self.look),
            ("debrief-other", "Another drill…", self.other),
            ("debrief-end", "Close the drill", self.ended),
        ):
            button = QPushButton(text)
            button.setObjectName(name)
            button.setAccessibleName(text)
            button.clicked.connect(signal)
            if name == "debrief-again":
                button.setProperty("role", "primary")
            row.addWidget(button)
        row.addStretch(1)
        return row


def _overall(debrief: Debrief) -> Verdict:
    if debrief.wrong:
        return Verdict.BAD
    return Verdict.GOOD if debrief.passed else Verdict.OPEN


def _asked(debrief: Debrief) -> str:
    targets = ", ".join(one.name for one in debrief.targets)
    return f"To cut: {targets}. To keep up: {', '.join(debrief.keep)}."
