"""Disk encryption sets: the key holders of disks and of the clusters on them (CD virtual-machines/disk-encryption.md)."""

from collections.abc import Mapping
from typing import Any

from cmk_admin.cloud import api, compute, parse
from cmk_admin.cloud.consumers.related import (
    DISK_SETS,
    ConsumerKind,
    Related,
    Settings,
    carried_by,
    carried_ids,
    slot_of,
)
from cmk_admin.cloud.lanes import together
from cmk_admin.cloud.session import LongRunning, Session
from cmk_admin.cloud.signals import Signal, Switch
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.ids import last
from cmk_admin.domain.model import Consumer
from cmk_admin.domain.steps import Json
from cmk_admin.domain.surroundings import Target
from cmk_admin.domain.verbs.changes_aks import disk_set_facts, new_disk_set_facts

_AT_REST = frozenset({"succeeded", "failed", "canceled"})
"""Words of provisioningState that end a change."""


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
                **parse.envelope(document),
                service=KIND.service,
                carries=carried_ids(document),
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


async def switch(session: Session, consumer_id: str) -> Switch:
    """Whether the machines of the scale sets that the set encrypts run (urgent). Raises AzureFailure."""
    sets = await compute.scale_sets_on(session, consumer_id)
    return compute.power_switch(await together(*(compute.power_of_scale_set(session, each) for each in sets)))


async def stop(session: Session, consumer_id: str) -> tuple[LongRunning, ...]:
    """Deallocate the scale sets whose disks the set encrypts (a write, urgent). Raises AzureFailure."""
    return await compute.deallocate_all(session, await compute.scale_sets_on(session, consumer_id))


async def get(session: Session, set_id: str) -> dict[str, Any] | None:
    """The set's JSON, urgent; None where there is no such set. Raises AzureFailure."""
    try:
        return dict((await session.arm("GET", set_id, api_version=api.DISK_ENCRYPTION_SETS, urgent=True)).body)
    except AzureFailure as failure:
        if failure.kind is FailureKind.NOT_FOUND:
            return None
        raise


async def create(session: Session, set_id: str, facts: Settings) -> LongRunning | None:
    """Make a set with an identity of its own (`new_disk_set_facts`); it is granted nothing yet.

    A write, urgent, never retried. Raises AzureFailure.
    """
    body = {
        "location": facts["location"],
        "identity": {"type": "SystemAssigned"},
        "properties": {"activeKey": _active_key(facts), "encryptionType": facts["encryption_type"]},
    }
    reply = await session.arm("PUT", set_id, api_version=api.DISK_ENCRYPTION_SETS, body=body, urgent=True)
    return session.long_running(reply)


async def delete(session: Session, set_id: str) -> LongRunning | None:
    """Delete a set; Azure refuses while a disk uses it. A write, urgent, never retried. Raises AzureFailure."""
    reply = await session.arm("DELETE", set_id, api_version=api.DISK_ENCRYPTION_SETS, urgent=True)
    return session.long_running(reply)


async def target(session: Session, set_id: str) -> Target:
    """The set with its key, from its provider, urgent. Raises AzureFailure."""
    return shown((await session.arm("GET", set_id, api_version=api.DISK_ENCRYPTION_SETS, urgent=True)).body)


async def set_key(session: Session, set_id: str, after: Settings, found: Target | None) -> LongRunning | None:
    """Give a set another active key: a PATCH of that alone. The set keeps the one before while disks are rewrapped.

    A write, urgent, never retried. Raises AzureFailure; CONFLICT without a key: no set goes without one.
    """
    if after.get("key") is None:
        raise AzureFailure(
            FailureKind.CONFLICT, f"{last(set_id)} cannot be without a key: no disk encryption set can.", subject=set_id
        )
    body = {"properties": {"activeKey": _active_key(after)}}
    reply = await session.arm("PATCH", set_id, api_version=api.DISK_ENCRYPTION_SETS, body=body, urgent=True)
    return session.long_running(reply)


def shown(document: Mapping[str, Any]) -> Target:
    """The set with its key, as an envelope shows it."""
    facts = document.get("properties") or {}
    key = parse.key_id_of(parse.inside(facts, "activeKey", "keyUrl"))
    provisioning = parse.text(facts.get("provisioningState"))
    return Target(
        **parse.envelope(document),
        service=KIND.service,
        state=provisioning,
        provisioning=provisioning,
        identities=carried_by(document),
        key=key,
        key_identity=_identity_of(document) if key else None,
        settings=disk_set_facts(key=key, source_vault=_source_vault(document)),
        busy=is_busy(document),
    )


def is_busy(document: Mapping[str, Any]) -> bool:
    """Whether its provider is changing it just now."""
    return str(parse.inside(document, "properties", "provisioningState") or "").lower() not in _AT_REST


def failed(document: Mapping[str, Any]) -> str | None:
    """Azure's word where its provider could not finish what it began; None: all is well, or it is still at it."""
    state = str(parse.inside(document, "properties", "provisioningState") or "")
    return state if state.lower() in _AT_REST - {"succeeded"} else None


def made_facts(document: Mapping[str, Any]) -> dict[str, Json]:
    """A set in the words of the step that makes one: see `new_disk_set_facts`."""
    facts = document.get("properties") or {}
    return new_disk_set_facts(
        location=parse.location(document.get("location")),
        key=parse.key_id_of(parse.inside(facts, "activeKey", "keyUrl")),
        source_vault=_source_vault(document),
        encryption_type=parse.text(facts.get("encryptionType")),
    )


def _source_vault(document: Mapping[str, Any]) -> str | None:
    return parse.text(parse.inside(document, "properties", "activeKey", "sourceVault", "id"))


def _active_key(facts: Settings) -> dict[str, Any]:
    """activeKey as Azure takes it; sourceVault is left out for a vault of another subscription.

    So Microsoft's SDK describes it (Microsoft.Compute, KeyForDiskEncryptionSet).
    """
    active: dict[str, Any] = {"keyUrl": facts["key"]}
    if facts.get("source_vault"):
        active["sourceVault"] = {"id": facts["source_vault"]}
    return active


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
    switch=switch,
    stop=stop,
    start=start_nodes,
    target=target,
    set_key=set_key,
    shown=shown,
)
