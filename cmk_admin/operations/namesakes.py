"""Copies that may have come, or be recovered, since the estate was read: other vaults are asked for the key's name.

They are asked beside the fresh reading of the key itself, so that nobody waits for it.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence

from cmk_admin.cloud.lanes import together
from cmk_admin.domain.copies import to_be_asked
from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Estate, Namesake
from cmk_admin.operations.inventory import Inventory

MOST = 32
"""Vaults that are asked for one plan or proof; those of the key's own subscription first."""


async def read_and_ask(
    inventory: Inventory,
    reading: Callable[[], Awaitable[Estate]],
    keys: Sequence[KeyId],
    principals: Callable[[Index], Iterable[str]],
) -> tuple[Estate, tuple[Namesake, ...]]:
    """What `reading` reads, and what other vaults answer about the keys' names. `principals`: who is to be cut.

    By what was known before it is told which vaults to ask; one that only the reading shows is asked after it.
    Raises AzureFailure of the reading.
    """

    def wanted(estate: Estate) -> dict[str, KeyId]:
        index = Index(estate)
        who = tuple(principals(index))
        return {one.folded: one for key in keys for one in to_be_asked(index, key, who)}

    known = await inventory.known()
    first = dict(tuple(wanted(known).items())[:MOST])
    estate, asked = await together(reading(), inventory.ask(known, first.values()))
    late = [one for folded, one in wanted(estate).items() if folded not in first][: MOST - len(first)]
    return estate, (*asked, *await inventory.ask(estate, late))


def newly_seen(estate: Estate, asked: Iterable[Namesake]) -> tuple[KeyId, ...]:
    """Keys that are there and were not when the estate was read, or are not there as they were."""
    index = Index(estate)

    def changed(one: Namesake) -> bool:
        known = index.key(one.id)
        if known is None or one.there is None:
            return one.unread is None and (known is None) is not (one.there is None)
        return known.current_version != one.there.current_version

    return tuple(one.id for one in asked if changed(one))
