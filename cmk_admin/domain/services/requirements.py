"""What a service asks of a key, its vault and its identity before it takes the key."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What follows where something is not as a service asks."""

    REFUSED = "refused"
    """Azure's documents agree that it does not work."""
    WARNED = "warned"
    """They contradict each other, or only advise against it."""
    FINE = "fine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirements:
    """Of one service; `Service.source` names the document.

    Not here, because all services agree on it: the key is enabled, `not before` has passed, the vault has soft delete,
    lies in the same tenant, and its firewall lets the service in.
    """

    key_types: tuple[str, ...] = ("RSA", "RSA-HSM")
    sizes: tuple[int, ...] = (2048, 3072, 4096)
    operations: tuple[str, ...] = ("wrapKey", "unwrapKey")
    """What the key must allow."""
    expiry: Verdict = Verdict.FINE
    """A key with an expiry in the future."""
    expiry_why: str = ""
    """What the documents say of the day on which it passes, where it is only warned of."""
    expired: Verdict = Verdict.REFUSED
    """A key past its expiry."""
    no_purge_protection: Verdict = Verdict.REFUSED
    retention_days: int | None = None
    """The vault's soft-delete retention must be exactly so many days; None: any."""
    other_region: Verdict = Verdict.FINE
    """The vault lies in another region than the service."""
    closed_firewall: Verdict = Verdict.REFUSED
    """The vault lets only chosen networks in, and trusted services not (bypass None)."""
    any_firewall: Verdict = Verdict.FINE
    """The vault lets only chosen networks and trusted services in."""
    permissions: tuple[str, ...] = ("get", "wrapKey", "unwrapKey")
    """The access-policy entry that it needs, in Azure's words."""
    versionless: bool = False
    """It takes a key id without version; else the version is part of its settings."""
