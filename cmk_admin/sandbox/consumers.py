"""Which resources use a key: their slots as the resources' own properties state them, and who unwraps for each."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .state import Document, World

FLEXIBLE = "Microsoft.DBforMySQL/flexibleServers"
SINGLE = "Microsoft.DBforMySQL/servers"
SINGLE_KEY = "Microsoft.DBforMySQL/servers/keys"
DISK_SET = "Microsoft.Compute/diskEncryptionSets"
DISK = "Microsoft.Compute/disks"
SCALE_SET = "Microsoft.Compute/virtualMachineScaleSets"
SCALE_SET_VM = "Microsoft.Compute/virtualMachineScaleSets/virtualMachines"
# The type as AKS itself spells it in its answers, measured with az.
CLUSTER = "Microsoft.ContainerService/ManagedClusters"

# Resources that the resource manager's generic lists leave out: a single server's keys, a scale set's machines.
CHILD = "childResource"


@dataclass(slots=True, frozen=True)
class Slot:
    """One place in a consumer that names a key, and the managed identity that asks the vault for it."""

    service: str
    """``mysql-flexible``, ``mysql-single``, ``disk-encryption-set``, ``aks-disks`` or ``aks-etcd``."""
    consumer: Document
    slot: str
    key_url: str
    principal_id: str | None
    identity_id: str
    """ARM id: a user-assigned identity's own, or that of the resource whose system-assigned identity it is."""
    holder_id: str
    """ARM id of the consumer that holds the key: the disk encryption set for a cluster's disks, else the consumer itself."""

    @property
    def consumer_id(self) -> str:
        """The consumer's ARM id."""
        return str(self.consumer["id"])


def slots(world: World) -> Iterator[Slot]:
    """All slots of all consumers, in the order in which the consumers were made."""
    for _, resource in world.items("resource"):
        yield from slots_of(world, resource)


def slots_of(world: World, resource: Document) -> Iterator[Slot]:
    """The slots of one resource; none for a resource that uses no key."""
    read = _READERS.get(resource["type"].lower())
    if read is not None:
        yield from read(world, resource)


def principal_of(world: World, resource: Document, identity_id: str | None = None) -> str | None:
    """Object id of a resource's system-assigned identity, or of a user-assigned one that it carries; None without."""
    identity = resource.get("identity") or {}
    if identity_id is None:
        system: str | None = identity.get("principalId")
        return system
    for carried, facts in (identity.get("userAssignedIdentities") or {}).items():
        if carried.lower() == identity_id.lower():
            known = world.get("resource", identity_id)
            assigned: str | None = (known or {"properties": facts or {}})["properties"].get("principalId")
            return assigned
    return None


def _flexible(world: World, server: Document) -> Iterator[Slot]:
    encryption = server["properties"].get("dataEncryption") or {}
    if str(encryption.get("type")).lower() == "azurekeyvault":
        for slot, key, identity in (
            ("primary", "primaryKeyURI", "primaryUserAssignedIdentityId"),
            ("geo", "geoBackupKeyURI", "geoBackupUserAssignedIdentityId"),
        ):
            if encryption.get(key):
                identity_id = encryption.get(identity) or ""
                principal = principal_of(world, server, identity_id)
                yield Slot("mysql-flexible", server, slot, encryption[key], principal, identity_id, server["id"])


def _single(world: World, server: Document) -> Iterator[Slot]:
    prefix = f"{server['id']}/keys/".lower()
    for key_id, key in world.items(CHILD):
        if key_id.startswith(prefix) and str(key["properties"].get("serverKeyType")).lower() == "azurekeyvault":
            yield Slot(
                "mysql-single",
                server,
                "primary",
                key["properties"]["uri"],
                principal_of(world, server),
                server["id"],
                server["id"],
            )


def _disk_set(world: World, disk_set: Document) -> Iterator[Slot]:
    properties = disk_set["properties"]
    named = [("primary", properties.get("activeKey")), *(("previous", k) for k in properties.get("previousKeys") or ())]
    for slot, key in named:
        if key and key.get("keyUrl"):
            principal, identity = _identity_of_disk_set(world, disk_set)
            yield Slot("disk-encryption-set", disk_set, slot, key["keyUrl"], principal, identity, disk_set["id"])


def _identity_of_disk_set(world: World, disk_set: Document) -> tuple[str | None, str]:
    """(object id, ARM id) of the identity by which a set asks the vault."""
    carried = (disk_set.get("identity") or {}).get("userAssignedIdentities") or {}
    if principal_of(world, disk_set) is None and carried:
        identity_id = next(iter(carried))
        return principal_of(world, disk_set, identity_id), identity_id
    return principal_of(world, disk_set), disk_set["id"]


def _cluster(world: World, cluster: Document) -> Iterator[Slot]:
    properties = cluster["properties"]
    disk_set = world.get("resource", properties.get("diskEncryptionSetID") or "")
    active = ((disk_set or {}).get("properties") or {}).get("activeKey") or {}
    if disk_set is not None and active.get("keyUrl"):
        principal, identity = _identity_of_disk_set(world, disk_set)
        yield Slot("aks-disks", cluster, "primary", active["keyUrl"], principal, identity, disk_set["id"])
    kms: dict[str, Any] = (properties.get("securityProfile") or {}).get("azureKeyVaultKms") or {}
    if kms.get("enabled") and kms.get("keyId"):
        carried = (cluster.get("identity") or {}).get("userAssignedIdentities") or {}
        own = next(iter(carried), None)
        principal = principal_of(world, cluster, own)
        yield Slot("aks-etcd", cluster, "primary", kms["keyId"], principal, own or cluster["id"], cluster["id"])


_READERS = {
    FLEXIBLE.lower(): _flexible,
    SINGLE.lower(): _single,
    DISK_SET.lower(): _disk_set,
    CLUSTER.lower(): _cluster,
}
