"""Disk encryption sets: made before anybody has granted them anything, given a key only as documented, deleted unused."""

from datetime import UTC, datetime
from typing import Any

import pytest

from . import living
from .attaching import grant, id_of, make_key, outcome, spare_key
from .living import COMPUTE_VERSION
from .running import Running

pytestmark = pytest.mark.scenario("workshop")
NEW = "ws-des-new"


def path(sandbox: Running, name: str = NEW) -> str:
    return (
        id_of(sandbox, "ws-free-id").split("/providers/")[0] + f"/providers/Microsoft.Compute/diskEncryptionSets/{name}"
    )


def create(sandbox: Running, key_url: str, source: str | None = None, **more: Any) -> Any:
    active: dict[str, Any] = {"keyUrl": key_url} | ({"sourceVault": {"id": source}} if source else {})
    body = {
        "location": "westeurope",
        "identity": {"type": "SystemAssigned"},
        "properties": {"activeKey": active, **more},
    }
    return sandbox.arm("PUT", path(sandbox), COMPUTE_VERSION, json=body)


def rekey(sandbox: Running, key_url: str) -> Any:
    body = {"properties": {"activeKey": {"keyUrl": key_url}}}
    return sandbox.arm("PATCH", path(sandbox, "ws-des"), COMPUTE_VERSION, json=body)


def shown(sandbox: Running, name: str = NEW) -> dict[str, Any]:
    return dict(sandbox.arm("GET", path(sandbox, name), COMPUTE_VERSION).json())


def test_a_set_is_made_before_its_identity_has_any_grant(sandbox: Running) -> None:
    key = spare_key(sandbox, "ws-premium")
    both = "EncryptionAtRestWithPlatformAndCustomerKeys"
    begun = create(
        sandbox, key, id_of(sandbox, "ws-premium"), encryptionType=both, rotationToLatestKeyVersionEnabled=True
    )
    assert outcome(sandbox, begun) == "Succeeded"
    made = shown(sandbox)
    assert made["properties"]["activeKey"] == {"keyUrl": key, "sourceVault": {"id": id_of(sandbox, "ws-premium")}}
    assert made["properties"]["encryptionType"] == both
    assert made["properties"]["rotationToLatestKeyVersionEnabled"] is True
    assert made["identity"]["principalId"] == living.row(sandbox, NEW)["identity"]["object_id"]
    assert living.row(sandbox, NEW)["role_assignment_scope"] == []
    again = sandbox.arm("PUT", path(sandbox), COMPUTE_VERSION, json=made)
    assert outcome(sandbox, again) == "Succeeded"
    assert shown(sandbox) == made


def test_a_vault_of_another_subscription_is_named_by_the_key_alone(sandbox: Running) -> None:
    key = spare_key(sandbox, "ws-elsewhere")
    assert outcome(sandbox, create(sandbox, key, id_of(sandbox, "ws-elsewhere"))) == "InvalidParameter"
    assert outcome(sandbox, create(sandbox, key, id_of(sandbox, "ws-premium"))) == "InvalidParameter"
    assert outcome(sandbox, create(sandbox, key)) == "Succeeded"
    assert "sourceVault" not in shown(sandbox)["properties"]["activeKey"]


@pytest.mark.parametrize(
    ("vault", "wanted"),
    [
        ("ws-standard", "Succeeded"),
        ("ws-thirty", "Succeeded"),
        ("ws-north", "KeyVaultAndDiskInDifferentRegions"),
        ("ws-unprotected", "KeyVaultNotPurgeProtectionEnabled"),
    ],
)
def test_a_new_set_asks_this_of_a_vault(sandbox: Running, vault: str, wanted: str) -> None:
    assert outcome(sandbox, create(sandbox, spare_key(sandbox, vault))) == wanted
    assert (sandbox.world.get("resource", path(sandbox)) is not None) == (wanted == "Succeeded")


