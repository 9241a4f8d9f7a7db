"""An undo that gives a service its key: whether its identity may use it by then, and when the key comes."""

from dataclasses import replace

import pytest

from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Estate, Identity, RoleAssignment
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import StepState
from cmk_admin.domain.surroundings import Target
from cmk_admin.domain.verbs import detach, undo
from cmk_admin.domain.verbs.detach import DetachDraft
from cmk_admin.domain.verbs.restore import RestoreDraft
from tests.domain import estates
from tests.domain.estates import MYSQL_ID, MYSQL_KEY, SINGLE_ID
from tests.domain.verbs.test_detach import DRAFT, DROP, OLD, SERVER
from tests.domain.verbs.wizards import around

DRAFT_OLD = DetachDraft(consumer=OLD.id, service="mysql-single")
WHO = {
    SERVER.id: Identity(
        principal_id=MYSQL_ID, name="dcc-mysql-id", resource_id="/x/dcc-mysql-id", system_assigned=False
    ),
    OLD.id: Identity(principal_id=SINGLE_ID, name="dcc-mysql-single", resource_id=OLD.id, system_assigned=True),
}


def estate(*, granted: bool) -> Estate:
    """The services gave their key up; with their grants, or without."""
    made = replace(estates.dcc(), consumers=(), identities=tuple(WHO.values()))
    left: tuple[RoleAssignment, ...] = made.role_assignments if granted else ()
    return replace(made, role_assignments=left)


def back(draft: DetachDraft, target: Target, now: Estate) -> Plan:
    done = detach.plan(draft, estates.index(), around(target))
    states = (StepState.DONE,) * len(done.steps)
    return undo.plan(RestoreDraft(operation="op", plan=done, states=states), Index(now))


@pytest.mark.parametrize(("draft", "target"), [(DRAFT, SERVER), (DRAFT_OLD, OLD)], ids=["flexible", "single"])
def test_who_lost_its_grant_since_is_named_before_its_service_is_given_the_key(
    draft: DetachDraft, target: Target
) -> None:
    assert back(draft, target, estate(granted=True)).warnings == ()
    (said,) = back(draft, target, estate(granted=False)).warnings
    assert said.startswith(f"{WHO[target.id].name} has no grant on {MYSQL_KEY.id.name}, and no step gives it one")
    assert said.endswith(f"Grant it access to {MYSQL_KEY.id.name} first.")


def test_what_the_plan_gives_back_itself_is_not_missing_and_the_key_comes_when_it_counts() -> None:
    (said,) = back(DROP, SERVER, estate(granted=False)).warnings
    assert "dcc-mysql-id was without the role" in said
    assert "dcc-mysql gets its key only 10 minutes after the role came back" in said


def test_what_could_not_be_read_is_not_said_to_be_missing() -> None:
    now = estate(granted=False)
    unread = replace(now, unread_assignments=frozenset({f"/subscriptions/{estates.SUB}".lower()}))
    unseen = replace(now, vaults=())
    nobody = replace(now, identities=())
    assert [back(DRAFT, SERVER, one).warnings for one in (unread, unseen, nobody)] == [(), (), ()]
