"""Revoke: cut consumers off a key, or disable the key."""

from dataclasses import dataclass

from cmk_admin.domain.ids import KeyId


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeDraft:
    """What somebody wants cut."""

    key: KeyId
    """Without version."""
    consumers: tuple[str, ...] = ()
    """Resource ids of the consumers to cut off; empty: the key itself."""
    method: str | None = None
    """``grants`` or ``disable``; None: grants where consumers are named, else disable."""
