"""Undo: turn round what an operation did, in reverse order."""

from cmk_admin.domain.index import Index
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.verbs.restore import RestoreDraft

UndoDraft = RestoreDraft


def problems(draft: UndoDraft, index: Index) -> tuple[str, ...]:
    """Sentences that forbid the start: what cannot be taken back, and what would cut a consumer off."""
    raise NotImplementedError


def plan(draft: UndoDraft, index: Index) -> Plan:
    """The inverse of every step that was done or may have been done, last stage first, then healing."""
    raise NotImplementedError
