"""Disk encryption sets, the disks and scale sets that hang on them, and their machines' power."""

from typing import Any

from cmk_admin.sandbox import life
from cmk_admin.sandbox.consumers import CHILD, CLUSTER, DISK, DISK_SET, SCALE_SET, SCALE_SET_VM, Slot, slots_of
from cmk_admin.sandbox.services.identity.model import make_system_identity
from cmk_admin.sandbox.state import Document, World
from cmk_admin.sandbox.wire import AzureError

from . import requirements


def disk_set_id(subscription: str, group: str, name: str) -> str:
    """The ARM id of a disk encryption set."""
    return _id(subscription, group, DISK_SET, name)


def make_disk_set(
    world: World,
    *,
    subscription: str,
    group: str,
    name: str,
    key_url: str,
    source_vault: str | None,
    location: str = "westeurope",
    tags: dict[str, str] | None = None,
    object_id: str | None = None,
    client_id: str | None = None,
    encryption_type: str = requirements.ENCRYPTION_TYPES[0],
    rotation: bool = False,
) -> Document:
    """Make a disk encryption set with a system-assigned identity; the ARM envelope.

    source_vault is the vault's ARM id, or None where the vault is in another subscription.
    """
    resource_id = disk_set_id(subscription, group, name)
    principal, tenant = make_system_identity(world, resource_id, name, object_id=object_id, client_id=client_id)
    active: dict[str, Any] = {"keyUrl": key_url}
    if source_vault is not None:
        active["sourceVault"] = {"id": source_vault}
    disk_set: Document = {
        "name": name,
        "id": resource_id,
        "type": DISK_SET,
        "location": location,
        "tags": tags or {},
        "identity": {"type": "SystemAssigned", "principalId": principal, "tenantId": tenant},
        "properties": {
            "activeKey": active,
            "encryptionType": encryption_type,
            "rotationToLatestKeyVersionEnabled": rotation,
            "provisioningState": "Succeeded",
        },
    }
    world.put("resource", resource_id, disk_set)
    return disk_set


def note_update(world: World, disk_set: Document, active: Document, tags: dict[str, str], kind: str) -> Document:
    """Show that a set is being changed; a rotation shows the key it leaves among the previous ones. The envelope."""
    properties = {**disk_set["properties"], "encryptionType": kind, "provisioningState": "Updating"}
    if active and active["keyUrl"] != properties["activeKey"]["keyUrl"]:
        properties |= {"previousKeys": [properties["activeKey"]], "activeKey": active}
    shown: Document = {**disk_set, "tags": tags, "properties": properties}
    world.put("resource", disk_set["id"], shown)
    return shown


def finish_update(
    world: World, resource_id: str, active: Document | None, rotation: bool | None, before: Document | None
) -> None:
    """Give a set its key, trying it as the set's identity where the set was there before.

    Raises AzureError 400 where the vault refuses; then the set is as `before` says. A new one whose key is gone by then
    stands as Failed.
    """
    disk_set = world.get("resource", resource_id)
    if disk_set is None:
        raise AzureError(404, "ResourceNotFound", f"The Resource '{resource_id}' was not found.")
    properties = {name: value for name, value in disk_set["properties"].items() if name != "previousKeys"}
    properties["provisioningState"] = "Succeeded"
    if rotation is not None:
        properties["rotationToLatestKeyVersionEnabled"] = bool(rotation)
    if active is not None and before is not None:
        changed = active["keyUrl"] != before["activeKey"]["keyUrl"]
        properties["activeKey"] = active
        if changed:
            properties["lastKeyRotationTimestamp"] = world.clock.now().isoformat()
        after = {**disk_set, "properties": properties}
        try:
            if changed:
                _judge(world, after)
            # A set that nothing has used yet may be written again as it is before its identity has a grant.
            if changed or world.get("life", resource_id) is not None:
                prove(world, after)
        except AzureError:
            world.put("resource", resource_id, {**disk_set, "properties": before})
            raise
    if before is None:
        try:
            requirements.check_material(world, properties["activeKey"]["keyUrl"])
        except AzureError:
            world.put(
                "resource", resource_id, {**disk_set, "properties": {**properties, "provisioningState": "Failed"}}
            )
            raise
    world.put("resource", resource_id, {**disk_set, "properties": properties})


