"""Plans in words for a terminal."""

from dataclasses import replace
from pathlib import Path

import pytest

from cmk_admin.cli.choices import chosen, typed
from cmk_admin.cli.options import parse
from cmk_admin.cli.reports import (
    connection_option,
    instead_words,
    operation_document,
    operation_text,
    plan_text,
    short_plan_text,
)
from cmk_admin.domain.errors import BadInput
from cmk_admin.domain.plan import Answer, Check, Choice, PathState, Plan
from cmk_admin.domain.steps import Outcome
from cmk_admin.domain.verbs import revoke
from cmk_admin.domain.verbs.revoke import RevokeDraft
from cmk_admin.operations.interface import Incident, OperationReport
from tests.domain import estates

CUT = revoke.plan(RevokeDraft(key=estates.MYSQL_KEY.id, consumers=(estates.MYSQL.id,)), estates.index())
EMPTY = Plan(verb=CUT.verb, title=CUT.title, subject=CUT.subject, steps=())


def test_a_plan_without_a_step_says_that_nothing_is_left() -> None:
    assert plan_text(EMPTY).splitlines() == [EMPTY.title, f"Plan {EMPTY.hash}", "", "  Nothing is to be done."]
    restored = replace(EMPTY, verb="restore")
    assert plan_text(restored).splitlines()[-1] == "  Nothing is left to do."


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
    assert "What happened: The key may have leaked. " in text
    assert "expiry: Let the key expire [not possible]" in text
    again = text.index("1 principal could open it again:")
    [who] = {path.principal_name for path in found.regrants}
    assert f"  {who} by " in text[again:]
    assert text.index("What comes next:") < text.index("Create a new key in a clean vault")


def test_what_can_be_done_instead_does_not_repeat_what_forbids_the_start() -> None:
    ask = "Ask for the role Owner there."
    lacks = Check(name="assignments", answer=Answer.NO, sentence="It may not.", next=ask)
    far = Check(name="reach", answer=Answer.NO, sentence="It is far.", next="Go on elsewhere.")
    refused = replace(EMPTY, problems=(f"It may not. {ask}",), checks=(lacks,))
    assert instead_words(refused) == "The plan tells more: see it with --plan."
    assert instead_words(replace(refused, checks=(lacks, far))) == "Go on elsewhere."
    assert instead_words(replace(refused, problems=("It may not.",))) == ask


def test_a_choice_is_printed_as_it_is_typed() -> None:
    assert "  [ ] stop:dcc-mysql" in plan_text(CUT).splitlines()
    assert "What a restore cannot make as it was:" in plan_text(CUT)


def test_a_choice_is_found_by_its_id_its_kind_and_name_or_a_word_of_its_title() -> None:
    [stop] = [one for one in CUT.choices if one.id.startswith("stop:")]
    assert chosen(CUT.choices, [stop.id, "stop:dcc-mysql", "STOP:DCC-MYSQL"]) == (stop.id,)
    twin = replace(stop, id=f"{stop.id.rpartition('/')[0]}-west/dcc-mysql")
    assert set(typed((stop, twin)).values()) == {stop.id, twin.id}
    with pytest.raises(BadInput) as ambiguous:
        chosen((stop, twin), ["stop:dcc-mysql"])
    assert (ambiguous.value.code, ambiguous.value.candidates) == ("ambiguous-choice", (stop.id, twin.id))
    for text in ("stop:nobody", "staged:dcc-mysql", "dcc-mysql"):
        with pytest.raises(BadInput) as unknown:
            chosen(CUT.choices, [text])
        assert unknown.value.code == "unknown-choice"
        assert "stop:dcc-mysql" in unknown.value.candidates
    removal = Choice(
        id="remove:/x/roleassignments/1", title="Remove the role A of group Ops, too", why="", chosen=False
    )
    assert chosen((removal,), ["remove:ops"]) == (removal.id,)


def test_what_forbids_the_start_comes_before_the_steps() -> None:
    lines = plan_text(replace(CUT, problems=("A lock is there.",))).splitlines()
    assert lines[2:5] == ["", "It cannot start:", "  A lock is there."]


def test_beside_its_carrying_out_a_plan_is_short() -> None:
    path = replace(CUT.paths[0], state=PathState.STAYS_OPEN)
    text = short_plan_text(replace(CUT, paths=(path,), warnings=("It reaches others.",)))
    assert CUT.hash in text
    assert CUT.steps[0].words in text
    assert "STAYS OPEN" in text
    assert "It reaches others." in text
    assert "Other methods:" not in text


def test_the_way_back_is_printed_as_it_can_be_typed_and_only_where_something_was_taken() -> None:
    cut = OperationReport(
        operation="op",
        verb="revoke",
        title=CUT.title,
        subject=CUT.subject,
        outcome=Outcome.DONE,
        steps=(),
        plan=CUT,
        restore_file=Path("/my files/op.json"),
        undoable=True,
        incident=Incident.OPEN,
    )
    text = operation_text(cut, "--sandbox")
    assert "cmk-admin restore '/my files/op.json' --sandbox" in text
    assert "cmk-admin proof op --follow --sandbox" in text
    assert "cmk-admin close op --sandbox" in text
    assert "cmk-admin" not in operation_text(cut)  # the sandbox of a drill is gone
    assert "restore" not in operation_text(replace(cut, undoable=False, incident=None), "--sandbox")


@pytest.mark.parametrize(
    ("line", "option"),
    [
        ("--sandbox", "--sandbox"),
        ("--connection a.json --principal reader", "--connection a.json --principal reader"),
        ("--live --cloud usgov --tenant contoso.com", "--live --cloud usgov --tenant contoso.com"),
        ("--live", "--live"),
        ("--drill lock", ""),
    ],
)
def test_a_connection_is_named_as_it_was_typed(line: str, option: str) -> None:
    assert connection_option(parse(["operations", *line.split()]).choice) == option
