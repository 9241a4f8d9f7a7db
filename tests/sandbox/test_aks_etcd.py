"""Secrets in etcd: which settings of a cluster are taken, what a key must allow, and what becomes of secrets without it."""

import copy
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from . import living
from .attaching import CRYPTO_USER, ENCRYPTION_USER, grant, id_of, make_key, outcome, spare_key
from .running import Running

pytestmark = pytest.mark.scenario("workshop")
NEW_VERSION = "2026-07-01"
CRYPTING = ("encrypt", "decrypt")
ALL = "kubectl get secrets --all-namespaces -o json"


def get(sandbox: Running, name: str = "ws-aks", version: str = NEW_VERSION) -> dict[str, Any]:
    return dict(sandbox.arm("GET", id_of(sandbox, name), version).json())


def with_kms(cluster: dict[str, Any], key_id: str | None, *, new: bool = False, **more: Any) -> dict[str, Any]:
    after = copy.deepcopy(cluster)
    profile = after["properties"].setdefault("securityProfile", {})
    kms = {"enabled": key_id is not None, **({"keyId": key_id} if key_id else {}), **more}
    profile["azureKeyVaultKms"] = kms
    if new:
        profile["kubernetesResourceObjectEncryptionProfile"] = {"infrastructureEncryption": "Enabled"}
    return after


def put(sandbox: Running, body: dict[str, Any], version: str = NEW_VERSION) -> str:
    return outcome(sandbox, sandbox.arm("PUT", body["id"], version, json=body))


def etcd_key(sandbox: Running, name: str = "new-etcd", *, role: str = CRYPTO_USER, **facts: Any) -> str:
    key = make_key(sandbox, name=name, ops=facts.pop("ops", CRYPTING), **facts)
    grant(sandbox, "ws-aks-id", key, role)
    return key


def differences(before: Any, after: Any, path: str = "") -> list[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        names = sorted({*before, *after})
        return [one for name in names for one in differences(before.get(name), after.get(name), f"{path}.{name}")]
    return [] if before == after else [path]


def run(sandbox: Running, command: str, cluster: str = "ws-aks") -> dict[str, Any]:
    begun = sandbox.arm("POST", id_of(sandbox, cluster) + "/runCommand", NEW_VERSION, json={"command": command})
    assert begun.status_code == 202, begun.text
    sandbox.advance(20)
    headers = {"Authorization": f"Bearer {sandbox.token()}"}
    where = begun.headers["Location"]
    assert living.until(lambda: sandbox.send("GET", where, headers=headers).status_code == 200)
    return dict(sandbox.send("GET", where, headers=headers).json()["properties"])


def encrypted_by(sandbox: Running, cluster: str = "ws-aks") -> set[str | None]:
    (state,) = [one for one in sandbox.control("GET", "kubernetes") if one["cluster_id"] == id_of(sandbox, cluster)]
    return {secret["encrypted_by"] for secret in state["secrets"]}


def test_an_attach_changes_one_path_and_what_no_model_knows_survives(sandbox: Running) -> None:
    cluster = sandbox.world.get("resource", id_of(sandbox, "ws-aks"))
    assert cluster is not None
    unknown = {"futureProfile": {"a": [1, {"b": None}], "ö": "ü"}}
    pools = [{**pool, "somethingNew": True} for pool in cluster["properties"]["agentPoolProfiles"]]
    properties = {**cluster["properties"], **unknown, "agentPoolProfiles": pools}
    sandbox.do(lambda world: world.put("resource", cluster["id"], {**cluster, "properties": properties}))
    before = get(sandbox)
    key = etcd_key(sandbox)
    assert put(sandbox, with_kms(before, key, keyVaultNetworkAccess="Public")) == "Succeeded"
    after = get(sandbox)
    kms = ".properties.securityProfile.azureKeyVaultKms"
    assert differences(before, after) == [".eTag", kms]
    assert after["properties"]["securityProfile"]["azureKeyVaultKms"] == {
        "enabled": True,
        "keyId": key,
        "keyVaultNetworkAccess": "Public",
    }
    row = living.row(sandbox, "ws-aks")
    assert (row["service"], row["slot"], row["key_id"], row["problems"]) == ("aks-etcd", "primary", key, [])


@pytest.mark.parametrize("cluster", ["ws-aks-stopped", "ws-aks"])
def test_only_a_cluster_that_runs_and_is_at_rest_is_changed(sandbox: Running, cluster: str) -> None:
    before = get(sandbox, cluster)
    if cluster == "ws-aks":
        assert sandbox.arm("PUT", before["id"], NEW_VERSION, json={**before, "tags": {"a": "b"}}).status_code == 200
    assert put(sandbox, {**before, "tags": {"c": "d"}}) == "OperationNotAllowed"


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        ({}, "Succeeded"),
        ({"kty": "RSA", "size": 3072}, "Succeeded"),
        ({"kty": "EC-HSM"}, "AzureKeyVaultKmsValidationFailed"),
        ({"ops": ("wrapKey", "unwrapKey")}, "AzureKeyVaultKmsValidationFailed"),
        ({"ops": ("encrypt",)}, "AzureKeyVaultKmsValidationFailed"),
        ({"enabled": False}, "AzureKeyVaultKmsValidationFailed"),
        ({"nbf": 4102444800}, "AzureKeyVaultKmsValidationFailed"),
        ({"exp": 4102444800}, "Succeeded"),
        ({"exp": int(datetime.now(UTC).timestamp()) - 60}, "AzureKeyVaultKmsValidationFailed"),
        ({"role": ENCRYPTION_USER}, "AzureKeyVaultKmsValidateIdentityPermissionCustomerError"),
    ],
)
def test_a_cluster_asks_this_of_a_key(sandbox: Running, facts: dict[str, Any], wanted: str) -> None:
    key = etcd_key(sandbox, **facts)
    before = get(sandbox)
    assert put(sandbox, with_kms(before, key)) == wanted
    assert (get(sandbox) == before) == (wanted != "Succeeded")


