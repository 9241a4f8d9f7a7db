"""What a draft must be held against besides the estate: read for it just now, and only as far as it needs.

As in the estate None means *not known*, never *none*: a check that needs what is not known says so or lets it pass,
and never counts it as fine.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cmk_admin.domain.activity import Event
from cmk_admin.domain.ids import KeyId, fold
from cmk_admin.domain.model import Permissions, RoleDefinition
from cmk_admin.domain.permissions import permits
from cmk_admin.domain.steps import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What the signed-in account may do at one scope, as Azure's permissions API tells it."""

    blocks: tuple[RoleDefinition | Permissions, ...] = ()
    """One for each role that reaches the scope; only the four lists of actions in it count."""

    def allow(self, action: str) -> bool:
        """Whether an ARM action is allowed."""
        return any(permits(block, action, data=False) for block in self.blocks)

    def allow_data(self, action: str) -> bool:
        """Whether a data action is allowed."""
        return any(permits(block, action, data=True) for block in self.blocks)


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedIdentity:
    """A managed identity that a resource carries."""

    resource_id: str | None
    """None: the resource's own, system-assigned one."""
    principal_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A resource that can take a customer-managed key, whether it has one or not, as its provider shows it."""

    id: str
    service: str
    """A name of `domain.services`."""
    name: str
    location: str
    """As Resource Graph spells it: ``westeurope``."""
    subscription_id: str
    state: str | None = None
    """Azure's own word: Ready, Stopped, Inaccessible, Running ..."""
    provisioning: str | None = None
    """provisioningState, where the provider has one."""
    tier: str | None = None
    version: str | None = None
    """Of the engine: 8.0.21, or the cluster's Kubernetes version."""
    identities: tuple[CarriedIdentity, ...] = ()
    key: KeyId | None = None
    """The key that it uses now; None: a platform-managed one."""
    key_identity: str | None = None
    """Resource id of the identity by which it uses that key."""
    geo_backup: bool = False
    """Geo-redundant backup is on: it needs a key in the paired region too."""
    geo_key: KeyId | None = None
    geo_identity: str | None = None
    replica_of: str | None = None
    replicas: tuple[str, ...] = ()
    settings: Mapping[str, Json] = field(default_factory=dict)
    """The encryption settings in the words of the service's steps: see `StepVerb.SET_CONSUMER_KEY`."""

    unclear: str | None = None
    """A sentence where its provider does not tell which key it uses: then `key` is None, and nothing of it is to be changed."""

    busy: bool = False
    """Its provider is changing it just now: what it shows may be another thing in a moment."""

    def carries(self, identity_id: str) -> bool:
        """Whether the resource carries this user-assigned identity."""
        return any(one.resource_id and fold(one.resource_id) == fold(identity_id) for one in self.identities)


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultContents:
    """How many secrets and certificates a vault has; None: could not be read."""

    secrets: int | None
    certificates: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Everything that was read for one draft."""

    now: datetime
    """By the connection's calendar, aware, UTC."""
    account_id: str = ""
    """Object id of the signed-in account."""
    rights: Mapping[str, Rights] = field(default_factory=dict)
    """By folded scope; a scope that is missing could not be asked about."""
    deleted_keys: frozenset[str] | None = None
    """Folded names of the soft-deleted keys of the draft's vault; None: not known."""
    targets: Mapping[str, Target] = field(default_factory=dict)
    """By folded id; for a draft that names one, the draft's own."""
    soft_deleted: Mapping[str, datetime | None] = field(default_factory=dict)
    """By folded key id without version, of keys that are softly deleted: when that was, where the vault told."""
    asked_deleted: frozenset[str] = frozenset()
    """Hosts of the vaults that were asked for their soft-deleted keys; of others it is not known."""
    deleted_vaults: frozenset[str] | None = None
    """Folded names of the softly deleted vaults that could be read; None: not known. A name that is missing tells
    nothing: its subscription may not have answered."""
    identities: Mapping[str, str | None] = field(default_factory=dict)
    """By folded id of a user-assigned identity its principal; None: there is none any more; missing: not known."""
    signal: str | None = None
    """What the consumer shows of itself just now, in Azure's word or in how many machines run; None: not read."""
    signal_lost: bool | None = None
    """Whether by that it is without its data; None: it says neither."""
    events: tuple[Event, ...] | None = None
    """The Activity Log's events about what the draft touches; None: not read."""
    missing_groups: frozenset[str] = frozenset()
    """Folded ids of resource groups that the draft names and that are not there."""
    file_problem: str | None = None
    """Why the file that the draft names cannot be written."""
    contents: Mapping[str, VaultContents] = field(default_factory=dict)
    """By folded vault id, what else is in it: who shuts a vault shuts all of that."""
    answering: Mapping[str, str | None] = field(default_factory=dict)
    """By host of a vault whether its data plane answers from here: None, or a sentence why not; missing: not tried."""
    regions: Mapping[str, str] = field(default_factory=dict)
    """By host of a vault the region that answered for it, where it said so: another than its own is a failover."""
    token_until: datetime | None = None
    """Until when what the account signed in with counts, by the calendar of `now`."""
    rotations: Mapping[str, Mapping[str, Json] | None] = field(default_factory=dict)
    """By folded key id without version its rotation policy in the words of `StepVerb.SET_ROTATION`; None: it has none
    that rotates; missing: not known."""
    unread: tuple[str, ...] = ()
    """Sentences: what could not be read, and why. They become warnings of the plan."""

    def target(self, resource_id: str) -> Target | None:
        """The target with this id, where it was read."""
        return self.targets.get(fold(resource_id))

    def rights_at(self, scope: str) -> Rights | None:
        """What the account may do at a scope; None: not known."""
        return self.rights.get(fold(scope))


def several_keys(name: str, count: int) -> str:
    """The sentence about a server of which the documents know one server key, and which has more."""
    return f"{name} has {count} server keys; which one it uses is not told: remove those that it does not use first."
