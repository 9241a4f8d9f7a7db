"""The owners' estate: digital health certificates. No service may read another's data; some corners have been neglected."""

from cmk_admin.sandbox.services.aks import model as aks
from cmk_admin.sandbox.services.compute import model as compute
from cmk_admin.sandbox.services.mysql import model as mysql
from cmk_admin.sandbox.services.mysqlsingle import model as mysqlsingle
from cmk_admin.sandbox.state import Document, World

from .estate import ENCRYPTION_USER, LOCATION, Estate, access_policy

# One pair for each key version laid in below, so that no two keys share material.
KEY_PAIRS = 11
# Every key permission that an access policy can name (Microsoft.KeyVault 2026-05-15, KeyPermissions, without "all").
ALL_KEY_PERMISSIONS = (
    "get", "list", "update", "create", "import", "delete", "recover", "backup", "restore", "decrypt", "encrypt",
    "unwrapKey", "wrapKey", "verify", "sign", "purge", "release", "rotate", "getrotationpolicy", "setrotationpolicy",
)  # fmt: skip
_OFFICER = "Key Vault Crypto Officer"


def lay(world: World, seed: int) -> None:
    """Lay the estate in."""
    estate = Estate(world, "dcc", seed, key_pairs=KEY_PAIRS)
    root = estate.management_group("dcc", "Digital Health Certificates", parent=estate.tenant_id)
    production = estate.subscription("dcc-production", management_group="dcc")
    shared = estate.subscription("dcc-shared", management_group="dcc")
    partner = estate.subscription("dcc-partner", management_group="dcc")
    reader = estate.person("reader")
    estate.forbid_directory(reader)
    estate.grant(estate.administrator, "Owner", root)
    for subscription in (production, shared):
        estate.grant(reader, "Reader", f"/subscriptions/{subscription}")
    _production(estate, production, reader)
    lab = _shared(estate, shared)
    _partner(estate, shared, partner)
    estate.bring_to_life()
    # The version that dcc-des-old still names; it was in force when the set was made.
    estate.disable(lab, "rotated-key", 0)
    world.forget_past()


def _production(estate: Estate, subscription: str, reader: str) -> None:
    world = estate.world
    keys = estate.group(subscription, "dcc-keys")
    group = estate.group(subscription, "dcc-services")
    premium = estate.vault(subscription, keys, "dcc-premium", tags={"owner": "dcc", "purpose": "health certificates"})
    aks_key = estate.key(premium, "aks-encryption-key", tags={"service": "aks"})
    mysql_key = estate.key(premium, "mysql-encryption-key", tags={"service": "mysql"})
    estate.grant(estate.administrator, _OFFICER, premium["id"])
    estate.grant(reader, "Key Vault Reader", premium["id"])

    mysql_id = estate.identity(subscription, group, "dcc-mysql-id")
    estate.grant_key(_principal(mysql_id), premium, "mysql-encryption-key")
    mysql.make_server(
        world, subscription=subscription, group=group, name="dcc-mysql", identity=mysql_id, key_url=mysql_key
    )

    single = mysqlsingle.make_server(
        world, subscription=subscription, group=group, name="dcc-mysql-single", **estate.system_ids("dcc-mysql-single")
    )
    estate.grant_key(single["identity"]["principalId"], premium, "mysql-encryption-key")
    mysqlsingle.put_key(world, single, mysql_key)

    disk_set = _disk_set(estate, subscription, group, "dcc-des", premium, aks_key)
    estate.grant_key(disk_set["identity"]["principalId"], premium, "aks-encryption-key")
    aks_id = estate.identity(subscription, group, "dcc-aks-id")
    estate.grant(_principal(aks_id), "Reader", disk_set["id"])
    # The decoy: the set's own identity unwraps, no service asks as the cluster's.
    estate.grant_key(_principal(aks_id), premium, "aks-encryption-key")
    cluster = aks.make_cluster(
        world,
        subscription=subscription,
        group=group,
        name="dcc-aks",
        identity=aks_id,
        disk_set=disk_set["id"],
        nodes=3,
    )
    nodes = estate.group(subscription, cluster["properties"]["nodeResourceGroup"], managed_by=cluster["id"])
    compute.make_scale_set(
        world,
        subscription=subscription,
        group=nodes,
        name="aks-nodepool1-18245713-vmss",
        disk_set=disk_set["id"],
        machines=3,
        tags={"aks-managed-poolName": "nodepool1"},
    )
    for number in range(2):
        name = f"pvc-{estate.guid(f'volume {number}')}"
        compute.make_disk(world, subscription=subscription, group=nodes, name=name, disk_set=disk_set["id"])

    _closed(estate, subscription, keys, group)


