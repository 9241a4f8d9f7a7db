"""Pieces that the screens of an emergency share: cards, notices, badges, numbered steps."""

from collections.abc import Callable, Iterable
from itertools import pairwise

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from cmk_admin.domain.steps import ASKS_ONLY, Step, StepState
from cmk_admin.domain.words import duration
from cmk_admin.operations.interface import StepReport
from cmk_admin.ui.announce import announce
from cmk_admin.ui.emergency.look import STEPS, Look
from cmk_admin.ui.theme import sizes
from cmk_admin.ui.theme.colors import Tone
from cmk_admin.ui.theme.theme import Theme
from cmk_admin.ui.widgets.labels import ToneIcon, label, repolish
from cmk_admin.ui.widgets.places import FollowingArea

PAGE_MARGIN = 24
WIDEST = 1360
"""Lines longer than this are not read any more."""

_ASKS_ONLY = frozenset(verb.value for verb in ASKS_ONLY)


def words_label(text: str, role: str = "", *, name: str = "") -> QLabel:
    """A label that wraps and lets its text be copied."""
    made = label(text, role, name=name, wrap=True)
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return made


def set_role(widget: QWidget, role: str) -> None:
    """Another ``role``, where it is another one."""
    if widget.property("role") != role:
        widget.setProperty("role", role)
        repolish(widget)


def card(*widgets: QWidget) -> tuple[QFrame, QVBoxLayout]:
    """A framed block with a column of widgets."""
    frame = QFrame()
    frame.setProperty("role", "card")
    column = QVBoxLayout(frame)
    column.setContentsMargins(16, 12, 16, 14)
    column.setSpacing(sizes.GRID)
    for widget in widgets:
        column.addWidget(widget)
    return frame, column


def scrolled(name: str) -> tuple[QScrollArea, QVBoxLayout]:
    """A page's body: a column, no wider than is read well, that scrolls up and down only."""
    inner = QWidget()
    inner.setObjectName(f"{name}-body")
    inner.setMaximumWidth(WIDEST)
    column = QVBoxLayout(inner)
    column.setContentsMargins(PAGE_MARGIN, 16, PAGE_MARGIN, 16)
    column.setSpacing(12)
    area = FollowingArea()
    area.setObjectName(name)
    area.setAccessibleName("Contents")
    area.setProperty("role", "page")
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setAutoFillBackground(False)
    area.viewport().setAutoFillBackground(False)
    inner.setAutoFillBackground(False)
    area.setStyleSheet("QScrollArea { background: transparent; }")
    area.setWidget(inner)
    return area, column


def in_order(*widgets: QWidget) -> None:
    """Let Tab go through these in this order. They stand in one window already."""
    for one, other in pairwise(widgets):
        QWidget.setTabOrder(one, other)


def link(text: str, name: str, clicked: Callable[..., None]) -> QPushButton:
    """A button that looks like a link; Enter does not press it unasked."""
    button = QPushButton(text)
    button.setObjectName(name)
    button.setProperty("role", "link")
    button.setAutoDefault(False)
    button.clicked.connect(clicked)
    return button


