"""A cluster's run command: the few lines it knows, with the files that come along, and an error for every other."""

import base64
import io
import json
import zipfile
from typing import Any

import pytest
from azure.mgmt.containerservice import ContainerServiceClient
from azure.mgmt.containerservice.models import RunCommandRequest

from cmk_admin.sandbox import entra
from cmk_admin.sandbox.services.kubernetes import manifest

from . import living
from .attaching import id_of
from .running import Running

pytestmark = pytest.mark.scenario("workshop")
VERSION = "2026-08-01"


def storage_class(disk_set: str, name: str = "encrypted") -> str:
    return f"""# new volumes are encrypted with the customer's key
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata:
  name: {name}
provisioner: disk.csi.azure.com
parameters:
  skuname: Premium_LRS
  diskEncryptionSetID: "{disk_set}"
  diskEncryptionType: EncryptionAtRestWithCustomerKey   # the default
reclaimPolicy: Delete
volumeBindingMode: WaitForFirstConsumer
allowVolumeExpansion: true
"""


def packed(files: dict[str, str]) -> str:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return base64.b64encode(buffer.getvalue()).decode()


def send(sandbox: Running, command: Any, *, cluster: str = "ws-aks", as_: str = "administrator", **more: Any) -> Any:
    path = id_of(sandbox, cluster) + "/runCommand"
    return sandbox.arm("POST", path, VERSION, json={"command": command, **more}, as_=as_)


def follow(sandbox: Running, begun: Any) -> Any:
    return sandbox.send("GET", begun.headers["Location"], headers={"Authorization": f"Bearer {sandbox.token()}"})


def run(sandbox: Running, command: str, **files: str) -> dict[str, Any]:
    context = {"context": packed({name.replace("_", "."): text for name, text in files.items()})} if files else {}
    begun = send(sandbox, command, **context)
    assert begun.status_code == 202, begun.text
    sandbox.advance(20)
    assert living.until(lambda: follow(sandbox, begun).status_code == 200)
    return dict(follow(sandbox, begun).json()["properties"])


def classes(sandbox: Running) -> dict[str, Any]:
    (state,) = [one for one in sandbox.control("GET", "kubernetes") if one["cluster_id"] == id_of(sandbox, "ws-aks")]
    return dict(state["storage_classes"])


def test_a_command_runs_for_a_while_and_then_tells_what_it_printed(sandbox: Running) -> None:
    begun = send(sandbox, "kubectl get sc")
    assert begun.status_code == 202
    assert "/commandResults/" in begun.headers["Location"]
    during = follow(sandbox, begun)
    assert (during.status_code, during.json()["properties"]["provisioningState"]) == (202, "Running")
    sandbox.advance(20)
    assert living.until(lambda: follow(sandbox, begun).status_code == 200)
    ended = follow(sandbox, begun).json()
    assert ended["id"] == begun.json()["id"]
    assert set(ended["properties"]) == {"provisioningState", "exitCode", "startedAt", "finishedAt", "logs"}
    assert ended["properties"]["logs"].splitlines()[0].split()[:2] == ["NAME", "PROVISIONER"]


def test_a_storage_class_is_applied_from_a_file_and_kept(sandbox: Running) -> None:
    text = storage_class(id_of(sandbox, "ws-des"))
    first = run(sandbox, "kubectl apply -f class.yaml", class_yaml=text)
    assert (first["exitCode"], first["logs"]) == (0, "storageclass.storage.k8s.io/encrypted created\n")
    parameters = classes(sandbox)["encrypted"]["parameters"]
    assert parameters["diskEncryptionSetID"] == id_of(sandbox, "ws-des")
    assert parameters["diskEncryptionType"] == "EncryptionAtRestWithCustomerKey"
    assert run(sandbox, "kubectl apply -f ./class.yaml", class_yaml=text)["logs"].endswith(" unchanged\n")
    other = text.replace("Premium_LRS", "StandardSSD_LRS")
    refused = run(sandbox, "kubectl apply -f class.yaml", class_yaml=other)
    assert (refused["exitCode"], "updates to parameters are forbidden" in refused["logs"]) == (1, True)
    shown = json.loads(run(sandbox, "kubectl get storageclass encrypted -o json")["logs"])
    assert shown == classes(sandbox)["encrypted"]


def test_a_storage_class_comes_as_json_and_by_standard_input_too(sandbox: Running) -> None:
    text = storage_class(id_of(sandbox, "ws-des"))
    assert run(sandbox, f"kubectl apply -f - <<'EOF'\n{text}EOF")["exitCode"] == 0
    (node,) = manifest.parse(text)
    node["metadata"]["name"] = "second"
    assert run(sandbox, "kubectl apply -f c.json", c_json=json.dumps(node))["exitCode"] == 0
    assert classes(sandbox)["second"]["parameters"] == classes(sandbox)["encrypted"]["parameters"]
    listed = json.loads(run(sandbox, "kubectl get storageclass -o json")["logs"])
    assert {"encrypted", "second", "default"} <= {one["metadata"]["name"] for one in listed["items"]}


def test_secrets_are_listed_with_their_values_in_base64(sandbox: Running) -> None:
    items = json.loads(run(sandbox, "kubectl get secrets -A -o json")["logs"])["items"]
    assert {one["metadata"]["namespace"] for one in items} == {"kube-system", "certificates"}
    assert all(base64.b64decode(value) for one in items for value in one["data"].values())
    assert run(sandbox, "kubectl get secrets --all-namespaces")["logs"].splitlines()[0].split()[0] == "NAMESPACE"


