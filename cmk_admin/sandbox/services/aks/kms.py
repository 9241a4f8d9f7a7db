"""Encryption of secrets in etcd by a key: which settings a cluster takes, and the trial of the key as its identity.

Sources: AKSD use-kms-etcd-encryption.md (the legacy engine), kms-data-encryption.md and -concepts.md (the new one);
Microsoft.ContainerService, AzureKeyVaultKms. The code of a refused identity is as users of AKS quote it; the others are this
sandbox's.
"""

import re
from dataclasses import dataclass
from typing import Any

from cmk_admin.sandbox import access, life
from cmk_admin.sandbox.consumers import Slot, slots_of
from cmk_admin.sandbox.services.keyvault import model as keyvault
from cmk_admin.sandbox.state import Document, World
from cmk_admin.sandbox.wire import AzureError

_KEY_URL = re.compile(
    r"https://([a-z0-9-]+\.vault\.azure\.net)(:443)?/keys/[0-9a-z-]{1,127}(/[0-9a-f]{32})?/?", re.IGNORECASE
)
# From this api-version on an id without version means the new engine (Microsoft.ContainerService, AzureKeyVaultKms.keyId).
NEW_ENGINE_SINCE = "2026-07-01"
# AKSD kms-data-encryption.md
_OLDEST_KUBERNETES = (1, 33)
# A private vault is reached by an endpoint that the cluster's identity approves: Key Vault Contributor at the vault
# (AKSD use-kms-etcd-encryption.md).
_APPROVE = "Microsoft.KeyVault/vaults/privateEndpointConnectionsApproval/action"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a cluster's security profile says of etcd."""

    enabled: bool
    key_id: str | None
    network: str
    """``Public`` or ``Private``: how the vault is reached."""
    vault_id: str | None
    infrastructure: bool
    """Kubernetes resource objects are encrypted by the new engine."""

    @property
    def versioned(self) -> bool:
        """The key's id names a version: the legacy engine."""
        return self.key_id is not None and len(self.key_id.rstrip("/").split("/")) > 5


def settings_of(cluster: Document) -> Settings:
    """A cluster's settings. Raises AzureError 400 for what is not understood."""
    profile = _object(cluster["properties"].get("securityProfile"), "securityProfile")
    kms = _object(profile.get("azureKeyVaultKms"), "securityProfile.azureKeyVaultKms")
    name = "securityProfile.kubernetesResourceObjectEncryptionProfile"
    infrastructure = _object(profile.get(name.split(".")[1]), name).get("infrastructureEncryption")
    if infrastructure not in (None, "Enabled", "Disabled"):
        raise _invalid(f"{name}.infrastructureEncryption", "The only value is Enabled.")
    network = kms.get("keyVaultNetworkAccess") or "Public"
    if network not in ("Public", "Private"):
        raise _invalid("securityProfile.azureKeyVaultKms.keyVaultNetworkAccess", "It is Public or Private.")
    return Settings(
        enabled=bool(kms.get("enabled")),
        key_id=kms.get("keyId") or None,
        network=network,
        vault_id=kms.get("keyVaultResourceId") or None,
        infrastructure=infrastructure == "Enabled",
    )


def check(world: World, before: Document, after: Document, version: str) -> None:
    """Return where a PUT may take a cluster from one to the other, as far as the request alone can tell.

    version is the api-version. Raises AzureError 400.
    """
    had, wanted = settings_of(before), settings_of(after)
    if had == wanted:
        return
    if had.infrastructure and not wanted.infrastructure:
        raise _invalid(
            "securityProfile.kubernetesResourceObjectEncryptionProfile", "Encryption cannot be disabled once enabled."
        )
    if wanted.infrastructure and _kubernetes(after) < _OLDEST_KUBERNETES:
        raise _invalid("kubernetesVersion", "KMS data encryption needs Kubernetes 1.33 or later.")
    if had.enabled and not wanted.enabled and not had.versioned:
        raise _invalid("securityProfile.azureKeyVaultKms.enabled", "A customer-managed key cannot be disabled again.")
    if had.enabled and wanted.enabled and had.network != wanted.network:
        raise _invalid(
            "securityProfile.azureKeyVaultKms.keyVaultNetworkAccess", "Turn Azure Key Vault KMS off before changing it."
        )
    if wanted.enabled:
        _check_enabled(world, after, wanted, version)
        if had.enabled and wanted.versioned and not had.versioned:
            raise _invalid("securityProfile.azureKeyVaultKms.keyId", "There is no way back to the legacy engine.")
    elif wanted.key_id is not None:
        raise _invalid(
            "securityProfile.azureKeyVaultKms.keyId", "It must be empty when Azure Key Vault KMS is disabled."
        )


