"""Where something new can be made: subscriptions, resource groups and regions that were seen."""

from collections.abc import Iterable, Iterator

from cmk_admin.domain.ids import segment, subscription_of
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Subscription


def subscriptions(index: Index) -> tuple[Subscription, ...]:
    """All that were read, by name."""
    return tuple(sorted(index.estate.subscriptions, key=lambda one: one.name.lower()))


def groups(index: Index, subscription_id: str) -> tuple[str, ...]:
    """The resource groups of a subscription that hold something that was seen, as spelt first, sorted."""
    found: dict[str, str] = {}
    for resource_id in _ids(index):
        if subscription_of(resource_id) == subscription_id.lower():
            group = group_of(resource_id)
            if group:
                found.setdefault(group.lower(), group)
    return tuple(sorted(found.values(), key=str.lower))


def regions(index: Index) -> tuple[str, ...]:
    """The regions in which something was seen, sorted."""
    estate = index.estate
    found = {one.location for one in estate.vaults} | {one.location for one in estate.consumers}
    return tuple(sorted(found - {""}))


def group_of(resource_id: str) -> str:
    """The resource group that a resource stands in; empty: none."""
    return segment(resource_id, "resourceGroups") or ""


def _ids(index: Index) -> Iterator[str]:
    estate = index.estate
    things: Iterable[str | None] = (
        *(one.id for one in estate.consumers),
        *(one.id for one in estate.vaults),
        *(one.resource_id for one in estate.identities),
    )
    yield from (one for one in things if one)
