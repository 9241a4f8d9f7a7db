"""What a MySQL server asks of a key, a vault and itself before it takes the key: all that Azure's documents agree on."""

import base64
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from . import attaching, living
from .attaching import attach_flexible, grant, id_of, make_key, outcome, resource, spare_key
from .running import Running

pytestmark = pytest.mark.scenario("workshop")


def seconds(days: float) -> int:
    return int((datetime.now(UTC) + timedelta(days=days)).timestamp())


def state(sandbox: Running, server: str = "ws-mysql") -> dict[str, Any]:
    return dict(sandbox.arm("GET", id_of(sandbox, server), living.FLEXIBLE_VERSION).json()["properties"])


def test_a_server_takes_a_key_as_documented_and_serves(sandbox: Running) -> None:
    key = make_key(sandbox)
    grant(sandbox, "ws-free-id", key)
    assert outcome(sandbox, attach_flexible(sandbox, "ws-mysql", key)) == "Succeeded"
    assert state(sandbox)["dataEncryption"]["primaryKeyURI"] == key
    assert living.row(sandbox, "ws-mysql")["problems"] == []
    accepted = {one["consumer_id"]: one["accepted"] for one in sandbox.control("GET", "connections")}
    assert accepted[id_of(sandbox, "ws-mysql")] is True


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        ({"kty": "RSA-HSM", "size": 3072}, "Succeeded"),
        ({"kty": "RSA", "size": 4096}, "Succeeded"),
        ({"kty": "EC-HSM"}, "AzureKeyVaultRsaKeyNotSupported"),
        ({"ops": ("wrapKey",)}, "AzureKeyVaultMissingPermissions"),
        ({"ops": ("unwrapKey",)}, "AzureKeyVaultMissingPermissions"),
        ({"ops": ("encrypt", "decrypt")}, "AzureKeyVaultMissingPermissions"),
        ({"ops": ("encrypt", "decrypt", "wrapKey", "unwrapKey")}, "Succeeded"),
        ({"enabled": False}, "AzureKeyVaultKeyDisabled"),
        ({"nbf": seconds(1)}, "AzureKeyVaultKeyNotYetValid"),
        ({"nbf": seconds(-1)}, "Succeeded"),
        # A key that will expire: the documents contradict each other. One that has expired is wrapped with no more.
        ({"exp": seconds(1)}, "Succeeded"),
        ({"exp": seconds(-1)}, "AzureKeyVaultInvalidExpirationDate"),
    ],
)
def test_a_flexible_server_asks_this_of_a_key(sandbox: Running, facts: dict[str, Any], wanted: str) -> None:
    key = make_key(sandbox, **facts)
    grant(sandbox, "ws-free-id", key)
    assert outcome(sandbox, attach_flexible(sandbox, "ws-mysql", key)) == wanted
    after = state(sandbox)
    assert (after["state"], "dataEncryption" in after) == ("Ready", wanted == "Succeeded")


@pytest.mark.parametrize(
    ("vault", "wanted"),
    [
        ("ws-premium", "Succeeded"),
        ("ws-standard", "Succeeded"),
        ("ws-elsewhere", "Succeeded"),
        # Another region: the documents of 2024 and 2026 contradict each other.
        ("ws-north", "Succeeded"),
        ("ws-closed", "Succeeded"),
        ("ws-shut", "AzureKeyVaultMissingPermissions"),
        ("ws-unprotected", "SecurityInvalidAzureKeyVaultRecoveryLevel"),
        ("ws-thirty", "SecurityInvalidAzureKeyVaultRecoveryLevel"),
    ],
)
def test_a_flexible_server_asks_this_of_a_vault(sandbox: Running, vault: str, wanted: str) -> None:
    key = spare_key(sandbox, vault)
    grant(sandbox, "ws-free-id", key)
    assert outcome(sandbox, attach_flexible(sandbox, "ws-mysql", key)) == wanted


def test_an_access_policy_serves_as_well_as_a_role(sandbox: Running) -> None:
    key = spare_key(sandbox, "ws-policies")
    assert outcome(sandbox, attach_flexible(sandbox, "ws-mysql", key)) == "AzureKeyVaultMissingPermissions"
    entry = {
        "tenantId": sandbox.connection["tenant_id"],
        "objectId": sandbox.principal("ws-free-id")["object_id"],
        "permissions": {"keys": ["get", "list", "wrapKey", "unwrapKey"]},
    }
    path = id_of(sandbox, "ws-policies") + "/accessPolicies/add"
    body = {"properties": {"accessPolicies": [entry]}}
    assert sandbox.arm("PUT", path, "2023-07-01", json=body).status_code in (200, 201)
    assert outcome(sandbox, attach_flexible(sandbox, "ws-mysql", key)) == "Succeeded"


