"""Secrets of an AKS cluster, encrypted in etcd by the key management service (AKSD use-kms-etcd-encryption.md)."""

from cmk_admin.domain.services.facts import CRYPTO_USER, DATA_ACTIONS, POLICY_PERMISSIONS, Heal, Service
from cmk_admin.domain.services.requirements import Requirements, Verdict

SERVICE = Service(
    name="aks-etcd",
    title="AKS secrets in etcd",
    resource_type="microsoft.containerservice/managedclusters",
    data_actions=DATA_ACTIONS,
    policy_permissions=POLICY_PERMISSIONS,
    # It encrypts and decrypts: the role for wrapping does not let it
    role=CRYPTO_USER,
    lost_seconds=None,
    back_seconds=None,
    stops="Secrets cannot be read any more and the API server may stop; Azure documents no time",
    lost="Nothing, as long as the key can be given back",
    comes_back="Give the key back; Azure documents no time",
    heal=Heal.AUTOMATIC,
    source="AKSD use-kms-etcd-encryption.md",
    short="aks-etcd",
    needs=Requirements(
        operations=("encrypt", "decrypt"),
        # AKS says that an expired key fails; Key Vault lets it decrypt: an outage that may come
        expiry=Verdict.WARNED,
        expiry_why="AKS says that it cannot decrypt with an expired key, Key Vault that it can",
        no_purge_protection=Verdict.WARNED,
        # No document says which regions go together
        other_region=Verdict.WARNED,
        # A vault with selected networks is not supported with network access Public (kms-data-encryption-concepts.md)
        any_firewall=Verdict.WARNED,
        permissions=("encrypt", "decrypt"),
        versionless=True,
    ),
    detaches=True,
)
