"""MySQL single server, retired since September 2024 (AD mysql/single-server/concepts-data-encryption-mysql.md)."""

from cmk_admin.domain.services.facts import DATA_ACTIONS, POLICY_PERMISSIONS, SERVICE_ROLE, Heal, Service
from cmk_admin.domain.services.requirements import Requirements, Verdict

SERVICE = Service(
    name="mysql-single",
    title="MySQL single server",
    resource_type="microsoft.dbformysql/servers",
    data_actions=DATA_ACTIONS,
    policy_permissions=POLICY_PERMISSIONS,
    role=SERVICE_ROLE,
    lost_seconds=600,
    back_seconds=None,
    stops="The server refuses every connection and turns Inaccessible",
    lost="Nothing, as long as the key can be given back",
    comes_back="Give the key back, then put the same server key again (revalidate)",
    heal=Heal.REVALIDATE,
    source="AD mysql/single-server/concepts-data-encryption-mysql.md",
    lost_words=("inaccessible",),
    up_words=("ready",),
    short="mysql-single",
    needs=Requirements(sizes=(2048,), expiry=Verdict.REFUSED, retention_days=90, other_region=Verdict.WARNED),
    detaches=True,
    retired="MySQL single server was retired on 16 September 2024; a server that still runs should be moved.",
)
