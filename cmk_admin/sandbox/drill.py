"""A drill: who must lose its data and who must keep it, and what became of both, asked of the vaults as the identities.

What is asked is the sandbox's own authorisation at the moment, over every key version that wrapped the service's data: a
service is cut when none of them lets its identity unwrap. A key that has merely expired lets it, as in Azure.
"""

import asyncio
import base64
import time
from typing import Any
from weakref import WeakKeyDictionary

from . import access, consumers, life
from .state import Document, World
from .wire import AzureError

KIND = "drill"
"""The kind of the one document: what was asked, and when what was seen."""
ID = "now"
# How often it is looked while the drill is held. Real seconds; a push of the clock is told apart by what was due in it.
_LOOK = 0.2
# Kinds of documents by which somebody changes what a service may do; nothing in a drill changes them by itself before.
_CHANGEABLE = (
    "resource",
    "key",
    "roleAssignment",
    "roleDefinition",
    "lock",
    "principal",
    "scheduleRequest",
    "deletedVault",
)
# When each world was looked at last. Azure's seconds.
_looked: WeakKeyDictionary[World, float] = WeakKeyDictionary()


def hold(world: World, *, name: str, story: str, targets: list[str], keep: list[str], better: str) -> None:
    """Note what a scenario asks for: ARM ids of the consumers that must lose their data, and of those that must not."""
    world.put(
        KIND,
        ID,
        {
            "name": name,
            "story": story,
            "better": better,
            "targets": targets,
            "keep": keep,
            "started": {"azure": world.clock.azure(), "real": time.time()},
            "on": world.clock.now().isoformat(),
            "cut": {},
            "harmed": {},
            "stopped": {},
            "touched": False,
        },
    )


def described(world: World) -> Document:
    """The score as it stands. Raises ValueError where no drill is held."""
    look(world)
    drill = world.get(KIND, ID)
    if drill is None:
        raise ValueError("no drill is held here")
    still = {one: open_routes(world, one) for one in drill["targets"]}
    begun = drill["started"]
    targets = [
        {
            "consumer_id": one,
            "name": _name(one),
            "cut_at": drill["cut"].get(one, {}).get("azure"),
            "azure_seconds": _between(begun, drill["cut"].get(one), "azure"),
            "real_seconds": _between(begun, drill["cut"].get(one), "real"),
            "stopped_seconds": _between(begun, drill["stopped"].get(one), "azure"),
            "open": still[one],
        }
        for one in drill["targets"]
    ]
    now = {one: open_routes(world, one) for one in drill["keep"]}
    return {
        "name": drill["name"],
        "story": drill["story"],
        "better": drill["better"],
        "touched": drill["touched"],
        "targets": targets,
        "keep": [{"consumer_id": one, "name": _name(one)} for one in drill["keep"]],
        "started_at": begun["azure"],
        "started_on": drill["on"],
        "azure_seconds": world.clock.azure() - begun["azure"],
        "real_seconds": time.time() - begun["real"],
        "paths_left_open": [path for one in drill["targets"] for path in still[one]],
        "wrong_services_cut": [
            {
                "consumer_id": one,
                "name": _name(one),
                "azure_seconds": _between(begun, at, "azure"),
                "back": bool(now[one]),
            }
            for one, at in drill["harmed"].items()
        ],
        "restored": [one for one in drill["targets"] if one in drill["cut"] and still[one]],
    }


async def run(world: World) -> None:
    """Look again and again until the task is cancelled; there may be no drill, or one laid in later."""
    while True:
        if look(world):
            world.commit()
        await asyncio.sleep(_LOOK)


def look(world: World) -> bool:
    """Note who has lost its key or stopped since the last look, and whether anybody changed anything; True: something was new."""
    drill = world.get(KIND, ID)
    if drill is None:
        return False
    cut, harmed = dict(drill["cut"]), dict(drill["harmed"])
    for consumers_of, noted in ((drill["targets"], cut), (drill["keep"], harmed)):
        for one in consumers_of:
            if one not in noted and not open_routes(world, one):
                noted[one] = {"azure": _moment(world, drill), "real": time.time()}
    stopped = {**_stopped(world, drill), **drill["stopped"]}
    _looked[world] = world.clock.azure()
    after = {**drill, "cut": cut, "harmed": harmed, "stopped": stopped, "touched": drill["touched"] or _touched(world)}
    if after == drill:
        return False
    world.put(KIND, ID, after)
    return True


