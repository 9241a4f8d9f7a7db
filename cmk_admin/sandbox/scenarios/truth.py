"""What is so: the mapping rows that an account should get, computed from the sandbox's own state by its own evaluator.

Nothing here is shared with the program that is measured against it.
"""

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from cmk_admin.sandbox import access, consumers
from cmk_admin.sandbox.entra import caller_for
from cmk_admin.sandbox.services.keyvault import authorise
from cmk_admin.sandbox.services.keyvault.model import vault_resource
from cmk_admin.sandbox.state import Document, World
from cmk_admin.sandbox.wire import AzureError

# What lets a service read its data; wrapping needs only the public half (RBACD built-in-roles/security.md).
DATA_ACTIONS = ("Microsoft.KeyVault/vaults/keys/unwrap/action", "Microsoft.KeyVault/vaults/keys/decrypt/action")
POLICY_PERMISSIONS = {"unwrapkey", "decrypt", "all"}
_CURVES = {"P-256": 256, "P-256K": 256, "P-384": 384, "P-521": 521}
_KEY_FACTS = ("key_type", "key_size", "key_options", "state")
_READ_KEYS = "Microsoft.KeyVault/vaults/keys/read"
_READ_ASSIGNMENTS = "Microsoft.Authorization/roleAssignments/read"
_READ_SERVER_KEYS = "Microsoft.DBforMySQL/servers/keys/read"


@dataclass(slots=True, frozen=True)
class KeyName:
    """A key's id taken apart."""

    host: str
    vault: str
    name: str
    version: str | None

    @classmethod
    def of(cls, url: str) -> "KeyName":
        """Take a key's URL apart; the port and a trailing slash say nothing."""
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        path = parts.path.strip("/").split("/")
        return cls(host, host.split(".", 1)[0], path[1], path[2] if len(path) > 2 else None)

    @property
    def url(self) -> str:
        """The normal form."""
        return f"https://{self.host}/keys/{self.name}" + (f"/{self.version}" if self.version else "")


def rows(world: World, object_id: str) -> list[Document]:
    """One row per consumer and key slot that this account can see, ordered by service, consumer and slot."""
    view = _View(world, object_id)
    found = (view.row(slot) for slot in view.slots)
    return sorted(found, key=lambda row: (row["service"], row["consumer_id"].lower(), row["slot"], row["key_id"] or ""))


