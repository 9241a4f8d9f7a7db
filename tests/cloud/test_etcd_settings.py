"""What a cluster's JSON says of its etcd encryption, and what is sent back in its place."""

from typing import Any

import pytest

from cmk_admin.cloud.consumers.aks_etcd import kms_block, settings_of
from cmk_admin.domain.steps import Json

KEY = "https://ws-premium.vault.azure.net/keys/etcd-key/0123456789abcdef0123456789abcdef"
VAULT = "/subscriptions/a/resourceGroups/b/providers/Microsoft.KeyVault/vaults/ws-premium"


def cluster(**kms: Any) -> dict[str, Any]:
    return {"properties": {"securityProfile": {"azureKeyVaultKms": kms}}}


def test_the_vault_counts_for_a_private_one_alone() -> None:
    named = {"enabled": True, "keyId": KEY, "keyVaultResourceId": VAULT}
    assert settings_of(cluster(**named, keyVaultNetworkAccess="Public"))["vault"] is None
    assert settings_of(cluster(**named))["vault"] is None
    assert settings_of(cluster(**named, keyVaultNetworkAccess="Private"))["vault"] == VAULT


@pytest.mark.parametrize(
    ("after", "block"),
    [
        ({"key": None}, {"enabled": False}),
        (
            {"key": KEY, "network": "Public", "vault": None},
            {"enabled": True, "keyId": KEY, "keyVaultNetworkAccess": "Public", "ours": "unknown"},
        ),
        (
            {"key": KEY, "network": "Private", "vault": VAULT},
            {
                "enabled": True,
                "keyId": KEY,
                "keyVaultNetworkAccess": "Private",
                "keyVaultResourceId": VAULT,
                "ours": "unknown",
            },
        ),
    ],
)
def test_what_this_program_does_not_know_of_the_block_stays(after: dict[str, Json], block: dict[str, Any]) -> None:
    present = {"enabled": True, "keyId": "old", "keyVaultResourceId": "old", "ours": "unknown"}
    assert kms_block(after, present) == block