def _stopped(world: World, drill: Document) -> Document:
    """The targets that stopped since the drill began, as a service does some time after its key was refused."""
    found = {one: life.lost(world, one) for one in drill["targets"]}
    begun = drill["started"]["azure"]
    return {one: {"azure": lost["since"]} for one, lost in found.items() if lost is not None and lost["since"] >= begun}


def _touched(world: World) -> bool:
    """Whether anything was changed since the scenario was laid in, which is when the past was forgotten."""
    return any(world.changes(kind, key) for kind in _CHANGEABLE for key in world.ever(kind))


def open_routes(world: World, consumer_id: str) -> list[str]:
    """In words: each key that still gives the consumer its data, asked as its identity. Empty: it is cut off."""
    found: list[str] = []
    life_of = world.get("life", consumer_id)
    for slot in (life_of or {"slots": {}})["slots"].values():
        try:
            life.unwrap(
                world,
                slot["principalId"],
                slot["keyUrl"],
                base64.b64decode(slot["wrapped"]),
                service=(life_of or {})["service"],
            )
        except AzureError:
            continue
        parts = slot["keyUrl"].split("/")
        found.append(f"{_name(consumer_id)} can still use {parts[4]} in {parts[2].split('.', 1)[0]}{_by(world, slot)}.")
    return list(dict.fromkeys(found))


def _by(world: World, slot: Document) -> str:
    """Through which grants, as the assignments stand now."""
    principal = slot["principalId"].lower()
    parts = slot["keyUrl"].split("/")
    vault = next(
        (
            one
            for _, one in world.items("resource")
            if one["type"].lower() == "microsoft.keyvault/vaults" and one["name"].lower() == parts[2].split(".", 1)[0]
        ),
        None,
    )
    if vault is None:
        return ""
    who = {principal, *access.groups_of(world, principal)}
    above = set(access.scopes_above(world, f"{vault['id']}/keys/{parts[4]}"))
    found: list[str] = []
    for _, one in world.items("roleAssignment"):
        facts: dict[str, Any] = one["properties"]
        if facts["principalId"].lower() in who and (facts["scope"].lower().rstrip("/") or "/") in above:
            role = access.definition_of(world, facts["roleDefinitionId"])
            if role is not None and access.grants(role, "microsoft.keyvault/vaults/keys/unwrap/action", data=True):
                through = "" if facts["principalId"].lower() == principal else " through a group"
                found.append(f"“{role['properties']['roleName']}” at {_name(facts['scope'])}{through}")
    return f" by {' and '.join(found)}" if found else ""


def _moment(world: World, drill: Document) -> float:
    """When it was cut: now, or where the clock was pushed since the last look, when the last change in it began to count."""
    now, since = world.clock.azure(), max(_looked.get(world, 0.0), drill["started"]["azure"])
    due = [at for kind in ("key", "resource") for key in world.ever(kind) for at, _ in world.changes(kind, key)]
    due += access.counted_from(world)
    return max((at for at in due if since < at <= now), default=now)


def _between(begun: Document, then: Document | None, which: str) -> float | None:
    return None if then is None else round(then[which] - begun[which], 1)


def _name(resource_id: str) -> str:
    parts = resource_id.rstrip("/").split("/")
    if len(parts) == 3 and parts[1].lower() == "subscriptions":
        return f"subscription {parts[2]}"
    return parts[-1] or "/"


def consumer_ids(world: World, *names: str) -> list[str]:
    """The ARM ids of consumers by their names. Raises KeyError for one that there is none of."""
    known = {slot.consumer["name"].lower(): slot.consumer_id for slot in consumers.slots(world)}
    return [known[name.lower()] for name in names]
