"""Consumers are alive: each holds a data encryption key wrapped by its key, asks for it again as its own identity on its
own schedule, and stops when the vault refuses, as Azure documents for its service.

Sources of the times: AD mysql/single-server/concepts-data-encryption-mysql.md and DBD mysql/flexible-server/
security-customer-managed-key.md (all connections denied within 10 minutes); CD virtual-machines/disk-encryption.md
(machines are shut down, disk I/O fails one hour after the key is lost).
"""

import asyncio
import base64
import hashlib
import logging
import math
import secrets
import zlib
from collections.abc import Callable, Iterable
from typing import Any

from . import access
from .consumers import CHILD, SCALE_SET_VM, Slot, slots_of
from .entra import caller_for
from .services.keyvault import model as keyvault
from .services.keyvault import rotation
from .state import Document, World
from .wire import AzureError

log = logging.getLogger(__name__)

# How often a consumer asks, in Azure's seconds. With the 300 s after which a removed assignment counts, a MySQL server
# notices after 300 to 540 s: within the documented 10 minutes. For etcd no time is documented: that of disks is taken.
CHECK_SECONDS = {"mysql-flexible": 240.0, "mysql-single": 240.0, "disk-encryption-set": 300.0, "aks-etcd": 300.0}
# CD virtual-machines/disk-encryption.md: disk I/O "generally fails one hour later". A set notices a lost key at its next
# check and its machines stop at a check too: both together are within that hour. Azure seconds after it noticed.
STOP_SECONDS = 3600.0 - 2 * CHECK_SECONDS["disk-encryption-set"]
ALGORITHM = "RSA-OAEP-256"
# Under a key id without version a new version is noticed within 6 hours (AKSD kms-data-encryption-concepts.md); a disk
# encryption set follows one within an hour (CD virtual-machines/disk-encryption.md). Both look for it at one of their
# checks: so that the last of them is within that time, it is looked for from one check earlier on. Azure seconds.
NEW_VERSION_SECONDS = 6 * 3600.0 - CHECK_SECONDS["aks-etcd"]
FOLLOW_SECONDS = 3600.0 - CHECK_SECONDS["disk-encryption-set"]
# What a service asks a key for: wrapping, but for etcd, which is encrypted and decrypted (AKSD use-kms-etcd-encryption.md).
_OPERATIONS = {"aks-etcd": ("encrypt", "decrypt")}
_WRAPPING = ("wrapKey", "unwrapKey")
# A consumer attached while `run` sleeps is noticed after at most this long. Azure seconds.
NAP_SECONDS = 60.0

RUNNING, DEALLOCATED = "running", "deallocated"


def unwrap(world: World, principal_id: str, key_url: str, wrapped: bytes, *, service: str = "") -> bytes:
    """Ask the vault, as a service's identity, to unwrap or decrypt. Raises AzureError with the vault's refusal."""
    _, operation = _OPERATIONS.get(service, _WRAPPING)
    return keyvault.crypto(world, caller_for(world, principal_id), operation, key_url, ALGORITHM, wrapped)


def wrap(world: World, principal_id: str, key_url: str, value: bytes, *, service: str = "") -> bytes:
    """Ask the vault, as a service's identity, to wrap or encrypt. Raises AzureError with the vault's refusal."""
    operation, _ = _OPERATIONS.get(service, _WRAPPING)
    return keyvault.crypto(world, caller_for(world, principal_id), operation, key_url, ALGORITHM, value)


def attach(world: World, slots: Iterable[Slot]) -> None:
    """Give a consumer a DEK wrapped with the keys of its slots, or wrap the DEK that it has with them, and unwrap as a trial.

    The consumer has its key again afterwards. Raises AzureError where the vault refuses a slot's identity, or where the
    consumer lost its DEK and the key that wrapped it refuses still: then nothing is changed.
    """
    wanted = list(slots)
    if not wanted:
        return
    first = wanted[0]
    before = world.get("life", first.consumer_id)
    dek = _held(before) if before else None
    if before and dek is None:
        kept = before["slots"]["primary"]
        dek = unwrap(
            world,
            kept["principalId"],
            kept["keyUrl"],
            base64.b64decode(kept["wrapped"]),
            service=before["service"],
        )
    dek = dek or secrets.token_bytes(32)
    kept = before["slots"] if before else {}
    made = {slot.slot: _wrapped(world, slot, dek, kept.get(slot.slot)) for slot in wanted}
    looked = world.clock.azure()
    after = {"service": first.service, "slots": made, "lost": None, "dek": _text(dek), "looked": looked}
    world.put("life", first.consumer_id, after)