def make_disk(
    world: World,
    *,
    subscription: str,
    group: str,
    name: str,
    disk_set: str,
    managed_by: str | None = None,
    location: str = "westeurope",
) -> Document:
    """Make a managed disk encrypted by a disk encryption set; the ARM envelope."""
    disk: Document = {
        "name": name,
        "id": _id(subscription, group, DISK, name),
        "type": DISK,
        "location": location,
        "sku": {"name": "Premium_LRS", "tier": "Premium"},
        "tags": {},
        "properties": {
            "creationData": {"createOption": "Empty"},
            "diskSizeGB": 128,
            "diskState": "Attached" if managed_by else "Unattached",
            "encryption": {"type": "EncryptionAtRestWithCustomerKey", "diskEncryptionSetId": disk_set},
            "provisioningState": "Succeeded",
        },
    }
    if managed_by:
        disk["managedBy"] = managed_by
    world.put("resource", disk["id"], disk)
    return disk


def make_scale_set(
    world: World,
    *,
    subscription: str,
    group: str,
    name: str,
    disk_set: str | None,
    machines: int,
    location: str = "westeurope",
    tags: dict[str, str] | None = None,
) -> Document:
    """Make a scale set whose machines run, with OS disks encrypted by a disk encryption set; the ARM envelope."""
    managed: dict[str, Any] = {"storageAccountType": "Premium_LRS"}
    if disk_set is not None:
        managed["diskEncryptionSet"] = {"id": disk_set}
    os_disk = {"osType": "Linux", "createOption": "FromImage", "caching": "ReadWrite", "managedDisk": managed}
    scale_set: Document = {
        "name": name,
        "id": _id(subscription, group, SCALE_SET, name),
        "type": SCALE_SET,
        "location": location,
        "tags": tags or {},
        "sku": {"name": "Standard_D4s_v5", "tier": "Standard", "capacity": machines},
        "properties": {
            "provisioningState": "Succeeded",
            "orchestrationMode": "Uniform",
            "overprovision": False,
            "upgradePolicy": {"mode": "Manual"},
            "virtualMachineProfile": {"storageProfile": {"osDisk": os_disk, "diskControllerType": "SCSI"}},
        },
    }
    world.put("resource", scale_set["id"], scale_set)
    for number in range(machines):
        machine: Document = {
            "name": f"{name}_{number}",
            "instanceId": str(number),
            "id": f"{scale_set['id']}/virtualMachines/{number}",
            "type": SCALE_SET_VM,
            "location": location,
            "tags": tags or {},
            "sku": scale_set["sku"],
            "power": life.RUNNING,
            "properties": {
                "provisioningState": "Succeeded",
                "latestModelApplied": True,
                "storageProfile": {"osDisk": {**os_disk, "name": f"{name}_{number}_OsDisk_1"}, "dataDisks": []},
            },
        }
        world.put(CHILD, machine["id"], machine)
    return scale_set


def machines_of(world: World, scale_set_id: str) -> list[Document]:
    """A scale set's machines."""
    prefix = f"{scale_set_id}/virtualMachines/".lower()
    return [child for child_id, child in world.items(CHILD) if child_id.startswith(prefix)]


def associated(world: World, resource_id: str) -> list[str]:
    """ARM ids of the disks that a disk encryption set encrypts, scale sets' OS disks too."""
    wanted = resource_id.lower()
    disks = [
        disk["id"]
        for _, disk in world.items("resource")
        if disk["type"] == DISK
        and str((disk["properties"].get("encryption") or {}).get("diskEncryptionSetId")).lower() == wanted
    ]
    for machine in life.machines_of(world, resource_id):
        head, _, tail = machine["id"].partition(f"/providers/{SCALE_SET}/")
        disks.append(f"{head}/providers/{DISK}/{machine['properties']['storageProfile']['osDisk']['name']}")
        assert tail
    return disks


def envelope(machine: Document, *, expand: bool) -> Document:
    """A machine as GET answers it, with its instance view where asked for."""
    shown: Document = {name: value for name, value in machine.items() if name != "power"}
    if expand:
        shown["properties"] = {**machine["properties"], "instanceView": instance_view(machine)}
    return shown


