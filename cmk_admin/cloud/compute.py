"""The machines behind disks: whether they run, and starting them. Losing a key shows only here.

Machines are shut down then (CD virtual-machines/disk-encryption.md), and a disk encryption set has no field that tells it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from cmk_admin.cloud import api, parse
from cmk_admin.cloud.lanes import together
from cmk_admin.cloud.session import LongRunning, Session
from cmk_admin.cloud.signals import Signal, Switch
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.ids import fold

_UP = frozenset({"running", "starting"})
_DOWN = frozenset({"stopped", "stopping", "deallocated", "deallocating"})
_POWER = "PowerState/"
_MACHINES = 50
"""Single machines behind a disk encryption set that are asked; more would not say more."""


async def scale_sets(session: Session, group: str) -> list[dict[str, Any]]:
    """The scale sets of a resource group (its scope), urgent. Raises AzureFailure."""
    path = f"{group}/providers/Microsoft.Compute/virtualMachineScaleSets"
    return await session.arm_pages(path, api_version=api.SCALE_SETS, urgent=True)


async def scale_sets_on(session: Session, set_id: str) -> list[str]:
    """Ids of the scale sets whose OS disks a disk encryption set encrypts, urgent. Raises AzureFailure."""
    disks = await _associated(session, set_id)
    groups = {fold(group): group for disk in disks if (group := parse.group_of(disk))}
    lists = await together(*(scale_sets(session, group) for group in groups.values()))
    return [str(each["id"]) for found in lists for each in found if fold(_disk_set_of(each)) == fold(set_id)]


async def machines_on(session: Session, set_id: str) -> list[str]:
    """Ids of the single machines that a disk encryption set's disks are attached to, urgent. Raises AzureFailure."""
    disks = [disk for disk in await _associated(session, set_id) if "/disks/" in disk.lower()]

    async def owner(disk: str) -> str | None:
        try:
            document = (await session.arm("GET", disk, api_version=api.DISKS, urgent=True)).body
        except AzureFailure as failure:
            if failure.kind is FailureKind.NOT_FOUND:  # a scale set's OS disk may be listed and yet not be a resource
                return None
            raise
        return parse.text(document.get("managedBy"))

    owners = await together(*(owner(disk) for disk in disks[:_MACHINES]))
    named = {fold(each): each for each in owners if each and "/virtualmachines/" in each.lower()}
    return list(named.values())


async def power_of_scale_set(session: Session, scale_set_id: str) -> Counter[str]:
    """How many of its machines are in which power state (Azure's words), urgent. Raises AzureFailure."""
    reply = await session.arm("GET", f"{scale_set_id}/instanceView", api_version=api.SCALE_SETS, urgent=True)
    found: Counter[str] = Counter()
    for status in parse.inside(reply.body, "virtualMachine", "statusesSummary") or []:
        code = str(status.get("code"))
        if code.startswith(_POWER):
            found[code.removeprefix(_POWER)] += int(status.get("count") or 0)
    return found


async def power_of_machine(session: Session, machine_id: str) -> Counter[str]:
    """One machine's power state, urgent. Raises AzureFailure."""
    reply = await session.arm("GET", f"{machine_id}/instanceView", api_version=api.SCALE_SETS, urgent=True)
    codes = [str(status.get("code")) for status in parse.inside(reply.body, "statuses") or []]
    return Counter(code.removeprefix(_POWER) for code in codes if code.startswith(_POWER))


async def start(session: Session, scale_set_id: str) -> LongRunning | None:
    """Start all machines of a scale set (a write, urgent, never retried). Raises AzureFailure."""
    reply = await session.arm("POST", f"{scale_set_id}/start", api_version=api.SCALE_SETS, urgent=True)
    return session.long_running(reply)


async def deallocate(session: Session, scale_set_id: str) -> LongRunning | None:
    """Stop all machines of a scale set and let go of their hardware (a write, urgent, never retried). Raises AzureFailure."""
    reply = await session.arm("POST", f"{scale_set_id}/deallocate", api_version=api.SCALE_SETS, urgent=True)
    return session.long_running(reply)


async def deallocate_all(session: Session, scale_set_ids: Iterable[str]) -> tuple[LongRunning, ...]:
    """Stop several side by side; what goes on afterwards. Raises the first AzureFailure once all have been asked."""
    answers = await together(*(deallocate(session, each) for each in scale_set_ids))
    return tuple(answer for answer in answers if answer is not None)


def power_switch(counts: Iterable[Counter[str]]) -> Switch:
    """Running while any machine runs; wholly stopped only when none does. Busy while any is on its way."""
    total: Counter[str] = sum(counts, Counter())
    words = ", ".join(f"{count} {word}" for word, count in sorted(total.items()) if count)
    busy = any(total[word] for word in ("starting", "stopping", "deallocating"))
    running = None
    if total.total() and total.total() in (total["running"], total["stopped"] + total["deallocated"]):
        running = bool(total["running"])
    return Switch(word=words or "no machines", running=running, busy=busy)


async def start_all(session: Session, scale_set_ids: Iterable[str]) -> tuple[LongRunning, ...]:
    """Start several side by side; what goes on afterwards. Raises the first AzureFailure once all have been asked."""
    answers = await together(*(start(session, each) for each in scale_set_ids))
    return tuple(answer for answer in answers if answer is not None)


def power_signal(session: Session, counts: Iterable[Counter[str]]) -> Signal:
    """Lost when every machine stands still, not lost when every one runs, else neither."""
    total: Counter[str] = sum(counts, Counter())
    words = ", ".join(f"{count} {word}" for word, count in sorted(total.items()) if count)
    up, down = (sum(total[word] for word in states) for states in (_UP, _DOWN))
    lost = None
    if total.total() and total.total() in (up, down):
        lost = not up
    return Signal(word=words or "no machines", lost=lost, at=session.clock.now())


def _disk_set_of(scale_set: Mapping[str, Any]) -> str:
    profile = parse.inside(scale_set, "properties", "virtualMachineProfile", "storageProfile", "osDisk", "managedDisk")
    return str(parse.inside(profile, "diskEncryptionSet", "id") or "")


async def _associated(session: Session, set_id: str) -> list[str]:
    elements: list[Any] = []
    path = f"{set_id}/associatedResources"
    elements += await session.arm_pages(path, api_version=api.DISK_ENCRYPTION_SETS, urgent=True)
    return [each for each in elements if isinstance(each, str)]
