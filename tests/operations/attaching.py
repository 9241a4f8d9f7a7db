"""What tests of attaching share: the estate of the wizards, its clusters seen from outside, and drafts by name."""

import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from cmk_admin.cloud import api
from cmk_admin.cloud.session import Session
from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.surroundings import Target
from cmk_admin.domain.verbs.attach import AttachDraft
from cmk_admin.domain.verbs.new_resource import NewDiskSet
from cmk_admin.operations.backend import OpenBackend
from cmk_admin.operations.interface import OperationReport
from tests.journeys.clients import Clients
from tests.operations.stories import Azure
from tests.support import Document

PREMIUM = "ws-premium.vault.azure.net"
MADE_SET = "new-des"
ETCD_KEY, DISK_KEY, SPARE_KEY = (KeyId(PREMIUM, name) for name in ("etcd-key", "disk-key", "spare-key"))


async def target(backend: OpenBackend, service: str, name: str) -> Target:
    """One resource of the estate as the program lists it."""
    return next(one for one in await backend.targets(service) if one.name == name)


async def etcd_draft(backend: OpenBackend, name: str = "ws-aks", **chosen: Any) -> AttachDraft:
    """The secrets of a cluster, with the key made for that."""
    cluster = await target(backend, "aks-etcd", name)
    return AttachDraft(**{"key": ETCD_KEY, "consumer": cluster.id, "service": "aks-etcd", **chosen})


async def plan_etcd(backend: OpenBackend) -> Plan:
    """The grant, the cluster's settings, the secrets anew: three steps."""
    return await backend.prepare(await etcd_draft(backend, rewrite_secrets=True))


async def plan_disks(backend: OpenBackend) -> Plan:
    """A set, the grants of it and on it, a storage class: four steps."""
    return await backend.prepare(await disks_draft(backend, storage_class="encrypted", apply_storage_class=True))


AKS_PLANS: dict[str, Callable[[OpenBackend], Awaitable[Plan]]] = {"attach-etcd": plan_etcd, "attach-disks": plan_disks}


async def disks_draft(backend: OpenBackend, **chosen: Any) -> AttachDraft:
    """Disks of ws-aks, on a set that is to be made."""
    cluster = await target(backend, "aks-disks", "ws-aks")
    new = NewDiskSet(
        subscription_id=cluster.subscription_id, group="workshop-services", name=MADE_SET, location="westeurope"
    )
    facts = {"key": SPARE_KEY, "consumer": cluster.id, "service": "aks-disks", "new_disk_set": new}
    return AttachDraft(**{**facts, **chosen})


async def attached(backend: OpenBackend, draft: AttachDraft) -> OperationReport:
    """Plan and run; the plan is as it may be started."""
    plan = await backend.prepare(draft)
    assert plan.problems == ()
    return await backend.run(plan)


def plan_of(report: OperationReport) -> Plan:
    """The plan that was run."""
    assert report.plan is not None
    return report.plan


async def cluster(session: Session, cluster_id: str) -> Document:
    """A cluster's JSON, whole."""
    return dict((await session.arm("GET", cluster_id, api_version=api.MANAGED_CLUSTERS, urgent=True)).body)


async def put_cluster(session: Session, document: Document) -> None:
    """What somebody else does to a cluster, to its end."""
    path = str(document["id"])
    reply = await session.arm("PUT", path, api_version=api.MANAGED_CLUSTERS, body=document, urgent=True)
    started = session.long_running(reply)
    if started is not None:
        await session.wait(started, within=30)


def kubernetes(azure: Azure, name: str = "ws-aks") -> Document:
    """What a cluster keeps for Kubernetes, from the sandbox itself."""
    found = azure.sandbox.get("kubernetes")
    return next(one for one in found if one["cluster_id"].endswith(f"/{name}"))


def encrypted_by(azure: Azure, name: str = "ws-aks") -> set[str | None]:
    """Which key versions encrypt the secrets of a cluster."""
    return {one["encrypted_by"] for one in kubernetes(azure, name)["secrets"]}


def changed_paths(before: Any, after: Any, path: str = "") -> Iterator[str]:
    """Where two documents differ."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted({*before, *after}):
            yield from changed_paths(before.get(name), after.get(name), f"{path}.{name}".lstrip("."))
    elif before != after:
        yield path


def clients_as(azure: Azure, principal: str) -> Clients:
    """Microsoft's clients as a principal that may have been made a moment ago."""
    azure.sandbox.described = json.loads(azure.sandbox.file.read_text())
    return Clients(azure.sandbox, principal)


def puts(azure: Azure, name: str) -> list[Document]:
    """The writes of a cluster's settings that reached Azure."""
    return [one for one in azure.sent() if one["method"] == "PUT" and one["path"].endswith(f"/managedClusters/{name}")]
