"""The services of a saved estate: each as Azure would show it, with the key and the identity that the file names.

Each that names a key holds a data encryption key which that key has wrapped, also where the vault refuses it now.
"""

import base64
import hashlib
import secrets
from collections.abc import Callable, Iterable
from typing import Any

from . import consumers, life
from .from_estate_file import Node, entries, is_resource, key_parts, path_of
from .services.aks import model as aks
from .services.compute import model as compute
from .services.keyvault import keymaterial
from .services.mysql import model as mysql
from .services.mysqlsingle import model as mysqlsingle
from .state import Document, World

_KUBERNETES = "1.33.3"


class Services:
    """Lays the consumers of one saved estate in."""

    def __init__(self, world: World, estate: Node, group: Callable[[str, str, str | None], None]) -> None:
        """group makes a resource group where there is none: subscription, name, whose it is."""
        self._world, self._estate, self._group = world, estate, group
        self._identities = {one["principal_id"].lower(): one for one in entries(estate, "identities")}
        self.unknown: dict[str, int] = {}
        """Services that there are none of here, and how many of each."""

    def lay(self) -> None:
        """Make them all: disk encryption sets first, which clusters hang on."""
        makers = {
            "disk-encryption-set": self._disk_set,
            "mysql-flexible": self._flexible,
            "mysql-single": self._single,
        }
        clusters: dict[str, list[Node]] = {}
        for consumer in entries(self._estate, "consumers"):
            service = consumer["service"]
            if service in makers:
                makers[service](consumer)
            elif service in ("aks-disks", "aks-etcd"):
                clusters.setdefault(consumer["id"].lower(), []).append(consumer)
            else:
                self.unknown[service] = self.unknown.get(service, 0) + 1
        for parts in clusters.values():
            self._cluster(parts)

    def _flexible(self, consumer: Node) -> None:
        subscription, group, name = path_of(consumer["id"])
        slots = {slot["slot"]: slot for slot in entries(consumer, "slots")}
        encryption: Document = {"type": "AzureKeyVault"}
        for slot, key, identity in (
            ("primary", "primaryKeyURI", "primaryUserAssignedIdentityId"),
            ("geo", "geoBackupKeyURI", "geoBackupUserAssignedIdentityId"),
        ):
            if slot in slots:
                encryption |= {key: slots[slot]["key_id"], identity: _identity(slots[slot])["resource_id"] or ""}
        server = mysql.make_server(
            self._world,
            subscription=subscription,
            group=group,
            name=name,
            location=consumer.get("location") or "westeurope",
            tags=_tags(consumer),
            state=consumer.get("state") or "Ready",
            geo_backup="geo" in slots,
        )
        carried = self._carried(consumer)
        if carried:
            server = {**server, "identity": {"type": "UserAssigned", "userAssignedIdentities": carried}}
        if len(encryption) > 1:
            server = {**server, "properties": {**server["properties"], "dataEncryption": encryption}}
        self._world.put("resource", server["id"], server)

    def _single(self, consumer: Node) -> None:
        subscription, group, name = path_of(consumer["id"])
        slots = entries(consumer, "slots")
        server = mysqlsingle.make_server(
            self._world,
            subscription=subscription,
            group=group,
            name=name,
            location=consumer.get("location") or "westeurope",
            tags=_tags(consumer),
            **self._system_ids(consumer),
        )
        for slot in slots:
            mysqlsingle.put_key(self._world, server, slot["key_id"])
        if consumer.get("state"):
            life.set_property(self._world, server["id"], "userVisibleState", consumer["state"])

    def _disk_set(self, consumer: Node) -> None:
        subscription, group, name = path_of(consumer["id"])
        slots = entries(consumer, "slots")
        active = next((one for one in slots if one["slot"] == "primary"), None)
        if active is None:
            self.unknown["disk-encryption-set without a key"] = 1 + self.unknown.get(
                "disk-encryption-set without a key", 0
            )
            return
        disk_set = compute.make_disk_set(
            self._world,
            subscription=subscription,
            group=group,
            name=name,
            key_url=active["key_id"],
            source_vault=self._vault_in(active["key_id"], subscription),
            location=consumer.get("location") or "westeurope",
            tags=_tags(consumer),
            **self._system_ids(consumer),
        )
        previous = [{"keyUrl": one["key_id"]} for one in slots if one["slot"].startswith("previous")]
        properties = {**disk_set["properties"], **({"previousKeys": previous} if previous else {})}
        carried = self._carried(consumer)
        block = disk_set["identity"]
        if carried and not self._own(consumer):
            self._world.delete("principal", block["principalId"])
            block = {"type": "UserAssigned", "userAssignedIdentities": carried}
        self._world.put("resource", disk_set["id"], {**disk_set, "properties": properties, "identity": block})

    def _cluster(self, parts: list[Node]) -> None:
        first = parts[0]
        subscription, group, name = path_of(first["id"])
        disk_set = next((one["holder_id"] for one in parts if one.get("holder_id")), None)
        etcd = next((slot for one in parts if one["service"] == "aks-etcd" for slot in entries(one, "slots")), None)
        wanted = _identity(etcd)["resource_id"] if etcd else None
        carried = self._carried(first)
        own = next((one for one in carried if one.lower() == str(wanted).lower()), next(iter(carried), None))
        cluster = aks.make_cluster(
            self._world,
            subscription=subscription,
            group=group,
            name=name,
            identity=self._world.get("resource", own) if own else None,
            disk_set=disk_set,
            nodes=1,
            location=first.get("location") or "westeurope",
            tags=_tags(first),
            version=_KUBERNETES,
            **self._system_ids(first),
        )
        nodes = cluster["properties"]["nodeResourceGroup"]
        self._group(subscription, nodes, cluster["id"])
        compute.make_scale_set(
            self._world,
            subscription=subscription,
            group=nodes,
            name=f"aks-nodepool1-{hashlib.sha256(name.encode()).hexdigest()[:8]}-vmss",
            disk_set=disk_set,
            machines=1,
            location=first.get("location") or "westeurope",
            tags={"aks-managed-poolName": "nodepool1"},
        )
        if etcd is not None:
            profile: Document = {"azureKeyVaultKms": {"enabled": True, "keyId": etcd["key_id"]}}
            profile["azureKeyVaultKms"]["keyVaultNetworkAccess"] = "Public"
            if (key_parts(etcd["key_id"]) or ("", "", None))[2] is None:
                profile["kubernetesResourceObjectEncryptionProfile"] = {"infrastructureEncryption": "Enabled"}
            aks.put(self._world, {**cluster, "properties": {**cluster["properties"], "securityProfile": profile}})

    def _carried(self, consumer: Node) -> dict[str, Document]:
        """The user-assigned identities that a resource carries, as it shows them."""
        named = [_identity(slot)["object_id"] for slot in entries(consumer, "slots")]
        found: dict[str, Document] = {}
        for principal in (*named, *(consumer.get("carries") or ())):
            identity = self._identities.get(str(principal).lower())
            if identity is None or identity.get("system_assigned") or not identity.get("resource_id"):
                continue
            resource = self._world.get("resource", identity["resource_id"])
            if resource is not None and resource["id"] not in found:
                found[resource["id"]] = dict(mysql.carried(resource))
        return found

    def _own(self, consumer: Node) -> Node | None:
        """The resource's system-assigned identity, as the file knows it."""
        wanted = consumer["id"].lower()
        for identity in self._identities.values():
            if str(identity.get("resource_id") or "").lower() == wanted:
                return identity
        return None

    def _system_ids(self, consumer: Node) -> dict[str, Any]:
        own = self._own(consumer)
        if own is not None:
            return {"object_id": own["principal_id"], "client_id": own.get("client_id")}
        for slot in entries(consumer, "slots"):
            identity = _identity(slot)
            if identity["object_id"] and str(identity["resource_id"]).lower() == consumer["id"].lower():
                return {"object_id": identity["object_id"]}
        return {}

    def _vault_in(self, key_id: str, subscription: str) -> str | None:
        """The vault's ARM id; None where it is in another subscription, as Microsoft.Compute wants it."""
        parts = key_parts(key_id)
        for vault in entries(self._estate, "vaults"):
            if parts and vault["name"].lower() == parts[0] and path_of(vault["id"])[0] == subscription:
                return str(vault["id"])
        return None


