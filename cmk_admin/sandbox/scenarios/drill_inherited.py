"""Drill ``inherited``: beside its own grant the identity has three wide ones, which others live on too."""

from cmk_admin.sandbox.state import World

from .drill_parts import Drill, Ground, principal
from .estate import ENCRYPTION_USER

TOLD = Drill(
    name="inherited",
    story="“issuer-mysql” must lose its data now. Its identity was granted much over the years: through a group, through "
    "a role of your own with a wildcard, and far above the vault.",
    targets=("issuer-mysql",),
    keep=("archive-mysql",),
    better="Removing its own grant is not enough, and the wide ones carry others: disable the key that it alone uses.",
)


def lay(world: World, seed: int) -> None:
    """Lay the estate in."""
    ground = Ground(world, TOLD, seed, key_pairs=2)
    estate, vault = ground.estate, ground.vault("drill-inherited")
    issuer = ground.service("issuer-mysql", vault, "issuer-key")
    archive = ground.identity("archive-mysql-id")
    ground.server("archive-mysql", archive, estate.key(vault, "archive-key"))
    users = estate.directory_group("certificates-crypto-users", [issuer, principal(archive)])
    estate.grant(users, ENCRYPTION_USER, f"/subscriptions/{ground.subscription}")
    wild = ground.role("Certificates Key User", ["Microsoft.KeyVault/vaults/keys/*"])
    estate.grant(issuer, wild, f"/subscriptions/{ground.subscription}/resourceGroups/{ground.keys}")
    estate.grant(issuer, ENCRYPTION_USER, ground.root)
    ground.begin()
