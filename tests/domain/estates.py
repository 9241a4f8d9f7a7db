"""Estates for the domain's tests: a small one in which everything happens, and as large a one as wanted."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cmk_admin.domain.errors import FailureKind
from cmk_admin.domain.ids import KeyId, key_scope
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import (
    AccessPolicy,
    Account,
    Consumer,
    Coverage,
    CoverageProblem,
    Estate,
    Identity,
    Key,
    KeySlot,
    KeyVersion,
    Principal,
    RoleAssignment,
    RoleDefinition,
    Source,
    Subscription,
    Vault,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SUB = "00000000-0000-0000-0000-00000000000a"
GROUP = f"/subscriptions/{SUB}/resourceGroups/dcc"
ROOT_MG = "/providers/Microsoft.Management/managementGroups/root"
MG = "/providers/Microsoft.Management/managementGroups/health"
OLD, NEW = "0" * 31 + "1", "0" * 31 + "2"
ME = "10000000-0000-0000-0000-000000000001"
MYSQL_ID = "20000000-0000-0000-0000-000000000001"
SINGLE_ID = "20000000-0000-0000-0000-000000000002"
DES_ID = "20000000-0000-0000-0000-000000000003"
AKS_ID = "20000000-0000-0000-0000-000000000004"
TEAM = "30000000-0000-0000-0000-000000000001"

ENCRYPTION_USER = RoleDefinition(
    id="/providers/Microsoft.Authorization/roleDefinitions/e147488a-f6f5-4113-8e2d-b22465e65bf6",
    name="Key Vault Crypto Service Encryption User",
    data_actions=(
        "Microsoft.KeyVault/vaults/keys/read",
        "Microsoft.KeyVault/vaults/keys/wrap/action",
        "Microsoft.KeyVault/vaults/keys/unwrap/action",
    ),
)
CRYPTO_OFFICER = RoleDefinition(
    id="/providers/Microsoft.Authorization/roleDefinitions/14b46e9e-c2b7-41b4-b07b-48a6ebf60603",
    name="Key Vault Crypto Officer",
    data_actions=("Microsoft.KeyVault/vaults/keys/*", "Microsoft.KeyVault/vaults/keyrotationpolicies/*"),
)
OWNER = RoleDefinition(
    id="/providers/Microsoft.Authorization/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    name="Owner",
    actions=("*",),
)
READER = RoleDefinition(
    id="/providers/Microsoft.Authorization/roleDefinitions/21090545-7ca7-4776-b22c-e363652d74d2",
    name="Key Vault Reader",
    data_actions=("Microsoft.KeyVault/vaults/*/read",),
)
ROLES = (ENCRYPTION_USER, CRYPTO_OFFICER, OWNER, READER)


def vault(name: str, *, rbac: bool = True, premium: bool = True, policies: tuple[AccessPolicy, ...] = ()) -> Vault:
    return Vault(
        id=f"{GROUP}/providers/Microsoft.KeyVault/vaults/{name}",
        name=name,
        host=f"{name}.vault.azure.net",
        location="westeurope",
        subscription_id=SUB,
        tenant_id="t",
        premium=premium,
        rbac=rbac,
        soft_delete_days=90,
        purge_protection=True,
        public_access=True,
        default_deny=False,
        trusted_bypass=True,
        private_endpoints=(),
        access_policies=policies,
        keys_from=Source.DATA_PLANE,
    )


def key(holder: Vault, name: str, *, kind: str = "RSA-HSM", versions: tuple[str, ...] = (NEW, OLD)) -> Key:
    own = KeyId(holder.host, name)
    return Key(
        id=own,
        vault_id=holder.id,
        current_version=versions[0],
        key_type=kind,
        size=2048,
        operations=("unwrapKey", "wrapKey"),
        enabled=True,
        recovery_level="Recoverable",
        versions=tuple(KeyVersion(id=replace(own, version=one), enabled=True) for one in versions),
    )


def grant(
    number: int, scope: str, principal: str, role: RoleDefinition = ENCRYPTION_USER, kind: str = ""
) -> RoleAssignment:
    name = f"40000000-0000-0000-0000-{number:012}"
    return RoleAssignment(
        id=f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}",
        scope=scope,
        role_definition_id=f"/subscriptions/{SUB}{role.id}",
        principal_id=principal,
        principal_type=kind or "ServicePrincipal",
    )


def slot(used: Key, principal: str | None, version: str | None = NEW, name: str = "primary") -> KeySlot:
    return KeySlot(slot=name, key_id=replace(used.id, version=version), principal_id=principal)


def consumer(
    service: str, path: str, name: str, *slots: KeySlot, state: str = "Ready", holder: str | None = None
) -> Consumer:
    return Consumer(
        id=f"{GROUP}/providers/{path}/{name}",
        service=service,
        name=name,
        location="westeurope",
        subscription_id=SUB,
        slots=slots,
        state=state,
        holder_id=holder,
        hosts=(f"{name}.mysql.database.azure.com",) if service.startswith("mysql") else (),
        tags=(("owner", "payments"),),
    )


PREMIUM = vault("dcc-premium")
MYSQL_KEY, AKS_KEY = key(PREMIUM, "mysql-encryption-key"), key(PREMIUM, "aks-encryption-key")
MYSQL_SCOPE = key_scope(PREMIUM.id, "mysql-encryption-key")
AKS_SCOPE = key_scope(PREMIUM.id, "aks-encryption-key")
STANDARD = vault(
    "dcc-standard",
    rbac=False,
    premium=False,
    policies=(
        AccessPolicy(tenant_id="t", object_id=ME, keys=("all",)),
        AccessPolicy(tenant_id="t", object_id=SINGLE_ID, keys=("Get", "wrapKey", "unwrapKey"), secrets=("get",)),
    ),
)
SOFT_KEY = key(STANDARD, "soft-key", kind="RSA")

MYSQL = consumer("mysql-flexible", "Microsoft.DBforMySQL/flexibleServers", "dcc-mysql", slot(MYSQL_KEY, MYSQL_ID))
SINGLE = consumer("mysql-single", "Microsoft.DBforMySQL/servers", "dcc-mysql-single", slot(MYSQL_KEY, SINGLE_ID))
DES = consumer(
    "disk-encryption-set", "Microsoft.Compute/diskEncryptionSets", "dcc-des", slot(AKS_KEY, DES_ID), state="Succeeded"
)
AKS = consumer("aks-disks", "Microsoft.ContainerService/managedClusters", "dcc-aks", state="Succeeded", holder=DES.id)


def dcc() -> Estate:
    """A premium vault with two keys, a database each side of it, a set with a cluster, a decoy, a policy vault."""
    return Estate(
        account=Account(object_id=ME, name="administrator", tenant_id="t", cloud="public"),
        read_at=NOW,
        coverage=Coverage(subscriptions_listed=1, subscriptions_read=1),
        subscriptions=(Subscription(id=SUB, name="Health", management_groups=(MG, ROOT_MG)),),
        vaults=(PREMIUM, STANDARD),
        keys=(MYSQL_KEY, AKS_KEY, SOFT_KEY),
        consumers=(MYSQL, SINGLE, DES, AKS),
        identities=(
            Identity(
                principal_id=MYSQL_ID,
                name="dcc-mysql-id",
                resource_id=f"{GROUP}/identities/dcc-mysql-id",
                client_id="c1",
            ),
            Identity(principal_id=SINGLE_ID, name="dcc-mysql-single", resource_id=SINGLE.id, system_assigned=True),
            Identity(principal_id=DES_ID, name="dcc-des", resource_id=DES.id, system_assigned=True),
            Identity(
                principal_id=AKS_ID, name="dcc-aks-id", resource_id=f"{GROUP}/identities/dcc-aks-id", client_id="c4"
            ),
        ),
        principals=(Principal(object_id=ME, kind="User", name="administrator"),),
        role_definitions=ROLES,
        role_assignments=(
            grant(1, MYSQL_SCOPE, MYSQL_ID),
            grant(2, MYSQL_SCOPE, SINGLE_ID),
            grant(3, AKS_SCOPE, DES_ID),
            grant(4, AKS_SCOPE, AKS_ID),
            grant(5, f"/subscriptions/{SUB}", ME, OWNER, "User"),
            grant(6, PREMIUM.id, ME, CRYPTO_OFFICER, "User"),
        ),
    )


def with_grants(*grants: RoleAssignment, principals: tuple[Principal, ...] = ()) -> Estate:
    """The same with more role assignments, and more that the directory told."""
    estate = dcc()
    return replace(
        estate,
        role_assignments=(*estate.role_assignments, *grants),
        principals=(*estate.principals, *principals),
    )


def incomplete(estate: Estate) -> Estate:
    problem = CoverageProblem(scope="/subscriptions/other", kind=FailureKind.FORBIDDEN, message="Forbidden")
    return replace(estate, coverage=replace(estate.coverage, problems=(problem,)))


def large(vaults: int, keys: int) -> Estate:
    """Many vaults of many keys; every tenth key is used by a database."""
    all_vaults = [vault(f"vault-{n:05}") for n in range(vaults)]
    all_keys = [
        Key(
            id=KeyId(holder.host, f"key-{n:03}"),
            vault_id=holder.id,
            current_version=f"{n:032x}",
            key_type="RSA-HSM" if n % 7 else "RSA",
            size=2048,
            operations=("unwrapKey", "wrapKey"),
            enabled=True,
            expires=NOW + timedelta(days=n),
            tags=(("team", f"team-{n % 13}"),),
        )
        for holder in all_vaults
        for n in range(keys)
    ]
    servers = [
        consumer(
            "mysql-flexible", "Microsoft.DBforMySQL/flexibleServers", f"server-{n:06}", slot(used, f"{n:032x}", None)
        )
        for n, used in enumerate(all_keys[::10])
    ]
    grants = [grant(n, key_scope(used.vault_id, used.id.name), f"{n:032x}") for n, used in enumerate(all_keys[::10])]
    return Estate(
        account=Account(object_id=ME, name="administrator", tenant_id="t", cloud="public"),
        read_at=NOW,
        coverage=Coverage(subscriptions_listed=1, subscriptions_read=1),
        subscriptions=(Subscription(id=SUB, name="Health", management_groups=(MG, ROOT_MG)),),
        vaults=tuple(all_vaults),
        keys=tuple(all_keys),
        consumers=tuple(servers),
        role_definitions=ROLES,
        role_assignments=tuple(grants),
    )


def busy_key(consumers: int = 200, assignments: int = 2000) -> Estate:
    """One key that many databases use, each as an identity of its own with a grant on it; the rest of the assignments
    are other people's, half of them on the key and half on its vault."""
    ids = [f"50000000-0000-0000-0000-{n:012}" for n in range(consumers)]
    servers = [
        consumer("mysql-flexible", "Microsoft.DBforMySQL/flexibleServers", f"server-{n:04}", slot(MYSQL_KEY, who))
        for n, who in enumerate(ids)
    ]
    own = [grant(n, MYSQL_SCOPE, who) for n, who in enumerate(ids)]
    others = [
        grant(n, MYSQL_SCOPE if n % 2 else PREMIUM.id, f"60000000-0000-0000-0000-{n:012}")
        for n in range(consumers, assignments)
    ]
    return replace(
        dcc(),
        consumers=tuple(servers),
        identities=tuple(
            Identity(principal_id=who, name=f"id-{n:04}", resource_id=f"{GROUP}/identities/id-{n:04}")
            for n, who in enumerate(ids)
        ),
        role_assignments=(*own, *others),
    )


def index(estate: Estate | None = None) -> Index:
    return Index(estate or dcc())
