"""The keys that a plan is about, read again from their providers, never from the graph."""

from cmk_admin.domain.ids import parse_key_id
from cmk_admin.domain.model import Estate
from cmk_admin.domain.plan import Plan
from cmk_admin.operations.inventory import Inventory


async def read_keys_of(inventory: Inventory, plan: Plan, *, everywhere: bool = False) -> Estate:
    """The estate with every key that a plan is about as it stands now; `everywhere`: see `cloud.refresh`.

    Raises AzureFailure.
    """
    first, *others = [parse_key_id(value) for name, value in plan.context if name == "key"]
    estate = await inventory.refresh(first, everywhere=everywhere)
    for key in others:
        estate = await inventory.refresh(key, everywhere=everywhere, follows=True)
    return estate
