"""One page of a wizard: a question, fields with their explanation, and each field's problems under it."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from cmk_admin.domain.index import Index
from cmk_admin.domain.problems import Problem
from cmk_admin.domain.surroundings import Surroundings
from cmk_admin.ui.announce import announce
from cmk_admin.ui.bridge import Job
from cmk_admin.ui.dialogs import failure_text
from cmk_admin.ui.emergency.parts import scrolled, words_label
from cmk_admin.ui.theme.theme import Theme
from cmk_admin.ui.widgets.labels import ToneIcon, label
from cmk_admin.ui.widgets.places import clear
from cmk_admin.ui.wizards.wizard import Room

FIELD_WIDTH = 560
"""A line of text longer than this is not read any more, and a field for a name needs no more."""
MARGIN = 8
"""Pixels that are left above or below what is scrolled to."""


class ProblemLine(QWidget):
    """One sentence under a field: icon and words, never colour alone."""

    def __init__(self, theme: Theme, problem: Problem) -> None:
        super().__init__()
        tone, icon = ("danger", "broken") if problem.blocks else ("caution", "warning")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(ToneIcon(theme, icon, tone), 0, Qt.AlignmentFlag.AlignTop)  # type: ignore[arg-type]
        row.addWidget(words_label(problem.sentence, tone, name=f"problem-{problem.code}"), 1)


class Field(QWidget):
    """A caption, what is filled in, a sentence that explains it, and what is wrong with it."""

    grew = Signal()
    """It takes more room than before: something else stands under it."""

    def __init__(self, theme: Theme, name: str, caption: QLabel | None, control: QWidget, hint: str) -> None:
        super().__init__()
        self.setObjectName(f"field-{name}")
        self.name, self.control = name, control
        self.about: frozenset[str] = frozenset((name,))
        """Attributes of the draft whose problems stand under it."""
        self._theme = theme
        self._shown: tuple[Problem, ...] = ()
        self.hint = words_label(hint, "secondary", name=f"hint-{name}")
        self._lines = QVBoxLayout()
        self._lines.setSpacing(2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        if caption is not None:
            column.addWidget(caption)
        column.addWidget(control)
        column.addWidget(self.hint)
        column.addLayout(self._lines)
        self.hint.setVisible(bool(hint))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().height() > event.oldSize().height():
            self.grew.emit()

    def explain(self, hint: str) -> None:
        """Another explanation."""
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))

    def show_problems(self, problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
        """Show these; those that were not there before are given back, to be said aloud."""
        if problems == self._shown:
            return ()
        new = tuple(one for one in problems if one not in self._shown)
        self._shown = problems
        clear(self._lines)
        for problem in problems:
            self._lines.addWidget(ProblemLine(self._theme, problem))
        self.control.setAccessibleDescription(" ".join(one.sentence for one in problems) or self.hint.text())
        return new

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Those that stand under it."""
        return self._shown

    @property
    def wrong(self) -> bool:
        """Something that blocks stands under it."""
        return any(one.blocks for one in self._shown)