def detach(world: World, consumer_id: str) -> None:
    """The consumer uses no key of the customer's any more."""
    world.delete("life", consumer_id)


def lost(world: World, consumer_id: str) -> Document | None:
    """Since which reading of Azure's seconds, and why, a consumer has been without its key: {since, code, message}."""
    return (world.get("life", consumer_id) or {}).get("lost")


def key_of(world: World, consumer_id: str) -> str:
    """The id of the key version that wrapped a consumer's DEK; empty for one that uses no key of the customer's."""
    slots = (world.get("life", consumer_id) or {"slots": {}})["slots"]
    return str(slots["primary"]["keyUrl"]) if "primary" in slots else ""


def rest(world: World, consumer_id: str) -> None:
    """The consumer was stopped: it forgets its DEK and asks for no key until it wakes."""
    life = world.get("life", consumer_id)
    if life is not None:
        world.put("life", consumer_id, {**life, "dek": None, "resting": True})


def wake(world: World, consumer_id: str) -> AzureError | None:
    """The consumer is started: it asks for its key, and the refusal with which it is lost from now on; None: it has it."""
    life = world.get("life", consumer_id)
    if life is None:
        return None
    now = world.clock.azure()
    life = {**life, "resting": False, "looked": now}
    try:
        dek = _unwrapped(world, life["service"], life["slots"]["primary"])
    except AzureError as refusal:
        lost = {"since": now, "code": refusal.inner or refusal.code, "message": refusal.message}
        world.put("life", consumer_id, {**life, "lost": lost})
        return refusal
    world.put("life", consumer_id, {**life, "dek": _text(dek), "lost": None})
    return None


def connections(world: World) -> list[Document]:
    """What clients of the databases meet: whether each server takes connections, else since when and why it refuses them."""
    return [
        {
            "consumer_id": (world.get("resource", consumer_id) or {"id": consumer_id})["id"],
            "accepted": life["lost"] is None and not life.get("resting"),
            "lost": life["lost"],
        }
        for consumer_id, life in world.items("life")
        if life["service"].startswith("mysql")
    ]


async def run(world: World) -> None:
    """Let all consumers live until the task is cancelled."""
    checked: dict[str, float] = {}
    begun = world.clock.azure()
    while True:
        now = world.clock.azure()
        wake = now + NAP_SECONDS
        await rotation.rotate_due(world)
        for consumer_id, life in world.items("life"):
            # One that has come since then has had its key from then on, though the clock was pushed before it was seen.
            before = checked.setdefault(consumer_id, max(begun, life.get("looked", begun)))
            if next_check(consumer_id, life["service"], before) <= now and not _busy(world, consumer_id):
                checked[consumer_id] = now
                check(world, consumer_id, since=before)
                world.commit()
                # One unwrap takes about a millisecond: calls waiting to be answered go first.
                await asyncio.sleep(0)
            wake = min(wake, next_check(consumer_id, life["service"], now))
        await world.clock.sleep_until(wake)


def next_check(consumer_id: str, service: str, after: float) -> float:
    """The first reading of Azure's seconds after another at which a consumer asks for its key.

    Consumers ask at different moments; the same ones at the same moments in every run.
    """
    period = CHECK_SECONDS[service]
    phase = zlib.crc32(consumer_id.lower().encode()) % 1000 / 1000 * period
    found = phase + (math.floor((after - phase) / period) + 1) * period
    # Where rounding has put it on `after` itself, the one after that is meant: else `run` would wait for what is past.
    return found if found > after else found + period


def check(world: World, consumer_id: str, *, since: float) -> None:
    """Let one consumer ask for its key now; `since` is when it asked before (Azure's seconds)."""
    life = world.get("life", consumer_id)
    resource = world.get("resource", consumer_id)
    if life is None or resource is None or "primary" not in life["slots"]:
        world.delete("life", consumer_id)
        return
    if life.get("resting"):
        return
    refusal = _ask(world, life["service"], life["slots"]["primary"])
    _AFTERMATH[life["service"]](world, resource, life, refusal, since)


def _busy(world: World, consumer_id: str) -> bool:
    """Whether it is being changed just now: it looks at its key as soon as that is over, and not a whole period later."""
    properties = (world.get("resource", consumer_id) or {"properties": {}})["properties"]
    return bool(properties.get("state") == "Updating")


