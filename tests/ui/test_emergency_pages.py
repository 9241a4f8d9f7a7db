"""The emergency's pages by themselves: names, focus, targets, and what they claim of an operation."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.index import Index
from cmk_admin.domain.plan import Answer, Check, PathState, Plan, PlannedPath
from cmk_admin.domain.steps import Outcome, StepState
from cmk_admin.domain.verbs import revoke
from cmk_admin.domain.verbs.revoke import RevokeDraft
from cmk_admin.operations.interface import (
    ConnectionInfo,
    ConnectionKind,
    OperationReport,
    PathProof,
    Proof,
    ProvenPath,
    StepReport,
    WatchReport,
    WatchResult,
)
from cmk_admin.ui.bridge import Bridge
from cmk_admin.ui.emergency.checks_card import ChecksCard
from cmk_admin.ui.emergency.choices_card import SuspectsCard
from cmk_admin.ui.emergency.operation_page import OperationPage
from cmk_admin.ui.emergency.revoke_page import RevokePage
from cmk_admin.ui.theme.theme import Theme
from tests.domain import estates
from tests.ui.conftest import focusable

DRAFT = RevokeDraft(key=estates.MYSQL_KEY.id, consumers=(estates.MYSQL.id,))
LONG = "a-name-that-is-longer-than-anybody-would-think-of-but-somebody-did-after-all-"


class Planner:
    """What a revoke page needs of a backend: a plan, or why there is none."""

    def __init__(self, answer: Plan | Exception) -> None:
        self.answer = answer
        self.estate = estates.dcc()
        self.info = ConnectionInfo(
            kind=ConnectionKind.SANDBOX, key="test", account=self.estate.account, folder=Path("unused")
        )

    async def prepare_revoke(self, _: RevokeDraft) -> Plan:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def plan_now() -> Plan:
    return revoke.plan(DRAFT, Index(estates.dcc()))


def revoke_page(
    bridge: Bridge, theme: Theme, qtbot: QtBot, answer: Plan | Exception, *, index: bool = True
) -> RevokePage:
    known = Index(estates.dcc()) if index else None
    backend: Any = Planner(answer)
    page = RevokePage(
        bridge=bridge, backend=backend, theme=theme, draft=DRAFT, index=lambda: known, scope_words=lambda _: "key x"
    )
    qtbot.addWidget(page)
    page.resize(1280, 700)
    page.show()
    return page


def report(outcome: Outcome, state: StepState, **more: Any) -> OperationReport:
    plan = plan_now()
    steps = tuple(
        StepReport(n=n, verb=s.verb.value, target=s.target, words=s.words, state=state, undo=s.undo_words)
        for n, s in enumerate(plan.steps, 1)
    )
    facts = {"operation": "a1", "verb": "revoke", "title": plan.title, "subject": plan.subject, "plan": plan, **more}
    return OperationReport(outcome=outcome, steps=steps, **facts)


def operation_page(theme: Theme, qtbot: QtBot, of: OperationReport, *, here: bool = False) -> OperationPage:
    page = OperationPage(theme, of, runs_here=lambda _: here, scope_words=lambda scope: f"words of {scope}")
    qtbot.addWidget(page)
    page.resize(1280, 700)
    page.show()
    return page


def text(page: QWidget, name: str) -> str:
    found = page.findChild(QLabel, name)
    assert isinstance(found, QLabel)
    return found.text()


def shown(page: QWidget, name: str) -> bool:
    found = page.findChild(QWidget, name)
    assert isinstance(found, QWidget)
    return found.isVisible()


def start_button(page: RevokePage) -> QPushButton:
    button = page.findChild(QPushButton, "revoke-start")
    assert isinstance(button, QPushButton)
    return button


def everything(bridge: Bridge, theme: Theme, qtbot: QtBot) -> list[QWidget]:
    page = revoke_page(bridge, theme, qtbot, plan_now())
    qtbot.waitUntil(start_button(page).isEnabled)
    return [page, operation_page(theme, qtbot, report(Outcome.DONE, StepState.DONE, undoable=True))]


def test_everything_that_takes_the_focus_has_a_name(bridge: Bridge, theme: Theme, qtbot: QtBot) -> None:
    for page in everything(bridge, theme, qtbot):
        for widget in focusable(page):
            text = widget.text() if isinstance(widget, QAbstractButton) else ""
            assert widget.objectName(), widget
            assert widget.accessibleName() or text, widget.objectName()


def test_targets_are_large_enough(bridge: Bridge, theme: Theme, qtbot: QtBot) -> None:
    """WCAG 2.2 SC 2.5.8: 24 px."""
    for page in everything(bridge, theme, qtbot):
        small = [w.objectName() for w in focusable(page) if w.isVisible() and w.height() < 24]
        assert not small


def test_pages_open_no_windows_of_their_own(bridge: Bridge, theme: Theme, qtbot: QtBot) -> None:
    pages = everything(bridge, theme, qtbot)
    others = [w for w in QApplication.topLevelWidgets() if w.isVisible() and w not in pages]
    assert not others


def test_the_red_button_is_never_the_default(bridge: Bridge, theme: Theme, qtbot: QtBot) -> None:
    page = revoke_page(bridge, theme, qtbot, plan_now())
    button = start_button(page)
    qtbot.waitUntil(button.isEnabled)
    assert not button.isDefault()
    assert not button.autoDefault()
    button.setFocus()
    started: list[object] = []
    page.start.connect(lambda *told: started.append(told))
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
        QTest.keyClick(button, key)
    assert not started
    QTest.keyClick(button, Qt.Key.Key_Space)
    assert len(started) == 1


def test_a_second_click_starts_nothing_more(bridge: Bridge, theme: Theme, qtbot: QtBot) -> None:
    page = revoke_page(bridge, theme, qtbot, plan_now())
    button = start_button(page)
    qtbot.waitUntil(button.isEnabled)
    started: list[object] = []
    page.start.connect(lambda *told: started.append(told))
    for _ in range(3):
        button.click()
    assert len(started) == 1


@pytest.mark.parametrize("kind", [FailureKind.UNREACHABLE, FailureKind.THROTTLED, FailureKind.FAILED])
def test_the_last_estate_s_plan_can_be_started_while_azure_cannot_be_read(
    bridge: Bridge, theme: Theme, qtbot: QtBot, kind: FailureKind
) -> None:
    page = revoke_page(bridge, theme, qtbot, AzureFailure(kind, "Azure did not answer."))
    qtbot.waitUntil(start_button(page).isEnabled)
    doubt = page.findChild(QWidget, "revoke-doubt")
    assert isinstance(doubt, QWidget)
    assert doubt.isVisible()
    assert "Azure did not answer." in doubt.accessibleName()
    assert "each step looks before it changes anything" in doubt.accessibleName()


@pytest.mark.parametrize("kind", [FailureKind.FORBIDDEN, FailureKind.SIGN_IN, FailureKind.NOT_FOUND])
def test_what_speaks_against_the_plan_holds_it_up(
    bridge: Bridge, theme: Theme, qtbot: QtBot, kind: FailureKind
) -> None:
    page = revoke_page(bridge, theme, qtbot, AzureFailure(kind, "Azure refused."))
    qtbot.waitUntil(lambda: shown(page, "revoke-doubt"))
    assert not start_button(page).isEnabled()


def test_without_an_estate_nothing_is_claimed_until_azure_answered(bridge: Bridge, theme: Theme, qtbot: QtBot) -> None:
    page = revoke_page(bridge, theme, qtbot, AzureFailure(FailureKind.UNREACHABLE, "No answer."), index=False)
    qtbot.waitUntil(lambda: shown(page, "revoke-doubt"))
    assert page.plan is None
    assert not shown(page, "revoke-lanes")
    assert not start_button(page).isEnabled()


def test_long_names_widen_no_page(bridge: Bridge, theme: Theme, qtbot: QtBot) -> None:
    plan = plan_now()
    long = replace(
        plan,
        title=plan.title + LONG * 2,
        effects=tuple(replace(one, consumer_name=LONG) for one in plan.effects) * 3,
        paths=tuple(replace(one, principal_name=LONG, via=f"group {LONG}") for one in plan.paths),
    )
    page = revoke_page(bridge, theme, qtbot, long)
    qtbot.waitUntil(start_button(page).isEnabled)
    page.resize(760, 480)
    QApplication.processEvents()
    body = page.findChild(QWidget, "revoke-scroll-body")
    assert isinstance(body, QWidget)
    assert body.width() <= 760
    assert body.minimumSizeHint().width() <= 760


def test_a_failed_step_says_nothing_of_paths_that_were_not_read_again(theme: Theme, qtbot: QtBot) -> None:
    ended = datetime.now(UTC)
    failed = report(Outcome.FAILED, StepState.FAILED, ended_at=ended, resumable=True)
    assert not shown(operation_page(theme, qtbot, failed), "operation-paths")
    done = report(Outcome.DONE, StepState.DONE, ended_at=ended, undoable=True)
    page = operation_page(theme, qtbot, done)
    counts = page.findChild(QWidget, "operation-paths-counts")
    assert counts is not None
    assert counts.property("text") == "Read again afterwards: none is left open."


def test_open_paths_stand_in_words_with_their_ids_behind_them(theme: Theme, qtbot: QtBot) -> None:
    plan = plan_now()
    left = tuple(replace(path, state=PathState.STAYS_OPEN) for path in plan.paths)
    page = operation_page(theme, qtbot, report(Outcome.PARTIAL, StepState.DONE, open_paths=left, undoable=True))
    rows = page.findChild(QWidget, "operation-paths")
    assert isinstance(rows, QWidget)
    texts = [str(w.property("text")) for w in rows.findChildren(QWidget)]
    assert any(f"words of {left[0].scope}" in text for text in texts)
    assert any(left[0].scope in w.toolTip() for w in rows.findChildren(QWidget))


def test_what_could_not_be_taken_back_stands_on_the_page_of_what_was(theme: Theme, qtbot: QtBot) -> None:
    kept = replace(plan_now(), left=("The role of app-id stays.",))
    undone = replace(report(Outcome.PARTIAL, StepState.DONE, verb="undo", answers="a0"), plan=kept)
    page = operation_page(theme, qtbot, undone)
    notice = page.findChild(QWidget, "operation-notice-text")
    assert notice is not None
    assert "The role of app-id stays." in str(notice.property("text"))


def watch(result: WatchResult) -> WatchReport:
    return WatchReport(
        consumer_id=estates.MYSQL.id, consumer_name="dcc-mysql", service="mysql-flexible", wanted="lost", result=result,
        before="Ready", now="Ready", seconds=1.0, wall_seconds=1.0, within_seconds=1200,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("of", "here", "buttons"),
    [
        (report(Outcome.RUNNING, StepState.SENT, alive=True), True, {"stop", "restore"}),
        (
            report(Outcome.RUNNING, StepState.DONE, alive=True, watch=(watch(WatchResult.WAITING),)),
            True,
            {"stop", "restore"},
        ),
        (report(Outcome.RUNNING, StepState.DONE, alive=True), False, {"restore"}),
        (report(Outcome.DONE, StepState.DONE, undoable=True), False, {"restore"}),
        (report(Outcome.DONE, StepState.DONE, answered_by="b2"), False, {"answer"}),
        (report(Outcome.RUNNING, StepState.SENT, resumable=True, undoable=True), False, {"resume", "restore"}),
        (report(Outcome.RUNNING, StepState.PLANNED, resumable=True), False, {"resume", "discard"}),
        (report(Outcome.FAILED, StepState.FAILED, resumable=True), False, {"resume"}),
        (report(Outcome.DONE, StepState.DONE, verb="restore", answers="a0", undoable=True), False, {"undo", "answer"}),
    ],
    ids=["writing", "watching", "elsewhere", "done", "given-back", "interrupted", "unbegun", "failed", "restore"],
)
def test_what_can_be_done_follows_how_it_stands(
    theme: Theme, qtbot: QtBot, of: OperationReport, here: bool, buttons: set[str]
) -> None:
    page = operation_page(theme, qtbot, of, here=here)
    every = ("stop", "restore", "undo", "resume", "discard", "answer")
    assert {name for name in every if shown(page, f"operation-{name}")} == buttons
    restore = page.findChild(QPushButton, "operation-restore")
    assert restore is not None
    if "restore" in buttons:
        assert restore.isEnabled() is (here or not of.alive)


@pytest.mark.parametrize("backwards", [False, True])
def test_tab_goes_round_the_whole_page(bridge: Bridge, theme: Theme, qtbot: QtBot, backwards: bool) -> None:
    page = revoke_page(bridge, theme, qtbot, plan_now())
    qtbot.waitUntil(start_button(page).isEnabled)
    page.setFocus()
    seen: list[str] = []
    for _ in range(60):
        focused = QApplication.focusWidget()
        assert focused is not None
        # Of a group of radio buttons Tab takes one
        name = focused.objectName()
        seen.append("-".join(name.split("-")[:2]) if name.startswith(("revoke-method", "revoke-cause")) else name)
        QTest.keyClick(focused, Qt.Key.Key_Backtab if backwards else Qt.Key.Key_Tab)
    order = ["revoke-check", "revoke-cause", "revoke-method", "step-1-request", "revoke-reason", "revoke-ticket"]
    order += ["revoke-script", "revoke-cancel", "revoke-start"]
    assert seen[0] == "revoke-cancel"
    at = order.index("revoke-cancel")
    expected = order[at::-1] + order[:at:-1] if backwards else order[at:] + order[:at]
    # What the plan offers besides stands between these
    assert [name for name in seen if name in order][: len(order)] == expected


def test_a_narrow_page_stacks_its_cards_and_a_wide_one_puts_them_beside_each_other(
    bridge: Bridge, theme: Theme, qtbot: QtBot
) -> None:
    page = revoke_page(bridge, theme, qtbot, plan_now())
    qtbot.waitUntil(lambda: page.plan is not None)

    def place(name: str) -> tuple[int, int]:
        found = page.findChild(QWidget, name)
        assert found is not None
        at = found.mapTo(page, found.rect().topLeft())
        return at.x(), at.y()

    page.resize(1280, 700)
    qtbot.waitUntil(lambda: place("revoke-lanes")[0] > 400)
    page.resize(760, 480)
    qtbot.waitUntil(lambda: place("revoke-lanes")[0] < 100)
    order = ("revoke-lanes", "revoke-paths", "revoke-steps", "revoke-checks")
    shown = [name for name in order if (found := page.findChild(QWidget, name)) and found.isVisible()]
    heights = [place(name)[1] for name in shown]
    assert heights == sorted(heights)
    assert {"revoke-lanes", "revoke-paths", "revoke-steps"} <= set(shown)
    # What is asked for the record stands beside the button, without scrolling
    for name in ("revoke-reason", "revoke-ticket", "revoke-start"):
        assert 0 < place(name)[1] < page.height() - 20, name


def test_checks_that_hold_are_folded_and_the_others_are_not(theme: Theme, qtbot: QtBot) -> None:
    card = ChecksCard(theme)
    qtbot.addWidget(card)
    answers = (Answer.YES, Answer.NO, Answer.UNKNOWN, Answer.YES)
    card.show_checks(
        tuple(Check(name=f"c{n}", answer=one, sentence=f"Sentence {n}.") for n, one in enumerate(answers)), ()
    )
    card.show()

    def said() -> set[str]:
        return {label.text() for label in card.findChildren(QLabel) if label.isVisible()}

    assert {"Sentence 1.", "Sentence 2.", "1 no, 1 not known"} <= said()
    assert card.toggle.text() == "2 yes"
    assert not {"Sentence 0.", "Sentence 3."} & said()
    card.toggle.click()
    assert {"Sentence 0.", "Sentence 3."} <= said()


def test_the_own_account_is_marked_among_the_suspects(theme: Theme, qtbot: QtBot) -> None:
    card = SuspectsCard()
    qtbot.addWidget(card)
    path = PlannedPath(via="role", scope="/x", principal="A1", principal_name="alice", state=PathState.STAYS_OPEN)
    card.show_suspects((path, replace(path, principal="b2", principal_name="bob")), (), "a1")
    buttons = [button for button in card.findChildren(QAbstractButton) if button.isVisibleTo(card)]
    assert [button.text() for button in buttons] == ["alice (you)", "bob"]


def test_each_path_says_since_when_it_is_so_and_when_it_was_last_read_or_tried(theme: Theme, qtbot: QtBot) -> None:
    noon = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    path = plan_now().paths[0]
    proof = Proof(
        at=noon.replace(hour=13),
        paths=(
            ProvenPath(path=path, state=PathProof.CLOSED, since=noon),
            ProvenPath(path=path, state=PathProof.UNKNOWN, since=noon, reason="Azure did not answer"),
        ),
    )
    page = operation_page(theme, qtbot, report(Outcome.DONE, StepState.DONE, proof=proof))
    said = [label.text() for label in page.findChildren(QLabel)]
    assert "Closed since 01 Mar, 12:00:00 UTC, last read at 13:00:00 UTC" in said
    assert "Not known since 01 Mar, 12:00:00 UTC, last tried at 13:00:00 UTC" in said
    later = replace(proof, at=noon.replace(hour=14))
    page.show_report(report(Outcome.DONE, StepState.DONE, proof=later))
    assert any(label.text().endswith("last read at 14:00:00 UTC") for label in page.findChildren(QLabel))


def test_a_plan_that_could_not_be_made_still_says_of_what(bridge: Bridge, theme: Theme, qtbot: QtBot) -> None:
    failure = AzureFailure(kind=FailureKind.UNREACHABLE, message="dcc-premium.vault.azure.net did not answer.")
    page = revoke_page(bridge, theme, qtbot, failure, index=False)
    qtbot.waitUntil(lambda: any("did not answer" in one.text() for one in page.findChildren(QLabel)))
    assert text(page, "revoke-title") == page.windowTitle() == "Revoke dcc-mysql"


def test_what_comes_next_after_a_leak_stays_on_the_page_and_nobody_is_told_to_disable_the_key(
    theme: Theme, qtbot: QtBot
) -> None:
    open_path = PlannedPath(via="a role", scope="/x", principal="p", principal_name="Eve", state=PathState.STAYS_OPEN)
    for cause, advised in (("key-leaked", False), ("operator", False), ("service", True)):
        plan = replace(plan_now(), cause=cause, next=() if advised else ("Create a new key.", "Move dcc-mysql."))
        partly = replace(report(Outcome.PARTIAL, StepState.DONE), plan=plan, open_paths=(open_path,))
        page = operation_page(theme, qtbot, partly)
        assert ("disable the key" in text(page, "operation-notice-text")) is advised
        assert shown(page, "operation-next") is not advised
        if not advised:
            assert text(page, "operation-next-words") == "1. Create a new key.\n2. Move dcc-mysql."
            page.show_report(replace(partly, answered_by="b2"))
            assert not shown(page, "operation-next")