class Question(QWidget):
    """The base of all pages. Changes the draft by `put` alone; decides nothing."""

    changed = Signal(object)
    """The draft as it is now."""
    go_on = Signal()
    """What was done here means *Next* as well: Enter or a double click in a list."""

    def __init__(self, room: Room, name: str, question: str, sentence: str) -> None:
        super().__init__()
        self.setObjectName(f"question-{name}")
        self.setAccessibleName(question)
        self.room, self.question = room, question
        self.draft: Any = None
        self.around: Surroundings | None = None
        self.fields: dict[str, Field] = {}
        self.touched: set[str] = set()
        self._filling = False
        self._judging: Job | None = None
        self._area, self.body = scrolled(f"question-{name}-scroll")
        self.body.setSpacing(16)
        head = QVBoxLayout()
        head.setSpacing(4)
        self.heading = words_label(question, "title", name=f"question-{name}-title")
        self.lead = words_label(sentence, "quiet", name=f"question-{name}-lead")
        self.lead.setMaximumWidth(FIELD_WIDTH + 160)
        head.addWidget(self.heading)
        head.addWidget(self.lead)
        self.body.addLayout(head)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(self._area)

    @property
    def index(self) -> Index:
        return self.room.index()

    # What a page says of itself

    def fill(self, draft: Any) -> None:
        """Show a draft. Whatever the widgets say meanwhile is not taken for an answer."""
        raise NotImplementedError

    def first(self) -> QWidget | None:
        """What gets the focus when the page is come to."""
        return next((field.control for field in self.fields.values() if _reachable(field.control)), None)

    def add(
        self,
        name: str,
        caption: str,
        control: QWidget,
        hint: str = "",
        *,
        also: tuple[str, ...] = (),
        wide: bool = False,
    ) -> Field:
        """Put a field for the draft's `name` on the page; `&` in the caption marks its letter.

        Problems with `also` stand under it too. `wide`: over the whole page, as lists are.
        """
        shown = label(caption, "section") if caption else None
        if shown is not None:
            shown.setBuddy(control)
        if not control.accessibleName():
            control.setAccessibleName(caption.replace("&", ""))
        if not control.objectName():
            control.setObjectName(f"answer-{name}")
        field = Field(self.room.theme, name, shown, control, hint)
        field.about = frozenset((name, *also))
        if not wide:
            field.setMaximumWidth(FIELD_WIDTH)
        self.fields[name] = field
        field.grew.connect(self._grew)
        self.body.addWidget(field)
        return field

    def end(self) -> None:
        """All fields are there."""
        self.body.addStretch(1)

    # What the frame asks for

    def show_draft(self, draft: Any, around: Surroundings | None) -> None:
        """Come to, or gone back to."""
        self.draft, self.around = draft, around
        self._filling = True
        try:
            self.fill(draft)
        finally:
            self._filling = False

    def put(self, *also: str, **answers: Any) -> None:
        """Take answers into the draft; `also` names fields whose problems may be shown from now on."""
        if self._filling:
            return
        self.draft = replace(self.draft, **answers)
        self.touched |= {*answers, *also}
        self.changed.emit(self.draft)

    def forget(self, *names: str) -> None:
        """These fields are answered anew: what was said of them is not said before they are."""
        self.touched -= set(names)
        for name in names:
            self.fields[name].show_problems(())

    def show_problems(self, problems: Iterable[Problem], *, everything: bool) -> tuple[Problem, ...]:
        """Show each field's problems under it: of all fields, or only of those that were answered here."""
        found = tuple(problems)
        new: list[Problem] = []
        for name, field in self.fields.items():
            if everything or name in self.touched:
                new += field.show_problems(tuple(one for one in found if one.field in field.about))
        return tuple(new)

    def focus_wrong(self) -> None:
        """To the first field that keeps the page from being left."""
        for field in self.fields.values():
            if field.wrong and _reachable(field.control):
                field.control.setFocus(Qt.FocusReason.OtherFocusReason)
                self.reveal(field.control)
                return

    def reveal(self, widget: QWidget) -> None:
        """Scroll to a field with what stands under it: in a small window it may be further down than is seen."""
        field = next((one for one in self.fields.values() if one.isAncestorOf(widget)), None)
        if field is not None:
            # Later: what has just come onto the page has no place yet
            QTimer.singleShot(0, field, partial(self._scroll_to, field))

    def _grew(self) -> None:
        """What is said of the field that is being filled in is in sight too."""
        focused = self.focusWidget()
        if focused is not None and focused.hasFocus():
            self.reveal(focused)

    def _scroll_to(self, field: Field) -> None:
        if field.height() <= self._area.viewport().height():
            self._area.ensureWidgetVisible(field, 0, MARGIN)

    def judge(self, work: Callable[[], dict[str, str]], show: Callable[[dict[str, str]], None]) -> None:
        """Find out beside the Qt thread why some of a list's rows do not fit; the newest question counts."""
        if self._judging is not None:
            self._judging.cancel()
        self._judging = self.room.bridge.compute(self, work, show, partial(self._unjudged, show))

    def _unjudged(self, show: Callable[[dict[str, str]], None], error: Exception) -> None:
        # The row that is picked is judged once more with the whole draft, and that failure is shown by the frame
        show({})
        announce(self, failure_text(error), urgent=True)

    def around_came(self, around: Surroundings) -> None:
        """Azure was asked about the draft: pages that show something of it do so."""
        self.around = around


def _reachable(widget: QWidget) -> bool:
    proxy = widget.focusProxy() or widget
    return proxy.isEnabled() and proxy.focusPolicy() != Qt.FocusPolicy.NoFocus