def test_a_key_that_is_not_there_is_refused(sandbox: Running) -> None:
    grant(sandbox, "ws-free-id", spare_key(sandbox, "ws-premium"), attaching.CRYPTO_USER)
    absent = spare_key(sandbox, "ws-premium").rsplit("/", 1)[0] + "/" + "0" * 32
    assert outcome(sandbox, attach_flexible(sandbox, "ws-mysql", absent)) == "AzureKeyVaultKeyNotFound"


@pytest.mark.parametrize(
    ("server", "wanted"),
    [
        ("ws-mysql-stopped", "ServerIsNotReady"),
        # No document forbids it.
        ("ws-mysql-burstable", "Succeeded"),
        ("ws-mysql-replica", "Succeeded"),
        ("ws-mysql-kept", "Succeeded"),
        ("ws-mysql-frozen", "ScopeLocked"),
        ("ws-mysql-geo", "InvalidParameterValue"),
    ],
)
def test_a_server_takes_a_key_in_this_state(sandbox: Running, server: str, wanted: str) -> None:
    key = spare_key(sandbox, "ws-premium")
    grant(sandbox, "ws-free-id", key)
    before = state(sandbox, server)
    assert outcome(sandbox, attach_flexible(sandbox, server, key)) == wanted
    if wanted != "Succeeded":
        assert state(sandbox, server) == before


@pytest.mark.parametrize(
    ("vault", "granted", "wanted"),
    [
        ("ws-north", True, "Succeeded"),
        ("ws-north", False, "AzureKeyVaultMissingPermissions"),
        ("ws-elsewhere", True, "AzureKeyVaultMismatchError"),
    ],
)
def test_geo_redundant_backup_needs_a_second_key_in_the_paired_region(
    sandbox: Running, vault: str, granted: bool, wanted: str
) -> None:
    key, second = spare_key(sandbox, "ws-premium"), spare_key(sandbox, vault)
    grant(sandbox, "ws-free-id", key)
    if granted:
        grant(sandbox, "ws-north-id", second)
    more = {"geoBackupKeyURI": second, "geoBackupUserAssignedIdentityId": id_of(sandbox, "ws-north-id")}
    assert outcome(sandbox, attach_flexible(sandbox, "ws-mysql-geo", key, **more)) == wanted
    after = state(sandbox, "ws-mysql-geo")
    assert after.get("dataEncryption", {}).get("geoBackupKeyURI") == (second if wanted == "Succeeded" else None)


def test_the_operator_attaches_what_somebody_else_granted(sandbox: Running) -> None:
    key = spare_key(sandbox, "ws-premium")
    grant(sandbox, "ws-free-id", key)
    identity = id_of(sandbox, "ws-free-id")
    body = {
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}},
        "properties": {
            "dataEncryption": {
                "type": "AzureKeyVault",
                "primaryKeyURI": key,
                "primaryUserAssignedIdentityId": identity,
            }
        },
    }
    server = id_of(sandbox, "ws-mysql")
    begun = sandbox.arm("PATCH", server, living.FLEXIBLE_VERSION, json=body, as_="operator")
    assert begun.status_code == 202
    sandbox.advance(60)
    assert living.until(lambda: "dataEncryption" in state(sandbox))


def test_a_key_that_the_server_has_already_is_not_judged_anew(sandbox: Running) -> None:
    # Given when all was well; since then it has got an expiry, which has passed, and its vault has lost a setting.
    facts = living.row(sandbox, "ws-mysql-attached")
    past = {"attributes": {"exp": seconds(-1)}}
    path = f"/keys/{facts['key_name']}/{facts['version']}"
    assert sandbox.vault("PATCH", facts["vault"], path, json=past).status_code == 200
    vault = resource(sandbox, "ws-premium")
    properties = {name: value for name, value in vault["properties"].items() if name != "enablePurgeProtection"}
    sandbox.do(lambda world: world.put("resource", vault["id"], {**vault, "properties": properties}))
    again = attach_flexible(sandbox, "ws-mysql-attached", facts["key_id"], "ws-attached-id")
    assert outcome(sandbox, again) == "Succeeded"
    assert state(sandbox, "ws-mysql-attached")["state"] == "Ready"


def test_a_server_without_its_key_is_not_given_back_to_the_platform(sandbox: Running) -> None:
    living.take_grants(sandbox, "ws-mysql-attached")
    sandbox.advance(600)
    assert living.until(lambda: state(sandbox, "ws-mysql-attached")["state"] == "Inaccessible")
    body = {"properties": {"dataEncryption": {"type": "SystemManaged"}}}
    begun = sandbox.arm("PATCH", id_of(sandbox, "ws-mysql-attached"), living.FLEXIBLE_VERSION, json=body)
    assert outcome(sandbox, begun) == "ServerIsNotReady"
    after = state(sandbox, "ws-mysql-attached")
    assert (after["state"], after["dataEncryption"]["type"]) == ("Inaccessible", "AzureKeyVault")


