"""From a draft of a wizard to its plan: what the estate and a fresh survey say about it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.index import Index
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.surroundings import Surroundings
from cmk_admin.domain.verbs import attach, create_key, detach, grant, repair, revalidate
from cmk_admin.domain.verbs.drafts import Draft


@dataclass(frozen=True, slots=True)
class _Verb:
    keys: Callable[[Any, Index], tuple[KeyId, ...]]
    """The keys that a draft is about, there or yet to be made."""
    plan: Callable[[Any, Index, Surroundings], Plan]


_VERBS: Mapping[type, _Verb] = {
    create_key.CreateKeyDraft: _Verb(create_key.keys_of, create_key.plan),
    grant.GrantDraft: _Verb(grant.keys_of, grant.plan),
    attach.AttachDraft: _Verb(attach.keys_of, attach.plan),
    detach.DetachDraft: _Verb(detach.keys_of, detach.plan),
    revalidate.RevalidateDraft: _Verb(revalidate.keys_of, revalidate.plan),
    repair.RepairDraft: _Verb(repair.keys_of, repair.plan),
}


def keys_of(draft: Draft, index: Index) -> tuple[KeyId, ...]:
    """The keys that a draft is about, there or yet to be made; none: it names none yet."""
    return _VERBS[type(draft)].keys(draft, index)


def plan(draft: Draft, index: Index, around: Surroundings) -> Plan:
    """The plan of a draft."""
    return _VERBS[type(draft)].plan(draft, index, around)