def stop_server(property_name: str) -> Callable[[World, Document, Document, AzureError | None, float], None]:
    """What a MySQL server does after it asked: Inaccessible at the first refusal, and until it is revalidated."""

    def after(world: World, server: Document, life: Document, refusal: AzureError | None, since: float) -> None:
        if refusal is None or life["lost"] or server["properties"].get(property_name) != "Ready":
            return
        world.put("life", server["id"], {**life, "dek": None, "lost": _loss(world, server["id"], refusal, since)})
        set_property(world, server["id"], property_name, "Inaccessible")

    return after


def after_disk_set(world: World, disk_set: Document, life: Document, refusal: AzureError | None, since: float) -> None:
    """What happens to machines whose disks hang on a set: an hour without the key stops them; they need a start later."""
    if refusal is None:
        if life["lost"]:
            life = {**life, "lost": None}
            world.put("life", disk_set["id"], life)
        if disk_set["properties"].get("rotationToLatestKeyVersionEnabled"):
            _follow(world, disk_set, life)
        return
    if not life["lost"]:
        life = {**life, "lost": _loss(world, disk_set["id"], refusal, since)}
        world.put("life", disk_set["id"], life)
    if world.clock.azure() >= stops_at(disk_set["id"], life["lost"]["since"]):
        for machine in machines_of(world, disk_set["id"]):
            if power_of(machine) == RUNNING:
                set_power(world, machine, DEALLOCATED)


def stops_at(disk_set_id: str, since: float) -> float:
    """The reading of Azure's seconds at which a set's machines stop that noticed at another that its key is lost."""
    # Both are checks, and a hair of rounding between them is no check more
    return next_check(disk_set_id, "disk-encryption-set", since + STOP_SECONDS - 1.0)


def _follow(world: World, disk_set: Document, life: Document) -> None:
    """Take a key's newest version, where a set follows them; what is refused is tried again an hour later."""
    if world.clock.azure() - life["looked"] < FOLLOW_SECONDS:
        return
    world.put("life", disk_set["id"], {**life, "looked": world.clock.azure()})
    active = disk_set["properties"]["activeKey"]
    try:
        newest = with_version(world, active["keyUrl"].rstrip("/").rsplit("/", 1)[0])
        if newest == active["keyUrl"]:
            return
        properties = {**disk_set["properties"], "activeKey": {**active, "keyUrl": newest}}
        after = {**disk_set, "properties": properties}
        attach(world, [slot for slot in slots_of(world, after) if slot.slot == "primary"])
    except AzureError as refusal:
        log.info("%s stays on its key's version: %s", disk_set["id"], refusal)
        return
    properties["lastKeyRotationTimestamp"] = world.clock.now().isoformat()
    world.put("resource", disk_set["id"], after)


def after_etcd(world: World, cluster: Document, life: Document, refusal: AzureError | None, since: float) -> None:
    """What a cluster whose secrets a key encrypts does after it asked: they cannot be read until the key serves again.

    No field of the cluster shows it and no time is documented: that it heals by itself at the next check is assumed.
    """
    if refusal is not None:
        if not life["lost"]:
            world.put("life", cluster["id"], {**life, "lost": _loss(world, cluster["id"], refusal, since)})
        return
    if life["lost"]:
        life = {**life, "lost": None}
        world.put("life", cluster["id"], life)
    if world.clock.azure() - life["looked"] >= NEW_VERSION_SECONDS:
        _take_new_version(world, cluster, life)


def _take_new_version(world: World, cluster: Document, life: Document) -> None:
    """Encrypt with the newest version where the cluster names its key without one; what is refused is tried again later."""
    world.put("life", cluster["id"], {**life, "looked": world.clock.azure()})
    slots = [slot for slot in slots_of(world, cluster) if slot.service == "aks-etcd"]
    if slots and with_version(world, slots[0].key_url) != life["slots"]["primary"]["keyUrl"]:
        try:
            attach(world, slots)
        except AzureError as refusal:
            log.info("%s stays on its key's version: %s", cluster["id"], refusal)


def with_version(world: World, key_url: str) -> str:
    """A key's id with the version that it stands for now: its own, else the newest. Raises AzureError 404."""
    vault, name, version = key_url.split("/")[2], key_url.split("/")[4], "".join(key_url.split("/")[5:6])
    if version:
        return key_url
    found = keyvault.find_key(world, keyvault.vault_of_host(world, vault), name)
    return f"https://{vault}/keys/{name}/{found['versions'][-1]['version']}"


