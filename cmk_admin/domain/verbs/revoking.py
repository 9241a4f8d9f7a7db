"""What somebody wants cut, and what happened: the draft of a revoke."""

from dataclasses import dataclass
from enum import StrEnum

from cmk_admin.domain.ids import KeyId


class Cause(StrEnum):
    """What happened."""

    SERVICE = "service"
    """A service or an identity must lose its data now."""
    KEY_LEAKED = "key-leaked"
    """The key itself may be in foreign hands: a copy of it is not touched by what is done to it here."""
    OPERATOR = "operator"
    """An operator's account is suspect."""
    UNKNOWN = "unknown"


CAUSES = {
    Cause.SERVICE: "A service or an identity must lose its data now",
    Cause.KEY_LEAKED: "The key may have leaked",
    Cause.OPERATOR: "An operator's account is suspect",
    Cause.UNKNOWN: "Not known",
}
"""Each as it is asked and said, in the window and on the command line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeDraft:
    """What somebody wants cut."""

    key: KeyId
    """Without version."""
    consumers: tuple[str, ...] = ()
    """Resource ids of the consumers to cut off; empty: the key itself."""
    method: str | None = None
    """None: what is right for the cause; grants where consumers or identities are named, else disable."""
    best: bool = False
    """True: where no method is named and the one of the cause is not the recommended one, the recommended one is taken."""
    cause: Cause = Cause.SERVICE
    principals: tuple[str, ...] = ()
    """Object ids of identities to cut off besides those of the consumers; for `Cause.OPERATOR` the suspect accounts."""
    choices: tuple[str, ...] = ()
    """What was chosen of what the plan offers: `plan.Choice.id`."""
    reason: str | None = None
    ticket: str | None = None
    """Both are given to whoever activates a role for this, and kept in the record."""
