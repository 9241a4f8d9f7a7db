"""What MySQL asks of a key before it takes it, and the words in which it refuses one.

Sources: DBD mysql/flexible-server/security-customer-managed-key.md; AD mysql/single-server/
concepts-data-encryption-mysql.md. The codes are those that Azure SQL's REST reference lists for server keys: MySQL's own
are not documented. The one for a key that is not yet valid is this sandbox's.
"""

from dataclasses import dataclass

from cmk_admin.sandbox.consumers import Slot
from cmk_admin.sandbox.services import wanted_key
from cmk_admin.sandbox.state import World
from cmk_admin.sandbox.wire import AzureError

# Where the second key of a server with geo-redundant backup must lie (AD reliability/cross-region-replication-azure.md).
_PAIRS = (
    ("westeurope", "northeurope"),
    ("germanywestcentral", "germanynorth"),
    ("francecentral", "francesouth"),
    ("uksouth", "ukwest"),
    ("switzerlandnorth", "switzerlandwest"),
    ("eastus", "westus"),
    ("eastus2", "centralus"),
)
PAIRED = {one: other for pair in _PAIRS for one, other in (pair, pair[::-1])}


_OWN = frozenset(
    {
        "AzureKeyVaultInvalidExpirationDate",
        "AzureKeyVaultKeyDisabled",
        "AzureKeyVaultKeyNotFound",
        "AzureKeyVaultKeyNotYetValid",
        "AzureKeyVaultMismatchError",
        "AzureKeyVaultMissingPermissions",
        "AzureKeyVaultNoServerIdentity",
        "AzureKeyVaultRsaKeyNotSupported",
        "SecurityInvalidAzureKeyVaultRecoveryLevel",
    }
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What one kind of server asks, beside RSA, enabled, purge protection and 90 days, in which the kinds agree."""

    sizes: tuple[int, ...]
    takes_expiry: bool
    """An expiry to come is fine. One that has passed never is: the vault does not wrap with such a key."""


# An expiry: the document of January 2026 advises against it, and lets an expired key serve on.
FLEXIBLE = Asked((2048, 3072, 4096), takes_expiry=True)
SINGLE = Asked((2048,), takes_expiry=False)


def check(world: World, slot: Slot, asked: Asked) -> None:
    """Return where a key that a server is newly given is as asked; it is read as the server's identity.

    Raises AzureError 400 with what is wrong first.
    """
    url = slot.key_url
    try:
        key = wanted_key.read(world, slot.principal_id, url)
    except AzureError as refusal:
        raise refused(url, refusal) from refusal
    if not key.enabled:
        raise AzureError(
            400,
            "AzureKeyVaultKeyDisabled",
            f"The operation could not be completed on the server because the Azure Key Vault key '{url}' is disabled.",
        )
    if key.kty not in wanted_key.RSA_TYPES or key.size not in asked.sizes:
        sizes = ", ".join(str(size) for size in asked.sizes)
        raise AzureError(
            400,
            "AzureKeyVaultRsaKeyNotSupported",
            f"The provided key '{url}' uses unsupported RSA Key Size or Key Type. The supported RSA key size is {sizes} "
            "and Key Type is RSA or RSA-HSM.",
        )
    if key.recovery_level not in wanted_key.PROTECTED_FOR_90_DAYS:
        raise AzureError(
            400,
            "SecurityInvalidAzureKeyVaultRecoveryLevel",
            f"The provided Key Vault uri '{url}' is not valid. Please ensure the vault has been configured with the right "
            f"Recovery Level: soft delete for 90 days and purge protection. It has '{key.recovery_level}'.",
        )
    if wanted_key.is_expired(world, key) or (key.exp is not None and not asked.takes_expiry):
        raise _expired(url)
    if slot.slot == "geo":
        _check_paired(slot, key.vault["location"])


def refused(key_url: str, refusal: AzureError) -> AzureError:
    """What a server says when the vault refused its identity; what is a server's own refusal already stays as it is."""
    if refusal.code in _OWN:
        return refusal
    reason = refusal.inner or refusal.code
    if reason == "KeyExpired":
        return _expired(key_url)
    code = {
        "KeyDisabled": "AzureKeyVaultKeyDisabled",
        "KeyNotFound": "AzureKeyVaultKeyNotFound",
        "VaultNotFound": "AzureKeyVaultKeyNotFound",
        "KeyNotYetValid": "AzureKeyVaultKeyNotYetValid",
    }.get(reason, "AzureKeyVaultMissingPermissions")
    return AzureError(400, code, f"The server could not use the Azure Key Vault key '{key_url}': {refusal.message}")


def _expired(key_url: str) -> AzureError:
    return AzureError(
        400,
        "AzureKeyVaultInvalidExpirationDate",
        f"The operation could not be completed because the Azure Key Vault key '{key_url}' expiration date is invalid.",
    )


def _check_paired(slot: Slot, location: str) -> None:
    own = wanted_key.region(slot.consumer["location"])
    if wanted_key.region(location) != PAIRED.get(own, own):
        raise AzureError(
            400,
            "AzureKeyVaultMismatchError",
            f"Unexpected Key Vault region '{location}' found for the geo-redundant backup's key '{slot.key_url}' of "
            f"server '{slot.consumer['name']}' in '{own}': it must be in the paired region.",
        )
