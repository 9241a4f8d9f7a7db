"""Which steps a service hangs on, and what is said of it where they are not all done."""

from dataclasses import replace

import pytest

from cmk_admin.domain import wire
from cmk_admin.domain.model import Estate
from cmk_admin.domain.plan import Plan, Watch
from cmk_admin.domain.steps import Step, StepState, StepVerb
from cmk_admin.domain.unfinished import Unfinished, unfinished
from cmk_admin.domain.verbs import restore, revoke
from cmk_admin.domain.verbs.restore import RestoreDraft
from cmk_admin.domain.verbs.revoke import RevokeDraft
from tests.domain import estates
from tests.domain.estates import MYSQL, MYSQL_KEY, SINGLE, SINGLE_ID

DONE, SKIPPED, FAILED, PLANNED = StepState.DONE, StepState.SKIPPED, StepState.FAILED, StepState.PLANNED
SENT, UNKNOWN = StepState.SENT, StepState.UNKNOWN
WATCH = Watch(consumer_id="/c", service="mysql-flexible", wanted="lost", within_seconds=1200, steps=(2, 3))
TAKE = Step(verb=StepVerb.REMOVE_ASSIGNMENT, target="/a", words="Remove it", undo_words="Give it back")
THREE = Plan(verb="revoke", title="Cut x off y", subject="y", steps=(TAKE, TAKE, TAKE), watches=(WATCH,))
SUBSCRIPTION = f"/subscriptions/{estates.SUB}"


@pytest.mark.parametrize(
    ("states", "untouched", "words"),
    [
        ((DONE, FAILED, FAILED), True, "not cut: steps 2 and 3 failed"),
        ((DONE, FAILED, PLANNED), True, "not cut: step 2 failed"),
        ((DONE, PLANNED, PLANNED), True, "not cut: steps 2 and 3 were not begun"),
        ((FAILED, DONE, FAILED), False, "not wholly cut: step 3 failed"),
        ((FAILED, SKIPPED, PLANNED), False, "not wholly cut: step 3 was not begun"),
        ((FAILED, UNKNOWN, FAILED), False, "not wholly cut: step 3 failed"),
        ((FAILED, UNKNOWN, DONE), False, "how step 2 ended is not known"),
        ((FAILED, SENT, UNKNOWN), False, "how steps 2 and 3 ended is not known"),
    ],
)
def test_a_service_is_told_by_its_own_steps(states: tuple[StepState, ...], untouched: bool, words: str) -> None:
    found = unfinished(THREE, WATCH, states)
    assert isinstance(found, Unfinished)
    assert (found.untouched, found.words) == (untouched, words)
    assert found.sure is words.startswith("not")


def test_a_service_that_is_to_come_back_is_told_as_not_given_back() -> None:
    back = replace(WATCH, wanted="back")
    told = [unfinished(THREE, back, states) for states in ((DONE, FAILED, PLANNED), (DONE, DONE, PLANNED))]
    assert [one.words for one in told if one] == [
        "not given back: step 2 failed",
        "not wholly given back: step 3 was not begun",
    ]


def test_a_service_that_was_asked_to_try_its_key_again_and_refused_has_all_that_it_needs() -> None:
    ask = replace(TAKE, verb=StepVerb.REVALIDATE, undo_words=None)
    of, back = replace(THREE, steps=(TAKE, TAKE, ask)), replace(WATCH, wanted="back")
    assert unfinished(of, back, (DONE, DONE, FAILED)) is None
    told = [unfinished(of, back, states) for states in ((DONE, DONE, PLANNED), (DONE, FAILED, FAILED))]
    assert [one.words for one in told if one] == [
        "not wholly given back: step 3 was not begun",
        "not given back: step 2 failed",
    ]


def test_a_service_that_the_request_never_came_to_was_not_asked() -> None:
    ask = replace(TAKE, verb=StepVerb.REVALIDATE, undo_words=None)
    of, back = replace(THREE, steps=(TAKE, TAKE, ask)), replace(WATCH, wanted="back")
    found = unfinished(of, back, (DONE, DONE, FAILED), unasked={3})
    assert found is not None
    assert (found.untouched, found.words) == (False, "it was not asked to try its key again: step 3 failed")
    told = [unfinished(of, back, states, unasked={2, 3}) for states in ((DONE, FAILED, FAILED), (DONE, DONE, DONE))]
    assert [one.words for one in told if one] == ["not given back: steps 2 and 3 failed"]


def test_nothing_is_said_where_its_own_steps_are_at_rest_or_it_has_none() -> None:
    assert unfinished(THREE, WATCH, (FAILED, DONE, SKIPPED)) is None
    assert unfinished(THREE, replace(WATCH, steps=()), (FAILED, FAILED, FAILED)) is None


def plan(*choices: str, method: str = "grants", estate: Estate | None = None) -> Plan:
    draft = RevokeDraft(key=MYSQL_KEY.id, consumers=(MYSQL.id, SINGLE.id), method=method, choices=choices)
    return revoke.plan(draft, estates.index(estate))


def steps(of: Plan) -> dict[str, tuple[int, ...]]:
    return {watch.consumer_id: watch.steps for watch in of.watches}


