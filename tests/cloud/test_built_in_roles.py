"""The built-in roles that plans name before anything was read are those that Azure has under these names."""

from typing import Any

from cmk_admin.cloud import roles
from cmk_admin.cloud.session import Session
from cmk_admin.domain.ids import last
from cmk_admin.domain.roles import BUILT_IN
from tests.cloud.conftest import Azure, Run


def test_every_role_that_a_plan_may_name_is_there_under_its_own_id(
    looking: Session, shared: Azure, run: Run[Any]
) -> None:
    found = run(roles.definitions_in(looking, f"/subscriptions/{shared.connection.subscriptions[0]}"))
    there = {one.name: last(one.id) for one in found}
    assert {name: there.get(name) for name in BUILT_IN} == BUILT_IN
