"""Drill ``expiry``: somebody let the key expire and thinks it is revoked; expired keys unwrap."""

from cmk_admin.sandbox.state import World

from .drill_parts import Drill, Ground

TOLD = Drill(
    name="expiry",
    story="“issuer-mysql” was to lose its data yesterday, and a colleague has set its key to expire. The server still runs.",
    targets=("issuer-mysql",),
    keep=("archive-mysql",),
    better="Azure unwraps with an expired key: expiry is no revocation. Disable the version, or remove the grant.",
)
_DAY = 24 * 3600


def lay(world: World, seed: int) -> None:
    """Lay the estate in."""
    ground = Ground(world, TOLD, seed, key_pairs=2)
    vault = ground.vault("drill-expiry")
    ground.service("issuer-mysql", vault, "issuer-key")
    ground.service("archive-mysql", vault, "archive-key")
    ground.begin()
    document = world.get("key", "drill-expiry/issuer-key")
    assert document is not None
    version = document["versions"][-1]
    expired = {**version["attributes"], "exp": int(world.clock.now().timestamp()) - _DAY}
    versions = [*document["versions"][:-1], {**version, "attributes": expired}]
    world.put("key", "drill-expiry/issuer-key", {**document, "versions": versions})
    world.forget_past()
