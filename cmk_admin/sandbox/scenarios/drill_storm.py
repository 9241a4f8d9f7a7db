"""Drill ``storm``: Azure throttles and is slow, and role assignments cannot be removed."""

from cmk_admin.sandbox.state import World

from .drill_parts import Drill, Ground

TOLD = Drill(
    name="storm",
    story="The identity of “issuer-mysql” is in strange hands, and the service must lose its data now. Azure has a bad "
    "day: it throttles, it is slow, and one of its services fails.",
    targets=("issuer-mysql",),
    keep=("archive-mysql", "portal-mysql"),
    better="Do not wait for a service that fails: where a grant cannot be removed, disable the version of the key.",
    faults=(
        "DELETE management.azure.com/*roleAssignments* status:503",
        "GET management.azure.com/* delay:150;times=60",
        "GET *.vault.azure.net/* throttle:1;times=2",
    ),
)


def lay(world: World, seed: int) -> None:
    """Lay the estate in."""
    ground = Ground(world, TOLD, seed, key_pairs=3)
    vault = ground.vault("drill-storm")
    for name in ("issuer", "archive", "portal"):
        ground.service(f"{name}-mysql", vault, f"{name}-key")
    ground.begin()
