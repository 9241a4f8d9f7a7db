"""The vocabulary of change: each step is plain data that can be shown, stored, run, checked and turned round."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


class StepVerb(StrEnum):
    """What a step does. The executor of each stands under the same name in operations."""

    REMOVE_ASSIGNMENT = "remove-role-assignment"
    CREATE_ASSIGNMENT = "create-role-assignment"
    SET_POLICY = "set-access-policy"
    """Make a principal's access-policy entry what `after` says (None: no entry)."""
    SET_ENABLED = "set-key-version-enabled"
    SET_NETWORK = "set-vault-network"
    """Whom a vault's firewall lets in; `after`: ``{"bypass": "AzureServices"}`` or ``"None"``, and where it is to change
    ``"default_action"``: ``"Allow"`` or ``"Deny"``. Its rules stay as they are."""
    SET_OPERATIONS = "set-key-version-operations"
    """What one version of a key may be used for; `after`: ``{"operations": [...]}``, in Key Vault's words."""
    SET_ROTATION = "set-rotation-policy"
    """Make a key's rotation policy what `after` says: ``{"lifetime_actions": [...], "expiry_time": TEXT | None}``, as the
    vault words them; the target is the key's id without version."""
    STOP_CONSUMER = "stop-consumer"
    """Stop a service at once; `after`: ``{"service": NAME, "running": False}``."""
    START_CONSUMER = "start-consumer"
    """Start it again; `after`: ``{"service": NAME, "running": True}``."""
    ACTIVATE_ROLE = "activate-role"
    """Activate an eligible role of one's own (privileged identity management); the target is the id of the request that
    asks for it, `after`: see `changes_roles.activation_facts`. It ends by itself."""
    REMOVE_ELIGIBILITY = "remove-role-eligibility"
    """Take from a principal that it may activate a role; `before`: see `changes_roles.eligibility_facts`."""
    CREATE_ELIGIBILITY = "create-role-eligibility"
    REVALIDATE = "revalidate"
    """Ask a consumer to try its key again."""
    START_NODES = "start-nodes"
    """Start the machines of a node pool that lost their disks."""
    CREATE_KEY = "create-key"
    """Make a key under a name that is free; `after`: see `changes.key_facts`."""
    DELETE_KEY = "delete-key"
    """Delete a key softly: its name stays taken until it is recovered, purged, or its retention is over."""
    RECOVER_KEY = "recover-key"
    BACKUP_KEY = "backup-key"
    """Write a key's backup into a file; `after`: ``{"file": PATH}``."""
    CREATE_IDENTITY = "create-identity"
    """Make a user-assigned identity; `after`: ``{"location": REGION}``."""
    DELETE_IDENTITY = "delete-identity"
    SET_CONSUMER_KEY = "set-consumer-key"
    """Make a consumer's encryption settings what `after` says; `service` in them names the kind, `key` the key's id or
    None for a platform-managed key; what else stands there is the service's own (`cloud.consumers`)."""
    CREATE_DISK_SET = "create-disk-set"
    """Make a disk encryption set with its own identity; `after`: see `changes_aks.new_disk_set_facts`."""
    DELETE_DISK_SET = "delete-disk-set"
    APPLY_STORAGE_CLASS = "apply-storage-class"
    """Make a storage class in a cluster; `after`: see `changes_aks.storage_class_facts`."""
    DELETE_STORAGE_CLASS = "delete-storage-class"
    REWRITE_SECRETS = "rewrite-secrets"
    """Write every secret of a cluster once more, so that it is encrypted with the key of now."""


ASKS_ONLY = frozenset({StepVerb.REVALIDATE, StepVerb.START_NODES, StepVerb.REWRITE_SECRETS, StepVerb.ACTIVATE_ROLE})
"""Steps that ask for something and change no fact: there is nothing of them to take back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One change.

    `before` holds exactly the facts that the step relies on and that its undo gives back; `after` what it makes true.
    The engine reads the target first: equal to `after` is "already so" (skipped), different from `before` is "changed"
    (stopped, with the difference).
    """

    verb: StepVerb
    target: str
    """Id of what is changed: assignment id, versioned key id, consumer id; for policies ``VAULT_ID|OBJECT_ID[|APP_ID]``."""
    words: str
    """One sentence without a full stop, a verb and an object: what is done."""
    undo_words: str | None
    """How it is taken back; None: it cannot be."""
    before: Mapping[str, Json] | None = field(default_factory=dict)
    after: Mapping[str, Json] | None = field(default_factory=dict)
    effect_seconds: int | None = None
    """Within how many of Azure's seconds the change counts everywhere, by documentation."""
    effect_source: str | None = None
    request: str = ""
    """The raw request in words: method and path, for the plan's disclosure."""
    stage: int = 0
    """Steps of one stage are independent and run side by side; the next stage starts when all of them ended well."""


class StepState(StrEnum):
    PLANNED = "planned"
    INTENT = "intent"
    SENT = "sent"
    ACCEPTED = "accepted"
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"
    UNKNOWN = "unknown"


AT_REST = frozenset({StepState.DONE, StepState.SKIPPED})
MAY_HAVE_ACTED = frozenset({StepState.INTENT, StepState.SENT, StepState.ACCEPTED, StepState.DONE, StepState.UNKNOWN})
"""States in which Azure may have been changed."""


class Outcome(StrEnum):
    PLANNED = "planned"
    RUNNING = "running"
    DONE = "done"
    PARTIAL = "partial"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REFUSED = "refused"
