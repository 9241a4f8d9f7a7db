"""What is said to Kubernetes: storage classes as YAML, and the names and versions that it knows."""

import re

PROVISIONER = "disk.csi.azure.com"
"""The driver of Azure disks (AKSD create-volume-azure-disk.md)."""
CUSTOMER_KEY = "EncryptionAtRestWithCustomerKey"
"""diskEncryptionType of a disk encryption set with one key, the customer's; also what a storage class means without it."""
SKU = "Premium_LRS"
"""skuName of the disks: what AKS's own storage class managed-csi-premium takes."""

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_LONGEST_NAME = 253
_RESERVED = frozenset(
    {
        "default",
        "managed",
        "managed-premium",
        "managed-csi",
        "managed-csi-premium",
        "azurefile",
        "azurefile-premium",
        "azurefile-csi",
        "azurefile-csi-premium",
    }
)


def storage_class_yaml(name: str, disk_set_id: str, *, sku: str = SKU, encryption_type: str = CUSTOMER_KEY) -> str:
    """A storage class whose volumes are disks on a disk encryption set (AKSD azure-disk-customer-managed-keys.md).

    It counts for volumes that are claimed afterwards; those that exist keep the key that they have.
    """
    lines = (
        "apiVersion: storage.k8s.io/v1",
        "kind: StorageClass",
        "metadata:",
        f"  name: {name}",
        f"provisioner: {PROVISIONER}",
        "parameters:",
        f"  skuName: {sku}",
        f'  diskEncryptionSetID: "{disk_set_id}"',
        f"  diskEncryptionType: {encryption_type}",
        "reclaimPolicy: Delete",
        "volumeBindingMode: WaitForFirstConsumer",
        "allowVolumeExpansion: true",
    )
    return "\n".join(lines) + "\n"


def wrong_name(name: str) -> str | None:
    """Why this cannot be a storage class's name, as a sentence; None: it can."""
    if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        return (
            f"“{name}” cannot be the name of a storage class: small letters, digits, dashes and dots, with a letter or a "
            "digit at either end."
        )
    if name in _RESERVED:
        return f"“{name}” is a storage class that AKS brings itself: choose another name."
    return None


def at_least(version: str | None, wanted: tuple[int, int]) -> bool | None:
    """Whether a version of Kubernetes (``1.33.3``) is this one or a newer; None: it is not known."""
    found = re.match(r"(\d+)\.(\d+)", version or "")
    return None if found is None else (int(found[1]), int(found[2])) >= wanted
