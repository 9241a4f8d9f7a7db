"""An estate to try the wizards on: every vault, key, server and cluster that a requirement is about, and little else.

All is in West Europe, under management group ``workshop``, but for what says otherwise.

| principal | what it may |
|---|---|
| ``administrator`` | Owner of all; Key Vault Crypto Officer in each vault under roles, every key permission in ``ws-policies`` |
| ``reader`` | Reader of both subscriptions, Key Vault Reader of ``ws-premium``; Microsoft Graph refuses it |
| ``operator`` | Contributor of both subscriptions: attaches, but can neither assign roles nor use keys |

| vault | what is special (else Premium, roles, purge protection, 90 days) |
|---|---|
| ``ws-premium`` | nothing: this is the one to use |
| ``ws-standard`` | SKU standard: software keys only |
| ``ws-policies`` | access policies |
| ``ws-unprotected`` | no purge protection |
| ``ws-thirty`` | keeps deleted keys 30 days |
| ``ws-north`` | in North Europe, the region paired with West Europe |
| ``ws-closed`` | firewall that nobody passes, with the bypass for trusted services |
| ``ws-shut`` | firewall that nobody passes, without that bypass |
| ``ws-elsewhere`` | in the subscription ``workshop-two`` |

Each vault holds ``spare-key``, which nobody uses: RSA-HSM 2048 for wrapKey and unwrapKey (RSA in ``ws-standard``).
``ws-premium`` also holds ``used-key`` (of ``ws-mysql-attached``), ``disk-key`` (of ``ws-des``) and ``etcd-key`` (encrypt and
decrypt, of nobody).

| consumer | what is special |
|---|---|
| ``ws-mysql`` | flexible server, Ready, no key of the customer's |
| ``ws-mysql-attached`` | has ``used-key``, by ``ws-attached-id`` |
| ``ws-mysql-geo`` | geo-redundant backup |
| ``ws-mysql-stopped`` | state Stopped |
| ``ws-mysql-burstable`` | tier Burstable |
| ``ws-mysql-source``, ``ws-mysql-replica`` | a server and its read replica |
| ``ws-mysql-kept``, ``ws-mysql-frozen`` | locks: CanNotDelete, ReadOnly |
| ``ws-single`` | single server, no key of the customer's |
| ``ws-single-basic`` | single server of tier Basic, which takes no key |
| ``ws-des`` | disk encryption set with ``disk-key``; its identity may use it |
| ``ws-aks`` | cluster, runs, Kubernetes 1.33, identity ``ws-aks-id``, one node; no etcd encryption, a few secrets |
| ``ws-aks-stopped`` | cluster that is stopped, identity ``ws-aks-stopped-id`` |
| ``ws-aks-old`` | cluster of Kubernetes 1.31, identity ``ws-aks-old-id`` |
| ``ws-aks-system`` | cluster with a system-assigned identity |

Identities beside those named: ``ws-free-id`` and ``ws-spare-id``, which nothing uses and which hold no grant, and
``ws-north-id``, in North Europe.
"""

from typing import Any

from cmk_admin.sandbox.services.aks import model as aks
from cmk_admin.sandbox.services.compute import model as compute
from cmk_admin.sandbox.services.mysql import model as mysql
from cmk_admin.sandbox.services.mysqlsingle import model as mysqlsingle
from cmk_admin.sandbox.state import Document, World

from .dcc import ALL_KEY_PERMISSIONS
from .estate import Estate, access_policy

# One pair for each key laid in below, so that no two keys share material.
KEY_PAIRS = 12
_OFFICER = "Key Vault Crypto Officer"
_CLOSED = {"defaultAction": "Deny"}
_NORTH = "northeurope"


def lay(world: World, seed: int) -> None:
    """Lay the estate in."""
    estate = Estate(world, "workshop", seed, key_pairs=KEY_PAIRS)
    root = estate.management_group("workshop", "Workshop", parent=estate.tenant_id)
    one = estate.subscription("workshop-one", management_group="workshop")
    two = estate.subscription("workshop-two", management_group="workshop")
    estate.grant(estate.administrator, "Owner", root)
    reader, operator = estate.person("reader"), estate.person("operator")
    estate.forbid_directory(reader)
    for subscription in (one, two):
        estate.grant(reader, "Reader", f"/subscriptions/{subscription}")
        estate.grant(operator, "Contributor", f"/subscriptions/{subscription}")
    premium = _vaults(estate, one, two)
    estate.grant(reader, "Key Vault Reader", premium["id"])
    group = estate.group(one, "workshop-services")
    for name in ("ws-free-id", "ws-spare-id"):
        estate.identity(one, group, name)
    estate.identity(one, group, "ws-north-id", location=_NORTH)
    _flexible_servers(estate, one, group, premium)
    for name, tier in (("ws-single", "GeneralPurpose"), ("ws-single-basic", "Basic")):
        mysqlsingle.make_server(world, subscription=one, group=group, name=name, tier=tier, **estate.system_ids(name))
    _disk_set(estate, one, group, premium)
    _clusters(estate, one, group)
    estate.bring_to_life()
    world.forget_past()


