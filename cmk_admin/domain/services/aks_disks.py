"""Disks of an AKS cluster; their key is held by a disk encryption set (AKSD azure-disk-customer-managed-keys.md)."""

from cmk_admin.domain.services.facts import DATA_ACTIONS, POLICY_PERMISSIONS, SERVICE_ROLE, Heal, Service
from cmk_admin.domain.services.requirements import Requirements, Verdict

SERVICE = Service(
    name="aks-disks",
    title="AKS disks",
    resource_type="microsoft.containerservice/managedclusters",
    data_actions=DATA_ACTIONS,
    policy_permissions=POLICY_PERMISSIONS,
    role=SERVICE_ROLE,
    lost_seconds=3600,
    back_seconds=None,
    stops="The nodes are shut down and everything that runs on them stops",
    lost="What the nodes held in memory; nothing on the disks, as long as the key can be given back",
    comes_back="Give the key back, then start the nodes",
    heal=Heal.START_NODES,
    source="CD virtual-machines/disk-encryption.md",
    lost_words=("stopped", "deallocated"),
    up_words=("running",),
    short="aks-disks",
    stops_at_once="AKSD start-stop-cluster.md",
    needs=Requirements(
        # "Key disabled, deleted or expired": an expiry to come is taken, and stops the machines when it passes
        expiry=Verdict.WARNED,
        expiry_why="virtual machines with its disks are shut down when the key expires",
        other_region=Verdict.REFUSED,
    ),
)
