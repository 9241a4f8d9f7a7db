"""Managed clusters: spelt as AKS spells them, changed as a whole and under their etag."""

from typing import Any

import pytest
from azure.core import MatchConditions
from azure.mgmt.containerservice import ContainerServiceClient

from . import living
from .living import AKS_VERSION
from .running import Running


def get(sandbox: Running) -> dict[str, Any]:
    return dict(sandbox.arm("GET", living.row(sandbox, "dcc-aks")["consumer_id"], AKS_VERSION).json())


def put(sandbox: Running, body: dict[str, Any], **headers: str) -> Any:
    return sandbox.arm("PUT", body["id"], AKS_VERSION, json=body, headers=headers)


def test_ids_and_types_are_spelt_as_aks_does(sandbox: Running) -> None:
    cluster = get(sandbox)
    assert "/resourcegroups/" in cluster["id"]
    assert cluster["type"] == "Microsoft.ContainerService/ManagedClusters"
    assert cluster["properties"]["diskEncryptionSetID"] == living.row(sandbox, "dcc-des")["consumer_id"]
    found = sandbox.arm("GET", cluster["id"].rsplit("/", 1)[0], AKS_VERSION).json()["value"]
    assert found == [cluster]


def test_a_put_under_an_old_etag_is_refused(sandbox: Running) -> None:
    cluster = get(sandbox)
    first = put(sandbox, {**cluster, "tags": {"a": "b"}}, **{"If-Match": cluster["eTag"]})
    assert living.finish(sandbox, first)["status"] == "Succeeded"
    assert get(sandbox)["tags"] == {"a": "b"}
    second = put(sandbox, cluster, **{"If-Match": cluster["eTag"]})
    assert (second.status_code, second.json()["error"]["code"]) == (412, "PreconditionFailed")


def test_a_put_replaces_the_whole_cluster(sandbox: Running) -> None:
    cluster = get(sandbox)
    del cluster["properties"]["networkProfile"]
    assert living.finish(sandbox, put(sandbox, cluster))["status"] == "Succeeded"
    after = get(sandbox)["properties"]
    assert "networkProfile" not in after
    assert after["provisioningState"] == "Succeeded"


def test_the_disk_encryption_set_is_chosen_at_creation_only(sandbox: Running) -> None:
    cluster = get(sandbox)
    del cluster["properties"]["diskEncryptionSetID"]
    answer = put(sandbox, cluster)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "PropertyChangeNotAllowed")


def kms(cluster: dict[str, Any], key_id: str) -> dict[str, Any]:
    profile = {"azureKeyVaultKms": {"enabled": True, "keyId": key_id, "keyVaultNetworkAccess": "Public"}}
    return {**cluster, "properties": {**cluster["properties"], "securityProfile": profile}}


def test_etcd_encryption_needs_encrypt_and_decrypt_which_wrapping_does_not_give(sandbox: Running) -> None:
    before = get(sandbox)
    wrapping_only = living.row(sandbox, "dcc-des")["key_id"]
    failed = living.finish(sandbox, put(sandbox, kms(before, wrapping_only)))
    assert failed["error"]["code"] == "AzureKeyVaultKmsValidationFailed"
    assert get(sandbox) == before


def test_a_cluster_encrypts_etcd_with_a_key_that_its_identity_can_decrypt_with(sandbox: Running) -> None:
    made = sandbox.vault("POST", "dcc-lab", "/keys/etcd-key/create", json={"kty": "RSA-HSM"}).json()["key"]["kid"]
    vault = living.row(sandbox, "dcc-stage-mysql")["role_assignment_scope"][0]
    scope = f"{vault}/keys/etcd-key"
    role = "12338af0-0e69-4776-bea7-57ae8d297424"
    body = {
        "properties": {
            "roleDefinitionId": f"/providers/Microsoft.Authorization/roleDefinitions/{role}",
            "principalId": sandbox.principal("dcc-aks-id")["object_id"],
            "principalType": "ServicePrincipal",
        }
    }
    name = "0e7b9f3c-52a1-4a26-9c33-8a6a3d2f2b11"
    path = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"
    assert sandbox.arm("PUT", path, "2022-04-01", json=body).status_code == 201
    sandbox.advance(301)
    assert living.finish(sandbox, put(sandbox, kms(get(sandbox), made)))["status"] == "Succeeded"
    (etcd,) = [one for one in sandbox.control("GET", "truth") if one["service"] == "aks-etcd"]
    assert (etcd["key_name"], etcd["identity"]["name"]) == ("etcd-key", "dcc-aks-id")
    assert etcd["role_assignment_scope"] == [scope]


def test_new_clusters_are_not_made_here(sandbox: Running) -> None:
    cluster = get(sandbox)
    answer = put(sandbox, {**cluster, "id": cluster["id"] + "-new"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "OperationNotAllowed")


@pytest.mark.scenario("dcc", speed=600)
def test_the_real_sdk_changes_a_cluster_under_its_etag(sandbox: Running) -> None:
    _, _, subscription, _, group, *_ = living.row(sandbox, "dcc-aks")["consumer_id"].split("/")
    with ContainerServiceClient(sandbox.credential(), subscription, **sandbox.options) as client:
        cluster = client.managed_clusters.get(group, "dcc-aks")
        cluster.tags = {"seen": "yes"}
        begun = client.managed_clusters.begin_create_or_update(
            group, "dcc-aks", cluster, etag=cluster.e_tag, match_condition=MatchConditions.IfNotModified
        )
        assert begun.result(30).tags == {"seen": "yes"}
