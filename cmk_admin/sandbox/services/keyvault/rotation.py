"""Rotation policies, rotating a key on demand, and by its policy when the calendar says so."""

import asyncio
import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta
from typing import Any

from cmk_admin.sandbox.services.envelopes import block
from cmk_admin.sandbox.state import Document, World

from . import attributes, errors, keymaterial, model

_DURATION = re.compile(r"P(?=\d)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?")
# KVD keys/how-to-configure-key-rotation.md
_LEAST_DAYS = 7
_LEAST_EXPIRY_DAYS = 28
# A bound of this sandbox's own: dates must stay within what clients can read.
_MOST_DAYS = 100 * 365
_NOTIFY_BEFORE = "P30D"


def policy(vault: Document, key: Document) -> dict[str, Any]:
    """The key's policy; where none was set, the one that every key has: a notice 30 days before expiry."""
    kept = key.get("rotationPolicy") or {
        "lifetimeActions": [{"trigger": {"timeBeforeExpiry": _NOTIFY_BEFORE}, "action": {"type": "Notify"}}],
        "attributes": {},
    }
    return {"id": f"https://{attributes.host_of(vault)}/keys/{key['name']}/rotationpolicy", **kept}


def set_policy(world: World, vault: Document, name: str, wanted: dict[str, Any]) -> dict[str, Any]:
    """Replace the policy. Raises AzureError 400 for one that Azure refuses, 404."""
    key = model.find_key(world, vault, name)
    expiry = block(wanted, "attributes").get("expiryTime")
    listed = wanted.get("lifetimeActions") or []
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise errors.bad_parameter("Property lifetimeActions has invalid value")
    if expiry is not None and _days(expiry) < _LEAST_EXPIRY_DAYS:
        raise errors.bad_parameter(f"Key rotation policy: expiryTime must be at least {_LEAST_EXPIRY_DAYS} days")
    actions = [_action(one, expiry) for one in listed]
    if len({one["action"]["type"] for one in actions}) != len(actions):
        raise errors.bad_parameter("Key rotation policy: only one action of each type is allowed")
    now = int(world.clock.now().timestamp())
    before = (key.get("rotationPolicy") or {}).get("attributes") or {}
    kept = {
        "lifetimeActions": actions,
        "attributes": {"expiryTime": expiry, "created": before.get("created", now), "updated": now},
    }
    changed = {**key, "rotationPolicy": kept}
    world.put("key", f"{key['vault']}/{key['name']}", changed)
    return policy(vault, changed)


def draw(newest: Document) -> str:
    """A new private key of the same type and size as a version. Takes time: never on the event loop."""
    facts = newest["key"]
    size = None if "crv" in facts else keymaterial.load(newest["pem"]).key_size
    return keymaterial.generate(facts["kty"], size=size, crv=facts.get("crv"))


def rotate(world: World, vault: Document, name: str, pem: str) -> dict[str, Any]:
    """Add a version with that private key, like the newest one in all else; it expires as the policy says."""
    key = model.find_key(world, vault, name)
    newest = key["versions"][-1]
    expiry = ((key.get("rotationPolicy") or {}).get("attributes") or {}).get("expiryTime")
    now = world.clock.now()
    made = model.new_version(
        world,
        key["vault"],
        key["name"],
        pem,
        newest["key"]["kty"],
        key_ops=newest["key"]["key_ops"],
        wanted={"enabled": True, "exp": int(_after(now, expiry).timestamp()) if expiry else None},
        tags=newest.get("tags"),
    )
    return attributes.bundle(vault, key, made)


async def rotate_due(world: World) -> None:
    """Add a version to every key whose policy says that it is time; one that is late is rotated once."""
    for key_id, key in world.items("key"):
        due = _due(key)
        vault = model.vault_resource(world, key["vault"])
        if due is None or vault is None or key.get("deleted") or world.clock.now() < due:
            continue
        pem = await asyncio.to_thread(draw, key["versions"][-1])
        # Somebody may have deleted or rotated it meanwhile.
        if world.get("key", key_id) == key:
            rotate(world, vault, key["name"], pem)
            world.commit()


def _due(key: Document) -> datetime | None:
    """When a key's newest version is rotated by the key's policy; None: never."""
    newest = key["versions"][-1]["attributes"]
    for action in (key.get("rotationPolicy") or {}).get("lifetimeActions") or ():
        if action["action"]["type"] == "Rotate":
            trigger = action["trigger"]
            if trigger.get("timeAfterCreate"):
                return _after(datetime.fromtimestamp(newest["created"], UTC), trigger["timeAfterCreate"])
            if newest.get("exp"):
                before = timedelta(days=_days(trigger["timeBeforeExpiry"]))
                return datetime.fromtimestamp(newest["exp"], UTC) - before
    return None


def _action(wanted: dict[str, Any], expiry: str | None) -> dict[str, Any]:
    kinds = {"rotate": "Rotate", "notify": "Notify"}
    kind = kinds.get(str(block(wanted, "action").get("type")).lower())
    trigger = block(wanted, "trigger")
    after, before = trigger.get("timeAfterCreate"), trigger.get("timeBeforeExpiry")
    if kind is None or (after is None) == (before is None) or (kind == "Notify" and before is None):
        raise errors.bad_parameter("Key rotation policy: an action needs a type and one trigger that fits it")
    if kind == "Rotate":
        if before is not None and expiry is None:
            raise errors.bad_parameter("Key rotation policy: timeBeforeExpiry needs expiryTime")
        if after is not None and _days(after) < _LEAST_DAYS:
            raise errors.bad_parameter(f"Key rotation policy: timeAfterCreate must be at least {_LEAST_DAYS} days")
        if before is not None and _days(before) < _LEAST_DAYS:
            raise errors.bad_parameter(f"Key rotation policy: timeBeforeExpiry must be at least {_LEAST_DAYS} days")
        if after is not None and expiry is not None and _days(expiry) - _days(after) < _LEAST_DAYS:
            raise errors.bad_parameter(f"Key rotation policy: rotate at least {_LEAST_DAYS} days before expiryTime")
    shown = {name: value for name, value in (("timeAfterCreate", after), ("timeBeforeExpiry", before)) if value}
    return {"trigger": shown, "action": {"type": kind}}


def _parts(duration: Any) -> tuple[int, int]:
    """(months, days) of an ISO 8601 duration in whole days. Raises AzureError 400."""
    match = _DURATION.fullmatch(duration) if isinstance(duration, str) else None
    if match is None:
        raise errors.bad_parameter(f"Key rotation policy: invalid duration {duration}")
    years, months, weeks, days = (int(part or 0) for part in match.groups())
    if years * 365 + months * 30 + weeks * 7 + days > _MOST_DAYS:
        raise errors.bad_parameter(f"Key rotation policy: duration {duration} is out of range")
    return years * 12 + months, weeks * 7 + days


def _days(duration: Any) -> int:
    months, days = _parts(duration)
    return months * 365 // 12 + days


def _after(moment: datetime, duration: str) -> datetime:
    months, days = _parts(duration)
    year, month = divmod(moment.month - 1 + months, 12)
    year, month = moment.year + year, month + 1
    return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1])) + timedelta(
        days=days
    )
