"""What a MySQL flexible server is told of the identities that it carries."""

from typing import Any

import pytest

from cmk_admin.cloud.consumers.mysql_flexible import identity_block
from cmk_admin.domain.steps import Json
from cmk_admin.domain.surroundings import CarriedIdentity, Target

ONE, OTHER = "/ids/one", "/ids/other"


def server(*carried: str) -> Target:
    return Target(
        id="/s",
        service="mysql-flexible",
        name="s",
        location="westeurope",
        subscription_id="a",
        identities=tuple(CarriedIdentity(resource_id=one, principal_id="p") for one in carried),
    )


@pytest.mark.parametrize(
    ("settings", "found", "block"),
    [
        ({}, server(ONE), None),
        ({"with": []}, server(ONE), None),
        ({"with": [ONE]}, server(), {"type": "UserAssigned", "userAssignedIdentities": {ONE: {}}}),
        ({"without": [ONE]}, server(ONE, OTHER), {"type": "UserAssigned", "userAssignedIdentities": {ONE: None}}),
        ({"without": [ONE.upper()]}, server(ONE), {"type": "None"}),
        ({"without": [ONE]}, None, {"type": "UserAssigned", "userAssignedIdentities": {ONE: None}}),
        (
            {"with": [OTHER], "without": [ONE]},
            server(ONE),
            {"type": "UserAssigned", "userAssignedIdentities": {ONE: None, OTHER: {}}},
        ),
    ],
)
def test_identities_are_given_and_taken_by_name_and_the_last_one_by_none(
    settings: dict[str, Json], found: Target | None, block: dict[str, Any] | None
) -> None:
    assert identity_block(settings, found) == block
