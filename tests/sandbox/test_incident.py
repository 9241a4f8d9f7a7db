"""The estate to revoke in holds what its description says, and every consumer in it really has its key."""

import uuid

import pytest

from cmk_admin.sandbox.services.authorization import roles

from . import living
from .running import Running

pytestmark = pytest.mark.scenario("incident")


def test_every_consumer_has_its_key_and_the_twin_has_the_same_material(sandbox: Running) -> None:
    sandbox.advance(600)
    living.settled(sandbox)
    connections = sandbox.control("GET", "connections")
    assert (len(connections), all(one["accepted"] for one in connections)) == (6, True)
    own, twin = (sandbox.vault("GET", vault, "/keys/own-key").json()["key"] for vault in ("in-main", "in-twin"))
    assert (own["n"], own["kid"].rsplit("/", 1)[-1]) == (twin["n"], twin["kid"].rsplit("/", 1)[-1])
    assert len(sandbox.vault("GET", "in-main", "/keys/versions-key/versions").json()["value"]) == 3
    assert len(sandbox.vault("GET", "in-mixed", "/secrets").json()["value"]) == 3
    policy = sandbox.vault("GET", "in-main", "/keys/rotating-key/rotationpolicy").json()
    assert policy["lifetimeActions"][0]["action"]["type"] == "Rotate"


def test_the_responder_may_nothing_until_an_approver_says_so(sandbox: Running) -> None:
    vault = f"{living.row(sandbox, 'in-mysql-own')['consumer_id'].split('/resourceGroups/')[0]}/resourceGroups/in-keys"
    scope = f"{vault}/providers/Microsoft.KeyVault/vaults/in-main"
    body = {
        "principalId": sandbox.principal("responder")["object_id"],
        "roleDefinitionId": roles.role_id("Key Vault Crypto Officer"),
        "requestType": "SelfActivate",
        "justification": "incident",
        "scheduleInfo": {"expiration": {"type": "AfterDuration", "duration": "PT2H"}},
    }
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignmentScheduleRequests/{uuid.uuid4()}"
    asked = sandbox.arm("PUT", path, "2020-10-01", as_="responder", json={"properties": body})
    assert asked.json()["properties"]["status"] == "PendingApproval"
    assert sandbox.vault("GET", "in-main", "/keys", as_="responder").status_code == 403
    sandbox.control("POST", "approvals", {"request": None, "decision": "approve"})
    assert sandbox.vault("GET", "in-main", "/keys", as_="responder").status_code == 200


def test_a_policy_rotates_its_key_when_the_calendar_says_so(sandbox: Running) -> None:
    def versions() -> int:
        return len(sandbox.vault("GET", "in-main", "/keys/rotating-key/versions").json()["value"])

    sandbox.advance(29 * 86_400)
    living.settled(sandbox)
    assert versions() == 1
    sandbox.advance(2 * 86_400)
    assert living.until(lambda: versions() == 2)


def test_a_disk_encryption_set_that_follows_takes_a_new_version(sandbox: Running) -> None:
    rotated = sandbox.vault("POST", "in-main", "/keys/disk-key/rotate").json()["key"]["kid"]
    sandbox.advance(3600)
    assert living.until(lambda: living.row(sandbox, "in-des")["version"] == rotated.rsplit("/", 1)[-1])
