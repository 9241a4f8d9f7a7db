"""From a draft of a wizard to its plan: what the estate and a fresh survey say about it."""

from collections.abc import Callable
from typing import Any

from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.index import Index
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.surroundings import Surroundings
from cmk_admin.domain.verbs import create_key, repair
from cmk_admin.operations.interface import Draft

Planner = Callable[[Any, Index, Surroundings], Plan]

_KEYS: dict[type, Callable[[Any, Index], KeyId | None]] = {
    create_key.CreateKeyDraft: create_key.named,
}
_PLANNERS: dict[type, Planner] = {
    create_key.CreateKeyDraft: create_key.plan,
    repair.RepairDraft: repair.plan,
}


def keys_of(draft: Draft, index: Index) -> tuple[KeyId, ...]:
    """The keys that a draft is about, there or yet to be made; none: it names none yet."""
    if isinstance(draft, repair.RepairDraft):
        return repair.keys_of(draft, index)
    key = _KEYS[type(draft)](draft, index)
    return () if key is None else (key,)


def plan(draft: Draft, index: Index, around: Surroundings) -> Plan:
    """The plan of a draft."""
    return _PLANNERS[type(draft)](draft, index, around)