def settle(world: World, cluster: Document) -> None:
    """Encrypt and decrypt with a cluster's key as its identity, and give etcd a data key; without a key, take it away.

    Raises AzureError 400 with the vault's reason where the key does not serve; then nothing is changed.
    """
    held = [slot for slot in slots_of(world, cluster) if slot.service == "aks-etcd"]
    if not held:
        life.detach(world, cluster["id"])
        return
    (slot,) = held
    wanted = settings_of(cluster)
    if wanted.network == "Private" and wanted.versioned:
        _check_approval(world, slot, wanted)
    try:
        life.attach(world, held)
    except AzureError as refusal:
        raise _refused(slot, refusal) from refusal


def _check_enabled(world: World, cluster: Document, wanted: Settings, version: str) -> None:
    found = _KEY_URL.fullmatch(wanted.key_id or "")
    if found is None:
        raise _invalid("securityProfile.azureKeyVaultKms.keyId", "It must be the id of a key in a key vault.")
    if wanted.versioned and wanted.infrastructure:
        raise _invalid(
            "securityProfile.azureKeyVaultKms.keyId", "KMS data encryption takes an id without version; it has one."
        )
    if not wanted.versioned and (version[:10] < NEW_ENGINE_SINCE or not wanted.infrastructure):
        raise _invalid(
            "securityProfile.azureKeyVaultKms.keyId",
            f"An id without version needs api-version {NEW_ENGINE_SINCE} or later, and "
            "kubernetesResourceObjectEncryptionProfile.infrastructureEncryption Enabled.",
        )
    if not (cluster.get("identity") or {}).get("userAssignedIdentities"):
        raise _invalid("identity", "Azure Key Vault KMS needs a cluster with a user-assigned managed identity.")
    if wanted.network == "Private":
        if (wanted.vault_id or "").lower() != keyvault.vault_of_host(world, found[1])["id"].lower():
            raise _invalid(
                "securityProfile.azureKeyVaultKms.keyVaultResourceId",
                "It must be the resource id of the key's vault when the network access is Private.",
            )
        api_server: dict[str, Any] = cluster["properties"].get("apiServerAccessProfile") or {}
        if wanted.versioned and not api_server.get("enableVnetIntegration"):
            raise _invalid(
                "apiServerAccessProfile.enableVnetIntegration",
                "A private key vault needs a cluster with API Server VNet Integration.",
            )


def _check_approval(world: World, slot: Slot, wanted: Settings) -> None:
    vault_id = wanted.vault_id or ""
    if slot.principal_id is None or not access.may(world, slot.principal_id, _APPROVE, vault_id):
        raise AzureError(
            400,
            "AzureKeyVaultKmsValidateIdentityPermissionCustomerError",
            f"The identity does not have the role Key Vault Contributor on key vault '{vault_id}'.",
        )


def _refused(slot: Slot, refusal: AzureError) -> AzureError:
    reason = refusal.inner or refusal.code
    vault = "/".join(slot.key_url.split("/")[:3])
    if reason in ("ForbiddenByRbac", "ForbiddenByPolicy", "AccessDenied"):
        return AzureError(
            400,
            "AzureKeyVaultKmsValidateIdentityPermissionCustomerError",
            f"The identity does not have keys encrypt/decrypt permission on key vault {vault}. {refusal.message}",
        )
    return AzureError(
        400,
        "AzureKeyVaultKmsValidationFailed",
        f"The cluster cannot use the key '{slot.key_url}': {refusal.message}",
    )


def _kubernetes(cluster: Document) -> tuple[int, ...]:
    text = str(cluster["properties"].get("currentKubernetesVersion") or "0")
    return tuple(int(part) for part in text.split(".")[:2] if part.isdigit())


def _object(value: Any, name: str) -> dict[str, Any]:
    if value is not None and not isinstance(value, dict):
        raise _invalid(name, "It must be an object.")
    return value or {}


def _invalid(parameter: str, why: str) -> AzureError:
    return AzureError(400, "InvalidParameter", f"The value of parameter {parameter} is invalid. {why}")
