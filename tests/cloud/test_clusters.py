"""Clusters as whole JSON: what is sent back is what was read, and a command's output is told to nobody."""

import copy
from typing import Any

import pytest

from cmk_admin.cloud import clusters, failures, run_command
from cmk_admin.cloud.consumers import aks_etcd, disk_encryption_set
from cmk_admin.domain.errors import AzureFailure

DOCUMENT: dict[str, Any] = {
    "id": "/subscriptions/s/resourcegroups/g/providers/Microsoft.ContainerService/managedClusters/c",
    "name": "c",
    "eTag": "e",
    "identity": {"type": "UserAssigned", "userAssignedIdentities": {"/one": {"principalId": "p", "clientId": "q"}}},
    "properties": {
        "provisioningState": "Succeeded",
        "powerState": {"code": "Running"},
        "currentKubernetesVersion": "1.33.3",
        "identityProfile": {"kubeletidentity": {"resourceId": "/kubelet", "objectId": "k"}},
        "future": {"ratio": 0.1, "list": [1, None, "x"]},
    },
}
VERSION = "0" * 32
KEY = "https://v.vault.azure.net/keys/k"


def with_kms(**kms: Any) -> dict[str, Any]:
    return clusters.changed_at(DOCUMENT, ("properties", "securityProfile", "azureKeyVaultKms"), kms)


def test_a_change_touches_one_path_and_never_what_was_read() -> None:
    before = copy.deepcopy(DOCUMENT)
    after = with_kms(enabled=True)
    assert before == DOCUMENT
    assert after["properties"].pop("securityProfile") == {"azureKeyVaultKms": {"enabled": True}}
    assert after == DOCUMENT


@pytest.mark.parametrize(
    ("kms", "engine", "key"),
    [
        ({}, None, None),
        ({"enabled": False}, None, None),
        ({"enabled": False, "keyId": f"{KEY}/{VERSION}"}, None, None),
        ({"enabled": True, "keyId": f"{KEY}/{VERSION}"}, "legacy", f"{KEY}/{VERSION}"),
        ({"enabled": True, "keyId": KEY}, "new", KEY),
    ],
)
def test_the_form_of_the_key_id_tells_the_engine(kms: dict[str, Any], engine: str | None, key: str | None) -> None:
    settings = aks_etcd.settings_of(with_kms(**kms))
    assert (settings["engine"], settings["key"]) == (engine, key)
    assert settings["identity"] == "/one", "the control plane's identity, not the kubelet's"


@pytest.mark.parametrize(
    ("provisioning", "power", "said"),
    [
        ("Succeeded", "Running", None),
        ("Updating", "Running", "is Updating"),
        ("Failed", "Running", "is Failed"),
        ("Succeeded", "Stopped", "must run"),
        (None, "Running", "does not tell"),
        ("Succeeded", None, "must run"),
    ],
)
def test_only_a_cluster_that_runs_and_rests_is_changed(
    provisioning: str | None, power: str | None, said: str | None
) -> None:
    facts = {**DOCUMENT["properties"], "provisioningState": provisioning, "powerState": {"code": power}}
    why = clusters.not_ready({**DOCUMENT, "properties": facts})
    assert (why is None) if said is None else (said in (why or ""))


def test_what_a_command_printed_is_in_no_error_and_no_repr() -> None:
    result = {"id": "1", "properties": {"provisioningState": "Succeeded", "exitCode": 1, "logs": "hunter2"}}
    address = "https://management.azure.com/subscriptions/s/x/commandResults/1?api-version=2026-08-01"
    failure = failures.of_command(address, result)
    assert failure is not None
    assert "code 1" in failure.message
    assert "hunter2" not in f"{failure!r} {failure.message} {failure.next}"
    assert "hunter2" not in repr(run_command.printed(result, "/c"))
    with pytest.raises(AzureFailure, match="could not run"):
        run_command.printed({"properties": {"provisioningState": "Failed", "logs": "hunter2"}}, "/c")


def test_only_a_commands_result_is_judged_as_one() -> None:
    ended = {"properties": {"exitCode": 0}}
    address = "https://management.azure.com/x/commandResults/1"
    assert failures.of_command(address, ended) is None
    assert failures.of_command("https://management.azure.com/x/operations/1", {"properties": {"exitCode": 3}}) is None
    assert failures.of_command(address, {"properties": {"provisioningState": "Failed"}}) is not None


def test_a_set_tells_its_key_vault_and_identity() -> None:
    found = disk_encryption_set.shown(
        {
            "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/diskEncryptionSets/d",
            "location": "West Europe",
            "identity": {"type": "SystemAssigned", "principalId": "p"},
            "properties": {
                "activeKey": {"keyUrl": f"{KEY}/{VERSION}", "sourceVault": {"id": "/v"}},
                "provisioningState": "Updating",
            },
        }
    )
    assert (found.location, found.busy, str(found.key)) == ("westeurope", True, f"{KEY}/{VERSION}")
    assert found.settings == {"service": "disk-encryption-set", "key": f"{KEY}/{VERSION}", "source_vault": "/v"}
    assert [one.principal_id for one in found.identities] == ["p"]
