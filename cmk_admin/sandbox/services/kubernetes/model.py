"""What a cluster keeps for Kubernetes: storage classes, and secrets with the key version that each is encrypted by."""

import base64
import hashlib
import secrets as random
from typing import Any

from cmk_admin.sandbox import life
from cmk_admin.sandbox.consumers import slots_of
from cmk_admin.sandbox.state import Document, World
from cmk_admin.sandbox.wire import AzureError

KIND = "kubernetes"
"""The kind of the documents, one a cluster; id: the cluster's."""

Node = dict[str, Any]

_SECRETS = (
    ("kube-system", "bootstrap-token", "bootstrap.kubernetes.io/token", ("token-id", "token-secret")),
    ("certificates", "issuer-signing-key", "Opaque", ("tls.key",)),
    ("certificates", "database-login", "Opaque", ("username", "password")),
)
_CLASSES = (("default", "StandardSSD_LRS"), ("managed-csi", "StandardSSD_LRS"), ("managed-csi-premium", "Premium_LRS"))


class Refused(Exception):
    """What the API server says where it does not do it; the message as kubectl prints it."""


def lay(world: World, cluster: Document) -> None:
    """Give a new cluster what AKS and its owners put in: its storage classes, a few secrets. The same in every run."""
    secrets = [
        {
            "namespace": namespace,
            "name": name,
            "type": kind,
            "data": {key: _value(cluster["id"], namespace, name, key) for key in keys},
            "encryptedBy": None,
        }
        for namespace, name, kind, keys in _SECRETS
    ]
    classes = {name: _built_in(name, sku) for name, sku in _CLASSES}
    world.put(KIND, cluster["id"], {"storageClasses": classes, "secrets": secrets, "envelopes": {}})


def state_of(world: World, cluster_id: str) -> Document:
    """A cluster's document."""
    return world.get(KIND, cluster_id) or {"storageClasses": {}, "secrets": [], "envelopes": {}}


def described(world: World) -> list[Node]:
    """What a test or a drill may ask: storage classes, which key version encrypts each secret, since when they are lost."""
    return [
        {
            "cluster_id": (world.get("resource", cluster_id) or {"id": cluster_id})["id"],
            "storage_classes": document["storageClasses"],
            "secrets": [
                {"namespace": one["namespace"], "name": one["name"], "encrypted_by": one["encryptedBy"]}
                for one in document["secrets"]
            ],
            "lost": life.lost(world, cluster_id),
        }
        for cluster_id, document in world.items(KIND)
    ]


def storage_class(world: World, cluster_id: str, name: str) -> Node:
    """The storage class of that name. Raises Refused."""
    found: Node | None = state_of(world, cluster_id)["storageClasses"].get(name)
    if found is None:
        raise Refused(f'Error from server (NotFound): storageclasses.storage.k8s.io "{name}" not found')
    return found


def apply_storage_class(world: World, cluster_id: str, wanted: Node) -> str:
    """Make a storage class, or bring one to what is wanted: ``created``, ``configured`` or ``unchanged``. Raises Refused."""
    after = _checked_class(wanted)
    state = state_of(world, cluster_id)
    name = after["metadata"]["name"]
    before = state["storageClasses"].get(name)
    if before == after:
        return "unchanged"
    for field in ("provisioner", "parameters", "reclaimPolicy", "volumeBindingMode") if before else ():
        if before.get(field) != after.get(field):
            raise Refused(
                f'The StorageClass "{name}" is invalid: {field}: Forbidden: updates to {field} are forbidden.'
            )
    world.put(KIND, cluster_id, {**state, "storageClasses": {**state["storageClasses"], name: after}})
    return "configured" if before else "created"


def delete_storage_class(world: World, cluster_id: str, name: str) -> None:
    """Take a storage class away; volumes that were claimed with it stay. Raises Refused where there is none."""
    storage_class(world, cluster_id, name)
    state = state_of(world, cluster_id)
    left = {one: kept for one, kept in state["storageClasses"].items() if one != name}
    world.put(KIND, cluster_id, {**state, "storageClasses": left})


def read_secrets(world: World, cluster_id: str) -> list[Node]:
    """All secrets, as the API server gives them: what a key encrypts is decrypted with it. Raises Refused where it refuses."""
    state = state_of(world, cluster_id)
    for kid in dict.fromkeys(one["encryptedBy"] for one in state["secrets"]):
        if kid is not None:
            _open(world, state["envelopes"][kid])
    return [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": one["name"], "namespace": one["namespace"]},
            "type": one["type"],
            "data": one["data"],
        }
        for one in state["secrets"]
    ]


