"""The list of vaults to pick from."""

from collections.abc import Iterable

from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Vault
from cmk_admin.ui.details.page import Cell
from cmk_admin.ui.wizards.picking import Choice, choice

COLUMNS = ("Vault", "Kind", "Region", "Subscription", "Deleted keys kept")


def choices(index: Index, vaults: Iterable[Vault]) -> tuple[Choice, ...]:
    """Every vault by name."""
    return tuple(_choice(index, vault) for vault in sorted(vaults, key=lambda one: one.name.lower()))


def _choice(index: Index, vault: Vault) -> Choice:
    subscription = index.subscription(vault.subscription_id)
    kept = "not known" if vault.soft_delete_days is None else f"{vault.soft_delete_days} days"
    protected = "" if vault.purge_protection else ", may be purged"
    return choice(
        vault.id,
        (
            Cell(text=vault.name, icon="vault", tip=vault.id),
            Cell(text=f"{'Premium' if vault.premium else 'Standard'}, {'roles' if vault.rbac else 'access policies'}"),
            Cell(text=vault.location),
            Cell(text=subscription.name if subscription else vault.subscription_id),
            Cell(text=kept + protected),
        ),
        vault.id,
        vault.host,
    )
