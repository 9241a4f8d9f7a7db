"""Restore: give back exactly what a revoke took, and bring the consumers back."""

from dataclasses import dataclass

from cmk_admin.domain.index import Index
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import StepState


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreDraft:
    """The operation that is answered, as the journal or a file knows it."""

    operation: str
    plan: Plan
    states: tuple[StepState, ...]
    """The state of each step of `plan`, in its order."""


def problems(draft: RestoreDraft, index: Index) -> tuple[str, ...]:
    """Sentences that forbid the start."""
    raise NotImplementedError


def plan(draft: RestoreDraft, index: Index) -> Plan:
    """The inverse of every step that was done or may have been done (stage 0), then healing (stage 1)."""
    raise NotImplementedError
