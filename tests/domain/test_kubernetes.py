"""What is said to Kubernetes: a storage class that its own rules accept."""

import pytest

from cmk_admin.domain import kubernetes

SET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/diskEncryptionSets/my-des"


def test_a_storage_class_names_the_driver_and_the_set() -> None:
    assert kubernetes.storage_class_yaml("enc", SET).splitlines() == [
        "apiVersion: storage.k8s.io/v1",
        "kind: StorageClass",
        "metadata:",
        "  name: enc",
        "provisioner: disk.csi.azure.com",
        "parameters:",
        "  skuName: Premium_LRS",
        f'  diskEncryptionSetID: "{SET}"',
        "  diskEncryptionType: EncryptionAtRestWithCustomerKey",
        "reclaimPolicy: Delete",
        "volumeBindingMode: WaitForFirstConsumer",
        "allowVolumeExpansion: true",
    ]


@pytest.mark.parametrize("name", ["enc", "enc-2", "a.b", "x" * 253])
def test_names_that_kubernetes_takes(name: str) -> None:
    assert kubernetes.wrong_name(name) is None


@pytest.mark.parametrize(
    "name", ["", "Enc", "-enc", "enc-", "a..b", "a b", "a\nb", "x" * 254, "managed-csi", "default"]
)
def test_names_that_kubernetes_or_aks_has_no_room_for(name: str) -> None:
    assert kubernetes.wrong_name(name)


@pytest.mark.parametrize(
    ("version", "known"), [("1.33.3", True), ("1.34", True), ("2.0", True), ("1.32.9", False), (None, None), ("", None)]
)
def test_versions_compare_by_number_and_not_by_letter(version: str | None, known: bool | None) -> None:
    assert kubernetes.at_least(version, (1, 33)) is known
    assert kubernetes.at_least("1.9.1", (1, 33)) is False
