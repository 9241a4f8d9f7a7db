"""Generated estates for measuring: V vaults of K keys, a fifth of the keys in use, grants at the keys."""

from random import Random

from cmk_admin.sandbox.services.mysql.model import make_server
from cmk_admin.sandbox.state import World

from .estate import Estate

# Generated estates draw on few real key pairs, so that laying one in stays quick; 16 are allowed.
KEY_PAIRS = 8
VAULTS_PER_SUBSCRIPTION = 50
VAULTS_PER_GROUP = 10
USED_SHARE = 0.2


def lay(world: World, seed: int, *, vaults: int, keys: int) -> None:
    """Lay V vaults of K keys in, over as many subscriptions as such an estate would have."""
    estate = Estate(world, f"many-{vaults}x{keys}", seed, key_pairs=min(KEY_PAIRS, vaults * keys))
    random = Random(f"{seed}/{vaults}x{keys}")
    root = estate.management_group("many", "Many vaults", parent=estate.tenant_id)
    estate.grant(estate.administrator, "Owner", root)
    estate.grant(estate.administrator, "Key Vault Crypto Officer", root)
    reader = estate.person("reader")
    estate.forbid_directory(reader)
    subscription = group = ""
    for number in range(vaults):
        if number % VAULTS_PER_SUBSCRIPTION == 0:
            subscription = estate.subscription(f"many-{number // VAULTS_PER_SUBSCRIPTION:03}", management_group="many")
            estate.grant(reader, "Reader", f"/subscriptions/{subscription}")
        if number % VAULTS_PER_GROUP == 0:
            group = estate.group(subscription, f"keys-{number // VAULTS_PER_GROUP:03}")
        vault = estate.vault(subscription, group, f"many-{number:04}", tags={"cost-centre": f"{1000 + number % 17}"})
        for index in range(keys):
            name = f"key-{index:03}"
            software = random.random() < 0.1
            key_url = estate.key(vault, name, kty="RSA" if software else "RSA-HSM")
            if random.random() >= USED_SHARE:
                continue
            identity = estate.identity(subscription, group, f"id-{number:04}-{index:03}")
            estate.grant_key(identity["properties"]["principalId"], vault, name)
            make_server(
                world,
                subscription=subscription,
                group=group,
                name=f"mysql-{number:04}-{index:03}",
                identity=identity,
                key_url=key_url,
            )
    estate.bring_to_life()
    world.forget_past()
