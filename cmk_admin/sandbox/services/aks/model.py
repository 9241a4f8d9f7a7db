"""Managed clusters: what one looks like, with ids and types spelt as the service itself spells them."""

import hashlib
import json
import uuid
from typing import Any

from cmk_admin.sandbox.consumers import CLUSTER
from cmk_admin.sandbox.services.identity.model import make_system_identity
from cmk_admin.sandbox.services.kubernetes import model as kubernetes
from cmk_admin.sandbox.services.mysql.model import assignable, carried
from cmk_admin.sandbox.state import Document, World
from cmk_admin.sandbox.wire import AzureError

# As paths and roles spell it.
TYPE = "Microsoft.ContainerService/managedClusters"
# What only the service itself sets; a PUT that sends it back unchanged, or leaves it out, is fine.
_READ_ONLY = ("provisioningState", "powerState", "currentKubernetesVersion", "fqdn", "nodeResourceGroup")


def cluster_id(subscription: str, group: str, name: str) -> str:
    """The ARM id of a cluster as AKS answers it: ``resourcegroups`` in lower case, measured with az."""
    return f"/subscriptions/{subscription}/resourcegroups/{group}/providers/Microsoft.ContainerService/managedClusters/{name}"


def node_group(group: str, name: str, location: str) -> str:
    """The name of a cluster's node resource group where nobody chose one."""
    return f"MC_{group}_{name}_{location}"


def make_cluster(
    world: World,
    *,
    subscription: str,
    group: str,
    name: str,
    identity: Document | None,
    disk_set: str | None,
    nodes: int,
    location: str = "westeurope",
    tags: dict[str, str] | None = None,
    version: str = "1.33.3",
    running: bool = True,
    object_id: str | None = None,
    client_id: str | None = None,
) -> Document:
    """Make a cluster with one node pool; without a user-assigned identity it gets a system-assigned one. The ARM envelope."""
    power = {"code": "Running" if running else "Stopped"}
    pool: dict[str, Any] = {
        "name": "nodepool1",
        "count": nodes,
        "vmSize": "Standard_D4s_v5",
        "osDiskSizeGB": 128,
        "osDiskType": "Managed",
        "type": "VirtualMachineScaleSets",
        "mode": "System",
        "osType": "Linux",
        "provisioningState": "Succeeded",
        "powerState": power,
        "orchestratorVersion": version,
    }
    properties: dict[str, Any] = {
        "provisioningState": "Succeeded",
        "powerState": power,
        "kubernetesVersion": version.rsplit(".", 1)[0],
        "currentKubernetesVersion": version,
        "dnsPrefix": name,
        "fqdn": f"{name}-{hashlib.sha256(name.encode()).hexdigest()[:8]}.hcp.{location}.azmk8s.io",
        "agentPoolProfiles": [pool],
        "nodeResourceGroup": node_group(group, name, location),
        "enableRBAC": True,
        "networkProfile": {"networkPlugin": "azure", "loadBalancerSku": "standard"},
        "securityProfile": {},
    }
    if disk_set is not None:
        properties["diskEncryptionSetID"] = disk_set
    resource_id = cluster_id(subscription, group, name)
    if identity is not None:
        block = {"type": "UserAssigned", "userAssignedIdentities": {identity["id"]: carried(identity)}}
    else:
        principal, tenant = make_system_identity(world, resource_id, name, object_id=object_id, client_id=client_id)
        block = {"type": "SystemAssigned", "principalId": principal, "tenantId": tenant}
    cluster: Document = {
        "id": resource_id,
        "location": location,
        "name": name,
        "tags": tags or {},
        "type": CLUSTER,
        "identity": block,
        "sku": {"name": "Base", "tier": "Standard"},
        "properties": properties,
    }
    kubernetes.lay(world, cluster)
    return put(world, cluster)


def put(world: World, cluster: Document) -> Document:
    """Record a cluster under a new etag; the envelope as recorded."""
    bare = {name: value for name, value in cluster.items() if name != "eTag"}
    digest = hashlib.sha256(json.dumps(bare, sort_keys=True).encode()).digest()
    recorded: Document = {**bare, "eTag": str(uuid.UUID(bytes=digest[:16]))}
    world.put("resource", recorded["id"], recorded)
    return recorded


def check_state(cluster: Document) -> None:
    """Raise AzureError 409 where a cluster can be neither changed nor asked: it is stopped, or something is under way."""
    properties = cluster["properties"]
    state, power = properties["provisioningState"], properties["powerState"]["code"]
    if (state, power) != ("Succeeded", "Running"):
        raise AzureError(
            409,
            "OperationNotAllowed",
            f"managed cluster is in Provisioning State({state}) and Power State({power}), the operation cannot be performed "
            "until it is Succeeded and Running.",
        )


def changed(world: World, caller_id: str, before: Document, body: Document, properties: Document) -> Document:
    """A cluster as a PUT of the whole of it wants it: what the body leaves out is gone, but for what the service sets.

    Raises AzureError 400 where a property is changed that is set at creation only.
    """
    had = before["properties"]
    for name in ("diskEncryptionSetID", "dnsPrefix"):
        if str(properties.get(name) or "").lower() != str(had.get(name) or "").lower():
            raise AzureError(400, "PropertyChangeNotAllowed", f"Changing property 'properties.{name}' is not allowed.")
    if not isinstance(properties.get("agentPoolProfiles"), list):
        raise AzureError(400, "InvalidParameter", "The value of parameter agentPoolProfiles is invalid.")
    kept = {name: had[name] for name in _READ_ONLY if name in had}
    after: Document = {**before, "tags": body.get("tags") or {}, "properties": {**properties, **kept}}
    named = ((body.get("identity") or {}).get("userAssignedIdentities") or {}).keys()
    if named:
        present = {one.lower(): one for one in before["identity"].get("userAssignedIdentities") or {}}
        after["identity"] = {
            "type": "UserAssigned",
            "userAssignedIdentities": {
                present.get(one.lower(), one): carried(
                    world.get("resource", one) or {"properties": {"principalId": None, "clientId": None}}
                    if one.lower() in present
                    else assignable(world, caller_id, one)
                )
                for one in named
            },
        }
    return after
