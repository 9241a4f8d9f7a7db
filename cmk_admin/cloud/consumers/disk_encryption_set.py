"""Disk encryption sets (fact sheet 1.4): the key holders of disks and of the clusters on them."""

from collections.abc import Mapping
from typing import Any

from cmk_admin.cloud import api, compute, parse
from cmk_admin.cloud.consumers.related import DISK_SETS, ConsumerKind, Related, slot_of
from cmk_admin.cloud.lanes import together
from cmk_admin.cloud.session import LongRunning, Session
from cmk_admin.cloud.signals import Signal
from cmk_admin.domain.ids import last, subscription_of
from cmk_admin.domain.model import Consumer


async def consumers_of(
    session: Session, documents: list[Mapping[str, Any]], related: Related, urgent: bool
) -> list[Consumer]:
    """The sets with their active key, and the previous ones that are still needed while a rotation runs."""
    found = []
    for document in documents:
        facts = document.get("properties") or {}
        identity_id = _identity_of(document)
        slots = [slot_of(document, "primary", parse.inside(facts, "activeKey", "keyUrl"), identity_id, related)]
        for n, previous in enumerate(facts.get("previousKeys") or []):
            name = "previous" if n == 0 else f"previous-{n + 1}"
            slots.append(slot_of(document, name, parse.inside(previous, "keyUrl"), identity_id, related))
        named = tuple(slot for slot in slots if slot is not None)
        if not named:
            continue
        found.append(
            Consumer(
                id=str(document["id"]),
                service=KIND.service,
                name=str(document.get("name") or last(str(document["id"]))),
                location=parse.location(document.get("location")),
                subscription_id=subscription_of(str(document["id"])) or "",
                slots=named,
                state=parse.text(facts.get("provisioningState")),
                tags=parse.tags(document.get("tags")),
            )
        )
    return found


async def signal(session: Session, consumer_id: str) -> Signal:
    """The power of the machines whose disks the set encrypts; the set itself shows nothing. Raises AzureFailure."""
    sets = await compute.scale_sets_on(session, consumer_id)
    if sets:
        counts = await together(*(compute.power_of_scale_set(session, each) for each in sets))
    else:
        machines = await compute.machines_on(session, consumer_id)
        counts = await together(*(compute.power_of_machine(session, each) for each in machines))
    return compute.power_signal(session, counts)


async def start_nodes(session: Session, consumer_id: str) -> tuple[LongRunning, ...]:
    """Start the scale sets whose disks the set encrypts (a write, urgent). Raises AzureFailure."""
    return await compute.start_all(session, await compute.scale_sets_on(session, consumer_id))


def _identity_of(document: Mapping[str, Any]) -> str | None:
    """The user-assigned identity where the set has no identity of its own; None: its own."""
    identity = document.get("identity") or {}
    if identity.get("principalId"):
        return None
    return next(iter(identity.get("userAssignedIdentities") or {}), None)


KIND = ConsumerKind(
    service=DISK_SETS,
    resource_type="microsoft.compute/diskencryptionsets",
    api_version=api.DISK_ENCRYPTION_SETS,
    consumers_of=consumers_of,
    signal=signal,
    start_nodes=start_nodes,
)
