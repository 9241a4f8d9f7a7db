"""How a scenario is laid in: everything by name, ids drawn from the scenario's name and seed, key material fresh."""

import uuid
from collections.abc import Iterable
from itertools import cycle
from typing import Any, TypedDict

from cmk_admin.sandbox import consumers, life
from cmk_admin.sandbox.key_pairs import take
from cmk_admin.sandbox.services.authorization.model import make_assignment, make_built_in_roles
from cmk_admin.sandbox.services.identity.model import make_identity, make_principal
from cmk_admin.sandbox.services.keyvault.attributes import kid
from cmk_admin.sandbox.services.keyvault.model import make_key, make_vault
from cmk_admin.sandbox.state import Document, World

ENCRYPTION_USER = "Key Vault Crypto Service Encryption User"
LOCATION = "westeurope"
_NAMESPACE = uuid.UUID("5c6f0a4e-6f0b-5f0e-9a5e-1d8f3b8d2c11")


class Ids(TypedDict):
    """The ids of an identity."""

    object_id: str
    client_id: str


class Estate:
    """Lays one scenario into a world that holds nothing yet."""

    def __init__(self, world: World, scenario: str, seed: int, *, key_pairs: int) -> None:
        """key_pairs: how many real key pairs to draw; keys share them in turn where there are more keys."""
        self.world = world
        self._root = uuid.uuid5(_NAMESPACE, f"{scenario}/{seed}")
        before = world.get("meta", "world") or {}
        self.tenant_id = self.guid("tenant")
        self._pems = cycle(take(max(key_pairs, 1)))
        self._meta: Document = {
            "instance_id": before.get("instance_id") or str(uuid.uuid4()),
            "tenant_id": self.tenant_id,
            "scenario": scenario,
            "seed": seed,
            "graph_forbidden": [],
        }
        world.put("meta", "world", self._meta)
        make_built_in_roles(world)
        self.management_group(self.tenant_id, "Tenant Root Group", parent=None)
        self.administrator = self.person("administrator")

    def guid(self, name: str) -> str:
        """The GUID that this name stands for: the same in every run of scenario and seed."""
        return str(uuid.uuid5(self._root, name))

    def management_group(self, name: str, display_name: str, *, parent: str | None) -> str:
        """Make a management group; its scope."""
        self.world.put("managementGroup", name, {"name": name, "displayName": display_name, "parent": parent})
        return f"/providers/Microsoft.Management/managementGroups/{name}"

    def subscription(self, name: str, *, management_group: str) -> str:
        """Make a subscription; its GUID."""
        subscription_id = self.guid(f"subscription {name}")
        document = {
            "subscriptionId": subscription_id,
            "displayName": name,
            "tenantId": self.tenant_id,
            "managementGroup": management_group,
        }
        self.world.put("subscription", subscription_id, document)
        return subscription_id

    def group(self, subscription: str, name: str, *, location: str = LOCATION, managed_by: str | None = None) -> str:
        """Make a resource group; its name."""
        group: Document = {
            "id": f"/subscriptions/{subscription}/resourceGroups/{name}",
            "name": name,
            "type": "Microsoft.Resources/resourceGroups",
            "location": location,
            "tags": {},
            "properties": {"provisioningState": "Succeeded"},
        }
        if managed_by is not None:
            group["managedBy"] = managed_by
        self.world.put("resource", group["id"], group)
        return name

    def person(self, name: str) -> str:
        """Make a service principal that signs in with a secret; its object id."""
        return self._principal(name, "ServicePrincipal")

    def directory_group(self, name: str, members: list[str]) -> str:
        """Make a security group of these object ids; its object id."""
        return self._principal(name, "Group", members=members)

    def forbid_directory(self, object_id: str) -> None:
        """Let Microsoft Graph refuse a principal."""
        self._meta = {**self._meta, "graph_forbidden": [*self._meta["graph_forbidden"], object_id]}
        self.world.put("meta", "world", self._meta)

    def identity(self, subscription: str, group: str, name: str, *, location: str = LOCATION) -> Document:
        """Make a user-assigned identity; its envelope."""
        return make_identity(
            self.world,
            subscription=subscription,
            group=group,
            name=name,
            location=location,
            **self.system_ids(name),
        )

    def lock(self, scope: str, name: str, level: str) -> None:
        """Lock a scope: level CanNotDelete or ReadOnly."""
        lock_id = f"{scope}/providers/Microsoft.Authorization/locks/{name}"
        lock = {"properties": {"level": level}, "id": lock_id, "type": "Microsoft.Authorization/locks", "name": name}
        self.world.put("lock", lock_id, lock)

    def system_ids(self, name: str) -> Ids:
        """The ids of an identity of this name, as the models' makers take them."""
        return {"object_id": self.guid(f"identity {name}"), "client_id": self.guid(f"client {name}")}

    def vault(self, subscription: str, group: str, name: str, **facts: Any) -> Document:
        """Make a vault; its envelope. The facts are those of keyvault's make_vault."""
        return make_vault(self.world, subscription=subscription, group=group, name=name, **facts)

    def key(self, vault: Document, name: str, *, kty: str = "RSA-HSM", **facts: Any) -> str:
        """Make an RSA 2048 key for wrapping only, or a further version of it; the version's id as a URL."""
        count = len((self.world.get("key", f"{vault['name']}/{name}") or {"versions": []})["versions"])
        version = uuid.uuid5(self._root, f"version {vault['name']}/{name}/{count}").hex
        facts.setdefault("key_ops", ["wrapKey", "unwrapKey"])
        make_key(self.world, vault["name"], name, kty=kty, pem=next(self._pems), version=version, **facts)
        return kid(vault, name, version)

    def grant(self, principal_id: str, role: str, scope: str) -> None:
        """Assign a built-in role."""
        make_assignment(
            self.world,
            scope=scope,
            role=role,
            principal_id=principal_id,
            name=self.guid(f"assignment {principal_id} {role} {scope}"),
            created_by=self.administrator,
        )

    def grant_key(self, principal_id: str, vault: Document, key: str) -> None:
        """Let an identity wrap and unwrap with one key, and with no other."""
        self.grant(principal_id, ENCRYPTION_USER, f"{vault['id']}/keys/{key}")

    def bring_to_life(self) -> None:
        """Let everything so far count at once, and give every consumer a DEK that its key has wrapped for real."""
        self.world.forget_past()
        by_holder: dict[str, list[consumers.Slot]] = {}
        for slot in consumers.slots(self.world):
            if slot.service in life.CHECK_SECONDS and slot.slot != "previous":
                by_holder.setdefault(slot.consumer_id, []).append(slot)
        for slots in by_holder.values():
            life.attach(self.world, slots)

    def disable(self, vault: Document, key: str, number: int) -> None:
        """Disable one version of a key, counted from the oldest, which is 0."""
        document = self.world.get("key", f"{vault['name']}/{key}")
        assert document is not None
        versions = list(document["versions"])
        version = versions[number]
        versions[number] = {**version, "attributes": {**version["attributes"], "enabled": False}}
        self.world.put("key", f"{vault['name']}/{key}", {**document, "versions": versions})

    def _principal(self, name: str, kind: str, members: list[str] | None = None) -> str:
        facts = {"object_id": self.guid(f"principal {name}"), "client_id": self.guid(f"client {name}")}
        return str(make_principal(self.world, name, kind=kind, members=members, **facts)["objectId"])


def access_policy(tenant_id: str, object_id: str, keys: Iterable[str]) -> dict[str, Any]:
    """An access policy's entry with these key permissions."""
    permissions = {"keys": list(keys), "secrets": [], "certificates": [], "storage": []}
    return {"tenantId": tenant_id, "objectId": object_id, "permissions": permissions}