def test_an_attached_server_survives_a_restart_and_its_identity_unwraps_its_own_key_and_no_other(
    start_sandbox: Callable[..., Running], tmp_path: Path
) -> None:
    first = start_sandbox("workshop", state=tmp_path / "kept")
    key, other = make_key(first), spare_key(first, "ws-premium")
    grant(first, "ws-free-id", key)
    assert outcome(first, attach_flexible(first, "ws-mysql", key)) == "Succeeded"
    first.close()
    second = start_sandbox("workshop", state=tmp_path / "kept")
    accepted = {one["consumer_id"]: one["accepted"] for one in second.control("GET", "connections")}
    assert accepted[id_of(second, "ws-mysql")] is True
    life = second.world.get("life", id_of(second, "ws-mysql"))
    assert life is not None
    slot = life["slots"]["primary"]
    asked = {"alg": "RSA-OAEP-256", "value": base64.urlsafe_b64encode(base64.b64decode(slot["wrapped"])).decode()}
    url = key.split(".net", 1)[1] + "/unwrapkey"
    opened = second.vault("POST", "ws-premium", url, as_="ws-free-id", json=asked)
    assert opened.status_code == 200, opened.text
    dek = base64.urlsafe_b64decode(opened.json()["value"] + "==")
    assert hashlib.sha256(dek).hexdigest() == slot["digest"]
    refused = second.vault("POST", "ws-premium", other.split(".net", 1)[1] + "/unwrapkey", as_="ws-free-id", json=asked)
    assert (refused.status_code, refused.json()["error"]["innererror"]["code"]) == (403, "ForbiddenByRbac")
    second.advance(3600)
    living.settled(second)
    assert state(second)["state"] == "Ready"


def put_single(sandbox: Running, key_url: str, server: str = "ws-single") -> Any:
    vault, name, version = key_url.split("//", 1)[1].split(".", 1)[0], key_url.split("/")[4], key_url.split("/")[5]
    path = f"{id_of(sandbox, server)}/keys/{vault}_{name}_{version}"
    body = {"properties": {"serverKeyType": "AzureKeyVault", "uri": key_url}}
    return sandbox.arm("PUT", path, living.SINGLE_KEYS_VERSION, json=body)


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        ({}, "Succeeded"),
        ({"size": 3072}, "AzureKeyVaultRsaKeyNotSupported"),
        ({"kty": "EC"}, "AzureKeyVaultRsaKeyNotSupported"),
        ({"ops": ("wrapKey",)}, "AzureKeyVaultMissingPermissions"),
        ({"enabled": False}, "AzureKeyVaultKeyDisabled"),
        ({"nbf": seconds(1)}, "AzureKeyVaultKeyNotYetValid"),
        ({"exp": seconds(1)}, "AzureKeyVaultInvalidExpirationDate"),
        ({"exp": seconds(-1)}, "AzureKeyVaultInvalidExpirationDate"),
    ],
)
def test_a_single_server_asks_this_of_a_key(sandbox: Running, facts: dict[str, Any], wanted: str) -> None:
    key = make_key(sandbox, **facts)
    grant(sandbox, "ws-single", key)
    assert outcome(sandbox, put_single(sandbox, key)) == wanted
    held = sandbox.arm("GET", id_of(sandbox, "ws-single") + "/keys", living.SINGLE_KEYS_VERSION).json()["value"]
    assert [one["properties"]["uri"] for one in held] == ([key] if wanted == "Succeeded" else [])


@pytest.mark.parametrize(
    ("vault", "wanted"),
    [
        ("ws-standard", "Succeeded"),
        ("ws-closed", "Succeeded"),
        ("ws-shut", "AzureKeyVaultMissingPermissions"),
        ("ws-unprotected", "SecurityInvalidAzureKeyVaultRecoveryLevel"),
        ("ws-thirty", "SecurityInvalidAzureKeyVaultRecoveryLevel"),
    ],
)
def test_a_single_server_asks_this_of_a_vault(sandbox: Running, vault: str, wanted: str) -> None:
    key = spare_key(sandbox, vault)
    grant(sandbox, "ws-single", key)
    assert outcome(sandbox, put_single(sandbox, key)) == wanted


def test_a_single_server_needs_a_grant_and_a_tier_that_takes_keys(sandbox: Running) -> None:
    key = spare_key(sandbox, "ws-premium")
    assert outcome(sandbox, put_single(sandbox, key)) == "AzureKeyVaultMissingPermissions"
    grant(sandbox, "ws-single-basic", key)
    assert outcome(sandbox, put_single(sandbox, key, "ws-single-basic")) == "OperationNotSupported"