def test_of_grants_each_service_hangs_on_the_steps_that_close_its_own_paths() -> None:
    by_principal = {str((step.before or {})["principal_id"]): n for n, step in enumerate(plan().steps, 1)}
    wanted = {one.id: (by_principal[str(one.slots[0].principal_id)],) for one in (MYSQL, SINGLE)}
    assert set(wanted.values()) == {(1,), (2,)}
    assert steps(plan()) == wanted


def test_the_numbers_are_those_of_the_plan_where_stages_and_choices_move_the_steps() -> None:
    moved = plan(f"staged:{SINGLE.id}", f"stop:{MYSQL.id}")
    assert [(step.verb, step.stage) for step in moved.steps] == [
        (StepVerb.REMOVE_ASSIGNMENT, 0),
        (StepVerb.REMOVE_ASSIGNMENT, 1),
        (StepVerb.STOP_CONSUMER, 1),
    ]
    assert steps(moved) == {SINGLE.id: (1,), MYSQL.id: (2,)}


def test_where_the_key_is_shut_as_a_whole_every_step_that_shuts_it_is_each_service_s_own() -> None:
    shut = plan(f"stop:{MYSQL.id}", method="disable")
    closing = tuple(n for n, step in enumerate(shut.steps, 1) if step.verb is StepVerb.SET_ENABLED)
    assert closing
    assert set(steps(shut).values()) == {closing}


def test_a_service_of_which_nothing_is_closed_hangs_on_no_step_of_the_others() -> None:
    own, wide = (estates.grant(50, estates.MYSQL_SCOPE, estates.MYSQL_ID), estates.grant(51, SUBSCRIPTION, SINGLE_ID))
    kept = plan(estate=replace(estates.dcc(), role_assignments=(own, wide)))
    assert [step.target for step in kept.steps] == [own.id]
    assert steps(kept) == {MYSQL.id: (1,), SINGLE.id: ()}


def test_services_that_share_a_grant_hang_on_the_same_step() -> None:
    shared = estates.grant(50, estates.PREMIUM.id, estates.MYSQL_ID)
    other = replace(SINGLE, slots=(estates.slot(MYSQL_KEY, estates.MYSQL_ID),))
    both = plan(estate=replace(estates.dcc(), consumers=(MYSQL, other), role_assignments=(shared,)))
    assert steps(both) == {MYSQL.id: (1,), SINGLE.id: (1,)}


def test_a_restore_names_for_each_service_what_gives_it_back_and_brings_it_up() -> None:
    cut = plan()
    back = restore.plan(RestoreDraft(operation="op", plan=cut, states=(DONE, DONE)), estates.index())
    gives = [(step.verb, step.target) for step in back.steps]
    for was, watch in zip(cut.watches, back.watches, strict=True):
        taken = [cut.steps[n - 1].target for n in was.steps]
        assert [gives[n - 1] for n in watch.steps] == [
            *((StepVerb.CREATE_ASSIGNMENT, one) for one in taken),
            (StepVerb.REVALIDATE, watch.consumer_id),
        ]
    older = replace(cut, watches=tuple(replace(one, steps=()) for one in cut.watches))
    unknown = restore.plan(RestoreDraft(operation="op", plan=older, states=(DONE, DONE)), estates.index())
    assert {watch.steps for watch in unknown.watches} == {()}


@pytest.mark.parametrize(("state", "left"), [(FAILED, 1), (PLANNED, 1), (UNKNOWN, 2), (SKIPPED, 2)])
def test_a_restore_asks_nothing_of_a_service_that_was_never_cut(state: StepState, left: int) -> None:
    back = restore.plan(RestoreDraft(operation="op", plan=plan(), states=(DONE, state)), estates.index())
    assert len(back.watches) == left
    assert [step.verb for step in back.steps].count(StepVerb.REVALIDATE) == left


def test_a_restore_follows_a_service_that_was_stopped_although_its_grant_was_not_taken() -> None:
    cut = plan(f"stop:{MYSQL.id}")
    states = tuple(DONE if step.verb is StepVerb.STOP_CONSUMER else FAILED for step in cut.steps)
    estate = estates.dcc()
    consumers = tuple(replace(one, state="Stopped") if one.id == MYSQL.id else one for one in estate.consumers)
    now = estates.index(replace(estate, consumers=consumers))
    back = restore.plan(RestoreDraft(operation="op", plan=cut, states=states), now)
    assert [(step.verb, step.target) for step in back.steps] == [
        (StepVerb.START_CONSUMER, MYSQL.id),
        (StepVerb.REVALIDATE, MYSQL.id),
    ]
    assert [(watch.consumer_id, watch.steps) for watch in back.watches] == [(MYSQL.id, (1, 2))]


def test_a_plan_that_an_earlier_version_wrote_is_read_and_keeps_its_hash() -> None:
    cut = plan()
    data = wire.plan_to_json(cut)
    for watch in data["watches"]:  # type: ignore[union-attr]
        del watch["steps"]  # type: ignore[union-attr, arg-type]
    read = wire.plan_from_json(data)
    assert read.hash == cut.hash
    assert read == replace(cut, watches=tuple(replace(one, steps=()) for one in cut.watches))
