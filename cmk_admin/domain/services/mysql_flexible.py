"""MySQL flexible server (DBD mysql/flexible-server/security-customer-managed-key.md)."""

from cmk_admin.domain.services.facts import DATA_ACTIONS, POLICY_PERMISSIONS, SERVICE_ROLE, Heal, Service
from cmk_admin.domain.services.requirements import Requirements, Verdict

SERVICE = Service(
    name="mysql-flexible",
    title="MySQL flexible server",
    resource_type="microsoft.dbformysql/flexibleservers",
    data_actions=DATA_ACTIONS,
    policy_permissions=POLICY_PERMISSIONS,
    role=SERVICE_ROLE,
    lost_seconds=600,
    # "Permission changes take up to 10 minutes to affect the server"; then a revalidation brings it back
    back_seconds=600,
    stops="The server refuses every connection and turns Inaccessible",
    lost="Nothing, as long as the key can be given back",
    comes_back="Give the key back, then revalidate it at the server",
    heal=Heal.REVALIDATE,
    source="DBD mysql/flexible-server/security-customer-managed-key.md",
    lost_words=("inaccessible",),
    up_words=("ready",),
    short="mysql",
    stops_at_once="DBD mysql/flexible-server/how-to-stop-start-server-portal.md",
    needs=Requirements(
        # The document of January 2026 lets a server go on with a key that has expired, and asks for the same region;
        # that of November 2024 says otherwise of both. None is about taking a key that has expired: Key Vault refuses
        # to wrap with it (KVD includes/key-attributes.md)
        expiry=Verdict.WARNED,
        expiry_why="of Azure's documents one says so, and another that it goes on",
        retention_days=90,
        other_region=Verdict.WARNED,
        permissions=("get", "list", "wrapKey", "unwrapKey"),
    ),
    detaches=True,
)
