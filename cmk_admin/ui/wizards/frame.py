"""The frame of every wizard: steps at the left, one question at a time, Back and Next, and the plan last.

Which page follows and what is wrong is decided in `flow` and by the domain's `problems`; an answer is in the draft, so
that going back loses nothing.
"""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QFocusEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from cmk_admin.domain.plan import Plan
from cmk_admin.domain.surroundings import Surroundings
from cmk_admin.ui.announce import announce
from cmk_admin.ui.bridge import Job
from cmk_admin.ui.connect.where import where_it_is_done
from cmk_admin.ui.dialogs import confirm
from cmk_admin.ui.emergency.foot import footer
from cmk_admin.ui.emergency.parts import Notice, in_order
from cmk_admin.ui.widgets.labels import label
from cmk_admin.ui.wizards import flow
from cmk_admin.ui.wizards.checking import Checking
from cmk_admin.ui.wizards.flow import PLAN
from cmk_admin.ui.wizards.plan_view import PlanView, StartButton
from cmk_admin.ui.wizards.question import Question
from cmk_admin.ui.wizards.steps import Steps
from cmk_admin.ui.wizards.wizard import Room, Wizard

NEXT = "next"
"""In place of a page's name: whichever follows."""


class WizardPage(QWidget):
    """One wizard, opened as a page of the window."""

    start = Signal(object, str, str)
    """The `Plan` that was shown, the reason and the ticket."""
    cancelled = Signal()

    def __init__(self, room: Room, wizard: Wizard) -> None:
        super().__init__()
        self.setObjectName("wizard-page")
        self.setAccessibleName(wizard.title)
        self.setWindowTitle(wizard.title)
        self._room, self._wizard = room, wizard
        self.draft: Any = wizard.draft
        self._at = ""
        self._passed: frozenset[str] = frozenset()
        self._pages: dict[str, Question] = {}
        self._planning: Job | None = None
        self._target = ""
        """Where somebody wants to go as soon as it is known whether nothing is in the way."""
        self.then: Callable[[], None] | None = None
        """What is gone on with when this was given up: closing the window, or the connection."""
        self._may_go = False
        self._shown_once = False
        self._checking = Checking(room, wizard, self)
        self._build()
        self._checking.found.connect(self._found)
        self._checking.around_came.connect(self._around_came)
        self._checking.doubted.connect(self._show_doubt)
        self._checking.broke.connect(self._stay)
        self._checking.changed.connect(self._say_busy)
        self._show(flow.names(self._stops)[0])
        if self._stops:
            self._checking.check(self.draft)

    @property
    def plan(self) -> Plan | None:
        """What is on screen, on the last page."""
        return self._plan_view.plan

    @property
    def at(self) -> str:
        """The name of the page that is shown."""
        return self._at

    @property
    def page(self) -> Question | None:
        """The question that is shown; None on the plan."""
        return self._pages.get(self._at)

    @property
    def busy(self) -> bool:
        """Something is being asked or checked."""
        return self._checking.busy or (self._planning is not None and self._planning.running)

    def try_again(self) -> None:
        """It was not started: plan anew."""
        self._may_go = False
        if self._at == PLAN:
            self._prepare()

    # Qt's own

    def focusInEvent(self, _: QFocusEvent) -> None:
        """Opened or turned to: a focus proxy would make Tab skip what stands before it."""
        self._focus_page()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not event.spontaneous() and not self._shown_once:
            self._shown_once = True
            # Qt gives a new tab's focus to what stands first in it: that is the list of steps
            QTimer.singleShot(0, self, self._focus_page)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self._at != PLAN:  # there Enter starts nothing
                self.go_on()
        else:
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._may_go or not self._begun:
            event.accept()
        else:
            event.ignore()
            self._ask_to_leave()

    # Layout

    def _build(self) -> None:
        name = self._wizard.name
        self.steps = Steps(self._room.theme)
        self.steps.wanted.connect(self._go)
        side = QFrame()
        side.setProperty("role", "side")
        column = QVBoxLayout(side)
        column.setContentsMargins(8, 16, 8, 8)
        column.setSpacing(8)
        title = label(self._wizard.title, "section", name="wizard-title", wrap=True)
        title.setContentsMargins(8, 0, 8, 0)
        column.addWidget(title)
        column.addWidget(self.steps, 1)
        self._doubt = Notice(self._room.theme, "caution", "unreachable", "wizard-doubt")
        self._stack = QStackedWidget()
        self._stack.setObjectName(f"{name}-pages")
        self._plan_view = PlanView(self._room, self._wizard.title)
        self._plan_view.again.connect(self._prepare)
        self._stack.addWidget(self._plan_view)
        doubt = QVBoxLayout()
        doubt.setContentsMargins(24, 0, 24, 0)
        doubt.addWidget(self._doubt)
        middle = QVBoxLayout()
        middle.setSpacing(0)
        middle.addLayout(doubt)
        middle.addWidget(self._stack, 1)
        row = QHBoxLayout()
        row.setSpacing(0)
        row.addWidget(side)
        row.addLayout(middle, 1)
        self._side = side
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(row, 1)
        whole.addWidget(self._footer())

    def _footer(self) -> QWidget:
        whole, row = footer()
        self._cancel = _button("Cancel", "wizard-cancel", self.leave)
        self._busy = label("", "quiet", name="wizard-busy")
        self._back = _button("&Back", "wizard-back", self.go_back)
        self._next = _button("&Next", "wizard-next", self.go_on)
        self._next.setProperty("role", "primary")
        self._start = StartButton(self._wizard.title)
        self._start.clicked.connect(self._on_start)
        row.addWidget(self._cancel)
        row.addWidget(self._busy, 1)
        self._where = QWidget()
        beside = QHBoxLayout(self._where)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.addWidget(where_it_is_done(self._room.backend.info, "wizard-where"))
        row.addWidget(self._where)
        for button in (self._back, self._next, self._start):
            row.addWidget(button)
        return whole

    # Where we are

    @property
    def _stops(self) -> flow.Stops:
        return self._wizard.stops(self.draft, self._checking.around)

    @property
    def _begun(self) -> bool:
        """Something was answered that would be lost."""
        return bool(self.draft != self._wizard.draft or self._plan_view.said)

    def go_on(self, *_: object) -> None:
        """To the next page, unless something on this one is in the way."""
        if self._at != PLAN:
            self._go(NEXT)

    def go_back(self, *_: object) -> None:
        """To the page before; nothing is lost."""
        wanted = flow.before(self._stops, self._at)
        if wanted is not None:
            self._go(wanted)

    def leave(self, *_: object) -> None:
        """Give it up; asks only where something would be lost."""
        if self._begun:
            self._ask_to_leave()
        else:
            self.give_up()

    def _ask_to_leave(self) -> None:
        self.then = None
        box = confirm(
            self,
            f"Give up {self._wizard.what}?",
            "Nothing has been changed in Azure. What was answered here is forgotten.",
            verb="Give it up",
            keep="Go on with it",
            done=self.give_up,
        )
        box.rejected.connect(self._stay)

    def give_up(self) -> None:
        """Leave without asking."""
        self._may_go = True
        # Not in the dialog's own signal: its parent goes with this page
        QTimer.singleShot(0, self, self._gone)

    def _gone(self) -> None:
        then = self.then
        self.cancelled.emit()
        if then is not None:
            then()

    def _go(self, name: str) -> None:
        """Go somewhere: backwards at once, forwards as soon as nothing is in the way."""
        order = flow.names(self._stops)
        if name != NEXT and (name not in order or name == self._at):
            return
        self._target = ""
        if name != NEXT and order.index(name) < order.index(self._at):
            self._show(name)
            return
        self._target = name
        until = flow.after(self._stops, self._at) if name == NEXT else name
        again = bool(self._checking.doubts) and bool(flow.first_blocked(self._stops, self._checking.problems, until))
        if self._checking.knows and not again:
            self._arrive()
        else:
            self._say_busy()
            self._checking.check(self.draft, again=again)

    def _arrive(self) -> None:
        """What is wrong is known: go, or say what is in the way."""
        target, self._target = self._target, ""
        self._say_busy()
        if target == NEXT:
            # Only now: which page follows may depend on what was read meanwhile
            target = flow.after(self._stops, self._at)
        wrong = flow.first_blocked(self._stops, self._checking.problems, target)
        if wrong is None:
            self._show(target)
            return
        if wrong != self._at:
            self._show(wrong)
        page = self._pages[wrong]
        page.show_problems(self._checking.problems, everything=True)
        page.focus_wrong()
        sentences = [one.sentence for one in self._checking.problems if one.blocks and one.field in page.fields]
        announce(page, " ".join(sentences), urgent=True)

    def _show(self, name: str) -> None:
        if self._at and flow.names(self._stops).index(name) > flow.names(self._stops).index(self._at):
            self._passed |= {self._at}
        self._at = name
        self._show_doubt()
        if name == PLAN:
            self._stack.setCurrentWidget(self._plan_view)
            self._prepare()
        else:
            self._stop_planning()
            page = self._page(name)
            page.show_draft(self.draft, self._checking.around)
            page.show_problems(self._checking.problems, everything=name in self._passed)
            self._stack.setCurrentWidget(page)
            announce(page, page.question)
        self._show_way()
        self._focus_page()

    def _page(self, name: str) -> Question:
        page = self._pages.get(name)
        if page is None:
            page = self._pages[name] = self._wizard.pages[name](self._room)
            page.changed.connect(self._changed)
            page.go_on.connect(self.go_on)
            self._stack.addWidget(page)
            in_order(self.steps, page, self._back)
        return page

    def _show_way(self) -> None:
        stops = self._stops
        order = flow.names(stops)
        marked = flow.marks(stops, self._at, self._passed, self._checking.problems)
        self.steps.show_steps(stops, marked, self._passed & frozenset(order))
        self._side.setVisible(bool(stops))
        on_plan = self._at == PLAN
        self._back.setVisible(bool(stops))
        self._back.setEnabled(order.index(self._at) > 0)
        self._next.setVisible(not on_plan)
        self._start.setVisible(on_plan)
        self._where.setVisible(on_plan)
        in_order(*((*self._plan_view.order(),) if on_plan else ()), self._cancel, self._back, self._next, self._start)

    def _focus_page(self) -> None:
        page = self.page
        first = page.first() if page is not None else None
        if page is not None and first is not None:
            first.setFocus(Qt.FocusReason.TabFocusReason)
            page.reveal(first)
        else:
            # The safe one, also on the plan
            (self._back if self._back.isVisible() and page is None else self._cancel).setFocus()

    # What is wrong

    def _changed(self, draft: Any) -> None:
        self.draft = draft
        self._target = ""
        self._checking.check_soon(draft)
        self._say_busy()

    def _around_came(self, around: Surroundings) -> None:
        page = self.page
        if page is not None:
            page.around_came(around)

    def _show_doubt(self, *_: object) -> None:
        # The plan is read anew, and has words of its own for what it could not read
        self._doubt.say(self._checking.doubts if self._at != PLAN else ())

    def _stay(self) -> None:
        self._target, self.then = "", None

    def _found(self) -> None:
        page = self.page
        # While Azure is being asked, much is not known that will be in a moment: nothing is said to be wrong for that
        if page is not None and not self._checking.surveying:
            new = page.show_problems(self._checking.problems, everything=self._at in self._passed)
            if new:
                announce(page, " ".join(one.sentence for one in new))
        self._show_way()
        if self._target and self._checking.knows:
            self._arrive()

    def _say_busy(self) -> None:
        waits = self._checking.surveying or bool(self._target)
        self._busy.setText("Asking Azure …" if waits else "")
        self._next.setEnabled(not self._target)

    # The plan

    def _prepare(self) -> None:
        self._stop_planning()
        self._start.setEnabled(False)
        self._start.setText(self._wizard.title)
        self._plan_view.show_reading(self.draft)
        self._planning = self._room.bridge.start(
            self, self._room.backend.prepare(self.draft), self._prepared, self._plan_view.show_failure
        )

    def _stop_planning(self) -> None:
        if self._planning is not None:
            self._planning.cancel()
            self._planning = None

    def _prepared(self, plan: Plan) -> None:
        self._plan_view.show_plan(plan)
        self._start.setText(self._wizard.button(plan, self.draft))
        self._start.setEnabled(bool(plan.steps) and not plan.problems)
        in_order(*self._plan_view.order(), self._cancel, self._back, self._start)

    def _on_start(self, *_: object) -> None:
        plan = self._plan_view.plan
        if plan is not None:
            self._may_go = True
            self._start.setEnabled(False)
            self._plan_view.show_starting()
            self.start.emit(plan, self._plan_view.reason, self._plan_view.ticket)


def _button(text: str, name: str, clicked: Any) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(name)
    button.setAutoDefault(True)  # Enter presses the one that has the focus
    button.clicked.connect(clicked)
    return button
