"""Disk encryption set: it holds the key for disks and for the clusters on them (CD virtual-machines/disk-encryption.md)."""

from cmk_admin.domain.services.facts import DATA_ACTIONS, POLICY_PERMISSIONS, SERVICE_ROLE, Heal, Service
from cmk_admin.domain.services.requirements import Requirements, Verdict

SERVICE = Service(
    name="disk-encryption-set",
    title="Disk encryption set",
    resource_type="microsoft.compute/diskencryptionsets",
    data_actions=DATA_ACTIONS,
    policy_permissions=POLICY_PERMISSIONS,
    role=SERVICE_ROLE,
    # "Generally 1 hour later": the virtual machines are shut down and reads and writes of the disks fail
    lost_seconds=3600,
    back_seconds=None,
    stops="Virtual machines with its disks are shut down; reads and writes of the disks fail",
    lost="What the machines held in memory; nothing on the disks, as long as the key can be given back",
    comes_back="Give the key back, then start the virtual machines",
    heal=Heal.AUTOMATIC,
    source="CD virtual-machines/disk-encryption.md",
    lost_words=("stopped", "deallocated"),
    up_words=("running",),
    short="disks",
    needs=Requirements(
        # "Key disabled, deleted or expired": an expiry to come is taken, and stops the machines when it passes
        expiry=Verdict.WARNED,
        expiry_why="virtual machines with its disks are shut down when the key expires",
        other_region=Verdict.REFUSED,
    ),
)
