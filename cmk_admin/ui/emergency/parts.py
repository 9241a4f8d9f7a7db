"""Pieces that the screens of an emergency share: numbered steps, the list of paths, headings."""

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QScrollArea, QToolButton, QVBoxLayout, QWidget

from cmk_admin.domain.plan import PathState, PlannedPath
from cmk_admin.domain.steps import Step, StepState
from cmk_admin.operations.interface import StepReport
from cmk_admin.ui.emergency.look import PATHS, STEPS, Look
from cmk_admin.ui.theme import sizes
from cmk_admin.ui.theme.theme import Theme


def label(text: str, role: str = "", *, name: str = "", wrap: bool = True) -> QLabel:
    """A label that shows text as text, never as markup, and lets it be copied."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wrap)
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    if role:
        made.setProperty("role", role)
    if name:
        made.setObjectName(name)
    return made


def card(*widgets: QWidget) -> tuple[QFrame, QVBoxLayout]:
    """A framed block with a column of widgets."""
    frame = QFrame()
    frame.setProperty("role", "card")
    column = QVBoxLayout(frame)
    column.setContentsMargins(16, 12, 16, 12)
    column.setSpacing(sizes.GRID)
    for widget in widgets:
        column.addWidget(widget)
    return frame, column


def scrolled(inner: QWidget, name: str) -> QScrollArea:
    """The widget in a scroll area that never scrolls sideways."""
    area = QScrollArea()
    area.setObjectName(name)
    area.setAccessibleName("Contents")
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(inner)
    return area


class Badge(QWidget):
    """Icon and word of a state."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._look: Look | None = None
        self._icon, self._word = QLabel(), label("", wrap=False)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self._icon)
        row.addWidget(self._word)
        row.addStretch(1)
        theme.changed.connect(self._paint)

    def show_look(self, look: Look, word: str | None = None) -> None:
        """Show a state; `word` replaces its own word."""
        if look == self._look and self._word.text() == (word or look.word):
            return
        self._look = look
        self._word.setText(word or look.word)
        self.setAccessibleName(self._word.text())
        self._paint()

    def _paint(self) -> None:
        if self._look is None:
            return
        self._icon.setPixmap(self._theme.pixmap(self._look.icon, self._look.tone, ratio=self.devicePixelRatioF()))
        self._word.setProperty("role", self._look.tone if self._look.tone != "text" else "")
        self._word.style().unpolish(self._word)
        self._word.style().polish(self._word)


class StepRow(QWidget):
    """One numbered step: what is done, its undo in grey, its state, and the raw request behind a disclosure."""

    def __init__(self, theme: Theme, number: int) -> None:
        super().__init__()
        self._badge = Badge(theme)
        self._words, self._undo, self._more = label(""), label("", "secondary"), label("", "secondary")
        self._error = label("", "danger")
        self._toggle = QToolButton()
        self._toggle.setObjectName(f"step-{number}-request")
        self._toggle.setText("Request")
        self._toggle.setCheckable(True)
        self._toggle.setAccessibleName(f"Show the raw request of step {number}")
        self._toggle.toggled.connect(self._more.setVisible)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 2, 0, 6)
        grid.setHorizontalSpacing(sizes.GRID)
        grid.setVerticalSpacing(1)
        number_label = label(f"{number}.", "quiet", wrap=False)
        number_label.setMinimumWidth(20)
        top = Qt.AlignmentFlag.AlignTop
        grid.addWidget(number_label, 0, 0, top)
        grid.addWidget(self._words, 0, 1)
        grid.addWidget(self._badge, 0, 2, top)
        grid.addWidget(self._toggle, 0, 3, top)
        grid.addWidget(self._undo, 1, 1, 1, 3)
        grid.addWidget(self._error, 2, 1, 1, 3)
        grid.addWidget(self._more, 3, 1, 1, 3)
        grid.setColumnStretch(1, 1)
        for hidden in (self._error, self._more, self._badge, self._toggle):
            hidden.hide()

    def show_step(self, step: Step) -> None:
        """A step of a plan."""
        self._words.setText(step.words)
        self._undo.setText(f"Undo: {step.undo_words}" if step.undo_words else "This cannot be undone")
        self._more.setText(step.request)
        self._toggle.setVisible(bool(step.request))
        self._badge.hide()

    def show_report(self, step: StepReport) -> None:
        """A step of an operation."""
        self._words.setText(step.words)
        self._undo.setText(f"Undo: {step.undo}" if step.undo else "This cannot be undone")
        self._badge.show()
        self._badge.show_look(STEPS[step.state])
        self._error.setText(step.error or "")
        # A skipped step's note is no error: it says what was found
        self._error.setProperty("role", "danger" if step.state is StepState.FAILED else "quiet")
        self._error.style().unpolish(self._error)
        self._error.style().polish(self._error)
        self._error.setVisible(bool(step.error))