@pytest.mark.parametrize(
    "command",
    [
        "kubectl delete secret database-login",
        "kubectl get pods",
        "kubectl get secrets",
        "kubectl get storageclass -A",
        "kubectl get secrets -A -o yaml",
        "kubectl get secrets -A --watch",
        "kubectl get sc absent",
        "kubectl apply -f absent.yaml",
        "kubectl apply -f -",
        "kubectl replace -f - <<EOF\nkind: Pod\nEOF",
        "kubectl apply -f - <<EOF\nkind: Pod",
        "kubectl apply",
        "helm list",
        "kubectl get 'sc",
        "kubectl get sc; kubectl get sc",
        "kubectl get pods | kubectl replace -f -",
        "kubectl get secrets -A | kubectl replace -f -",
    ],
)
def test_any_other_command_gets_an_error_and_changes_nothing(sandbox: Running, command: str) -> None:
    before = sandbox.control("GET", "kubernetes")
    ended = run(sandbox, command)
    assert (ended["provisioningState"], ended["exitCode"]) == ("Succeeded", 1)
    assert "error" in ended["logs"].lower()
    assert sandbox.control("GET", "kubernetes") == before


def test_requests_that_make_no_sense_are_refused(sandbox: Running) -> None:
    assert send(sandbox, "").status_code == send(sandbox, 5).status_code == 400
    assert send(sandbox, "kubectl get sc", context="no zip").status_code == 400
    stopped = send(sandbox, "kubectl get sc", cluster="ws-aks-stopped")
    assert (stopped.status_code, stopped.json()["error"]["code"]) == (409, "OperationNotAllowed")
    absent = id_of(sandbox, "ws-aks") + "/commandResults/absent"
    assert sandbox.arm("GET", absent, VERSION).status_code == 404


def test_reader_runs_no_command(sandbox: Running) -> None:
    refused = send(sandbox, "kubectl get secrets -A -o json", as_="reader")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "AuthorizationFailed")
    assert "Microsoft.ContainerService/managedClusters/runCommand/action" in refused.json()["error"]["message"]


@pytest.mark.scenario("workshop", speed=600)
def test_the_real_sdk_runs_a_command(sandbox: Running) -> None:
    _, _, subscription, _, group, *_ = id_of(sandbox, "ws-aks").split("/")
    with ContainerServiceClient(sandbox.credential(), subscription, **sandbox.options) as client:
        request = RunCommandRequest(command="kubectl get sc")
        ended = client.managed_clusters.begin_run_command(group, "ws-aks", request).result(30)
        assert (ended.provisioning_state, ended.exit_code) == ("Succeeded", 0)
        assert ended.id is not None
        again = client.managed_clusters.get_command_result(group, "ws-aks", ended.id)
        assert again is not None
        assert again.logs == ended.logs


@pytest.mark.parametrize(
    "text",
    [
        "a: [1, 2]",
        "a: &b c",
        "- a",
        "a: 'b",
        "a: 1\na: 2",
        "a:\n  b: c\n d: e",
        "\ta: b",
        "a: b: c",
        "a: |\n  b",
        "{",
        '{"kind": "List", "items": [1]}',
        "".join(f"{' ' * n}a:\n" for n in range(60)),
    ],
)
def test_what_is_no_plain_manifest_is_refused(text: str) -> None:
    with pytest.raises(manifest.BadManifest):
        manifest.parse(text)


def test_a_plain_manifest_is_read_as_yaml_reads_it() -> None:
    text = "a: x # comment\n'b': \"y # z\"\nc:\n  d: true\n  e: 12\n  f: '12'\ng: {}\nh:\n---\ni: /a/b_c.d\n"
    assert manifest.parse(text) == [
        {"a": "x", "b": "y # z", "c": {"d": True, "e": 12, "f": "12"}, "g": {}, "h": None},
        {"i": "/a/b_c.d"},
    ]


def test_a_cluster_that_signs_people_in_by_entra_wants_a_token_for_itself(sandbox: Running) -> None:
    cluster = sandbox.arm("GET", id_of(sandbox, "ws-aks"), VERSION).json()
    body = {**cluster, "properties": {**cluster["properties"], "aadProfile": {"managed": True}}}
    living.finish(sandbox, sandbox.arm("PUT", cluster["id"], VERSION, json=body))
    for token in ({}, {"clusterToken": "nonsense"}, {"clusterToken": sandbox.token()}):
        refused = send(sandbox, "kubectl get storageclass", **token)
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "BadRequest")
    taken = send(sandbox, "kubectl get storageclass", clusterToken=sandbox.token(audience=entra.AKS_AUDIENCES[0]))
    assert taken.status_code == 202


def test_a_storage_class_is_deleted_once(sandbox: Running) -> None:
    text = storage_class("/some/set", "short-lived")
    assert run(sandbox, "kubectl apply -f class.yaml", class_yaml=text)["exitCode"] == 0
    gone = run(sandbox, "kubectl delete storageclass short-lived")
    assert (gone["exitCode"], gone["logs"]) == (0, 'storageclass.storage.k8s.io "short-lived" deleted\n')
    assert run(sandbox, "kubectl delete storageclass short-lived")["exitCode"] == 1