def replace_secret(world: World, cluster_id: str, wanted: Node) -> str:
    """Write a secret again, encrypted by the cluster's present key; its name. Raises Refused."""
    metadata = wanted.get("metadata")
    if not isinstance(metadata, dict):
        raise Refused("error: resource name may not be empty")
    name, namespace = metadata.get("name"), metadata.get("namespace", "default")
    state = state_of(world, cluster_id)
    present = [one for one in state["secrets"] if (one["namespace"], one["name"]) == (namespace, name)]
    if not present:
        raise Refused(f'Error from server (NotFound): error when replacing: secrets "{name}" not found')
    data = wanted.get("data") or {}
    if not isinstance(data, dict) or any(not isinstance(value, str) for value in data.values()):
        raise Refused(f'Error from server (BadRequest): Secret "{name}" in version "v1" cannot be handled as a Secret')
    envelope = _present_envelope(world, cluster_id)
    kid = envelope["kid"] if envelope else None
    after = {**present[0], "data": data, "encryptedBy": kid}
    secrets = [after if one is present[0] else one for one in state["secrets"]]
    used = {one["encryptedBy"] for one in secrets}
    envelopes = {one: sealed for one, sealed in state["envelopes"].items() if one in used}
    if envelope is not None and kid is not None:
        envelopes[kid] = envelope
    world.put(KIND, cluster_id, {**state, "secrets": secrets, "envelopes": envelopes})
    return str(name)


def _present_envelope(world: World, cluster_id: str) -> Document | None:
    """A data key encrypted by the cluster's key as it is now; None for a cluster that encrypts etcd by no key."""
    cluster = world.get("resource", cluster_id)
    held = [slot for slot in slots_of(world, cluster) if slot.service == "aks-etcd"] if cluster else []
    living = world.get("life", cluster_id)
    if not held or living is None or held[0].principal_id is None:
        return None
    kid, principal = living["slots"]["primary"]["keyUrl"], held[0].principal_id
    known: Document | None = state_of(world, cluster_id)["envelopes"].get(kid)
    if known is not None:
        _open(world, known)
        return known
    dek = random.token_bytes(32)
    try:
        sealed = life.wrap(world, principal, kid, dek, service="aks-etcd")
    except AzureError as refusal:
        raise _kms_error("encrypt", refusal) from refusal
    return {
        "kid": kid,
        "principalId": principal,
        "sealed": base64.b64encode(sealed).decode(),
        "digest": hashlib.sha256(dek).hexdigest(),
    }


def _open(world: World, envelope: Document) -> None:
    sealed = base64.b64decode(envelope["sealed"])
    try:
        dek = life.unwrap(world, envelope["principalId"], envelope["kid"], sealed, service="aks-etcd")
    except AzureError as refusal:
        raise _kms_error("decrypt", refusal) from refusal
    if hashlib.sha256(dek).hexdigest() != envelope["digest"]:
        raise Refused(
            "Error from server (InternalError): Internal error occurred: the key is not the one that encrypted"
        )


def _kms_error(operation: str, refusal: AzureError) -> Refused:
    return Refused(
        f"Error from server (InternalError): Internal error occurred: failed to {operation} DEK, error: rpc error: "
        f"code = Unknown desc = {refusal.message.splitlines()[0]}"
    )


def _checked_class(wanted: Node) -> Node:
    metadata = wanted.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if not isinstance(name, str) or not name:
        raise Refused("error: error when retrieving current configuration: resource name may not be empty")
    if wanted.get("apiVersion") != "storage.k8s.io/v1":
        raise Refused(f'error: resource mapping not found for name: "{name}": no matches for kind "StorageClass"')
    if not isinstance(wanted.get("provisioner"), str):
        raise Refused(f'The StorageClass "{name}" is invalid: provisioner: Required value')
    parameters = wanted.get("parameters") or {}
    if not isinstance(parameters, dict) or any(not isinstance(value, str) for value in parameters.values()):
        raise Refused(f'Error from server (BadRequest): StorageClass "{name}": parameters must be strings')
    return {
        **wanted,
        "parameters": parameters,
        "reclaimPolicy": wanted.get("reclaimPolicy") or "Delete",
        "volumeBindingMode": wanted.get("volumeBindingMode") or "Immediate",
    }


def _built_in(name: str, sku: str) -> Node:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name},
        "provisioner": "disk.csi.azure.com",
        "parameters": {"skuname": sku},
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "WaitForFirstConsumer",
        "allowVolumeExpansion": True,
    }


def _value(*parts: str) -> str:
    return base64.b64encode(hashlib.sha256("/".join(parts).encode()).hexdigest()[:24].encode()).decode()