class Notice(QFrame):
    """Sentences that must be read, in a box of their colour with an icon; hidden while there are none."""

    acted = Signal()
    """What is offered against it was taken."""

    def __init__(self, theme: Theme, tone: Tone, icon: str, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setProperty("role", "notice")
        self._theme, self._tone = theme, tone
        self.text = words_label("", name=f"{name}-text")
        self.offers = QHBoxLayout()
        """Room for what can be done about it, beside each other under the words."""
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 12, 8)
        row.setSpacing(10)
        row.addWidget(ToneIcon(theme, icon, tone), 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(self.text)
        self.action = link("Mend it", f"{name}-action", self._acted)
        self.action.hide()
        self.offers.setSpacing(12)
        self.offers.addWidget(self.action)
        self.offers.addStretch(1)
        words.addLayout(self.offers)
        row.addLayout(words, 1)
        theme.changed.connect(self._paint)
        self._paint()
        self.hide()

    def say(self, sentences: Iterable[str]) -> None:
        """Show these, each on a line."""
        text = "\n".join(sentences)
        self.text.setText(text)
        self.setAccessibleName(text)
        self.setVisible(bool(text))

    def offer(self, text: str) -> None:
        """Show a button with what can be done against it; empty: none."""
        if text:
            self.action.setText(text.replace("&", "&&"))
            self.action.setAccessibleName(text)
        self.action.setVisible(bool(text))

    def _acted(self, *_: object) -> None:
        self.acted.emit()

    def _paint(self) -> None:
        soft, line = self._theme.color(f"{self._tone}_soft").name(), self._theme.color(self._tone).name()
        self.setStyleSheet(
            f'QFrame[role="notice"] {{ background: {soft}; border: none; border-left: 3px solid {line}; border-radius: 4px; }}'
        )


class Badge(QWidget):
    """Icon and word of a state."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._look: Look | None = None
        self._icon, self._word = ToneIcon(theme, "info"), label("")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self._icon)
        row.addWidget(self._word)
        row.addStretch(1)

    @property
    def word(self) -> str:
        return self._word.text()

    def show_look(self, look: Look, word: str | None = None) -> None:
        """Show a state; `word` replaces its own word."""
        if look == self._look and self._word.text() == (word or look.word):
            return
        self._look = look
        self._icon.show_icon(look.icon, look.tone)
        self._word.setText(word or look.word)
        set_role(self._word, {"text": "", "secondary": "quiet"}.get(look.tone, look.tone))
        self.setAccessibleName(self._word.text())


class DangerButton(QPushButton):
    """The red button: a click or the space bar, never Enter, whatever the platform makes of that key."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setProperty("role", "danger")
        self.setAutoDefault(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.accept()
            return
        super().keyPressEvent(event)


class Disclosure(QToolButton):
    """A small button with an arrow that shows and hides what stands under it."""

    def __init__(self, theme: Theme, text: str, name: str, spoken: str, under: QWidget | None = None) -> None:
        """Without `under`, who listens to `toggled` shows and hides."""
        super().__init__()
        self._theme, self._under = theme, under
        self.setObjectName(name)
        self.say(text, spoken)
        self.setCheckable(True)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.setIconSize(QSize(12, 12))
        self.setMinimumHeight(24)
        self.setProperty("role", "disclosure")
        if under is not None:
            under.hide()
        self.toggled.connect(self._turned)
        theme.changed.connect(self._paint)
        self._paint()

    def say(self, text: str, spoken: str) -> None:
        self.setText(text)
        self.setAccessibleName(spoken)

    def _turned(self, shown: bool) -> None:
        if self._under is not None:
            self._under.setVisible(shown)
        self._paint()

    def _paint(self) -> None:
        self.setIcon(self._theme.icon("chevron-down" if self.isChecked() else "chevron-right", "secondary"))
        text, hover = self._theme.color("secondary").name(), self._theme.color("hover").name()
        accent = self._theme.color("accent").name()
        plain = f"color: {text}; font-size: {sizes.SMALL}px; padding: 2px 6px 2px 0; background: transparent"
        self.setStyleSheet(
            f"QToolButton {{ {plain}; text-align: left; }} QToolButton:hover {{ background: {hover}; }}"
            f"QToolButton:focus {{ border: 1px solid {accent}; }}"
        )


class StepRow(QWidget):
    """One numbered step: what is done, its undo in grey, its state, and the raw request behind a disclosure."""

    def __init__(self, theme: Theme, number: int) -> None:
        super().__init__()
        self._badge = Badge(theme)
        self._words, self._undo, self._more = (
            words_label(""),
            words_label("", "secondary"),
            words_label("", "secondary"),
        )
        self._error = words_label("", "danger", name=f"step-{number}-error")
        self._under = QWidget()
        self._copy = link("Copy", f"step-{number}-copy", self._copied)
        self._copy.setAccessibleName(f"Copy what is known of step {number}")
        under = QHBoxLayout(self._under)
        under.setContentsMargins(0, 0, 0, 0)
        under.addWidget(self._more, 1)
        under.addWidget(self._copy, 0, Qt.AlignmentFlag.AlignTop)
        self.toggle = Disclosure(
            theme, "Request", f"step-{number}-request", f"Show the raw request of step {number}", self._under
        )
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 2, 0, 4)
        grid.setHorizontalSpacing(sizes.GRID)
        grid.setVerticalSpacing(2)
        number_label = label(f"{number}.", "quiet")
        number_label.setMinimumWidth(18)
        top = Qt.AlignmentFlag.AlignTop
        grid.addWidget(number_label, 0, 0, top)
        grid.addWidget(self._words, 0, 1)
        grid.addWidget(self._badge, 0, 2, top)
        grid.addWidget(self._undo, 1, 1, 1, 2)
        grid.addWidget(self._error, 2, 1, 1, 2)
        grid.addWidget(self.toggle, 3, 1, Qt.AlignmentFlag.AlignLeft)
        grid.addWidget(self._under, 4, 1, 1, 2)
        grid.setColumnStretch(1, 1)
        for hidden in (self._error, self._badge, self.toggle):
            hidden.hide()

    def show_step(self, step: Step) -> None:
        """A step of a plan."""
        self._words.setText(step.words)
        self._undo.setText(_when(step) + _undo(step.verb.value, step.undo_words))
        self._more.setText(step.request)
        self.toggle.setVisible(bool(step.request))

    def show_report(self, step: StepReport, planned: Step | None) -> None:
        """A step of an operation; `planned` as its plan has it."""
        self._words.setText(step.words)
        self._undo.setText(_undo(step.verb, step.undo))
        self._badge.show()
        self._badge.show_look(STEPS[step.state])
        self._error.setText(step.said or "")
        # What a skipped or repeated step says is no error: it is what was found
        set_role(self._error, "danger" if step.state is StepState.FAILED else "quiet")
        self._error.setVisible(bool(step.said))
        request = [planned.request] if planned is not None and planned.request else []
        facts = (
            ("Azure's date", step.azure_date),
            ("Azure's request id", step.request_id),
            ("Correlation id", step.correlation_id),
            ("Activity Log", step.activity),
        )
        request += [f"{name}: {value}" for name, value in facts if value]
        self._more.setText("\n".join(request))
        self.toggle.setVisible(bool(request))

    def _copied(self, *_: object) -> None:
        shown = (self._words, self._error, self._more)
        QApplication.clipboard().setText("\n".join(part.text() for part in shown if part.text()))
        announce(self, "Copied")


class StepList(QWidget):
    """The numbered steps of a plan; rows are changed in place."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName("Steps")
        self._theme = theme
        self._rows: list[StepRow] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)

    def show_plan(self, steps: Iterable[Step]) -> None:
        steps = tuple(steps)
        self._resize(len(steps))
        for row, step in zip(self._rows, steps, strict=True):
            row.show_step(step)

    @property
    def toggles(self) -> tuple[QWidget, ...]:
        """The buttons of the rows, in their order."""
        return tuple(row.toggle for row in self._rows)

    def _resize(self, wanted: int) -> bool:
        before = len(self._rows)
        while len(self._rows) > wanted:
            row = self._rows.pop()
            self._column.removeWidget(row)
            row.hide()
            row.deleteLater()
        while len(self._rows) < wanted:
            row = StepRow(self._theme, len(self._rows) + 1)
            self._rows.append(row)
            self._column.addWidget(row)
        return len(self._rows) != before


def _when(step: Step) -> str:
    """When a change counts, where Azure documents that."""
    return f"Counts everywhere within {duration(step.effect_seconds)}. " if step.effect_seconds else ""


def _undo(verb: str, undo: str | None) -> str:
    if undo:
        return f"Undo: {undo[:1].lower()}{undo[1:]}"
    return "Nothing to undo: it takes nothing away" if verb in _ASKS_ONLY else "This cannot be undone"
