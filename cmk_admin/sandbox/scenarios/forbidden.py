"""An estate whose administrator may read almost nothing: one resource group with a server whose vault is out of sight."""

from cmk_admin.sandbox.services.mysql.model import make_server
from cmk_admin.sandbox.state import World

from .estate import Estate


def lay(world: World, seed: int) -> None:
    """Lay the estate in."""
    estate = Estate(world, "forbidden", seed, key_pairs=1)
    subscription = estate.subscription("guarded", management_group=estate.tenant_id)
    keys = estate.group(subscription, "guarded-keys")
    group = estate.group(subscription, "guarded-services")
    vault = estate.vault(subscription, keys, "guarded-vault")
    key_url = estate.key(vault, "guarded-key")
    identity = estate.identity(subscription, keys, "guarded-id")
    estate.grant_key(identity["properties"]["principalId"], vault, "guarded-key")
    server = make_server(
        world, subscription=subscription, group=group, name="guarded-mysql", identity=identity, key_url=key_url
    )
    # Reading servers and nothing beside them: neither vaults nor role assignments nor the directory.
    estate.grant(estate.administrator, "Reader", server["id"])
    estate.forbid_directory(estate.administrator)
    estate.person("reader")
    estate.bring_to_life()
    world.forget_past()
