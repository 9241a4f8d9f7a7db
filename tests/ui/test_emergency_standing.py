"""How an operation stands where its paths say something else than what was done once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from cmk_admin.cli.incident import proof_text
from cmk_admin.domain.index import Index
from cmk_admin.domain.plan import PathState, Plan, PlannedPath
from cmk_admin.domain.steps import Outcome, StepState
from cmk_admin.domain.verbs import revoke
from cmk_admin.domain.verbs.revoke import RevokeDraft
from cmk_admin.operations.interface import (
    GIVEN_BACK,
    Alarm,
    Incident,
    OperationReport,
    PathProof,
    Proof,
    ProvenPath,
    StepReport,
    WatchReport,
    WatchResult,
)
from cmk_admin.operations.proof_rows import itself
from cmk_admin.ui.emergency.lane_words import watch_lane
from cmk_admin.ui.emergency.look import outcome
from cmk_admin.ui.emergency.operation_page import OperationPage
from cmk_admin.ui.emergency.operation_words import alarms, not_done
from cmk_admin.ui.emergency.parts import Badge
from cmk_admin.ui.emergency.proof_card import proof_look
from cmk_admin.ui.theme.theme import Theme
from cmk_admin.ui.tree.delegate import whole_parts
from tests.domain import estates

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PATH = PlannedPath(
    via="role Key Vault Crypto User", scope="/x", principal="p", principal_name="one", state=PathState.WILL_CLOSE
)
SHUT = ProvenPath(path=PATH, state=PathProof.CLOSED)
OPEN = replace(SHUT, state=PathProof.OPEN, reason="it is there again")
UNKNOWN = replace(SHUT, state=PathProof.UNKNOWN)
STEP = StepReport(n=1, verb="remove_assignment", target="t", words="Do it", state=StepState.DONE, undo=None)
ALARM = Alarm(at=NOW, text="It came back.", kind="re-granted")


def plan(*consumers: str, method: str | None = None) -> Plan:
    named = consumers or (estates.MYSQL.id,)
    draft = RevokeDraft(key=estates.MYSQL_KEY.id, consumers=() if method else named, method=method)
    return revoke.plan(draft, Index(estates.dcc()))


def stands(*paths: ProvenPath, incident: Incident = Incident.OPEN) -> OperationReport:
    """A revoke that was done, and what its paths were found to be later."""
    return OperationReport(
        operation="a1", verb="revoke", title="Cut it off", subject="key", outcome=Outcome.DONE, steps=(STEP,), plan=plan(),
        sentence="Done: 1 of 1 change made, 1 of 1 service confirmed cut off.", undoable=True, incident=incident,
        proof=Proof(at=NOW + timedelta(minutes=1), paths=paths), alarms=(ALARM,),
    )  # fmt: skip


def shown(theme: Theme, qtbot: QtBot, report: OperationReport) -> OperationPage:
    page = OperationPage(theme, report, runs_here=lambda _: False, scope_words=lambda scope: scope)
    qtbot.addWidget(page)
    page.show()
    return page


def text(page: QWidget, name: str) -> str:
    found = page.findChild(QLabel, name)
    assert isinstance(found, QLabel)
    return found.text() if found.isVisible() else ""


def role(page: QWidget, name: str) -> object:
    found = page.findChild(QPushButton, name)
    assert isinstance(found, QPushButton)
    assert found.isVisible()
    return found.property("role")


@pytest.mark.parametrize(
    ("paths", "word", "tone"),
    [
        ((SHUT, OPEN), "Closed with 1 path open", "danger"),
        ((OPEN, OPEN, UNKNOWN), "Closed with 2 paths open", "danger"),
        ((SHUT, UNKNOWN), "Closed with 1 path not known", "unknown"),
        ((SHUT,), "Done", "confirmed"),
    ],
)
def test_closing_an_incident_turns_nothing_green_that_is_open_or_not_known(
    paths: tuple[ProvenPath, ...], word: str, tone: str
) -> None:
    look = outcome(stands(*paths, incident=Incident.CLOSED))
    assert (look.word, look.tone) == (word, tone)
    partly = outcome(replace(stands(*paths, incident=Incident.CLOSED), outcome=Outcome.PARTIAL))
    assert (partly.word, partly.tone) == ((word, tone) if word != "Done" else ("Partial", "caution"))


def test_an_alarm_is_told_as_of_now_while_its_path_is_open_and_the_incident_is_closed(
    theme: Theme, qtbot: QtBot
) -> None:
    page = shown(theme, qtbot, stands(OPEN, incident=Incident.CLOSED))
    assert text(page, "operation-alarms-text").startswith("Alarm, 01 Mar, 12:00:00 UTC")
    assert text(page, "operation-past-alarms") == ""
    page.show_report(stands(SHUT, incident=Incident.CLOSED))
    assert text(page, "operation-alarms-text") == ""
    assert text(page, "operation-past-alarms").startswith("Was open for a while")


def test_what_was_given_back_on_purpose_holds_no_alarm() -> None:
    back = replace(OPEN, reason=GIVEN_BACK)
    assert alarms(stands(back)) == ((), (ALARM,))
    assert alarms(stands(back, OPEN)) == ((ALARM,), ())


def test_while_a_path_is_open_again_the_button_that_cuts_it_stands_out(theme: Theme, qtbot: QtBot) -> None:
    page = shown(theme, qtbot, stands(OPEN))
    assert (role(page, "operation-cut-again"), role(page, "operation-restore")) == ("primary", "")
    page.show_report(stands(SHUT))
    assert role(page, "operation-restore") == "primary"


def test_what_was_given_back_is_neither_done_nor_proved(theme: Theme, qtbot: QtBot) -> None:
    page = shown(theme, qtbot, stands(SHUT))
    badge, verdict = (page.findChild(Badge, name) for name in ("operation-outcome", "proof-verdict"))
    assert isinstance(badge, Badge)
    assert isinstance(verdict, Badge)
    assert (badge.word, verdict.word) == ("Done", "1 closed")
    whole = replace(stands(SHUT, incident=Incident.CLOSED), answered_by="b2", undoable=False, partly_given_back=True)
    page.show_report(whole)
    assert (badge.word, verdict.word) == ("Given back", "given back")
    card = page.findChild(QWidget, "operation-proof")
    assert isinstance(card, QWidget)
    QApplication.processEvents()
    in_sight = [one for one in card.findChildren(QLabel) if one.isVisible()]
    assert "closed" in [one.text() for one in in_sight]
    assert "confirmed" not in {one.property("role") for one in in_sight}
    assert outcome(whole).tone == "secondary"


def test_of_what_was_given_back_in_part_the_rest_still_counts() -> None:
    back = replace(OPEN, reason=GIVEN_BACK)
    part = replace(stands(SHUT, back), partly_given_back=True)
    look = outcome(part)
    assert (look.word, look.tone) == ("Partly given back", "secondary")
    assert part.proof is not None
    verdict, said = proof_look(part.proof, NOW, look)
    assert (verdict.tone, said) == ("secondary", "partly given back")
    opened = replace(stands(OPEN, back), partly_given_back=True)
    assert outcome(opened).word == "Open again"
    assert opened.proof is not None
    verdict, said = proof_look(opened.proof, NOW, outcome(part))
    assert (verdict.tone, said) == ("danger", "1 open, 1 given back")


def test_the_path_of_whoever_gets_at_the_key_is_read_as_one_and_its_key_is_no_vault(theme: Theme, qtbot: QtBot) -> None:
    key = "https://in-main.vault.azure.net/keys/shared-key"
    held = stands(replace(SHUT, path=itself(replace(plan(method="disable"), subject=key))))
    page = shown(theme, qtbot, held)
    texts = [one.text() for one in page.findChildren(QLabel)]
    assert "anybody who holds a grant → key shared-key of in-main" in texts
    [row] = [line for line in proof_text(held).splitlines() if "shared-key" in line]
    assert "anybody who holds a grant" in row
    assert "key shared-key of in-main" in row
    assert "vault" not in row


WATCH = WatchReport(
    consumer_id=estates.MYSQL.id, consumer_name="dcc-mysql", service="mysql-flexible", wanted="lost", before="Ready",
    now="Ready", seconds=0.1, wall_seconds=0.1, within_seconds=1200, result=WatchResult.NOT_CONFIRMED,
    reason="not cut: step 1 failed",
)  # fmt: skip


def failed(of: Plan, *states: StepState) -> OperationReport:
    steps = tuple(replace(STEP, n=n, state=state) for n, state in enumerate(states, 1))
    return replace(stands(SHUT), outcome=Outcome.PARTIAL, plan=of, steps=steps)


def test_a_service_whose_step_failed_is_told_as_not_cut() -> None:
    report = failed(plan(), StepState.FAILED)
    lane = watch_lane(WATCH, not_done=not_done(report, WATCH))
    assert (lane.words, lane.tone) == ("Not cut: step 1 failed. Azure says Ready.", "danger")
    assert not_done(failed(plan(method="disable"), StepState.DONE, StepState.FAILED), WATCH) == (
        "not wholly cut: step 2 failed"
    )
    assert not_done(failed(plan(), StepState.PLANNED), WATCH) == "not cut: step 1 was not begun"
    assert not_done(failed(plan(), StepState.DONE), WATCH) == ""
    assert not_done(failed(plan(), StepState.UNKNOWN), WATCH) == "", "it may be cut"
    for result in (WatchResult.CONFIRMED, WatchResult.WAITING):
        assert not_done(report, replace(WATCH, result=result)) == ""


def test_of_several_services_the_step_of_one_says_nothing_of_the_others() -> None:
    both = plan(estates.MYSQL.id, estates.SINGLE.id)
    other = replace(WATCH, consumer_id=estates.SINGLE.id, service=estates.SINGLE.service)
    own, its = (
        [w.steps for w in both.watches if w.consumer_id == one] for one in (WATCH.consumer_id, other.consumer_id)
    )
    assert (own, its) == ([(1,)], [(2,)])
    report = failed(both, StepState.DONE, StepState.FAILED)
    assert (not_done(report, WATCH), not_done(report, other)) == ("", "not cut: step 2 failed")


def test_grey_words_of_a_row_lose_whole_parts_and_say_that_there_are_more(theme: Theme, qtbot: QtBot) -> None:
    metrics = QFontMetrics(QApplication.font())
    said = "current, of 26 November 2026"
    assert {whole_parts(said, width, metrics) for width in range(metrics.horizontalAdvance(said) + 1)} == {
        "",
        "current…",
        said,
    }
    assert whole_parts("All was read", metrics.horizontalAdvance("All was…"), metrics) == "All was…"