class StepList(QWidget):
    """The numbered steps of a plan or of an operation; rows are changed in place."""

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

    def show_reports(self, steps: tuple[StepReport, ...]) -> None:
        self._resize(len(steps))
        for row, step in zip(self._rows, steps, strict=True):
            row.show_report(step)

    def _resize(self, count: int) -> None:
        while len(self._rows) > count:
            row = self._rows.pop()
            self._column.removeWidget(row)
            row.deleteLater()
        while len(self._rows) < count:
            row = StepRow(self._theme, len(self._rows) + 1)
            self._rows.append(row)
            self._column.addWidget(row)


class PathList(QWidget):
    """Every way to the key, open ones first, with counts in the heading."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName("Ways to the key")
        self._theme = theme
        self._shown: tuple[PlannedPath, ...] | None = None
        self.heading = label("", "section", name=f"{name}-heading")
        self._rows = QVBoxLayout()
        self._rows.setSpacing(6)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(sizes.GRID)
        column.addWidget(self.heading)
        column.addLayout(self._rows)

    def show_paths(self, paths: tuple[PlannedPath, ...], *, after: bool = False) -> None:
        """Show them; `after` the act, what is left is open now, not to come."""
        if paths == self._shown:
            return
        self._shown = paths
        while (item := self._rows.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.deleteLater()
        self.heading.setText(count_words(paths, after=after))
        for path in sorted(paths, key=lambda p: p.state is PathState.WILL_CLOSE):
            self._rows.addWidget(self._row(path, after=after))

    def _row(self, path: PlannedPath, *, after: bool) -> QWidget:
        row = QWidget()
        badge = Badge(self._theme)
        look = PATHS[path.state]
        badge.show_look(look, "open" if after and path.state is PathState.STAYS_OPEN else None)
        badge.setFixedWidth(104)
        who = path.principal_name or path.principal
        words = label(f"{who}  ·  {path.via}")
        scope = label(path.scope, "secondary")
        note = label(path.reason or "", "secondary")
        note.setVisible(bool(path.reason))
        grid = QGridLayout(row)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(sizes.GRID)
        grid.setVerticalSpacing(1)
        grid.addWidget(badge, 0, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(words, 0, 1)
        grid.addWidget(scope, 1, 1)
        grid.addWidget(note, 2, 1)
        grid.setColumnStretch(1, 1)
        return row


def count_words(paths: tuple[PlannedPath, ...], *, after: bool = False) -> str:
    """``Ways to the key: 1 stays open, 2 will close, 0 not known``."""
    count = {state: sum(p.state is state for p in paths) for state in PathState}
    if after:
        if not paths:
            return "Ways to the key: none left open"
        return f"Ways to the key: {count[PathState.STAYS_OPEN]} open, {count[PathState.UNKNOWN]} not known"
    return (
        f"Ways to the key: {count[PathState.STAYS_OPEN]} stay open, {count[PathState.WILL_CLOSE]} will close, "
        f"{count[PathState.UNKNOWN]} not known"
    )
