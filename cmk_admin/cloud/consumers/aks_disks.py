"""AKS clusters with disks on a disk encryption set. The set, not the cluster, uses the key.

Source: AKSD azure-disk-customer-managed-keys.md.
"""

from collections.abc import Mapping
from typing import Any

from cmk_admin.cloud import api, clusters, compute, parse
from cmk_admin.cloud.consumers.related import ConsumerKind, Related, carried_by, carried_ids
from cmk_admin.cloud.lanes import together
from cmk_admin.cloud.session import LongRunning, Session
from cmk_admin.cloud.signals import Signal, Switch
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.ids import last, subscription_of
from cmk_admin.domain.model import Consumer, CoverageProblem
from cmk_admin.domain.surroundings import Target


async def consumers_of(
    session: Session, documents: list[Mapping[str, Any]], related: Related, urgent: bool
) -> list[Consumer]:
    """The clusters that name a disk encryption set, with the set's slot for the active key.

    A set that cannot be seen is a problem of coverage: which key the cluster uses is not known then.
    """
    found = []
    for document in documents:
        facts = document.get("properties") or {}
        set_id = parse.text(facts.get("diskEncryptionSetID"))
        if set_id is None:
            continue
        holder = related.disk_set(set_id)
        if holder is None:
            related.problems.append(
                CoverageProblem(
                    scope=set_id,
                    kind=FailureKind.NOT_VISIBLE,
                    message=f"{document.get('name')} uses the disk encryption set {last(set_id)}, which cannot be seen.",
                )
            )
        host = parse.text(facts.get("fqdn"))
        found.append(
            Consumer(
                **parse.envelope(document),
                service=KIND.service,
                carries=carried_ids(document),
                slots=tuple(slot for slot in holder.slots if slot.slot == "primary") if holder else (),
                state=parse.text(parse.inside(facts, "powerState", "code"))
                or parse.text(facts.get("provisioningState")),
                holder_id=holder.id if holder else set_id,
                hosts=(host,) if host else (),
                tags=parse.tags(document.get("tags")),
            )
        )
    return found


async def signal(session: Session, consumer_id: str) -> Signal:
    """The power of the cluster's nodes; AKS has no state for a lost disk key. Raises AzureFailure."""
    sets = await _node_sets(session, consumer_id)
    counts = await together(*(compute.power_of_scale_set(session, each) for each in sets))
    return compute.power_signal(session, counts)


async def start_nodes(session: Session, consumer_id: str) -> tuple[LongRunning, ...]:
    """Start the cluster's node pools (a write, urgent). Raises AzureFailure."""
    return await compute.start_all(session, await _node_sets(session, consumer_id))


async def switch(session: Session, consumer_id: str) -> Switch:
    """Whether the machines of the cluster's node pools run (urgent). Raises AzureFailure."""
    sets = await _node_sets(session, consumer_id)
    return compute.power_switch(await together(*(compute.power_of_scale_set(session, each) for each in sets)))


async def stop(session: Session, consumer_id: str) -> tuple[LongRunning, ...]:
    """Deallocate the machines of the cluster's node pools (a write, urgent): their disks are read by nobody from then on.

    Not the cluster's own stop, which drains first and also takes the control plane away. Raises AzureFailure.
    """
    return await compute.deallocate_all(session, await _node_sets(session, consumer_id))


async def target(session: Session, cluster_id: str) -> Target:
    """The cluster with the disk encryption set of its machines' disks, from its provider, urgent. Raises AzureFailure."""
    return shown(await clusters.get(session, cluster_id))


def shown(document: Mapping[str, Any]) -> Target:
    """The cluster as an envelope shows it. Which key its set uses is the set's to tell: here it is None.

    settings: service, disk_set (ARM id of the set that was chosen when the cluster was made, or None).
    """
    disk_set = parse.text(parse.inside(document, "properties", "diskEncryptionSetID"))
    return Target(
        **parse.envelope(document),
        service=KIND.service,
        state=clusters.power_of(document),
        provisioning=clusters.provisioning(document),
        tier=parse.text(parse.inside(document, "sku", "tier")),
        version=clusters.version_of(document),
        identities=carried_by(document),
        settings={"service": KIND.service, "disk_set": disk_set},
        busy=clusters.is_busy(document),
    )


async def _node_sets(session: Session, cluster_id: str) -> list[str]:
    document = (await session.arm("GET", cluster_id, api_version=api.MANAGED_CLUSTERS, urgent=True)).body
    group = parse.text(parse.inside(document, "properties", "nodeResourceGroup"))
    if group is None:
        raise AzureFailure(
            FailureKind.FAILED, f"{last(cluster_id)} does not name its node resource group.", subject=cluster_id
        )
    scope = f"/subscriptions/{subscription_of(cluster_id)}/resourceGroups/{group}"
    return [str(each["id"]) for each in await compute.scale_sets(session, scope)]


KIND = ConsumerKind(
    service="aks-disks",
    resource_type="microsoft.containerservice/managedclusters",
    api_version=api.MANAGED_CLUSTERS,
    consumers_of=consumers_of,
    signal=signal,
    start_nodes=start_nodes,
    switch=switch,
    stop=stop,
    start=start_nodes,
    target=target,
    shown=shown,
)
