"""What the drills are made of: one production subscription with a vault, services with a key and an identity each."""

from dataclasses import dataclass
from typing import Any

from cmk_admin.sandbox import drill
from cmk_admin.sandbox.access import ROLE_DEFINITIONS
from cmk_admin.sandbox.services.mysql import model as mysql
from cmk_admin.sandbox.state import Document, World

from .estate import Estate

OFFICER = "Key Vault Crypto Officer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """What is asked of the person who holds a drill."""

    name: str
    story: str
    """Two sentences."""
    targets: tuple[str, ...]
    """Names of the services that must lose their data."""
    keep: tuple[str, ...]
    """Names of the services that must not."""
    better: str
    """What would have been best, in a sentence."""
    faults: tuple[str, ...] = ()
    """SPECs of the trouble that is planted."""


class Ground:
    """The estate that every drill stands on."""

    def __init__(self, world: World, told: Drill, seed: int, *, key_pairs: int, owner: bool = True) -> None:
        """owner: the administrator owns everything and manages the keys of the vault."""
        self.world, self._told = world, told
        self.estate = estate = Estate(world, f"drill-{told.name}", seed, key_pairs=key_pairs)
        self.root = estate.management_group("drill", "Certificates", parent=estate.tenant_id)
        self.subscription = estate.subscription("certificates-production", management_group="drill")
        if owner:
            estate.grant(estate.administrator, "Owner", self.root)
        self.keys = estate.group(self.subscription, "certificates-keys")
        self.services = estate.group(self.subscription, "certificates-services")

    def vault(self, name: str, **facts: Any) -> Document:
        """A vault whose keys the administrator manages."""
        vault = self.estate.vault(self.subscription, self.keys, name, **facts)
        self.estate.grant(self.estate.administrator, OFFICER, vault["id"])
        return vault

    def identity(self, name: str) -> Document:
        """A user-assigned identity without a grant."""
        return self.estate.identity(self.subscription, self.services, name)

    def server(self, name: str, identity: Document, key_url: str) -> Document:
        """A MySQL server with that key."""
        return mysql.make_server(
            self.world,
            subscription=self.subscription,
            group=self.services,
            name=name,
            identity=identity,
            key_url=key_url,
        )

    def service(self, name: str, vault: Document, key: str) -> str:
        """A server with a key and an identity of its own, which may use that key alone; the identity's object id."""
        key_url = self.estate.key(vault, key)
        identity = self.identity(f"{name}-id")
        self.estate.grant_key(principal(identity), vault, key)
        self.server(name, identity, key_url)
        return principal(identity)

    def role(self, name: str, data_actions: list[str]) -> str:
        """A custom role; its GUID."""
        guid = self.estate.guid(f"role {name}")
        block: Document = {"actions": [], "notActions": [], "dataActions": data_actions, "notDataActions": []}
        properties = {
            "roleName": name,
            "type": "CustomRole",
            "description": "",
            "assignableScopes": [f"/subscriptions/{self.subscription}"],
            "permissions": [block],
            **dict.fromkeys(("createdOn", "updatedOn", "createdBy", "updatedBy")),
        }
        kind = "Microsoft.Authorization/roleDefinitions"
        envelope: Document = {"id": ROLE_DEFINITIONS + guid, "type": kind, "name": guid, "properties": properties}
        self.world.put("roleDefinition", envelope["id"], envelope)
        return guid

    def begin(self) -> None:
        """Give all services their data, plant the trouble, and let the clock of the drill begin."""
        self.estate.bring_to_life()
        self.world.forget_past()
        told = self._told
        meta = self.world.get("meta", "world") or {}
        self.world.put("meta", "world", {**meta, "faults": list(told.faults)})
        drill.hold(
            self.world,
            name=told.name,
            story=told.story,
            targets=drill.consumer_ids(self.world, *told.targets),
            keep=drill.consumer_ids(self.world, *told.keep),
            better=told.better,
        )


def principal(identity: Document) -> str:
    """The object id behind a user-assigned identity."""
    return str(identity["properties"]["principalId"])
