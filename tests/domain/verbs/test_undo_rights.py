"""Before an undo begins: what this account may not do of it, and which locks are in the way."""

from dataclasses import replace

import pytest

from cmk_admin.domain.index import Index
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import StepState, StepVerb
from cmk_admin.domain.surroundings import Rights, Surroundings
from cmk_admin.domain.verbs import step_rights, undo
from cmk_admin.domain.verbs.restore import RestoreDraft
from tests.domain import estates
from tests.domain.verbs.test_undo import ATTACH, CREATE, CUT, attached
from tests.domain.verbs.wizards import EVERYTHING, NOTHING, around, locked

INDEX = Index(attached())


def answer(done: Plan, what: Surroundings | None, index: Index = INDEX) -> Plan:
    draft = RestoreDraft(operation="op", plan=done, states=(StepState.DONE,) * len(done.steps))
    return undo.plan(draft, index, what)


def without(action: str) -> Rights:
    (all_of_it,) = EVERYTHING.blocks
    return Rights(blocks=(replace(all_of_it, not_actions=(action,)),))


def test_who_may_do_everything_is_told_nothing() -> None:
    plain, told = answer(ATTACH, None), answer(ATTACH, around())
    assert (plain, plain.problems) == (told, ())


@pytest.mark.parametrize(
    ("action", "what"),
    [
        ("Microsoft.Authorization/roleAssignments/delete", "take roles on key aks-encryption-key away"),
        ("Microsoft.DBforMySQL/flexibleServers/write", "change pay-mysql"),
        ("Microsoft.ManagedIdentity/userAssignedIdentities/delete", "delete identity new-id"),
    ],
)
def test_a_right_that_is_missing_is_said_before_the_first_step(action: str, what: str) -> None:
    (said,) = answer(ATTACH, around(may=without(action))).problems
    assert said.startswith(f"This account may not {what}: {action} is missing on ")


def test_a_key_is_deleted_only_by_who_may() -> None:
    made = estates.key(estates.PREMIUM, estates.MYSQL_KEY.id.name, versions=(estates.NEW,))
    index = Index(replace(estates.dcc(), consumers=(), keys=(made,)))
    (all_of_it,) = EVERYTHING.blocks
    reader = Rights(blocks=(replace(all_of_it, data_actions=("Microsoft.KeyVault/vaults/keys/read",)),))
    assert answer(CREATE, around(), index).problems == ()
    (said,) = answer(CREATE, around(may=reader), index).problems
    assert said.startswith("This account may not delete keys in dcc-premium")


def test_what_cannot_be_found_out_is_a_warning() -> None:
    told = answer(ATTACH, around(may=None, unread=("What this account may do on x could not be read: why.",)))
    assert told.problems == ()
    assert any("take roles on key aks-encryption-key away could not be found out" in one for one in told.warnings)
    assert told.warnings[-1].endswith("could not be read: why.")


def test_giving_back_what_a_revoke_took_is_tried_all_the_same() -> None:
    told = answer(CUT, around(may=NOTHING))
    assert told.problems == ()
    assert sum(one.startswith("This account may not ") for one in told.warnings) == len(told.steps) == 2


@pytest.mark.parametrize(("level", "counts"), [("CanNotDelete", 2), ("ReadOnly", 3)])
def test_a_lock_in_the_way_is_said_before_the_first_step(level: str, counts: int) -> None:
    index = locked(attached(), estates.GROUP, level)
    (said,) = answer(ATTACH, around(), index).problems
    assert said.startswith(f"The {level} lock “frozen” on dcc forbids it")
    steps = answer(ATTACH, None, index).steps
    assert sum(bool(step_rights.locked(index, [step])) for step in steps) == counts


def test_rights_are_asked_for_where_something_is_changed_and_nowhere_else() -> None:
    steps = answer(ATTACH, None).steps
    assert [step.verb for step in steps] == [
        StepVerb.SET_CONSUMER_KEY,
        StepVerb.REMOVE_ASSIGNMENT,
        StepVerb.DELETE_IDENTITY,
    ]
    scope = str((steps[1].before or {})["scope"])
    assert step_rights.scopes(INDEX, steps) == (steps[0].target, scope, steps[2].target)
    assert step_rights.scopes(INDEX, ()) == ()
