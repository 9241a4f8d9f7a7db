"""Identities and role assignments made by az, and what the vault makes of them."""

from collections.abc import Callable
from typing import Any

from tests.az.conftest import GROUP
from tests.az.runner import Az
from tests.journeys.clients import MYSQL_KEY, Clients
from tests.support import Sandbox

IDENTITY_VERSION = "2023-01-31"
ASSIGNMENT_VERSION = "2022-04-01"
USER = "Key Vault Crypto Service Encryption User"
SPREADS = 300
"""Azure's seconds until a role assignment, or its removal, counts."""

Read = Callable[[str, str], Any]


def identity_made(az: Az, name: str) -> Any:
    return az("identity", "create", "--name", name, "--resource-group", GROUP)


def test_az_makes_shows_and_lists_an_identity(az: Az, read: Read, azure: Sandbox) -> None:
    made = identity_made(az, "az-tests-listed")
    held = read(made["id"], IDENTITY_VERSION)["properties"]
    shown = az("identity", "show", "--name", "az-tests-listed", "--resource-group", GROUP)
    assert shown["principalId"] == made["principalId"] == held["principalId"]
    assert shown["clientId"] == held["clientId"]
    names = {one["name"] for one in az("identity", "list")}
    assert {"az-tests-listed", "dcc-mysql-id", "dcc-aks-id"} <= names


def test_a_role_given_by_az_opens_the_key_and_taken_closes_it(
    az: Az, read: Read, sdk: Callable[..., Clients], azure: Sandbox
) -> None:
    made = identity_made(az, "az-tests-granted")
    key = az("keyvault", "show", "--name", "dcc-premium")["id"] + "/keys/mysql-encryption-key"
    mine = sdk("az-tests-granted")
    wrapped = sdk("dcc-mysql-id").wrap()
    assert not mine.unwraps(wrapped)
    given = az(
        *("role", "assignment", "create", "--role", USER, "--scope", key),
        *("--assignee-object-id", made["principalId"], "--assignee-principal-type", "ServicePrincipal"),
    )
    answered = read(given["id"], ASSIGNMENT_VERSION)["properties"]
    assert (answered["scope"], answered["principalId"]) == (key, made["principalId"])
    azure.advance(SPREADS)
    assert mine.unwraps(wrapped, MYSQL_KEY)
    of_mine = ("role", "assignment", "list", "--assignee", made["principalId"], "--all")
    assert [one["id"] for one in az(*of_mine)] == [given["id"]]
    assert given["id"] in [one["id"] for one in az("role", "assignment", "list", "--scope", key)]
    az("role", "assignment", "delete", "--assignee", made["principalId"], "--role", USER, "--scope", key)
    assert read(given["id"], ASSIGNMENT_VERSION) is None
    assert az(*of_mine) == []
    azure.advance(SPREADS)
    assert not mine.unwraps(wrapped, MYSQL_KEY)