class _View:
    """The estate as one account may read it."""

    def __init__(self, world: World, object_id: str) -> None:
        self.world, self.object_id = world, object_id
        self.slots = [slot for slot in consumers.slots(world) if self._sees(slot)]
        self._holders: dict[str, set[str]] = {}
        self._users: dict[tuple[str, str], set[str]] = {}
        for slot in self.slots:
            if slot.principal_id and self._reads_holder(slot):
                key = KeyName.of(slot.key_url)
                self._holders.setdefault(slot.principal_id, set()).add(slot.holder_id.lower())
                self._users.setdefault((key.vault, key.name.lower()), set()).add(slot.principal_id.lower())

    def row(self, slot: consumers.Slot) -> Document:
        if not self._reads_holder(slot):
            return self._row_of_hidden_holder(slot)
        key = KeyName.of(slot.key_url)
        vault = vault_resource(self.world, key.vault)
        if vault is not None and not self._may(f"{vault['type']}/read", vault["id"]):
            vault = None
        facts: Document = dict.fromkeys(_KEY_FACTS)
        scopes: list[str] | None = None
        problems: set[str] = set()
        if len(self._holders.get(slot.principal_id or "", ())) > 1:
            problems.add("shared-identity")
        if vault is None:
            problems.add("not-visible")
        else:
            facts |= self._facts(vault, key)
            scopes, found = self._paths(vault, key, slot.principal_id)
            problems |= found
            if not self._reaches(vault):
                problems.add("vault-unreachable")
        if facts["key_type"] and not facts["key_type"].endswith("-HSM"):
            problems.add("software-key")
        if facts["state"] == "disabled":
            problems.add("disabled-version-in-use")
        return {
            "service": slot.service,
            "consumer_id": slot.consumer_id,
            "slot": slot.slot,
            "vault": vault["name"] if vault else key.vault,
            "key_name": key.name,
            "key_id": key.url,
            "version": key.version,
            "identity": {
                "name": slot.identity_id.rsplit("/", 1)[-1],
                "object_id": slot.principal_id,
                "resource_id": slot.identity_id,
            },
            "role_assignment_scope": scopes,
            **facts,
            "problems": sorted(problems),
        }

    def _reads_holder(self, slot: consumers.Slot) -> bool:
        return slot.service != "aks-disks" or self._may(f"{consumers.DISK_SET}/read", slot.holder_id)

    def _row_of_hidden_holder(self, slot: consumers.Slot) -> Document:
        """A cluster names its disk encryption set; which key that uses is not known where the set is out of sight."""
        unknown = ("vault", "key_name", "key_id", "version", "role_assignment_scope", *_KEY_FACTS)
        return {
            "service": slot.service,
            "consumer_id": slot.consumer_id,
            "slot": slot.slot,
            **dict.fromkeys(unknown),
            "identity": {"name": None, "object_id": None, "resource_id": None},
            "problems": ["not-visible"],
        }

    def _may(self, action: str, scope: str) -> bool:
        return access.may(self.world, self.object_id, action, scope)

    def _sees(self, slot: consumers.Slot) -> bool:
        consumer = slot.consumer
        if not self._may(f"{consumer['type']}/read", consumer["id"]):
            return False
        if slot.service == "mysql-single":
            return self._may(_READ_SERVER_KEYS, consumer["id"])
        return True

    def _reaches(self, vault: Document) -> bool:
        try:
            authorise.check_network(self.world, caller_for(self.world, self.object_id), vault)
        except AzureError:
            return False
        return True

    def _reads_keys(self, vault: Document, name: str) -> bool:
        if self._may(_READ_KEYS, f"{vault['id']}/keys/{name}"):
            return True
        try:
            authorise.authorise(self.world, caller_for(self.world, self.object_id), vault, "get", name)
        except AzureError:
            return False
        return True

    def _facts(self, vault: Document, key: KeyName) -> Document:
        if not self._reads_keys(vault, key.name):
            return {}
        document = self.world.get("key", f"{vault['name']}/{key.name}")
        if document is None:
            return {"state": "unknown"}
        versions: Iterable[Document] = document["versions"]
        wanted = [one for one in versions if key.version is None or one["version"] == key.version.lower()]
        if not wanted:
            return {"state": "unknown"}
        version = wanted[-1]
        return {
            "key_type": version["key"]["kty"],
            "key_size": _size(version["key"]),
            "key_options": sorted(version["key"]["key_ops"]),
            "state": "deleted" if document.get("deleted") else self._state(version["attributes"]),
        }

    def _state(self, attributes: dict[str, Any]) -> str:
        now = self.world.clock.now().timestamp()
        if not attributes["enabled"]:
            return "disabled"
        if attributes.get("exp") is not None and attributes["exp"] <= now:
            return "expired"
        if attributes.get("nbf") is not None and attributes["nbf"] > now:
            return "not-yet-valid"
        return "enabled"

    def _paths(self, vault: Document, key: KeyName, principal_id: str | None) -> tuple[list[str] | None, set[str]]:
        """The scopes by which an identity can unwrap with a key, and what is wrong with them."""
        if principal_id is None:
            return None, set()
        groups = access.groups_of(self.world, principal_id)
        who = {principal_id.lower(), *groups}
        if not vault["properties"].get("enableRbacAuthorization"):
            return _policy_paths(vault, who, groups)
        scope = f"{vault['id']}/keys/{key.name}"
        if not self._may(_READ_ASSIGNMENTS, scope):
            return None, set()
        at_key = scope.lower()
        above = set(access.scopes_above(self.world, scope))
        users = self._users[key.vault, key.name.lower()]
        found: set[str] = set()
        problems: set[str] = set()
        for _, assignment in self.world.items("roleAssignment"):
            properties = assignment["properties"]
            held_at = (properties["scope"].rstrip("/") or "/").lower()
            if held_at not in above or not self._opens(properties):
                continue
            holder = properties["principalId"].lower()
            if holder in who:
                found.add(properties["scope"])
                if held_at != at_key:
                    problems.add("inherited-grant")
                if holder in groups:
                    problems.add("group-grant")
            if held_at == at_key and properties["principalType"] == "ServicePrincipal" and holder not in users:
                problems.add("unused-grant")
        return sorted(found), problems

    def _opens(self, properties: dict[str, Any]) -> bool:
        definition = access.definition_of(self.world, properties["roleDefinitionId"])
        if definition is None or properties.get("condition"):
            return False
        return any(access.grants(definition, action.lower(), data=True) for action in DATA_ACTIONS)


def _policy_paths(vault: Document, who: set[str], groups: set[str]) -> tuple[list[str], set[str]]:
    found: set[str] = set()
    problems: set[str] = set()
    for policy in vault["properties"].get("accessPolicies") or ():
        held = {str(one).lower() for one in (policy.get("permissions") or {}).get("keys") or ()}
        if policy["objectId"].lower() in who and not policy.get("applicationId") and held & POLICY_PERMISSIONS:
            found.add(f"access-policy:{vault['id']}")
            if policy["objectId"].lower() in groups:
                problems.add("group-grant")
    return sorted(found), problems


def _size(jwk: dict[str, Any]) -> int | None:
    if "n" in jwk:
        return int.from_bytes(base64.urlsafe_b64decode(jwk["n"] + "=" * (-len(jwk["n"]) % 4)), "big").bit_length()
    return _CURVES.get(jwk.get("crv", ""))