def _closed(estate: Estate, subscription: str, keys: str, group: str) -> None:
    """A vault whose firewall lets trusted services in, and nobody else."""
    closed = estate.vault(
        subscription, keys, "dcc-closed", network_acls={"defaultAction": "Deny", "bypass": "AzureServices"}
    )
    key_url = estate.key(closed, "archive-encryption-key")
    estate.grant(estate.administrator, _OFFICER, closed["id"])
    identity = estate.identity(subscription, group, "dcc-archive-id")
    estate.grant_key(_principal(identity), closed, "archive-encryption-key")
    _server(estate, subscription, group, "dcc-archive-mysql", identity, key_url)


def _shared(estate: Estate, subscription: str) -> Document:
    keys = estate.group(subscription, "dcc-shared-keys")
    group = estate.group(subscription, "dcc-lab-services")
    _standard(estate, subscription, keys, group)
    lab = estate.vault(subscription, keys, "dcc-lab")
    estate.grant(estate.administrator, _OFFICER, lab["id"])

    # Two servers behind one identity: cutting one off cuts the other.
    key_url = estate.key(lab, "lab-encryption-key")
    both = estate.identity(subscription, group, "dcc-lab-id")
    estate.grant_key(_principal(both), lab, "lab-encryption-key")
    for number in (1, 2):
        _server(estate, subscription, group, f"dcc-lab-mysql-{number}", both, key_url)

    # A grant at the vault: it opens every key there.
    key_url = estate.key(lab, "stage-encryption-key")
    stage = estate.identity(subscription, group, "dcc-stage-id")
    estate.grant(_principal(stage), ENCRYPTION_USER, lab["id"])
    _server(estate, subscription, group, "dcc-stage-mysql", stage, key_url)

    # A grant by way of a group.
    key_url = estate.key(lab, "train-encryption-key")
    train = estate.identity(subscription, group, "dcc-train-id")
    members = estate.directory_group("dcc-crypto-users", [_principal(train)])
    estate.grant_key(members, lab, "train-encryption-key")
    _server(estate, subscription, group, "dcc-train-mysql", train, key_url)

    # A key that was rotated twice, and a set that was left on its first version.
    first, *_ = [estate.key(lab, "rotated-key") for _ in range(3)]
    old = _disk_set(estate, subscription, group, "dcc-des-old", lab, first)
    estate.grant_key(old["identity"]["principalId"], lab, "rotated-key")
    return lab


def _standard(estate: Estate, subscription: str, keys: str, group: str) -> None:
    """A Standard vault on access policies, without purge protection, and a software key."""
    identity = estate.identity(subscription, group, "dcc-reports-id")
    standard = estate.vault(
        subscription,
        keys,
        "dcc-standard",
        sku="standard",
        rbac=False,
        purge_protection=False,
        access_policies=[
            access_policy(estate.tenant_id, estate.administrator, ALL_KEY_PERMISSIONS),
            access_policy(estate.tenant_id, _principal(identity), ("get", "list", "wrapKey", "unwrapKey")),
        ],
    )
    key_url = estate.key(
        standard, "reports-encryption-key", kty="RSA", key_ops=["encrypt", "decrypt", "wrapKey", "unwrapKey"]
    )
    _server(estate, subscription, group, "dcc-reports-mysql", identity, key_url)


def _partner(estate: Estate, visible: str, hidden: str) -> None:
    """A set in a subscription that everybody sees, with the key of a vault that `reader` does not see."""
    keys = estate.group(hidden, "dcc-partner-keys")
    vault = estate.vault(hidden, keys, "dcc-partner")
    estate.grant(estate.administrator, _OFFICER, vault["id"])
    key_url = estate.key(vault, "partner-encryption-key")
    group = estate.group(visible, "dcc-exchange")
    # sourceVault stays away where the vault is in another subscription (Microsoft.Compute, KeyForDiskEncryptionSet).
    disk_set = _disk_set(estate, visible, group, "dcc-des-partner", None, key_url)
    estate.grant_key(disk_set["identity"]["principalId"], vault, "partner-encryption-key")


def _server(estate: Estate, subscription: str, group: str, name: str, identity: Document, key_url: str) -> None:  # noqa: PLR0917
    mysql.make_server(
        estate.world, subscription=subscription, group=group, name=name, identity=identity, key_url=key_url
    )


def _disk_set(  # noqa: PLR0917
    estate: Estate, subscription: str, group: str, name: str, vault: Document | None, key_url: str
) -> Document:
    return compute.make_disk_set(
        estate.world,
        subscription=subscription,
        group=group,
        name=name,
        key_url=key_url,
        source_vault=vault["id"] if vault else None,
        location=LOCATION,
        **estate.system_ids(name),
    )


def _principal(identity: Document) -> str:
    return str(identity["properties"]["principalId"])
