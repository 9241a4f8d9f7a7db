"""What listeners are told, and how often."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from cmk_admin.domain.plan import PathState, Plan, PlannedPath
from cmk_admin.domain.steps import Outcome, Step, StepState, StepVerb
from cmk_admin.operations.interface import OperationReport
from cmk_admin.operations.reports import Publisher, paths_from_text, paths_to_text, report, sentence
from cmk_admin.operations.rollback import RestorePlaces
from cmk_admin.store.journal import OperationRow, StepRow

_NOW = datetime(2026, 1, 2, tzinfo=UTC)
_STEP = Step(verb=StepVerb.REMOVE_ASSIGNMENT, target="/a", words="Remove it", undo_words="Give it back")
_PLAN = Plan(verb="revoke", title="Cut x off y", subject="y", steps=(_STEP, _STEP))
_NOWHERE = Path("/nowhere")


def _row(*states: StepState, outcome: Outcome = Outcome.RUNNING) -> OperationRow:
    return OperationRow(
        id="a",
        verb="revoke",
        created_at=_NOW,
        account="me",
        plan_hash="h",
        plan="{}",
        watching=False,
        outcome=outcome,
        steps=tuple(StepRow(n=n, state=state, changed_at=_NOW) for n, state in enumerate(states, start=1)),
    )


def test_many_changes_are_told_at_most_ten_times_a_second_and_the_last_one_always() -> None:
    async def story() -> None:
        count = 0
        told: list[OperationReport] = []

        def make() -> OperationReport:
            return replace(
                report(_row(StepState.DONE, StepState.DONE), _PLAN, places=RestorePlaces(_NOWHERE), alive=True),
                title=str(count),
            )

        publisher = Publisher(told.append, make)
        began = asyncio.get_running_loop().time()
        for each in range(60):
            count = each
            publisher.changed()
            await asyncio.sleep(0.005)
        count = 1000
        publisher.flush()
        seconds = asyncio.get_running_loop().time() - began
        assert 3 <= len(told) <= seconds * 10 + 2
        assert told[-1].title == "1000"

    asyncio.run(story())


def test_what_ended_without_a_change_leaves_every_path_of_its_plan_open() -> None:
    path = PlannedPath(via="role X", scope="/s", principal="p", principal_name=None, state=PathState.WILL_CLOSE, step=1)
    plan = replace(_PLAN, paths=(path, replace(path, scope="/t", state=PathState.UNKNOWN, reason="unread", step=None)))

    def left(outcome: Outcome, *states: StepState) -> list[tuple[PathState, str | None]]:
        row = _row(*states, outcome=outcome)
        found = report(row, plan, places=RestorePlaces(_NOWHERE), alive=False)
        return [(one.state, one.reason) for one in found.open_paths]

    as_it_was = [(PathState.STAYS_OPEN, "nothing was changed"), (PathState.UNKNOWN, "unread")]
    assert left(Outcome.FAILED, StepState.FAILED, StepState.FAILED) == as_it_was
    assert left(Outcome.CANCELLED, StepState.PLANNED, StepState.PLANNED) == as_it_was
    assert left(Outcome.DONE, StepState.DONE, StepState.DONE) == []
    nobody = report(
        _row(StepState.FAILED, StepState.FAILED, outcome=Outcome.FAILED),
        replace(_PLAN, method="disable"),
        places=RestorePlaces(_NOWHERE),
        alive=False,
    )
    assert [(one.via, one.scope, one.state) for one in nobody.open_paths] == [
        ("the key itself", "y", PathState.STAYS_OPEN)
    ]
    assert left(Outcome.RUNNING, StepState.PLANNED, StepState.PLANNED) == []


def test_open_paths_survive_the_journal() -> None:
    path = PlannedPath(
        via="role X",
        scope="/s",
        principal="p",
        principal_name=None,
        state=PathState.STAYS_OPEN,
        also_cuts=("/c",),
        reason="wide",
    )
    assert paths_from_text(paths_to_text((path,))) == (path,)
    assert paths_from_text(None) == ()


def test_an_interrupted_operation_can_be_gone_on_with_and_taken_back() -> None:
    told = report(_row(StepState.DONE, StepState.INTENT), _PLAN, places=RestorePlaces(_NOWHERE), alive=False)
    assert (told.resumable, told.undoable) == (True, True)


def test_an_operation_that_some_process_runs_is_not_offered_for_anything() -> None:
    told = report(_row(StepState.DONE, StepState.INTENT), _PLAN, places=RestorePlaces(_NOWHERE), alive=True)
    assert (told.resumable, told.undoable) == (False, False)


def test_an_operation_that_changed_nothing_has_nothing_to_take_back() -> None:
    told = report(
        _row(StepState.FAILED, StepState.SKIPPED, outcome=Outcome.FAILED),
        _PLAN,
        places=RestorePlaces(_NOWHERE),
        alive=False,
    )
    assert (told.resumable, told.undoable) == (True, False)


def test_what_is_wholly_done_cannot_be_gone_on_with() -> None:
    told = report(
        _row(StepState.DONE, StepState.DONE, outcome=Outcome.DONE), _PLAN, places=RestorePlaces(_NOWHERE), alive=False
    )
    assert (told.resumable, told.undoable) == (False, True)


def test_the_sentence_says_how_much_was_done() -> None:
    row = _row(StepState.DONE, StepState.FAILED, outcome=Outcome.PARTIAL)
    assert sentence(row, _PLAN) == "Partly done: 1 of 2 changes made, 1 failed."
