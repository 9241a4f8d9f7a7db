"""Drill ``shared``: two services share an identity and a key, and one alone is to be cut."""

from cmk_admin.sandbox.state import World

from .drill_parts import Drill, Ground, principal

TOLD = Drill(
    name="shared",
    story="“issuer-mysql” must lose its data. “portal-mysql” shares its identity and its key, and people depend on it.",
    targets=("issuer-mysql",),
    keep=("portal-mysql",),
    better="First give the service that stays an identity and a key of its own, then cut the ones that both had.",
)


def lay(world: World, seed: int) -> None:
    """Lay the estate in."""
    ground = Ground(world, TOLD, seed, key_pairs=2)
    estate, vault = ground.estate, ground.vault("drill-shared")
    key_url = estate.key(vault, "certificates-key")
    both = ground.identity("certificates-id")
    estate.grant_key(principal(both), vault, "certificates-key")
    for name in ("issuer-mysql", "portal-mysql"):
        ground.server(name, both, key_url)
    # What the service that stays can be moved to
    spare = ground.identity("spare-id")
    estate.key(vault, "spare-key")
    estate.grant_key(principal(spare), vault, "spare-key")
    ground.begin()
