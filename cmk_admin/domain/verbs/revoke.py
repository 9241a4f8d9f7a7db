"""Revoke: cut consumers off a key, or disable the key."""

from dataclasses import dataclass

from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.index import Index
from cmk_admin.domain.plan import Plan

GRANTS, DISABLE = "grants", "disable"


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeDraft:
    """What somebody wants cut."""

    key: KeyId
    """Without version."""
    consumers: tuple[str, ...] = ()
    """Resource ids of the consumers to cut off; empty: the key itself."""
    method: str | None = None
    """``grants`` or ``disable``; None: grants where consumers are named, else disable."""


def problems(draft: RevokeDraft, index: Index) -> tuple[str, ...]:
    """Sentences that forbid the start."""
    raise NotImplementedError


def plan(draft: RevokeDraft, index: Index) -> Plan:
    """What would be done, what it closes and leaves open, who stops. Its `problems` are those of `problems`."""
    raise NotImplementedError