def bring_to_life(world: World) -> list[str]:
    """Give each consumer a DEK wrapped by the key that it names; the names of those whose key is not there.

    Nobody is asked: a service that was refused its key before the estate was saved had wrapped with it once, too.
    """
    left: list[str] = []
    held: dict[str, list[consumers.Slot]] = {}
    for slot in consumers.slots(world):
        if slot.service in life.CHECK_SECONDS and slot.slot != "previous":
            held.setdefault(slot.consumer_id, []).append(slot)
    for slots in held.values():
        dek = secrets.token_bytes(32)
        made = {slot.slot: wrapped for slot in slots if (wrapped := _wrapped(world, slot, dek)) is not None}
        if "primary" not in made:
            left.append(str(slots[0].consumer["name"]))
            continue
        world.put("life", slots[0].consumer_id, _life(world, slots[0], made, dek))
    return left


def _life(world: World, slot: consumers.Slot, made: Document, dek: bytes) -> Document:
    properties, now = slot.consumer["properties"], world.clock.azure()
    state = properties.get("state") or properties.get("userVisibleState")
    gone = state == "Inaccessible"
    loss = {"since": now, "code": "Forbidden", "message": "The server was without its key when the estate was saved."}
    return {
        "service": slot.service,
        "slots": made,
        "lost": loss if gone else None,
        "dek": None if gone else base64.b64encode(dek).decode(),
        "looked": now,
    }


def _wrapped(world: World, slot: consumers.Slot, dek: bytes) -> Document | None:
    parts = key_parts(slot.key_url)
    key = world.get("key", f"{parts[0]}/{parts[1]}") if parts else None
    if parts is None or key is None or slot.principal_id is None:
        return None
    version = next((one for one in reversed(key["versions"]) if parts[2] in (None, one["version"])), None)
    if version is None or "n" not in version["key"]:
        return None
    host = slot.key_url.split("/")[2]
    return {
        "keyUrl": f"https://{host}/keys/{parts[1]}/{version['version']}",
        "principalId": slot.principal_id,
        "wrapped": base64.b64encode(keymaterial.encrypt(version["pem"], life.ALGORITHM, dek)).decode(),
        "digest": hashlib.sha256(dek).hexdigest(),
    }


def groups_of(resources: Iterable[str]) -> set[tuple[str, str]]:
    """(subscription, resource group) of each resource."""
    return {path_of(one)[:2] for one in resources if is_resource(one)}


def _identity(slot: Node | None) -> Node:
    found = (slot or {}).get("identity")
    return found if isinstance(found, dict) else {"object_id": None, "resource_id": None, "name": None}


def _tags(consumer: Node) -> dict[str, str]:
    return {str(name): str(value) for name, value in (consumer.get("tags") or {}).items()}
