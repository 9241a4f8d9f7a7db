"""An estate with a subscription and nothing in it."""

from cmk_admin.sandbox.state import World

from .estate import Estate


def lay(world: World, seed: int) -> None:
    """Lay the estate in."""
    estate = Estate(world, "empty", seed, key_pairs=0)
    subscription = estate.subscription("empty", management_group=estate.tenant_id)
    estate.grant(estate.administrator, "Owner", f"/subscriptions/{subscription}")
    reader = estate.person("reader")
    estate.grant(reader, "Reader", f"/subscriptions/{subscription}")
    estate.forbid_directory(reader)
    world.forget_past()
