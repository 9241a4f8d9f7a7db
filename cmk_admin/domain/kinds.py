"""What a row of the tree can be. Apart from the rows: the window needs the names before it has any."""

from enum import StrEnum


class Grouping(StrEnum):
    VAULT = "vault"
    SERVICE = "service"
    IDENTITY = "identity"
    SUBSCRIPTION = "subscription"


class Kind(StrEnum):
    SUBSCRIPTION = "subscription"
    VAULT = "vault"
    KEY = "key"
    VERSION = "version"
    CONSUMER = "consumer"
    IDENTITY = "identity"
    SERVICE = "service"
    NOTE = "note"
    """A row that says why there is nothing, and what to do next: not to be selected."""


class Mark(StrEnum):
    """What stands at the right of a row. Never shown by colour alone."""

    NONE = ""
    CARE = "care"
    BROKEN = "broken"
    UNKNOWN = "unknown"
