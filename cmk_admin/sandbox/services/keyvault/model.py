"""Vaults and keys: making them, finding them, and using a key as the data plane allows it."""

import uuid
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from cmk_admin.sandbox.state import Document, World
from cmk_admin.sandbox.wire import AzureError, Caller

from . import attributes, errors, keymaterial
from .authorise import authorise

__all__ = [
    "TYPE",
    "any_key",
    "authorise",
    "crypto",
    "find_key",
    "find_version",
    "key_names",
    "make_key",
    "make_vault",
    "new_version",
    "refuse_in_between",
    "use",
    "vault_id",
    "vault_of_host",
    "vault_resource",
]

TYPE = "Microsoft.KeyVault/vaults"
SUFFIX = ".vault.azure.net"
# Operations that a version's exp and nbf forbid; decrypt, unwrapKey, verify and release stay (KVD includes/key-attributes.md).
_DATED = ("encrypt", "wrapKey", "sign")


def vault_id(subscription: str, group: str, name: str) -> str:
    """The ARM id of a vault."""
    return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{TYPE}/{name}"


def make_vault(
    world: World,
    *,
    subscription: str,
    group: str,
    name: str,
    location: str = "westeurope",
    sku: str = "premium",
    rbac: bool = True,
    purge_protection: bool = True,
    retention: int = 90,
    access_policies: list[dict[str, Any]] | None = None,
    public_network_access: str = "Enabled",
    network_acls: dict[str, Any] | None = None,
    tags: dict[str, str] | None = None,
) -> Document:
    """Make a vault with soft delete; retention in days. The ARM envelope."""
    properties: dict[str, Any] = {
        "sku": {"family": "A", "name": sku},
        "tenantId": world.tenant_id,
        "accessPolicies": list(access_policies or ()),
        "enabledForDeployment": False,
        "enabledForDiskEncryption": False,
        "enabledForTemplateDeployment": False,
        "enableSoftDelete": True,
        "softDeleteRetentionInDays": retention,
        "enableRbacAuthorization": rbac,
        "vaultUri": f"https://{name.lower()}{SUFFIX}/",
        "provisioningState": "Succeeded",
        "publicNetworkAccess": public_network_access,
    }
    if network_acls is not None:
        properties["networkAcls"] = {
            "bypass": "AzureServices",
            "defaultAction": "Allow",
            "ipRules": [],
            "virtualNetworkRules": [],
            **network_acls,
        }
    if purge_protection:
        properties["enablePurgeProtection"] = True
    resource: Document = {
        "id": vault_id(subscription, group, name),
        "name": name,
        "type": TYPE,
        "location": location,
        "tags": tags or {},
        "properties": properties,
    }
    world.put("resource", resource["id"], resource)
    return resource


def make_key(
    world: World,
    vault_name: str,
    name: str,
    *,
    kty: str = "RSA-HSM",
    size: int | None = None,
    crv: str | None = None,
    key_ops: list[str] | None = None,
    pem: str | None = None,
    enabled: bool = True,
    exp: int | None = None,
    nbf: int | None = None,
    tags: dict[str, str] | None = None,
    version: str | None = None,
    created: int | None = None,
) -> Document:
    """Make a key, or a new version of it; exp, nbf and created in Unix seconds. The version's document.

    Without a PEM a key is drawn, which takes up to a second of CPU.
    """
    pem = pem or keymaterial.generate(kty, size=size, crv=crv)
    wanted = {"enabled": enabled, "exp": exp, "nbf": nbf}
    return new_version(
        world, vault_name, name, pem, kty, key_ops=key_ops, wanted=wanted, tags=tags, version=version, created=created
    )


def new_version(
    world: World,
    vault_name: str,
    name: str,
    pem: str,
    kty: str,
    *,
    key_ops: Any = None,
    wanted: Any = None,
    tags: Any = None,
    version: str | None = None,
    created: int | None = None,
) -> Document:
    """Add a version with this private key, checking what a request wants. Raises AzureError 400, or 409 for a deleted name."""
    attributes.check_name(name)
    key = any_key(world, vault_name, name)
    if key is not None:
        refuse_in_between(world, key)
        if key.get("deleted"):
            raise errors.deleted_but_recoverable(name)
    now = created or int(world.clock.now().timestamp())
    made: Document = {
        "version": version or uuid.uuid4().hex,
        "key": {"kty": kty, "key_ops": attributes.key_operations(kty, key_ops), **keymaterial.public_jwk(pem)},
        "attributes": attributes.changed_attributes(
            {"enabled": True, "created": now, "updated": now, "exportable": False}, wanted
        ),
        "tags": attributes.tags(tags),
        "pem": pem,
    }
    before = key or {"vault": vault_name, "name": name, "versions": [], "rotationPolicy": None, "deleted": None}
    world.put("key", f"{vault_name}/{name}", {**before, "versions": [*before["versions"], made]})
    return made


def vault_of_host(world: World, host: str) -> Document:
    """The resource of the vault that answers on a host, port ignored. Raises AzureError 404 where no vault does."""
    name = host.lower().split(":", 1)[0].removesuffix(SUFFIX)
    vault = vault_resource(world, name)
    if vault is None or not host.lower().split(":", 1)[0].endswith(SUFFIX):
        raise AzureError(404, "VaultNotFound", f"The vault {name} was not found.")
    return vault


def vault_resource(world: World, name: str) -> Document | None:
    """The vault of that name, which is unique in all of Azure."""
    index = _index(world)
    resource = world.get("resource", index.vaults.get(name.lower(), ""))
    if resource is None and index.refresh_vaults(world):
        resource = world.get("resource", index.vaults.get(name.lower(), ""))
    return resource


