"""Dropping the grant with the key: who may, and what is said of what still needs it."""

from dataclasses import replace

import pytest

from cmk_admin.domain.model import RoleDefinition
from cmk_admin.domain.surroundings import Rights
from cmk_admin.domain.verbs import detach
from tests.domain import estates
from tests.domain.verbs.test_detach import DRAFT, DROP, SERVER
from tests.domain.verbs.wizards import around, codes, one


def allowed(*actions: str) -> Rights:
    return Rights(blocks=(RoleDefinition(id="", name="", actions=actions),))


@pytest.mark.parametrize("action", ["Microsoft.DBforMySQL/*", "Microsoft.Authorization/*/read"])
def test_the_right_to_take_the_grant_is_asked_for_before_the_key_goes(action: str) -> None:
    may = allowed("Microsoft.DBforMySQL/flexibleServers/write", action)
    found = one(detach.problems(DROP, estates.index(), around(SERVER, may=may)), "missing-right")
    assert (found.field, found.blocks) == ("drop_grant", True)
    assert "Microsoft.Authorization/roleAssignments/delete is missing on mysql-encryption-key" in found.sentence
    assert codes(detach.problems(DRAFT, estates.index(), around(SERVER, may=may)), blocks=True) == []


def test_that_the_grant_goes_is_said_beside_what_still_needs_it() -> None:
    plan = detach.plan(DROP, estates.index(), around(SERVER))
    assert any("must be given again before" in each for each in plan.warnings)
    assert not any(
        "must be given again before" in each for each in detach.plan(DRAFT, estates.index(), around()).warnings
    )


def test_what_is_not_known_of_the_right_is_warned_of() -> None:
    known = {SERVER.id.lower(): allowed("*")}
    about = replace(around(SERVER), rights=known)
    found = one(detach.problems(DROP, estates.index(), about), "right-unknown")
    assert (found.field, found.blocks) == ("drop_grant", False)
    assert "take roles on key mysql-encryption-key away" in found.sentence
