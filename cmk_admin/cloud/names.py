"""The clouds: host names, token scopes and suffixes.

Sources: AzureClouds of azure-core with the tools of azure-mgmt-core, AzureAuthorityHosts of azure-identity, and KVD general/
about-keys-secrets-certificates.md (the suffixes of vaults).
"""

from dataclasses import dataclass

from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.ids import is_vault_host


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudNames:
    """Where one cloud answers. A token of a plane goes to that plane's hosts and nowhere else."""

    name: str
    """public, usgov or china."""
    az_name: str
    """As ``az cloud set --name`` calls it."""
    arm_host: str
    arm_scope: str
    authority: str
    graph_host: str
    graph_scope: str
    vault_suffixes: tuple[str, ...]
    vault_scope: str
    hsm_suffixes: tuple[str, ...]
    hsm_scope: str

    def scope_of(self, host: str) -> str:
        """The scope of the token that `host` may be sent.

        Raises AzureFailure (sign_in) for any host that is not of this cloud: nothing may be sent there.
        """
        if host == self.arm_host:
            return self.arm_scope
        if is_vault_host(host, self.vault_suffixes):
            return self.vault_scope
        if host == self.graph_host:
            return self.graph_scope
        if is_vault_host(host, self.hsm_suffixes):
            return self.hsm_scope
        raise AzureFailure(
            FailureKind.SIGN_IN,
            f"“{host}” is not a host of the {self.name} cloud; no token and no request was sent to it.",
            subject=host,
        )


PUBLIC = CloudNames(
    name="public",
    az_name="AzureCloud",
    arm_host="management.azure.com",
    arm_scope="https://management.azure.com/.default",
    authority="login.microsoftonline.com",
    graph_host="graph.microsoft.com",
    graph_scope="https://graph.microsoft.com/.default",
    vault_suffixes=(".vault.azure.net",),
    vault_scope="https://vault.azure.net/.default",
    hsm_suffixes=(".managedhsm.azure.net",),
    hsm_scope="https://managedhsm.azure.net/.default",
)

US_GOVERNMENT = CloudNames(
    name="usgov",
    az_name="AzureUSGovernment",
    arm_host="management.usgovcloudapi.net",
    # Not the endpoint's own name: its tokens are made out to the older one (azure-mgmt-core tools)
    arm_scope="https://management.core.usgovcloudapi.net/.default",
    authority="login.microsoftonline.us",
    graph_host="graph.microsoft.us",
    graph_scope="https://graph.microsoft.us/.default",
    vault_suffixes=(".vault.usgovcloudapi.net",),
    vault_scope="https://vault.usgovcloudapi.net/.default",
    hsm_suffixes=(".managedhsm.usgovcloudapi.net",),
    hsm_scope="https://managedhsm.usgovcloudapi.net/.default",
)

CHINA = CloudNames(
    name="china",
    az_name="AzureChinaCloud",
    arm_host="management.chinacloudapi.cn",
    arm_scope="https://management.chinacloudapi.cn/.default",
    authority="login.chinacloudapi.cn",
    graph_host="microsoftgraph.chinacloudapi.cn",
    graph_scope="https://microsoftgraph.chinacloudapi.cn/.default",
    vault_suffixes=(".vault.azure.cn",),
    vault_scope="https://vault.azure.cn/.default",
    hsm_suffixes=(".managedhsm.azure.cn",),
    hsm_scope="https://managedhsm.azure.cn/.default",
)

CLOUDS: dict[str, CloudNames] = {one.name: one for one in (PUBLIC, US_GOVERNMENT, CHINA)}
