"""Managed identities through the resource manager."""

import pytest

from cmk_admin.sandbox.services.identity.model import make_system_identity

from . import estate
from .running import Running

pytestmark = pytest.mark.scenario("small")

VERSION = "2024-11-30"
IDENTITIES = "providers/Microsoft.ManagedIdentity/userAssignedIdentities"
MADE = f"{estate.GROUP}/{IDENTITIES}/made"


def test_an_identity_is_made_with_a_principal_that_can_sign_in(sandbox: Running) -> None:
    answer = sandbox.arm("PUT", MADE, VERSION, json={"location": "West Europe", "tags": {"a": "b"}})
    assert answer.status_code == 201
    facts = answer.json()
    assert (facts["id"], facts["name"], facts["location"], facts["tags"]) == (MADE, "made", "westeurope", {"a": "b"})
    assert facts["properties"]["tenantId"] == estate.TENANT
    principal = sandbox.world.get("principal", facts["properties"]["principalId"])
    assert principal is not None
    assert (principal["clientId"], principal["resourceId"]) == (facts["properties"]["clientId"], MADE)
    sandbox.connection = sandbox.sandbox.connection()
    assert sandbox.vault("GET", "small", "/keys", as_="made").status_code == 403
    again = sandbox.arm("PUT", MADE, VERSION, json={"location": "westeurope", "tags": {}})
    assert (again.status_code, again.json()["properties"]) == (200, facts["properties"])
    assert again.json()["tags"] == {}
    assert sandbox.arm("PATCH", MADE, VERSION, json={"tags": {"c": "d"}}).json()["tags"] == {"c": "d"}
    assert sandbox.arm("GET", MADE, VERSION).json()["tags"] == {"c": "d"}


def test_a_deleted_identity_is_gone_and_one_of_its_name_is_another(sandbox: Running) -> None:
    first = sandbox.arm("PUT", MADE, VERSION, json={"location": "westeurope"}).json()["properties"]
    assert sandbox.arm("DELETE", MADE, VERSION).status_code == 200
    assert sandbox.arm("DELETE", MADE, VERSION).status_code == 204
    assert sandbox.arm("GET", MADE, VERSION).json()["error"]["code"] == "ResourceNotFound"
    assert sandbox.world.get("principal", first["principalId"]) is None
    second = sandbox.arm("PUT", MADE, VERSION, json={"location": "westeurope"}).json()["properties"]
    assert second["principalId"] != first["principalId"]
    assert second["clientId"] != first["clientId"]


def test_lists_hold_what_one_may_read(sandbox: Running) -> None:
    other = MADE.replace("/keys/", "/other/")
    for path in (MADE, other):
        sandbox.arm("PUT", path, VERSION, json={"location": "westeurope"})

    def ids(path: str, as_: str = "administrator") -> set[str]:
        return {one["id"] for one in sandbox.arm("GET", f"{path}/{IDENTITIES}", VERSION, as_=as_).json()["value"]}

    assert ids(f"/subscriptions/{estate.ONE}") == {MADE, other, estate.IDENTITY}
    assert ids(estate.GROUP) == {MADE, estate.IDENTITY}
    assert ids(f"/subscriptions/{estate.ONE}", "reader") == {MADE, estate.IDENTITY}
    refused = sandbox.arm(
        "GET", f"/subscriptions/{estate.ONE}/resourceGroups/other/{IDENTITIES}", VERSION, as_="reader"
    )
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "AuthorizationFailed")


def test_a_system_assigned_identity_is_read_at_its_resource(sandbox: Running) -> None:
    path = f"{estate.VAULT}/providers/Microsoft.ManagedIdentity/identities/default"
    assert sandbox.arm("GET", path, VERSION).status_code == 404
    principal, tenant = sandbox.do(lambda world: make_system_identity(world, estate.VAULT, "small"))
    facts = sandbox.arm("GET", path, VERSION).json()["properties"]
    assert (facts["principalId"], facts["tenantId"]) == (principal, tenant)
    assert sandbox.do(lambda world: make_system_identity(world, estate.VAULT, "small")) == (principal, tenant)


def test_a_new_identity_needs_a_location_and_the_right_to_write(sandbox: Running) -> None:
    assert sandbox.arm("PUT", MADE, VERSION, json={}).json()["error"]["code"] == "LocationRequired"
    refused = sandbox.arm("PUT", MADE, VERSION, as_="reader", json={"location": "westeurope"})
    assert refused.json()["error"]["code"] == "AuthorizationFailed"
