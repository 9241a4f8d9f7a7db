"""An operation with many steps and services: what needs somebody is at the top, the rest is folded under a count."""

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from cmk_admin.domain.steps import Outcome, StepState
from cmk_admin.operations.interface import OperationReport, WatchResult
from cmk_admin.ui.emergency.operation_page import OperationPage
from cmk_admin.ui.theme.theme import Theme
from tests.ui.test_emergency_pages import operation_page, report, shown, text, watch

MANY = 50
FAILED = (21, 22)


def big(**more: Any) -> OperationReport:
    one = report(Outcome.PARTIAL, StepState.DONE, resumable=True, undoable=True)
    [step] = one.steps[:1]
    refused = "Azure refused it: the account may not remove role assignments."
    steps = tuple(
        replace(step, n=n, state=StepState.FAILED, error=refused) if n in FAILED else replace(step, n=n)
        for n in range(1, MANY + 1)
    )
    seen = tuple(
        replace(
            watch(WatchResult.NOT_CONFIRMED if n in FAILED else WatchResult.CONFIRMED),
            consumer_id=f"/mysql-{n}",
            consumer_name=f"mysql-{n}",
        )
        for n in range(1, MANY + 1)
    )
    return replace(one, steps=steps, watch=seen, **more)


def part(page: OperationPage, name: str) -> QWidget:
    found = page.findChild(QWidget, name)
    assert isinstance(found, QWidget)
    return found


def top(page: OperationPage, name: str) -> int:
    return part(page, name).mapTo(part(page, "operation-scroll-body"), QPoint(0, 0)).y()


def height(page: OperationPage) -> int:
    for _ in range(3):
        QApplication.processEvents()
    return part(page, "operation-scroll-body").sizeHint().height()


def fold(page: OperationPage, name: str) -> QToolButton:
    found = page.findChild(QToolButton, name)
    assert isinstance(found, QToolButton)
    return found


def test_failed_steps_stand_at_the_top_with_their_reason_and_what_can_be_done(theme: Theme, qtbot: QtBot) -> None:
    page = operation_page(theme, qtbot, big())
    said = text(page, "operation-failed-text")
    for n in FAILED:
        assert f"Step {n} failed: " in said
    assert "the account may not remove role assignments" in said
    height(page)
    assert top(page, "operation-failed") < 300
    asked: list[object] = []
    page.resume.connect(asked.append)
    QTest.mouseClick(part(page, "operation-retry"), Qt.MouseButton.LeftButton)
    assert asked == [page.report]


def test_fifty_steps_and_services_are_folded_but_for_what_failed(theme: Theme, qtbot: QtBot) -> None:
    page = operation_page(theme, qtbot, big())
    assert height(page) < 2000
    steps, lanes = fold(page, "operation-steps-fold"), fold(page, "operation-lanes-fold")
    assert (steps.text(), lanes.text()) == ("48 more steps: 48 done", "48 confirmed")
    assert shown(page, "step-21-error")
    assert not shown(page, "step-20-request")
    assert top(page, "step-21-error") < top(page, "step-22-error") < top(page, "operation-steps-fold")
    low = height(page)
    for one in (steps, lanes):
        QTest.mouseClick(one, Qt.MouseButton.LeftButton)
    assert height(page) > 2 * low
    assert shown(page, "operation-lanes-more")
    page.show_report(big(reason="newer"))
    assert shown(page, "operation-lanes-more"), "what was unfolded stays so while it goes on"


def test_a_step_that_is_over_goes_under_the_fold_and_none_is_lost(theme: Theme, qtbot: QtBot) -> None:
    page = operation_page(theme, qtbot, big())
    done = big()
    page.show_report(
        replace(
            done,
            outcome=Outcome.DONE,
            resumable=False,
            steps=tuple(replace(step, state=StepState.DONE, error=None) for step in done.steps),
            watch=tuple(replace(one, result=WatchResult.CONFIRMED) for one in done.watch),
        )
    )
    assert not shown(page, "operation-failed")
    steps = fold(page, "operation-steps-fold")
    assert steps.text() == "50 steps: 50 done"
    QTest.mouseClick(steps, Qt.MouseButton.LeftButton)
    places = [top(page, f"step-{n}-request") for n in range(1, MANY + 1) if height(page)]
    assert places == sorted(places)
    assert len(set(places)) == MANY


def test_few_steps_stand_in_their_order_and_none_is_folded(theme: Theme, qtbot: QtBot) -> None:
    few = big()
    few = replace(few, steps=few.steps[16:24], watch=few.watch[16:24])
    page = operation_page(theme, qtbot, replace(few, steps=tuple(replace(s, n=n) for n, s in enumerate(few.steps, 1))))
    assert not shown(page, "operation-steps-fold")
    assert not shown(page, "operation-lanes-fold")
    height(page)
    places = [top(page, f"step-{n}-copy") for n in range(1, 9)]
    assert places == sorted(places)


def test_copy_of_a_failed_step_holds_why_it_failed(theme: Theme, qtbot: QtBot) -> None:
    page = operation_page(theme, qtbot, big())
    QTest.mouseClick(fold(page, "step-21-request"), Qt.MouseButton.LeftButton)
    QTest.mouseClick(part(page, "step-21-copy"), Qt.MouseButton.LeftButton)
    copied = QApplication.clipboard().text()
    assert "the account may not remove role assignments" in copied
    assert page.report.steps[20].words in copied


def test_why_it_failed_is_copied_by_keyboard_with_the_operation_s_number(theme: Theme, qtbot: QtBot) -> None:
    page = operation_page(theme, qtbot, big())
    copy = part(page, "operation-failed-copy")
    copy.setFocus()
    QTest.keyClick(copy, Qt.Key.Key_Space)
    copied = QApplication.clipboard().text()
    assert f"Operation {page.report.operation}" in copied
    for n in FAILED:
        assert f"Step {n} failed: " in copied
