"""What a disk encryption set asks of a key before it takes it.

Sources: CD virtual-machines/disk-encryption.md; Microsoft.Compute, KeyForDiskEncryptionSet. The codes of a vault's settings
are as AKS troubleshoot-common-bring-your-own-key-issues.md quotes them; those of the key itself are this sandbox's.
"""

import re
from typing import Any

from cmk_admin.sandbox.consumers import Slot
from cmk_admin.sandbox.services import wanted_key
from cmk_admin.sandbox.services.keyvault import model as keyvault
from cmk_admin.sandbox.state import Document, World
from cmk_admin.sandbox.wire import AzureError

# Versioned always, whatever rotates by itself (Microsoft.Compute, KeyForDiskEncryptionSet).
_KEY_URL = re.compile(
    r"https://([a-z0-9-]+\.vault\.azure\.net)(:443)?/keys/[0-9a-z-]{1,127}/[0-9a-f]{32}/?", re.IGNORECASE
)
_SIZES = (2048, 3072, 4096)
ENCRYPTION_TYPES = (
    "EncryptionAtRestWithCustomerKey",
    "EncryptionAtRestWithPlatformAndCustomerKeys",
    "ConfidentialVmEncryptedWithCustomerKey",
)


def check_request(world: World, subscription: str, active: Document) -> None:
    """Raise AzureError 400 unless this can be a set's activeKey: a versioned key; a source vault that is the key's own and
    of the set's subscription, or none."""
    url = active.get("keyUrl")
    found = _KEY_URL.fullmatch(url) if isinstance(url, str) else None
    if found is None:
        raise invalid("activeKey.keyUrl")
    source = active.get("sourceVault")
    vault = source.get("id") if isinstance(source, dict) else None
    if source is None:
        return
    # Documented: "Cannot be used if the vault is not in the same subscription" (KeyForDiskEncryptionSet).
    if not isinstance(vault, str) or not vault.lower().startswith(f"/subscriptions/{subscription}/".lower()):
        raise invalid("activeKey.sourceVault")
    if keyvault.vault_of_host(world, found[1])["id"].lower() != vault.lower().rstrip("/"):
        raise invalid("activeKey.sourceVault")


def check_encryption_type(wanted: Any) -> str:
    """The encryption type that a request names, the first of them where it names none. Raises AzureError 400."""
    if wanted is None:
        return ENCRYPTION_TYPES[0]
    for one in ENCRYPTION_TYPES:
        if one.lower() == str(wanted).lower():
            return one
    raise invalid("encryptionType")


def check_place(world: World, location: str, key_url: str) -> None:
    """Raise AzureError 400 where the key's vault is in another region than the set, or lets its keys be purged."""
    found = _KEY_URL.fullmatch(key_url)
    assert found is not None
    vault = keyvault.vault_of_host(world, found[1])
    if wanted_key.region(vault["location"]) != wanted_key.region(location):
        raise AzureError(
            400,
            "KeyVaultAndDiskInDifferentRegions",
            f"The key vault '{vault['name']}' is located in '{vault['location']}', and the disk encryption set in "
            f"'{location}'. They must be in the same region.",
        )
    if not vault["properties"].get("enablePurgeProtection"):
        raise AzureError(
            400,
            "KeyVaultNotPurgeProtectionEnabled",
            f"The key vault '{vault['name']}' must have soft delete and purge protection enabled to encrypt disks.",
        )


def check_material(world: World, key_url: str) -> None:
    """Raise AzureError 400 where there is no such key, or it is of a type or size that disks are not encrypted with.

    A set is made before its identity may read anything, so its key is looked at from outside then; that Azure does so too
    is assumed.
    """
    vault = keyvault.vault_of_host(world, key_url.split("/")[2])
    _, _, _, _, name, version, *_ = key_url.split("/")
    found = keyvault.find_version(keyvault.find_key(world, vault, name), version)
    key = wanted_key.facts_of(vault, found)
    _check_kind(key_url, key)


def check(world: World, slot: Slot) -> None:
    """Read a key that a set is newly given as the set's identity. Raises the vault's refusal, or AzureError 400."""
    _check_kind(slot.key_url, wanted_key.read(world, slot.principal_id, slot.key_url))


def invalid(parameter: str) -> AzureError:
    """A parameter that makes no sense."""
    return AzureError(400, "InvalidParameter", f"The value of parameter {parameter} is invalid.")


def _check_kind(key_url: str, key: wanted_key.WantedKey) -> None:
    if key.kty not in wanted_key.RSA_TYPES or key.size not in _SIZES:
        raise AzureError(
            400,
            "KeyVaultKeyNotSupported",
            f"The key '{key_url}' cannot encrypt disks. The supported types are RSA and RSA-HSM, of 2048, 3072 and 4096 bits.",
        )
