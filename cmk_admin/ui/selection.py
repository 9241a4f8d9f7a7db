"""What is selected, in ids: what verbs, details and pages work on."""

from dataclasses import dataclass

from cmk_admin.domain.ids import KeyId


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """One thing of the estate. `kind` is the tree node's kind; the ids are those of the thing and of what it stands under.

    A consumer under a key has `consumer_id` and `key`; a key has `key` and `vault_id`; a vault only `vault_id`; nothing
    selected: kind ``none``.
    """

    kind: str = "none"
    """none, vault, key, version, consumer, identity, service, subscription."""
    node: str | None = None
    """Id of the tree's node."""
    name: str = ""
    vault_id: str | None = None
    key: KeyId | None = None
    """Without version."""
    version: str | None = None
    consumer_id: str | None = None
    principal_id: str | None = None
    subscription_id: str | None = None
    service: str | None = None


NOTHING = Selection()
