"""The plan that gives back or takes back: read before it starts, like any other."""

from collections.abc import Callable, Coroutine
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from cmk_admin.domain.errors import AzureFailure
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.words import count
from cmk_admin.operations.interface import ConnectionInfo
from cmk_admin.ui.announce import announce
from cmk_admin.ui.bridge import Bridge, Job
from cmk_admin.ui.dialogs import failure_text
from cmk_admin.ui.emergency.checked import Checked
from cmk_admin.ui.emergency.choices_card import Ticks
from cmk_admin.ui.emergency.clean_card import CleanCard
from cmk_admin.ui.emergency.columns import Columns
from cmk_admin.ui.emergency.foot import footer, place_answers
from cmk_admin.ui.emergency.lane_words import back_lane
from cmk_admin.ui.emergency.lanes import Lanes
from cmk_admin.ui.emergency.look import short_title
from cmk_admin.ui.emergency.parts import (
    Notice,
    StepList,
    card,
    in_order,
    link,
    scrolled,
    words_label,
)
from cmk_admin.ui.emergency.revoke_page import PASSING
from cmk_admin.ui.emergency.script_file import save_script
from cmk_admin.ui.theme.theme import Theme
from cmk_admin.ui.widgets.labels import label

RETRY_MS = 5000
"""How long after a reading that failed for a reason that passes it is tried again."""

Prepare = Callable[[tuple[str, ...]], Coroutine[Any, Any, Plan]]
"""Gets the ids of the consumers to bring back; none: all of it."""


