"""The estate: what was read of Azure, immutable, together with what could not be read.

Everywhere None means *not known*, never *none*; an empty tuple means that it was read and there is none.
Times are aware, in UTC. Ids keep ARM's spelling: compare them with `ids.fold`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from cmk_admin.domain.errors import FailureKind
from cmk_admin.domain.ids import KeyId


class Source(StrEnum):
    """Where a vault's keys were read from."""

    DATA_PLANE = "data plane"
    ARM = "resource manager"
    UNREAD = "not read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who is signed in, and to what."""

    object_id: str
    name: str
    tenant_id: str
    cloud: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageProblem:
    """Something that could not be read; `scope` is an ARM id, a host, or a word like ``directory``."""

    scope: str
    kind: FailureKind
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What was read. Complete only where all was: then, and only then, may anything be called "none"."""

    subscriptions_listed: int
    subscriptions_read: int
    problems: tuple[CoverageProblem, ...] = ()
    finished: bool = True
    """False while answers still arrive."""

    @property
    def complete(self) -> bool:
        return self.finished and not self.problems and self.subscriptions_read == self.subscriptions_listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    id: str
    """GUID, lower case."""
    name: str
    management_groups: tuple[str, ...] | None = None
    """Ids (``/providers/Microsoft.Management/managementGroups/NAME``) from the nearest to the tenant's root; None if unread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPolicy:
    """One entry of a vault's access policies. `application_id` makes it a compound entry (user on behalf)."""

    tenant_id: str
    object_id: str
    application_id: str | None = None
    keys: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    storage: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateEndpoint:
    """A connection of a private endpoint to a vault: while it is approved, traffic by it passes the vault's firewall."""

    name: str
    """Of the connection, which is the vault's own."""
    endpoint_id: str | None
    """ARM id of the endpoint, which stands in somebody's network; None: Azure did not tell."""
    status: str | None
    """Approved, Pending, Rejected or Disconnected; None: Azure did not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vault:
    id: str
    name: str
    host: str
    location: str
    subscription_id: str
    tenant_id: str
    premium: bool
    rbac: bool
    soft_delete_days: int | None
    purge_protection: bool
    public_access: bool
    default_deny: bool
    trusted_bypass: bool
    private_endpoints: tuple[PrivateEndpoint, ...] | None = None
    """None: not known."""
    access_policies: tuple[AccessPolicy, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    keys_from: Source = Source.UNREAD
    problem: CoverageProblem | None = None
    """Why the data plane could not be read, where it could not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyVersion:
    id: KeyId
    enabled: bool
    created: datetime | None = None
    not_before: datetime | None = None
    expires: datetime | None = None
    operations: tuple[str, ...] | None = None
    """Sorted; None: not read. A list of versions does not tell them, only a look at each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key as its current version shows it."""

    id: KeyId
    """Without version."""
    vault_id: str
    current_version: str | None
    key_type: str | None = None
    """RSA, RSA-HSM, EC, EC-HSM, oct-HSM."""
    size: int | None = None
    """Bits; for EC the curve's."""
    curve: str | None = None
    operations: tuple[str, ...] | None = None
    """Sorted."""
    enabled: bool | None = None
    created: datetime | None = None
    updated: datetime | None = None
    not_before: datetime | None = None
    expires: datetime | None = None
    recovery_level: str | None = None
    exportable: bool | None = None
    hsm_platform: str | None = None
    tags: tuple[tuple[str, str], ...] = ()
    versions: tuple[KeyVersion, ...] | None = None
    """Newest first; None where not read."""
    thumbprint: str | None = None
    """SHA-256 (hex) of the current version's public numbers: the same in two vaults is the same key. None: not read."""
    managed: bool = False
    """True where the key stands behind a certificate and is the certificate's to change."""
    source: Source = Source.DATA_PLANE


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A managed identity, user-assigned (`resource_id` is its own) or system-assigned (its resource's id)."""

    principal_id: str
    name: str
    resource_id: str | None
    client_id: str | None = None
    system_assigned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Anyone who holds a grant, as the directory names it; name is None where the directory did not tell."""

    object_id: str
    kind: str | None
    """User, Group, ServicePrincipal ..."""
    name: str | None = None
    client_id: str | None = None
    members: tuple[str, ...] | None = None
    """Groups: object ids of all transitive members; None where unread."""
    known_members: tuple[str, ...] = ()
    """Groups whose members are unread: some that are known all the same, asked about one by one."""
    known_others: tuple[str, ...] = ()
    """Groups whose members are unread: some principals that are known not to be among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Permissions:
    """A block of a role's permissions. What it takes out, it takes from its own actions alone."""

    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()

    @property
    def blocks(self) -> "tuple[Permissions, ...]":
        """Itself, as of a role that has no other."""
        return (self,)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleDefinition:
    id: str
    name: str
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    not_data_actions: tuple[str, ...] = ()
    custom: bool = False
    """Made by a customer, who may change it at any time; Azure's own ones do not change."""
    updated_on: datetime | None = None
    updated_by: str | None = None
    further: tuple[Permissions, ...] = ()
    """The blocks of its permissions after the first."""

    @property
    def blocks(self) -> "tuple[RoleDefinition | Permissions, ...]":
        """Each block of permissions; an action is held where one block holds it."""
        return (self, *self.further)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleAssignment:
    id: str
    scope: str
    role_definition_id: str
    principal_id: str
    principal_type: str | None = None
    condition: str | None = None
    condition_version: str | None = None
    description: str | None = None
    delegated_identity: str | None = None
    """delegatedManagedIdentityResourceId."""
    created_on: datetime | None = None
    created_by: str | None = None
    ends: datetime | None = None
    """Of one that was activated for a while: until when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleEligibility:
    """A role that a principal may activate by itself (privileged identity management)."""

    id: str
    """Of the eligibility schedule."""
    scope: str
    role_definition_id: str
    principal_id: str
    principal_type: str | None = None
    condition: str | None = None
    condition_version: str | None = None
    ends: datetime | None = None
    """None: it does not end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    id: str
    scope: str
    level: str
    """CanNotDelete or ReadOnly."""
    notes: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySlot:
    """One place in a consumer that names a key."""

    slot: str
    """primary, geo, previous ..."""
    key_id: KeyId
    """As the consumer names it: without version where the consumer follows the newest."""
    principal_id: str | None
    """Object id of the identity that unwraps; None where it could not be found out."""
    identity_resource_id: str | None = None
    identity_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """A service that uses a key."""

    id: str
    service: str
    """A name of `domain.services`: mysql-flexible, mysql-single, disk-encryption-set, aks-disks ..."""
    name: str
    location: str
    subscription_id: str
    slots: tuple[KeySlot, ...]
    state: str | None = None
    """Azure's own word for how it is (Ready, Inaccessible, Succeeded ...)."""
    holder_id: str | None = None
    """The consumer that holds the key for this one (a cluster's disk encryption set); it hangs under it."""
    hosts: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    carries: tuple[str, ...] | None = None
    """Object ids of every managed identity that the resource carries, also of those by which it uses no key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Namesake:
    """What a vault answered when it was asked, just now, for a key of a name that stands in another vault too."""

    id: KeyId
    there: Key | None = None
    """The key as it is there; None: there is none, or see `unread`."""
    deleted: Key | None = None
    """As it stands among the vault's softly deleted keys; None: it does not, or see `deleted_unread`."""
    unread: str | None = None
    """Why it is not known whether it is there; None: it is."""
    deleted_unread: str | None = None
    """The same of the softly deleted keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estate:
    """All of it. Build a `domain.index.Index` to look things up."""

    account: Account
    read_at: datetime
    coverage: Coverage
    subscriptions: tuple[Subscription, ...] = ()
    vaults: tuple[Vault, ...] = ()
    keys: tuple[Key, ...] = ()
    consumers: tuple[Consumer, ...] = ()
    identities: tuple[Identity, ...] = ()
    principals: tuple[Principal, ...] = ()
    role_definitions: tuple[RoleDefinition, ...] = ()
    role_assignments: tuple[RoleAssignment, ...] = ()
    locks: tuple[Lock, ...] = ()
    unread_assignments: frozenset[str] = field(default_factory=frozenset)
    """Folded scopes (subscriptions, management groups) whose role assignments could not be read."""
    role_eligibilities: tuple[RoleEligibility, ...] = ()
    unread_eligibilities: frozenset[str] = field(default_factory=frozenset)
    """Folded scopes whose eligible roles could not be read."""
    namesakes: tuple[Namesake, ...] = ()
    """What other vaults answered for one plan or proof. It is asked each time, and never kept."""
