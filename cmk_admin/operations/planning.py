"""From a draft of a wizard to its plan: what the estate and a fresh survey say about it."""

from collections.abc import Callable
from typing import Any

from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.index import Index
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.surroundings import Surroundings
from cmk_admin.domain.verbs import create_key
from cmk_admin.operations.interface import Draft

Planner = Callable[[Any, Index, Surroundings], Plan]

_KEYS: dict[type, Callable[[Any, Index], KeyId | None]] = {create_key.CreateKeyDraft: create_key.named}
_PLANNERS: dict[type, Planner] = {create_key.CreateKeyDraft: create_key.plan}


def key_of(draft: Draft, index: Index) -> KeyId | None:
    """The key that a draft is about, there or yet to be made; None: it names none yet."""
    return _KEYS[type(draft)](draft, index)


def plan(draft: Draft, index: Index, around: Surroundings) -> Plan:
    """The plan of a draft."""
    return _PLANNERS[type(draft)](draft, index, around)