def machines_of(world: World, disk_set_id: str) -> list[Document]:
    """The scale sets' machines whose disks a disk encryption set encrypts."""
    wanted = disk_set_id.lower()
    return [
        child
        for _, child in world.items(CHILD)
        if child["type"] == SCALE_SET_VM and (disk_set_id_of(child) or "").lower() == wanted
    ]


def disk_set_id_of(machine: Document) -> str | None:
    """ARM id of the disk encryption set of a machine's OS disk."""
    disk = machine["properties"]["storageProfile"]["osDisk"].get("managedDisk") or {}
    return (disk.get("diskEncryptionSet") or {}).get("id")


def power_of(machine: Document) -> str:
    """``running`` or ``deallocated``: the last word of the machine's power state."""
    return str(machine["power"])


def set_power(world: World, machine: Document, power: str) -> None:
    """Change a machine's power state."""
    world.put(CHILD, machine["id"], {**machine, "power": power})


def set_property(world: World, resource_id: str, name: str, value: Any) -> None:
    """Change one property of a resource."""
    resource = world.get("resource", resource_id)
    if resource is not None:
        properties = {**resource["properties"], name: value}
        world.put("resource", resource_id, {**resource, "properties": properties})


def _ask(world: World, service: str, slot: Document) -> AzureError | None:
    try:
        _unwrapped(world, service, slot)
    except AzureError as refusal:
        return refusal
    return None


def _unwrapped(world: World, service: str, slot: Document) -> bytes:
    """The DEK of a slot, unwrapped as its identity. Raises AzureError with the vault's refusal."""
    dek = unwrap(world, slot["principalId"], slot["keyUrl"], base64.b64decode(slot["wrapped"]), service=service)
    if hashlib.sha256(dek).hexdigest() != slot["digest"]:
        raise AzureError(400, "BadParameter", "What the key unwrapped is not what it had wrapped.")
    return dek


def _held(life: Document) -> bytes | None:
    """The DEK that a consumer has in its memory; None for one that has lost it."""
    return base64.b64decode(life["dek"]) if life["dek"] else None


def _wrapped(world: World, slot: Slot, dek: bytes, kept: Document | None) -> Document:
    """The DEK wrapped anew for a slot; one that the same key has wrapped stays, where the key has only expired since."""
    if slot.principal_id is None:
        raise AzureError(400, "AzureKeyVaultNoServerIdentity", "The server identity is not correctly configured.")
    key_url = with_version(world, slot.key_url)
    try:
        wrapped = wrap(world, slot.principal_id, key_url, dek, service=slot.service)
    except AzureError as refusal:
        if refusal.inner != "KeyExpired" or kept is None or kept["keyUrl"] != key_url:
            raise
        wrapped = base64.b64decode(kept["wrapped"])
    if unwrap(world, slot.principal_id, key_url, wrapped, service=slot.service) != dek:
        raise AzureError(400, "BadParameter", "The key did not give back what it had wrapped.")
    return {
        "keyUrl": key_url,
        "principalId": slot.principal_id,
        "wrapped": _text(wrapped),
        "digest": hashlib.sha256(dek).hexdigest(),
    }


def _loss(world: World, consumer_id: str, refusal: AzureError, since: float) -> Document:
    """When was the key lost? The clock may have been pushed over many checks: then the first one after the last change."""
    life, now = world.get("life", consumer_id) or {}, world.clock.azure()
    changes = [at for at in _changes(world, life["slots"]["primary"]["keyUrl"]) if since <= at <= now]
    noticed = min(now, next_check(consumer_id, life["service"], max(changes))) if changes else now
    return {"since": noticed, "code": refusal.inner or refusal.code, "message": refusal.message}


def _changes(world: World, key_url: str) -> list[float]:
    """Readings at which what decides over the key changed, or began to count."""
    vault, name = key_url.split("//", 1)[1].split(".", 1)[0], key_url.split("/")[4]
    found = [at for at, _ in world.changes("key", f"{vault}/{name}")]
    found += access.counted_from(world)
    for key in world.ever("resource"):
        if key.endswith(f"/vaults/{vault.lower()}"):
            found += [at for at, _ in world.changes("resource", key)]
    return found


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()


_AFTERMATH = {
    "mysql-flexible": stop_server("state"),
    "mysql-single": stop_server("userVisibleState"),
    "disk-encryption-set": after_disk_set,
    "aks-etcd": after_etcd,
}