class AnswerPage(QWidget):
    """Shows what a restore or an undo would do, and starts it."""

    start = Signal(object, str, str)
    """The `Plan`, what was said of the identity (the reason stands with the operation that is answered), an empty text."""
    cancelled = Signal()

    def __init__(
        self,
        *,
        bridge: Bridge,
        theme: Theme,
        prepare: Prepare,
        verb: str,
        name: Callable[[str], str],
        info: ConnectionInfo,
        consumers: tuple[str, ...] = (),
    ) -> None:
        """`verb` is the button's text (``Restore access``); `name` gives a consumer's name for its id.

        Of `consumers` (ids) any may be brought back alone.
        """
        super().__init__()
        self.setObjectName("answer-page")
        self.setAccessibleName(verb)
        self.setWindowTitle(verb)
        self._bridge, self._theme, self._ask, self._verb, self._name = bridge, theme, prepare, verb, name
        self._info = info
        self._consumers = tuple(dict.fromkeys(consumers))
        self._wanted = self._consumers
        self._plan: Plan | None = None
        self._job: Job | None = None
        self._told = ""
        """The failure that was told already."""
        self._retry = QTimer(self)
        self._retry.setInterval(RETRY_MS)
        self._retry.setSingleShot(True)
        self._retry.timeout.connect(self._read)
        self._build()
        self.try_again()

    @property
    def plan(self) -> Plan | None:
        return self._plan

    def try_again(self) -> None:
        """Ask anew what there is to do."""
        self._problems.say(())
        self._told = ""
        self._read()

    def _read(self) -> None:
        """What could not be read stands there until it can be."""
        self._retry.stop()
        self._state.say("Reading from Azure how things stand …")
        self._go.setEnabled(False)
        self._script.hide()
        if self._job is not None:
            self._job.cancel()
        self._job = None
        if self._consumers and not self._wanted:
            self._plan = None
            self._state.say("Tick at least one service that is to be brought back.")
            return
        part = () if self._wanted == self._consumers else self._wanted
        self._job = self._bridge.start(self, self._ask(part), self._prepared, self._unprepared)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._cards.fit(event.size().width())

    def focusInEvent(self, _: QFocusEvent) -> None:
        """Opened or turned to: a focus proxy would make Tab skip what stands before it."""
        self._cancel.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.cancelled.emit()
            return
        super().keyPressEvent(event)

    def _build(self) -> None:
        self._title = words_label(self._verb, "title", name="answer-title")
        self._state = Checked("answer")
        self._state.again.connect(self.try_again)
        self._problems = Notice(self._theme, "danger", "broken", "answer-problems")
        self._warnings = Notice(self._theme, "caution", "warning", "answer-warnings")
        self._left = Notice(self._theme, "unknown", "info", "answer-left")
        self._differences = Notice(self._theme, "caution", "history", "answer-differences")
        self._who = Ticks("What is given back", "answer-consumer", "All of it, or only what some of the services need.")
        self._who.ticked.connect(self._pick)
        self._clean = CleanCard()
        self._clean.answered.connect(self._allow)
        self._not_exact = words_label("", "secondary", name="answer-not-restored")
        self._steps = StepList(self._theme, "answer-steps")
        self._steps_card, _ = card(label("What will be done", "section"), self._steps, self._not_exact)
        self._lanes = Lanes(self._theme, "answer-lanes", "When each service is back")
        self._lanes_card, _ = card(label("What comes back, and when", "section"), self._lanes)
        left = (self._clean, self._who, self._steps_card)
        self._cards = Columns(left, (self._lanes_card,), (self._clean, self._who, self._lanes_card, self._steps_card))
        area, body = scrolled("answer-scroll")
        for widget in (self._title, self._state, self._problems, self._differences, self._warnings, self._left):
            body.addWidget(widget)
        body.addWidget(self._cards)
        body.addStretch(1)
        self._steps_card.hide()
        self._lanes_card.hide()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(area, 1)
        whole.addWidget(self._footer())

    def _footer(self) -> QWidget:
        whole, row = footer()
        self._go = QPushButton(self._verb)
        self._go.setObjectName("answer-start")
        self._go.setProperty("role", "primary")
        self._go.setAutoDefault(False)
        self._go.setEnabled(False)
        self._go.clicked.connect(self._start)
        self._cancel = QPushButton("Cancel")
        self._cancel.setObjectName("answer-cancel")
        self._cancel.setDefault(True)
        self._cancel.clicked.connect(self._on_cancel)
        self._script = link("Save as az script…", "answer-script", self._save_script)
        place_answers(row, self._go, self._cancel)
        row.insertWidget(row.count() - 2, self._script)
        return whole

    def _prepared(self, plan: Plan) -> None:
        self._plan = plan
        self._title.setText(plan.title)
        self.setWindowTitle(short_title(plan.verb, plan.title, plan.subject))
        self._state.checked()
        self._problems.say(plan.problems)
        self._warnings.say(plan.warnings)
        self._differences.say(plan.findings)
        self._clean.show_checks(plan.checks)
        lines = [f"• {sentence}" for sentence in plan.not_restored]
        self._not_exact.setText("\n".join(["Not given back exactly as it was:", *lines]) if lines else "")
        self._not_exact.setVisible(bool(lines))
        several = self._consumers if len(self._consumers) > 1 else ()
        self._who.show_boxes((one, self._name(one), "", one in self._wanted, True) for one in several)
        self._script.setVisible(bool(plan.steps))
        self._left.say(plan.left)
        self._steps.show_plan(plan.steps)
        self._steps_card.setVisible(bool(plan.steps))
        self._lanes.show_lanes(
            tuple(back_lane(self._name(watch.consumer_id), watch, goes_on=plan.goes_on) for watch in plan.watches)
        )
        self._lanes_card.setVisible(bool(plan.watches))
        self._allow()
        buttons = (*self._clean.buttons, *self._who.buttons, *self._steps.toggles)
        in_order(self._state.button, *buttons, self._script, self._cancel, self._go)
        announce(self, f"{plan.title}: {count(len(plan.steps), 'step')}")

    def _allow(self) -> None:
        """It can be started once the question was answered, where there is one."""
        plan = self._plan
        ready = plan is not None and not plan.problems and bool(plan.steps)
        self._go.setEnabled(ready and self._clean.lets_start)
        asked = ready and not self._clean.lets_start
        self._state.add("Say whether the identity is clean, then it can be started." if asked else "")

    def _pick(self, consumers: tuple[str, ...]) -> None:
        self._wanted = consumers
        self.try_again()

    def _save_script(self, *_: object) -> None:
        if self._plan is not None:
            save_script(self, self._plan, self._info, self._script_saved)

    def _script_saved(self, sentence: str, written: bool) -> None:
        self._state.add(sentence)
        announce(self, sentence, urgent=not written)

    def _unprepared(self, error: Exception) -> None:
        text, passing = failure_text(error), isinstance(error, AzureFailure) and error.kind in PASSING
        tried = " It is tried again by itself." if passing else ""
        self._state.say(f"This could not be checked with Azure. Nothing was changed.{tried}", again=True)
        self._problems.say((text,))
        if passing:
            self._retry.start()
        if text != self._told:
            self._told = text
            announce(self, text, urgent=True)

    def _on_cancel(self, *_: object) -> None:
        self.cancelled.emit()

    def _start(self, *_: object) -> None:
        if self._plan is not None:
            self._go.setEnabled(False)
            self._state.say("Starting …")
            self.start.emit(self._clean.said_in(self._plan), "", "")
