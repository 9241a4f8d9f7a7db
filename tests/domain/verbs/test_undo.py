"""Undo: what was done last goes first, and nothing is taken from a key that a service uses."""

from dataclasses import replace

from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Estate
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import Step, StepState, StepVerb
from cmk_admin.domain.verbs import restore, revoke, undo
from cmk_admin.domain.verbs.restore import RestoreDraft
from cmk_admin.domain.verbs.revoke import RevokeDraft
from tests.domain import estates
from tests.domain.estates import MYSQL, MYSQL_KEY

INDEX = estates.index()
CUT = revoke.plan(RevokeDraft(key=MYSQL_KEY.id, consumers=(MYSQL.id,)), INDEX)
BACK = restore.plan(RestoreDraft(operation="op-1", plan=CUT, states=(StepState.DONE,)), INDEX)


def answer(done: Plan, estate: Estate | None = None) -> Plan:
    draft = RestoreDraft(operation="op-2", plan=done, states=(StepState.DONE,) * len(done.steps))
    return undo.plan(draft, Index(estate or estates.dcc()))


def test_undoing_a_revoke_gives_back_and_heals() -> None:
    found = answer(CUT)
    assert [step.verb for step in found.steps] == [StepVerb.CREATE_ASSIGNMENT, StepVerb.REVALIDATE]
    assert [step.stage for step in found.steps] == [0, 1]
    assert (found.problems, found.verb, found.answers) == ((), "undo", "op-2")


def test_undoing_a_restore_is_refused_while_a_service_uses_the_key() -> None:
    found = answer(BACK)
    assert any("dcc-mysql uses mysql-encryption-key" in sentence for sentence in found.problems)


def test_undoing_a_restore_is_refused_while_a_service_may_use_the_key() -> None:
    nobody = replace(estates.dcc(), consumers=())
    assert answer(BACK, nobody).problems == ()
    assert "Not all services could be read" in answer(BACK, estates.incomplete(nobody)).problems[0]


def test_enabled_versions_are_not_disabled_under_a_service() -> None:
    disable = revoke.plan(RevokeDraft(key=MYSQL_KEY.id), INDEX)
    draft = RestoreDraft(operation="op-1", plan=disable, states=(StepState.DONE,) * 2)
    assert answer(restore.plan(draft, INDEX)).problems


def test_what_was_done_last_goes_first() -> None:
    first, second = (replace(CUT.steps[0], target=f"{CUT.steps[0].target}{n}", stage=n) for n in (0, 1))
    found = answer(replace(CUT, steps=(first, second)))
    assert [(step.target, step.stage) for step in found.steps[:2]] == [(second.target, 0), (first.target, 1)]
    assert found.steps[2].stage == 2


def test_what_cannot_be_taken_back_is_named() -> None:
    purge = replace(CUT.steps[0], words="Purge key old", undo_words=None)
    assert answer(replace(CUT, steps=(purge,))).problems == ("“Purge key old” cannot be taken back.",)


def test_steps_that_only_ask_leave_nothing_to_take_back() -> None:
    asked: tuple[Step, ...] = BACK.steps[1:]
    assert answer(replace(BACK, steps=asked)).problems