def test_a_set_takes_rsa_only_and_known_types_of_encryption(sandbox: Running) -> None:
    assert outcome(sandbox, create(sandbox, make_key(sandbox, kty="EC-HSM"))) == "KeyVaultKeyNotSupported"
    wrong = create(sandbox, spare_key(sandbox, "ws-premium"), encryptionType="Sometimes")
    assert outcome(sandbox, wrong) == "InvalidParameter"


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        ({"size": 4096, "kty": "RSA"}, "Succeeded"),
        ({"kty": "EC-HSM"}, "KeyVaultKeyNotSupported"),
        ({"ops": ("encrypt", "decrypt")}, "KeyVaultAccessForbidden"),
        ({"enabled": False}, "KeyVaultKeyNotEnabled"),
        ({"nbf": 4102444800}, "KeyVaultAccessForbidden"),
        ({"exp": 4102444800}, "Succeeded"),
        ({"exp": int(datetime.now(UTC).timestamp()) - 60}, "KeyVaultAccessForbidden"),
    ],
)
def test_a_set_in_use_asks_this_of_its_next_key(sandbox: Running, facts: dict[str, Any], wanted: str) -> None:
    key = make_key(sandbox, **facts)
    grant(sandbox, "ws-des", key)
    before = shown(sandbox, "ws-des")["properties"]["activeKey"]["keyUrl"]
    assert outcome(sandbox, rekey(sandbox, key)) == wanted
    assert shown(sandbox, "ws-des")["properties"]["activeKey"]["keyUrl"] == (key if wanted == "Succeeded" else before)


@pytest.mark.parametrize(
    ("vault", "wanted"),
    [
        ("ws-closed", "Succeeded"),
        ("ws-shut", "KeyVaultAccessForbidden"),
        ("ws-thirty", "Succeeded"),
        ("ws-elsewhere", "Succeeded"),
        ("ws-north", "KeyVaultAndDiskInDifferentRegions"),
        ("ws-unprotected", "KeyVaultNotPurgeProtectionEnabled"),
    ],
)
def test_a_set_in_use_asks_this_of_the_next_key_s_vault(sandbox: Running, vault: str, wanted: str) -> None:
    key = spare_key(sandbox, vault)
    grant(sandbox, "ws-des", key)
    assert outcome(sandbox, rekey(sandbox, key)) == wanted


@pytest.mark.scenario("dcc")
def test_a_set_that_is_used_is_not_deleted(sandbox: Running) -> None:
    used, unused = (living.row(sandbox, name)["consumer_id"] for name in ("dcc-des", "dcc-des-partner"))
    refused = sandbox.arm("DELETE", used, COMPUTE_VERSION)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "OperationNotAllowed")
    assert sandbox.world.get("resource", used) is not None
    assert sandbox.arm("DELETE", unused, COMPUTE_VERSION).status_code == 200


def test_a_set_that_nothing_uses_is_deleted_with_its_identity(sandbox: Running) -> None:
    identity = shown(sandbox, "ws-des")["identity"]["principalId"]
    assert sandbox.arm("DELETE", path(sandbox, "ws-des"), COMPUTE_VERSION).status_code == 200
    assert sandbox.world.get("principal", identity) is None
    assert sandbox.arm("GET", path(sandbox, "ws-des"), COMPUTE_VERSION).status_code == 404
    assert sandbox.arm("DELETE", path(sandbox, "ws-des"), COMPUTE_VERSION).status_code == 204


def test_a_set_whose_key_goes_while_it_is_made_stays_as_failed(sandbox: Running) -> None:
    begun = create(sandbox, spare_key(sandbox, "ws-premium"))
    assert sandbox.vault("DELETE", "ws-premium", "/keys/spare-key").status_code == 200
    assert outcome(sandbox, begun) == "KeyNotFound"
    assert shown(sandbox)["properties"]["provisioningState"] == "Failed"
    assert sandbox.arm("DELETE", path(sandbox), COMPUTE_VERSION).status_code == 200
