"""Managed clusters: what one looks like, with ids and types spelt as the service itself spells them."""

import hashlib
import json
import uuid
from typing import Any

from cmk_admin.sandbox.consumers import CLUSTER
from cmk_admin.sandbox.services.mysql.model import carried
from cmk_admin.sandbox.state import Document, World


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
    identity: Document,
    disk_set: str | None,
    nodes: int,
    location: str = "westeurope",
    tags: dict[str, str] | None = None,
) -> Document:
    """Make a cluster that runs, with one node pool and a user-assigned identity; the ARM envelope."""
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
        "powerState": {"code": "Running"},
        "orchestratorVersion": "1.33.3",
    }
    properties: dict[str, Any] = {
        "provisioningState": "Succeeded",
        "powerState": {"code": "Running"},
        "kubernetesVersion": "1.33",
        "currentKubernetesVersion": "1.33.3",
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
    cluster: Document = {
        "id": cluster_id(subscription, group, name),
        "location": location,
        "name": name,
        "tags": tags or {},
        "type": CLUSTER,
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {identity["id"]: carried(identity)}},
        "sku": {"name": "Base", "tier": "Standard"},
        "properties": properties,
    }
    return put(world, cluster)


def put(world: World, cluster: Document) -> Document:
    """Record a cluster under a new etag; the envelope as recorded."""
    bare = {name: value for name, value in cluster.items() if name != "eTag"}
    digest = hashlib.sha256(json.dumps(bare, sort_keys=True).encode()).digest()
    recorded: Document = {**bare, "eTag": str(uuid.UUID(bytes=digest[:16]))}
    world.put("resource", recorded["id"], recorded)
    return recorded
