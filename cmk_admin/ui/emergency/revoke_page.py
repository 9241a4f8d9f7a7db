"""The revoke page: what would be done, who stops when, which paths stay open; and the only red button of the program."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QFocusEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.index import Index
from cmk_admin.domain.plan import Choice, Plan
from cmk_admin.domain.steps import StepVerb
from cmk_admin.domain.verbs import causes, revoke
from cmk_admin.domain.verbs.choices import ACTIVATE
from cmk_admin.domain.verbs.revoke import Cause, RevokeDraft
from cmk_admin.domain.words import ago
from cmk_admin.operations.interface import Backend
from cmk_admin.ui.announce import announce
from cmk_admin.ui.bridge import Bridge, Job
from cmk_admin.ui.connect.where import where_it_is_done
from cmk_admin.ui.dialogs import failure_text
from cmk_admin.ui.emergency.cause_card import CauseCard
from cmk_admin.ui.emergency.checked import Checked
from cmk_admin.ui.emergency.checks_card import ChecksCard
from cmk_admin.ui.emergency.choices_card import ChoicesCard, SuspectsCard
from cmk_admin.ui.emergency.columns import Columns
from cmk_admin.ui.emergency.foot import footer, place_answers
from cmk_admin.ui.emergency.look import short_title
from cmk_admin.ui.emergency.methods_card import MethodsCard
from cmk_admin.ui.emergency.next_card import NextCard, Regrants
from cmk_admin.ui.emergency.parts import (
    DangerButton,
    Notice,
    card,
    in_order,
    link,
    scrolled,
    words_label,
)
from cmk_admin.ui.emergency.paths import PathList, ScopeWords
from cmk_admin.ui.emergency.radius_card import RadiusCard, StepsCard
from cmk_admin.ui.emergency.revoke_words import button_words, no_paths, nothing_words, what_of
from cmk_admin.ui.emergency.script_file import save_script
from cmk_admin.ui.emergency.why_row import WhyRow
from cmk_admin.ui.pages import DETAIL
from cmk_admin.ui.theme.theme import Theme

PASSING = frozenset({FailureKind.UNREACHABLE, FailureKind.THROTTLED, FailureKind.FAILED})
"""Failures of reading that say nothing against the plan: a revoke is not held up by them."""


class RevokePage(QWidget):
    """Shows the plan of a draft: at once from the last estate, then as it was checked with Azure; starts it on a click."""

    start = Signal(object, str, str)
    """The `Plan` that was shown, the reason and the ticket."""
    cancelled = Signal()
    put_off = Signal(str, str)
    """It is closed and was not started: the reason and the ticket as typed, for the next time."""
    verb_wanted = Signal(str)
    """The id of a verb that comes next, about the draft's key."""

    def __init__(
        self,
        *,
        bridge: Bridge,
        backend: Backend,
        theme: Theme,
        draft: RevokeDraft,
        index: Callable[[], Index | None],
        scope_words: ScopeWords,
    ) -> None:
        """`index` gives the estate on screen, or None before the first one."""
        super().__init__()
        self.setObjectName("revoke-page")
        self.setAccessibleName("Revoke")
        self.setWindowTitle(f"Revoke {what_of(draft)}")
        self.setProperty(DETAIL, f"{draft.key.name} in {draft.key.vault_name}")
        self._bridge, self._backend, self._theme = bridge, backend, theme
        # Nobody chose a method yet: what can be done, and closes most, stands there first
        self._draft, self._index = replace(draft, best=True), index
        self._me = backend.info.account.object_id
        self._plan: Plan | None = None
        self._startable: Plan | None = None
        self._jobs: list[Job] = []
        self._started = False
        self._build(scope_words)
        self._why.fill(draft.reason or "", draft.ticket or "")
        self._prepare()

    @property
    def draft(self) -> RevokeDraft:
        return self._draft

    @property
    def plan(self) -> Plan | None:
        """What is on screen."""
        return self._plan

    def try_again(self) -> None:
        """It did not begin: check anew, so that what is on screen can be started or says why not."""
        self._started = False
        self._prepare()

    def focusInEvent(self, _: QFocusEvent) -> None:
        """Opened or turned to: a focus proxy would make Tab skip what stands before it."""
        self._cancel.setFocus()

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self._started:
            self.put_off.emit(self._why.reason, self._why.ticket)
        super().closeEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        before = self._cards.stacked
        self._cards.fit(event.size().width())
        if self._cards.stacked != before and self._plan is not None:
            self._order()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.cancelled.emit()
            return
        super().keyPressEvent(event)

    # Layout

    def _build(self, scope_words: ScopeWords) -> None:
        self._title = words_label(f"Revoke {what_of(self._draft)}", "title", name="revoke-title")
        self._state = Checked("revoke")
        self._state.again.connect(self._prepare)
        self._problems = Notice(self._theme, "danger", "broken", "revoke-problems")
        self._problems.acted.connect(self._take_offer)
        self._doubt = Notice(self._theme, "caution", "unreachable", "revoke-doubt")
        self._warnings = Notice(self._theme, "caution", "warning", "revoke-warnings")
        self._cards = self._columns(scope_words)
        area, body = scrolled("revoke-scroll")
        body.addWidget(self._title)
        body.addWidget(self._state)
        for widget in (self._problems, self._doubt, self._warnings, self._cards):
            body.addWidget(widget)
        body.addStretch(1)
        self._cards.hide()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(area, 1)
        whole.addWidget(self._footer())

    def _columns(self, scope_words: ScopeWords) -> Columns:
        self._left()
        paths = self._right(scope_words)
        how = (self._cause, self._suspects, self._methods)
        # Only a leak has something that comes next, and then it matters more than what stops: nothing does
        right = (self._next, self._radius, paths, self._steps, self._checks)
        return Columns((*how, self._choices), right, (*how, *right, self._choices))

    def _left(self) -> None:
        self._cause, self._methods, self._choices = CauseCard(), MethodsCard(), ChoicesCard()
        self._suspects, self._next = SuspectsCard(), NextCard()
        self._cause.chosen.connect(self._happened)
        self._methods.chosen.connect(self._choose)
        self._choices.ticked.connect(self._tick)
        self._suspects.ticked.connect(self._suspect)
        self._next.wanted.connect(self.verb_wanted)

    def _right(self, scope_words: ScopeWords) -> QWidget:
        self._radius, self._steps = RadiusCard(self._theme), StepsCard(self._theme)
        self._steps.resized.connect(self._order)
        self._paths = PathList(self._theme, "revoke-paths", scope_words)
        self._regrants = Regrants(self._theme, scope_words)
        self._checks = ChecksCard(self._theme)
        return card(self._paths, self._regrants)[0]

    def _footer(self) -> QWidget:
        self._why = WhyRow()
        self._why.said.connect(self._gave_reason)
        whole, row = footer(self._why)
        self._go = DangerButton("Revoke")
        self._go.setObjectName("revoke-start")
        self._go.setEnabled(False)
        self._go.clicked.connect(self._start)
        self._cancel = QPushButton("Cancel")
        self._cancel.setObjectName("revoke-cancel")
        self._cancel.setDefault(True)
        self._cancel.clicked.connect(self._on_cancel)
        place_answers(row, self._go, self._cancel)
        self._script = link("Save as az script…", "revoke-script", self._save_script)
        self._script.hide()
        row.insertWidget(row.count() - 2, where_it_is_done(self._backend.info, "revoke-where"))
        row.insertWidget(row.count() - 2, self._script)
        return whole

    # Planning

    def _prepare(self) -> None:
        for job in self._jobs:
            job.cancel()
        self._startable = None
        self._go.setEnabled(False)
        self._doubt.say(())
        self._state.say("Reading the key, its grants and its services from Azure …")
        self._jobs = [
            self._bridge.start(
                self, self._backend.prepare_revoke(self._draft), self._prepared, partial(self._unprepared, self._draft)
            )
        ]
        index = self._index()
        if index is not None:
            guess = partial(revoke.plan, self._draft, index)
            self._jobs.append(self._bridge.compute(self, guess, partial(self._guessed, index), self._unguessed))

    def _guessed(self, index: Index, plan: Plan) -> None:
        if not self._state.is_checked:
            self._show(plan)
            self._reading(f"As read {ago(index.estate.read_at, datetime.now(UTC))}. Checking with Azure …")

    def _unguessed(self, error: Exception) -> None:
        # The checked plan is on its way, and says what is wrong
        self._reading(f"Checking with Azure … ({failure_text(error)})")

    def _reading(self, sentence: str) -> None:
        """What is said until Azure has answered."""
        if self._state.button.isHidden():
            self._state.say(sentence)

    def _prepared(self, plan: Plan) -> None:
        self._show(plan)
        self._allow(plan)
        self._state.checked()
        announce(self, f"{plan.title}. {self._go.text()}. {self._paths.counts.text()}")

    def _unprepared(self, draft: RevokeDraft, error: Exception) -> None:
        text = failure_text(error)
        passing = isinstance(error, AzureFailure) and error.kind in PASSING
        index = self._index()
        plan = revoke.plan(draft, index) if passing and index is not None else None
        if plan is None or index is None or plan.problems or not plan.steps:
            self._state.say("This could not be checked with Azure. Nothing was changed.", again=True)
            self._doubt.say((text,))
        else:
            read = ago(index.estate.read_at, datetime.now(UTC))
            self._show(plan)
            self._allow(plan)
            self._state.say(f"As read {read}, not checked with Azure.", again=True)
            self._doubt.say(
                (
                    f"Azure could not be read just now: {text}",
                    f"What stands here was read {read}. It can be started all the same: each step looks before it changes "
                    "anything.",
                )
            )
        announce(self, f"{self._state.text} {text}", urgent=True)

    # Showing

    def _show(self, plan: Plan) -> None:
        index = self._index()
        complete = index is not None and index.consumers_read
        self._plan = plan
        self._title.setText(plan.title)
        self.setWindowTitle(short_title("revoke", plan.title, str(self._draft.key), plan))
        # A question that was not answered yet is nothing broken
        asked = plan.problems if self._draft.cause is Cause.OPERATOR and not self._draft.principals else ()
        self._problems.say(() if asked else plan.problems)
        offered = self._offered(plan)
        self._problems.offer(offered.title if offered and not asked else "")
        self._warnings.say((*asked, *plan.warnings))
        self._cause.show_cause(self._draft.cause, plan.why)
        self._methods.show_methods(plan.methods, plan.method, plan.problems)
        self._choices.show_choices(plan.choices, {one.consumer_id.lower(): one.consumer_name for one in plan.effects})
        suspected = self._draft.cause is Cause.OPERATOR
        self._suspects.show_suspects(
            (*plan.regrants, *plan.paths) if suspected else (), self._draft.principals, self._me
        )
        self._suspects.setVisible(suspected)
        self._steps.show_plan(plan)
        self._next.show_next(plan.next)
        self._radius.show_plan(plan, used=index is not None and bool(index.uses_of_key(self._draft.key.key)))
        self._paths.show_paths(plan.paths, none=no_paths(plan, found=nothing_words(plan)[1]))
        self._regrants.show_regrants(plan.regrants)
        self._checks.show_checks(plan.checks, plan.not_restored, plan.problems)
        self._go.setText(button_words(plan, complete=complete))
        self._script.setVisible(bool(plan.steps))
        self._cards.show()
        self._order()

    def _order(self) -> None:
        """Tab goes as the cards stand."""
        first = (self._state.button, self._problems.action, *self._cause.buttons, *self._suspects.buttons)
        right = (
            *self._next.buttons,
            self._radius.fold,
            self._paths.fold,
            self._regrants.toggle,
            *self._steps.buttons,
            self._checks.toggle,
        )
        left = self._choices.buttons
        rest = (*right, *left) if self._cards.stacked else (*left, *right)
        end = (*self._why.fields, self._script, self._cancel, self._go)
        in_order(*first, *self._methods.buttons, *rest, *end)

    def _allow(self, plan: Plan) -> None:
        self._startable = plan if plan.steps and not plan.problems else None
        self._go.setEnabled(self._startable is not None)

    # Answers

    def _happened(self, cause: Cause) -> None:
        """Another cause has another plan: its own method, and none of the choices."""
        self._change(cause=cause, method=None, choices=(), principals=())

    def _choose(self, method: str, *_: object) -> None:
        if method != (self._draft.method or (self._plan.method if self._plan else None)):
            self._change(method=method)

    def _tick(self, choices: tuple[str, ...]) -> None:
        """What is ticked belongs to the method that is shown, which stays then."""
        shown = None if self._plan is None or causes.people(self._draft) else self._plan.method
        self._change(choices=choices, method=self._draft.method or shown)

    def _take_offer(self) -> None:
        """Tick what is offered against the plan's problem."""
        offered = self._offered(self._plan) if self._plan is not None else None
        if self._plan is not None and offered is not None:
            self._cancel.setFocus()
            self._tick((*(one.id for one in self._plan.choices if one.chosen), offered.id))

    def _offered(self, plan: Plan) -> Choice | None:
        """A role of one's own that can be activated for what the plan lacks, and is not ticked yet."""
        roles = [one for one in plan.choices if one.id.startswith(ACTIVATE) and one.possible and not one.chosen]
        return roles[0] if plan.problems and roles else None

    def _suspect(self, principals: tuple[str, ...]) -> None:
        self._change(principals=principals)

    def _gave_reason(self) -> None:
        """It is part of the plan only where somebody else is told it: who activates a role."""
        self._draft = replace(self._draft, reason=self._why.reason or None, ticket=self._why.ticket or None)
        if self._plan is not None and any(step.verb is StepVerb.ACTIVATE_ROLE for step in self._plan.steps):
            self._prepare()

    def _change(self, **answers: Any) -> None:
        self._draft = replace(self._draft, **answers)
        self._prepare()

    def _save_script(self, *_: object) -> None:
        if self._plan is not None:
            save_script(self, self._plan, self._backend.info, self._script_saved)

    def _script_saved(self, sentence: str, written: bool) -> None:
        if self._state.is_checked:
            self._state.add(sentence)
        else:
            self._state.say(sentence, again=not self._state.button.isHidden())
        announce(self, sentence, urgent=not written)

    def _on_cancel(self, *_: object) -> None:
        self.cancelled.emit()

    def _start(self, *_: object) -> None:
        if self._startable is not None:
            plan, self._startable = self._startable, None
            self._go.setEnabled(False)
            self._state.say("Starting …")
            self._started = True
            self.start.emit(plan, self._why.reason, self._why.ticket)