def key_names(world: World, vault_name: str) -> list[str]:
    """The names of all keys of a vault, deleted ones too, in alphabetical order."""
    return _index(world).keys_of(world, vault_name.lower())


def find_key(world: World, vault: Document, name: str) -> Document:
    """The key of that name that is not deleted. Raises AzureError 404."""
    key = any_key(world, vault["name"], name)
    if key is None or key.get("deleted") or world.clock.azure() < key.get("usableFrom", 0.0):
        raise errors.key_not_found(name)
    return key


def find_version(key: Document, version: str | None) -> Document:
    """That version, or the newest. Raises AzureError 404."""
    if not version:
        return key["versions"][-1]  # type: ignore[no-any-return]
    for one in key["versions"]:
        if one["version"] == version.lower():
            return one  # type: ignore[no-any-return]
    raise errors.key_not_found(f"{key['name']}/{version}")


def crypto(  # noqa: PLR0917 - read as a sentence: who does what, with which key, how, to what
    world: World, caller: Caller, operation: str, kid: str, algorithm: str, value: bytes
) -> bytes:
    """Encrypt, decrypt, wrapKey or unwrapKey with the key of that id, as the caller, with all that Azure checks.

    Raises AzureError: no such vault, network rules, not authorised, no such key or version, its state, bad input.
    """
    parts = urlsplit(kid)
    path = parts.path.strip("/").split("/")
    if len(path) not in (2, 3) or path[0].lower() != "keys":
        raise errors.bad_parameter(f"Invalid Object Identifier: {kid}")
    vault = vault_of_host(world, parts.hostname or "")
    authorise(world, caller, vault, operation, path[1])
    version = path[2] if len(path) == 3 else None
    return use(world, vault, operation, name=path[1], version=version, algorithm=algorithm, value=value)[0]


def use(
    world: World,
    vault: Document,
    operation: str,
    *,
    name: str,
    version: str | None,
    algorithm: str,
    value: bytes,
    signature: bytes = b"",
) -> tuple[bytes, str]:
    """Do one operation for a caller who may, and the kid that did it; verify answers one byte, 0 or 1.

    sign and verify take a digest as the value. Raises AzureError 400, 403 for the key's state, 404.
    """
    key = find_key(world, vault, name)
    used = find_version(key, version)
    _check_state(world, used, operation)
    try:
        match operation:
            case "encrypt" | "wrapKey":
                result = keymaterial.encrypt(used["pem"], algorithm, value)
            case "decrypt" | "unwrapKey":
                result = keymaterial.decrypt(used["pem"], algorithm, value)
            case "sign":
                result = keymaterial.sign(used["pem"], algorithm, value)
            case _:
                result = bytes([keymaterial.verify(used["pem"], algorithm, value, signature)])
    except keymaterial.UnsupportedAlgorithm as error:
        raise errors.bad_parameter(
            f"Key and operation are incompatible. Key {attributes.kid(vault, name, used['version'])} does not support "
            f"algorithm '{algorithm}'"
        ) from error
    except keymaterial.BadValue as error:
        raise errors.bad_parameter(f"The parameter is incorrect: {error}") from error
    return result, attributes.kid(vault, key["name"], used["version"])


def _check_state(world: World, version: Document, operation: str) -> None:
    facts = version["attributes"]
    if not facts["enabled"]:
        raise errors.key_disabled(operation)
    if operation in _DATED:
        now = world.clock.now().timestamp()
        if facts.get("exp") is not None and now >= facts["exp"]:
            raise errors.key_expired(operation)
        if facts.get("nbf") is not None and now < facts["nbf"]:
            raise errors.key_not_yet_valid(operation)
    if operation not in version["key"]["key_ops"]:
        raise errors.operation_not_permitted(operation)


def any_key(world: World, vault_name: str, name: str) -> Document | None:
    """The key of that name, deleted or not; one whose retention has ended is gone."""
    key = world.get("key", f"{vault_name}/{name}")
    if key is not None and key.get("deleted") and key["deleted"]["scheduledPurgeDate"] <= world.clock.now().timestamp():
        world.delete("key", f"{vault_name}/{name}")
        return None
    return key


def refuse_in_between(world: World, key: Document) -> None:
    """Raise AzureError 409 while a deletion or a recovery of the key is under way."""
    deleted = key.get("deleted")
    if deleted and world.clock.azure() < deleted.get("doneAt", 0.0):
        raise errors.being_deleted(key["name"])
    if world.clock.azure() < key.get("usableFrom", 0.0):
        raise errors.being_recovered(key["name"])


class _Index:
    """Vaults by name and keys by vault, so that a call does not walk over all resources."""

    def __init__(self) -> None:
        self.vaults: dict[str, str] = {}
        self._vaults_at = -1
        self._keys: dict[str, list[str]] = {}
        self._keys_at = -1

    def refresh_vaults(self, world: World) -> bool:
        """Look again if anything changed; whether it did."""
        if self._vaults_at == world.changed("resource"):
            return False
        self._vaults_at = world.changed("resource")
        self.vaults = {
            r["name"].lower(): key for key, r in world.items("resource") if r["type"].lower() == TYPE.lower()
        }
        return True

    def keys_of(self, world: World, vault: str) -> list[str]:
        if self._keys_at != world.changed("key"):
            self._keys_at = world.changed("key")
            self._keys = {}
            for _, key in world.items("key"):
                self._keys.setdefault(key["vault"].lower(), []).append(key["name"])
            for names in self._keys.values():
                names.sort(key=str.lower)
        return self._keys.get(vault, [])


_indexes: WeakKeyDictionary[World, _Index] = WeakKeyDictionary()


def _index(world: World) -> _Index:
    return _indexes.setdefault(world, _Index())
