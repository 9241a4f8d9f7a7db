"""Drill ``lock``: the vault's resource group is locked, so that no grant in it can be removed; the keys can be disabled."""

from cmk_admin.sandbox.state import World

from .drill_parts import Drill, Ground

TOLD = Drill(
    name="lock",
    story="The server “issuer-mysql” has been broken into and must lose its data now. Somebody has locked the resource "
    "group of the vault against deletion.",
    targets=("issuer-mysql",),
    keep=("archive-mysql",),
    better="A lock stops the removal of role assignments, but not the data plane: disable the key's version at once.",
)


def lay(world: World, seed: int) -> None:
    """Lay the estate in."""
    ground = Ground(world, TOLD, seed, key_pairs=2)
    vault = ground.vault("drill-lock")
    ground.service("issuer-mysql", vault, "issuer-key")
    ground.service("archive-mysql", vault, "archive-key")
    group = vault["id"].split("/providers/", 1)[0]
    ground.estate.lock(group, "keep-the-keys", "CanNotDelete")
    ground.begin()
