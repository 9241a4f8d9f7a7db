"""Drill ``blind``: a subscription that cannot be read, and a vault that does not answer from here."""

from cmk_admin.sandbox.state import World

from .drill_parts import OFFICER, Drill, Ground

TOLD = Drill(
    name="blind",
    story="“issuer-mysql” must lose its data now. Its vault is behind a firewall that does not let you in, and one of the "
    "subscriptions shows you little more than its name.",
    targets=("issuer-mysql",),
    keep=("archive-mysql",),
    better="Where the vault cannot be reached the resource manager can: remove the grants, and say what was not read.",
)


def lay(world: World, seed: int) -> None:
    """Lay the estate in."""
    ground = Ground(world, TOLD, seed, key_pairs=3, owner=False)
    estate = ground.estate
    estate.grant(estate.administrator, "Owner", f"/subscriptions/{ground.subscription}")
    closed = ground.vault("drill-closed", network_acls={"defaultAction": "Deny", "bypass": "AzureServices"})
    ground.service("issuer-mysql", closed, "issuer-key")
    ground.service("archive-mysql", ground.vault("drill-open"), "archive-key")
    dark = estate.subscription("certificates-partner", management_group="drill")
    group = estate.group(dark, "partner-keys")
    hidden = estate.vault(dark, group, "drill-partner")
    estate.key(hidden, "partner-key")
    estate.grant(estate.administrator, OFFICER, hidden["id"])
    ground.begin()