@pytest.mark.parametrize(
    ("vault", "wanted"),
    [
        ("ws-unprotected", "Succeeded"),
        ("ws-thirty", "Succeeded"),
        ("ws-north", "Succeeded"),
        ("ws-elsewhere", "Succeeded"),
    ],
)
def test_a_cluster_takes_keys_of_vaults_that_other_services_refuse(sandbox: Running, vault: str, wanted: str) -> None:
    key = make_key(sandbox, vault, ops=CRYPTING)
    grant(sandbox, "ws-aks-id", key, CRYPTO_USER)
    assert put(sandbox, with_kms(get(sandbox), key)) == wanted


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"key_id": "https://ws-premium.vault.azure.net/secrets/a"}, "keyId"),
        ({"key_id": None, "keyId": "https://ws-premium.vault.azure.net/keys/etcd-key"}, "keyId"),
        ({"keyVaultNetworkAccess": "Sometimes"}, "keyVaultNetworkAccess"),
        ({"keyVaultNetworkAccess": "Private"}, "keyVaultResourceId"),
        ({"new": True}, "without version"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(sandbox: Running, change: dict[str, Any], word: str) -> None:
    key_id = change.pop("key_id", spare_key(sandbox, "ws-premium"))
    before = get(sandbox)
    answer = sandbox.arm("PUT", before["id"], NEW_VERSION, json=with_kms(before, key_id, **change))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidParameter")
    assert word in answer.json()["error"]["message"]
    assert get(sandbox) == before


def test_a_cluster_with_a_system_assigned_identity_encrypts_no_secrets(sandbox: Running) -> None:
    body = with_kms(get(sandbox, "ws-aks-system"), spare_key(sandbox, "ws-premium"))
    answer = sandbox.arm("PUT", body["id"], NEW_VERSION, json=body)
    assert (answer.status_code, "user-assigned" in answer.json()["error"]["message"]) == (400, True)


def test_a_private_vault_needs_network_integration_and_the_right_to_approve(sandbox: Running) -> None:
    key, vault = etcd_key(sandbox), id_of(sandbox, "ws-premium")
    private: dict[str, Any] = {"keyVaultNetworkAccess": "Private", "keyVaultResourceId": vault}
    assert put(sandbox, with_kms(get(sandbox), key, **private)) == "InvalidParameter"
    integrated = get(sandbox)
    integrated["properties"]["apiServerAccessProfile"] = {"enableVnetIntegration": True}
    assert put(sandbox, integrated) == "Succeeded"
    wanted = with_kms(get(sandbox), key, **private)
    assert put(sandbox, wanted) == "AzureKeyVaultKmsValidateIdentityPermissionCustomerError"
    contributor = "f25e0fa2-a7c8-4377-a976-54943a77a395"
    body = {
        "properties": {
            "roleDefinitionId": f"/providers/Microsoft.Authorization/roleDefinitions/{contributor}",
            "principalId": sandbox.principal("ws-aks-id")["object_id"],
            "principalType": "ServicePrincipal",
        }
    }
    path = f"{vault}/providers/Microsoft.Authorization/roleAssignments/0e7b9f3c-52a1-4a26-9c33-8a6a3d2f2b11"
    assert sandbox.arm("PUT", path, "2022-04-01", json=body).status_code == 201
    sandbox.advance(301)
    assert put(sandbox, wanted) == "Succeeded"
    assert put(sandbox, with_kms(get(sandbox), key, keyVaultNetworkAccess="Public")) == "InvalidParameter"


def test_the_new_engine_takes_an_id_without_version_and_is_not_switched_off_again(sandbox: Running) -> None:
    key = etcd_key(sandbox)
    bare = key.rsplit("/", 1)[0]
    before = get(sandbox)
    assert put(sandbox, with_kms(before, bare)) == "InvalidParameter"
    assert put(sandbox, with_kms(before, bare, new=True), "2026-06-01") == "InvalidParameter"
    assert put(sandbox, with_kms(get(sandbox, "ws-aks-old"), bare, new=True)) == "InvalidParameter"
    assert put(sandbox, with_kms(before, bare, new=True)) == "Succeeded"
    assert living.row(sandbox, "ws-aks")["version"] is None
    attached = get(sandbox)
    off = copy.deepcopy(attached)
    off["properties"]["securityProfile"] = {}
    for body in (off, with_kms(attached, None), with_kms(attached, key)):
        assert put(sandbox, body) == "InvalidParameter"
    assert get(sandbox) == attached


def test_the_new_engine_follows_a_new_version_within_six_hours(sandbox: Running) -> None:
    bare = etcd_key(sandbox).rsplit("/", 1)[0]
    assert put(sandbox, with_kms(get(sandbox), bare, new=True)) == "Succeeded"
    newer = make_key(sandbox, name="new-etcd", ops=CRYPTING)

    def held() -> str:
        life = sandbox.world.get("life", id_of(sandbox, "ws-aks"))
        return str((life or {})["slots"]["primary"]["keyUrl"])

    sandbox.advance(3600)
    living.settled(sandbox)
    assert held() != newer
    sandbox.advance(6 * 3600)
    assert living.until(lambda: held() == newer)


def test_the_legacy_engine_is_switched_off_and_its_key_stays_needed(sandbox: Running) -> None:
    key = etcd_key(sandbox)
    assert put(sandbox, with_kms(get(sandbox), key)) == "Succeeded"
    assert run(sandbox, f"{ALL} | kubectl replace -f -")["exitCode"] == 0
    assert encrypted_by(sandbox) == {key}
    assert put(sandbox, with_kms(get(sandbox), None)) == "Succeeded"
    assert encrypted_by(sandbox) == {key}
    assert run(sandbox, f"{ALL} | kubectl replace -f -")["exitCode"] == 0
    assert encrypted_by(sandbox) == {None}


def test_secrets_are_rewritten_with_the_present_key_and_only_when_told(sandbox: Running) -> None:
    first, second = etcd_key(sandbox, "one"), etcd_key(sandbox, "two")
    assert put(sandbox, with_kms(get(sandbox), first)) == "Succeeded"
    assert encrypted_by(sandbox) == {None}
    done = run(sandbox, f"{ALL} | kubectl replace -f -")
    assert (done["exitCode"], done["logs"].count(" replaced\n")) == (0, 3)
    assert put(sandbox, with_kms(get(sandbox), second)) == "Succeeded"
    assert encrypted_by(sandbox) == {first}
    before = json.loads(run(sandbox, ALL)["logs"])
    assert run(sandbox, f"{ALL} | kubectl replace -f -")["exitCode"] == 0
    assert encrypted_by(sandbox) == {second}
    assert json.loads(run(sandbox, ALL)["logs"]) == before


def test_without_its_key_a_cluster_reads_no_secret_until_the_key_is_back(sandbox: Running) -> None:
    key = etcd_key(sandbox)
    assert put(sandbox, with_kms(get(sandbox), key)) == "Succeeded"
    assert run(sandbox, f"{ALL} | kubectl replace -f -")["exitCode"] == 0
    cluster = get(sandbox)

    def lost() -> bool:
        states = {one["cluster_id"]: one["lost"] for one in sandbox.control("GET", "kubernetes")}
        return states[cluster["id"]] is not None

    living.set_enabled(sandbox, "ws-aks", enabled=False)
    sandbox.advance(300)
    assert living.until(lost)
    failed = run(sandbox, ALL)
    assert (failed["exitCode"], "KeyDisabled" in failed["logs"] or "disabled key" in failed["logs"]) == (1, True)
    assert run(sandbox, f"{ALL} | kubectl replace -f -")["exitCode"] == 1
    assert run(sandbox, "kubectl get storageclass")["exitCode"] == 0
    assert get(sandbox) == cluster
    living.set_enabled(sandbox, "ws-aks", enabled=True)
    sandbox.advance(300)
    assert living.until(lambda: not lost())
    assert run(sandbox, ALL)["exitCode"] == 0