def _vaults(estate: Estate, one: str, two: str) -> Document:
    """The vaults with their keys that nobody uses; the envelope of the one to use."""
    keys = estate.group(one, "workshop-keys")
    premium = estate.vault(one, keys, "ws-premium")
    estate.key(premium, "etcd-key", key_ops=["encrypt", "decrypt"])
    everything = access_policy(estate.tenant_id, estate.administrator, ALL_KEY_PERMISSIONS)
    vaults = [
        premium,
        estate.vault(one, keys, "ws-standard", sku="standard"),
        estate.vault(one, keys, "ws-policies", rbac=False, access_policies=[everything]),
        estate.vault(one, keys, "ws-unprotected", purge_protection=False),
        estate.vault(one, keys, "ws-thirty", retention=30),
        estate.vault(one, keys, "ws-north", location=_NORTH),
        estate.vault(one, keys, "ws-closed", network_acls={**_CLOSED, "bypass": "AzureServices"}),
        estate.vault(one, keys, "ws-shut", network_acls={**_CLOSED, "bypass": "None"}),
        estate.vault(two, estate.group(two, "workshop-far-keys"), "ws-elsewhere"),
    ]
    for vault in vaults:
        software = vault["properties"]["sku"]["name"] == "standard"
        estate.key(vault, "spare-key", kty="RSA" if software else "RSA-HSM")
        if vault["properties"]["enableRbacAuthorization"]:
            estate.grant(estate.administrator, _OFFICER, vault["id"])
    return premium


def _flexible_servers(estate: Estate, subscription: str, group: str, premium: Document) -> None:
    def server(name: str, **facts: Any) -> Document:
        return mysql.make_server(estate.world, subscription=subscription, group=group, name=name, **facts)

    key_url = estate.key(premium, "used-key")
    identity = estate.identity(subscription, group, "ws-attached-id")
    estate.grant_key(str(identity["properties"]["principalId"]), premium, "used-key")
    server("ws-mysql-attached", identity=identity, key_url=key_url)
    server("ws-mysql")
    server("ws-mysql-geo", geo_backup=True)
    server("ws-mysql-stopped", state="Stopped")
    server("ws-mysql-burstable", tier="Burstable")
    source = server("ws-mysql-source")
    server("ws-mysql-replica", replica_of=source["id"])
    estate.lock(server("ws-mysql-kept")["id"], "kept", "CanNotDelete")
    estate.lock(server("ws-mysql-frozen")["id"], "frozen", "ReadOnly")


def _disk_set(estate: Estate, subscription: str, group: str, premium: Document) -> None:
    key_url = estate.key(premium, "disk-key")
    disk_set = compute.make_disk_set(
        estate.world,
        subscription=subscription,
        group=group,
        name="ws-des",
        key_url=key_url,
        source_vault=premium["id"],
        **estate.system_ids("ws-des"),
    )
    estate.grant_key(disk_set["identity"]["principalId"], premium, "disk-key")


def _clusters(estate: Estate, subscription: str, group: str) -> None:
    def cluster(name: str, **facts: Any) -> Document:
        return aks.make_cluster(
            estate.world, subscription=subscription, group=group, name=name, disk_set=None, nodes=1, **facts
        )

    runs = cluster("ws-aks", identity=estate.identity(subscription, group, "ws-aks-id"))
    cluster("ws-aks-stopped", identity=estate.identity(subscription, group, "ws-aks-stopped-id"), running=False)
    cluster("ws-aks-old", identity=estate.identity(subscription, group, "ws-aks-old-id"), version="1.31.9")
    cluster("ws-aks-system", identity=None, **estate.system_ids("ws-aks-system"))
    nodes = estate.group(subscription, runs["properties"]["nodeResourceGroup"], managed_by=runs["id"])
    compute.make_scale_set(
        estate.world,
        subscription=subscription,
        group=nodes,
        name="aks-nodepool1-30571968-vmss",
        disk_set=None,
        machines=1,
        tags={"aks-managed-poolName": "nodepool1"},
    )
