"""Whether a database of Azure SQL comes back by itself once it has its key again.

Source of every number: SQLD database/transparent-data-encryption-byok-overview.md.
"""

HEALS_WITHIN_SECONDS = 1800
"""Azure's seconds without the key after which a database does not heal by itself any more."""
BACK_WITHIN_SECONDS = 3600
"""Azure's seconds within which it is back after that, where it heals by itself."""
LOST_LATER = (
    "The database must be revalidated by hand, which can take long; failover-group settings, the history for "
    "point-in-time restore and tags can be lost."
)


def heals_itself(seconds_without_key: float) -> bool:
    """Whether it heals by itself when its access comes back after so many of Azure's seconds; the 30th minute counts."""
    return seconds_without_key <= HEALS_WITHIN_SECONDS


def seconds_left(seconds_without_key: float) -> float:
    """For how many of Azure's seconds it would still heal by itself; 0 where it is too late."""
    return max(0.0, HEALS_WITHIN_SECONDS - seconds_without_key)


def lost_by(seconds_without_key: float) -> str:
    """What giving the key back only now costs, in a sentence; empty where it costs nothing."""
    return "" if heals_itself(seconds_without_key) else LOST_LATER
