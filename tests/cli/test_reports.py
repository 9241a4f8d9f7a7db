"""Plans in words for a terminal."""

from dataclasses import replace

from cmk_admin.cli.reports import operation_document, operation_text, plan_text
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import Outcome
from cmk_admin.domain.verbs import revoke
from cmk_admin.domain.verbs.revoke import RevokeDraft
from cmk_admin.operations.interface import OperationReport
from tests.domain import estates

CUT = revoke.plan(RevokeDraft(key=estates.MYSQL_KEY.id, consumers=(estates.MYSQL.id,)), estates.index())
EMPTY = Plan(verb=CUT.verb, title=CUT.title, subject=CUT.subject, steps=())


def test_a_plan_without_a_step_says_that_nothing_is_left() -> None:
    assert plan_text(EMPTY).splitlines() == [EMPTY.title, f"Plan {EMPTY.hash}", "", "  Nothing is left to do."]


def test_a_refused_plan_without_a_step_says_why_and_not_that_all_is_done() -> None:
    refused = replace(EMPTY, problems=("The key is not there.",))
    found = plan_text(refused).splitlines()
    assert found == [EMPTY.title, f"Plan {EMPTY.hash}", "", "It cannot start:", "  The key is not there."]


def test_steps_stand_under_the_title_each_with_its_undo() -> None:
    lines = plan_text(CUT).splitlines()
    assert lines[2:4] == ["", f"  1. {CUT.steps[0].words} (undo: {CUT.steps[0].undo_words})"]


def test_an_operation_says_what_it_could_not_take_back() -> None:
    kept = replace(CUT, verb="undo", left=("The role Crypto User of app-id stays.",))
    report = OperationReport(
        operation="op", verb="undo", title="Undo it", subject=CUT.subject, outcome=Outcome.PARTIAL, steps=(), plan=kept
    )
    assert operation_text(report).splitlines()[-2:] == ["What stays:", "  The role Crypto User of app-id stays."]
    assert operation_document(report)["left"] == list(kept.left)


def test_a_revoke_says_why_what_else_there_is_and_what_comes_next() -> None:
    found = revoke.plan(RevokeDraft(key=estates.MYSQL_KEY.id, cause=revoke.Cause.KEY_LEAKED), estates.index())
    text = plan_text(found)
    assert "What happened: key leaked." in text
    assert "expiry: Let the key expire [not possible]" in text
    assert "1 principal could grant it again." in text
    assert text.index("What comes next:") < text.index("Create a new key in a clean vault")


def test_a_choice_is_printed_as_it_is_typed() -> None:
    assert f"  [ ] stop:{estates.MYSQL.id}" in plan_text(CUT).splitlines()
    assert "What a restore cannot make as it was:" in plan_text(CUT)