def instance_view(machine: Document) -> Document:
    """A machine's instance view."""
    power = life.power_of(machine)
    return {
        "statuses": [
            {"code": "ProvisioningState/succeeded", "level": "Info", "displayStatus": "Provisioning succeeded"},
            {"code": f"PowerState/{power}", "level": "Info", "displayStatus": f"VM {power}"},
        ],
        "disks": [
            {
                "name": machine["properties"]["storageProfile"]["osDisk"]["name"],
                "statuses": [
                    {"code": "ProvisioningState/succeeded", "level": "Info", "displayStatus": "Provisioning succeeded"}
                ],
            }
        ],
    }


def summary(machines: list[Document]) -> Document:
    """A scale set's instance view: how many of its machines are in which state."""
    counts: dict[str, int] = {}
    for machine in machines:
        for status in instance_view(machine)["statuses"]:
            counts[status["code"]] = counts.get(status["code"], 0) + 1
    return {
        "virtualMachine": {"statusesSummary": [{"code": code, "count": count} for code, count in counts.items()]},
        "statuses": [
            {"code": "ProvisioningState/succeeded", "level": "Info", "displayStatus": "Provisioning succeeded"}
        ],
    }


def start(world: World, scale_set_id: str, instance_ids: list[str] | None) -> None:
    """Start machines, all where none are named. Raises AzureError where the disks' key refuses."""
    for machine in machines_of(world, scale_set_id):
        if instance_ids is not None and machine["instanceId"] not in instance_ids:
            continue
        disk_set = world.get("resource", life.disk_set_id_of(machine) or "")
        if disk_set is not None:
            prove(world, disk_set)
        life.set_power(world, machine, life.RUNNING)


def deallocate(world: World, scale_set_id: str, instance_ids: list[str] | None) -> None:
    """Stop machines and let go of their hardware, all where none are named; no key is asked for."""
    for machine in machines_of(world, scale_set_id):
        if instance_ids is None or machine["instanceId"] in instance_ids:
            life.set_power(world, machine, life.DEALLOCATED)


def delete(world: World, disk_set: Document) -> None:
    """Delete a set and its identity; grants of the identity stay behind, as in Azure. Raises AzureError 409 where it is used."""
    users = [*associated(world, disk_set["id"]), *_clusters_of(world, disk_set["id"])]
    if users:
        raise AzureError(
            409,
            "OperationNotAllowed",
            f"Disk encryption set '{disk_set['name']}' cannot be deleted because it is in use by '{users[0]}'"
            + (f" and {len(users) - 1} other resources." if len(users) > 1 else "."),
        )
    life.detach(world, disk_set["id"])
    world.delete("resource", disk_set["id"])
    principal = (disk_set.get("identity") or {}).get("principalId")
    if principal is not None:
        world.delete("principal", principal)


def _clusters_of(world: World, resource_id: str) -> list[str]:
    return [
        cluster["id"]
        for _, cluster in world.items("resource")
        if cluster["type"] == CLUSTER
        and str(cluster["properties"].get("diskEncryptionSetID")).lower() == resource_id.lower()
    ]


def _judge(world: World, disk_set: Document) -> None:
    requirements.check_place(world, disk_set["location"], disk_set["properties"]["activeKey"]["keyUrl"])
    for slot in slots_of(world, disk_set):
        if slot.slot == "primary":
            try:
                requirements.check(world, slot)
            except AzureError as refusal:
                raise refused(slot, refusal) from refusal


def prove(world: World, disk_set: Document) -> None:
    """Try a set's key as its identity, or give the set a DEK of its own. Raises AzureError where the vault refuses."""
    held = [slot for slot in slots_of(world, disk_set) if slot.slot == "primary"]
    try:
        life.attach(world, held)
    except AzureError as refusal:
        raise refused(held[0], refusal) from refusal


def refused(slot: Slot, refusal: AzureError) -> AzureError:
    """What the compute service says when the vault refused a set's identity."""
    reason = refusal.inner or refusal.code
    if reason == "KeyVaultKeyNotSupported":
        return refusal
    code = "KeyVaultKeyNotEnabled" if reason == "KeyDisabled" else "KeyVaultAccessForbidden"
    return AzureError(
        400,
        code,
        f"Unable to access key vault resource '{slot.key_url}' to enable encryption at rest. Please grant get, wrap and "
        f"unwrap key permissions to disk encryption set '{slot.consumer['name']}'. The vault said: {refusal.message}",
    )


def _id(subscription: str, group: str, kind: str, name: str) -> str:
    return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{kind}/{name}"
