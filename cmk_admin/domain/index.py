"""Look things up in an estate. Everything compares ids without case; each table is made when it is first asked for."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import NamedTuple, TypeVar, cast

from cmk_admin.domain.errors import FailureKind
from cmk_admin.domain.ids import KeyId, fold, is_management_group, last, subscription_of
from cmk_admin.domain.model import (
    Consumer,
    CoverageProblem,
    Estate,
    Identity,
    Key,
    KeySlot,
    Lock,
    Principal,
    RoleAssignment,
    RoleDefinition,
    RoleEligibility,
    Subscription,
    Vault,
)

T = TypeVar("T")


class Use(NamedTuple):
    """A consumer and the slot of it that names a key."""

    consumer: Consumer
    slot: KeySlot


def guid(role_definition_id: str) -> str:
    """What names a role: assignments spell its id with a subscription and without (seen, not documented)."""
    return last(role_definition_id).lower()


def gather(pairs: Iterable[tuple[str, T]]) -> Mapping[str, tuple[T, ...]]:
    """A table of tuples from pairs of key and member, in the order of the pairs."""
    lists: defaultdict[str, list[T]] = defaultdict(list)
    for key, member in pairs:
        lists[key].append(member)
    return {key: tuple(members) for key, members in lists.items()}


class Index:
    """The look-ups over one estate. Immutable in effect, so that threads may share it."""

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        self._scopes: dict[str, tuple[str, ...]] = {}
        self._held_over: dict[str, tuple[RoleAssignment, ...]] = {}
        self._remembered: dict[str, tuple[object, object]] = {}

    def remember(self, name: str, on: object, make: Callable[[], T]) -> T:
        """What `make` gives, kept for the next who asks for it `on` the same: trees, tables and findings share rows."""
        known = self._remembered.get(name)
        if known is None or known[0] != on:
            known = self._remembered[name] = (on, make())
        return cast(T, known[1])

    # Vaults and keys

    def vault(self, vault_id: str) -> Vault | None:
        """The vault with this ARM id."""
        return self._vaults.get(fold(vault_id))

    def vault_at(self, host: str) -> Vault | None:
        """The vault with this host name."""
        return self._vaults_by_host.get(host.lower())

    def vault_of(self, key: KeyId) -> Vault | None:
        """The vault that holds a key, where it is visible."""
        return self.vault_at(key.host)

    def key(self, key: KeyId) -> Key | None:
        """The key, whatever version the id names."""
        return self._keys.get(_folded_key(key))

    def keys_with(self, thumbprint: str) -> tuple[Key, ...]:
        """The keys whose current version has these public numbers (`Key.thumbprint`)."""
        return self._keys_by_thumbprint.get(thumbprint, ())

    def keys_of(self, vault_id: str) -> tuple[Key, ...]:
        """The keys that were read of a vault: see `Vault.keys_from` for whether that is all of them."""
        return self._keys_by_vault.get(fold(vault_id), ())

    # Consumers

    def consumer(self, consumer_id: str) -> Consumer | None:
        """The consumer with this ARM id; of two services of one resource (a cluster's disks and etcd) the first."""
        found = self._consumers.get(fold(consumer_id))
        return found[0] if found else None

    def consumers(self, consumer_id: str) -> tuple[Consumer, ...]:
        """All consumers with this ARM id: one for each service by which the resource uses keys."""
        return self._consumers.get(fold(consumer_id), ())

    def consumer_with(
        self, consumer_id: str, *, key: KeyId | None = None, service: str | None = None
    ) -> Consumer | None:
        """Of the consumers with this ARM id the one of a service, or that uses a key; the first where none is so."""
        found = self.consumers(consumer_id)
        folded = key.key.folded if key else None
        for one in found:
            uses = folded is None or any(slot.key_id.key.folded == folded for slot in self.slots_of(one))
            if uses and service in (None, one.service):
                return one
        return found[0] if found else None

    def holder_of(self, consumer: Consumer) -> Consumer | None:
        """The consumer that holds the key for this one: a cluster's disk encryption set."""
        return self.consumer(consumer.holder_id) if consumer.holder_id else None

    def held_by(self, consumer_id: str) -> tuple[Consumer, ...]:
        """The consumers whose key this one holds: the clusters that hang under a disk encryption set."""
        return self._held.get(fold(consumer_id), ())

    def slots_of(self, consumer: Consumer) -> tuple[KeySlot, ...]:
        """The slots by which a consumer's data hang on keys: those of its holder where it has one that is visible.

        So the identity of a cluster's disks is the set's, never the cluster's own (AKSD azure-disk-customer-managed-keys.md).
        """
        holder = self.holder_of(consumer)
        return holder.slots if holder and holder.slots else consumer.slots

    @cached_property
    def uses(self) -> tuple[Use, ...]:
        """Every consumer with each of its slots."""
        return tuple(Use(consumer, slot) for consumer in self.estate.consumers for slot in self.slots_of(consumer))

    def uses_of_key(self, key: KeyId) -> tuple[Use, ...]:
        """Who uses any version of this key, clusters under their set included."""
        return self.uses_by_name(key.host).get(key.name.lower(), ())

    def uses_by_name(self, host: str) -> Mapping[str, tuple[Use, ...]]:
        """The uses of the keys of the vault at this host, by the key's folded name."""
        return self._uses_by_name.get(host.lower(), {})

    def uses_of_host(self, host: str) -> tuple[Use, ...]:
        """Who uses any key of the vault at this host."""
        return self._uses_by_host.get(host.lower(), ())

    def uses_of_principal(self, object_id: str) -> tuple[Use, ...]:
        """Which consumers unwrap as this identity."""
        return self._uses_by_principal.get(object_id.lower(), ())

    @cached_property
    def consumers_read(self) -> bool:
        """Whether all services were read that this account can list; False where one may use a key and not be known.

        A vault, a grant or a name that could not be read hides no service.
        """
        coverage = self.estate.coverage
        whole = coverage.finished and coverage.subscriptions_read == coverage.subscriptions_listed
        return whole and not any(_hides_consumers(one) for one in coverage.problems)

    @cached_property
    def unseen_hosts(self) -> tuple[str, ...]:
        """Hosts of vaults that consumers name and this account cannot see, sorted."""
        return tuple(sorted(host for host in self._uses_by_host if host not in self._vaults_by_host))

    # People, identities, roles

    def subscription(self, subscription_id: str) -> Subscription | None:
        """The subscription with this GUID."""
        return self._subscriptions.get(subscription_id.lower())

    def identity(self, principal_id: str) -> Identity | None:
        """The managed identity with this object id."""
        return self._identities.get(principal_id.lower())

    def identity_of(self, resource_id: str) -> Identity | None:
        """The user-assigned identity with this ARM id, or the system-assigned one of this resource."""
        return self._identities_by_resource.get(fold(resource_id))

    def principal(self, object_id: str) -> Principal | None:
        """Who holds this object id, where the directory told anything about it."""
        return self._principals.get(object_id.lower())

    def name_of(self, object_id: str) -> str | None:
        """What to call an object id; None where nobody told."""
        if identity := self.identity(object_id):
            return identity.name
        if principal := self.principal(object_id):
            return principal.name
        return self._slot_names.get(object_id.lower())

    def client_id_of(self, object_id: str) -> str | None:
        """The application (client) id that belongs to an object id."""
        if (identity := self.identity(object_id)) and identity.client_id:
            return identity.client_id
        principal = self.principal(object_id)
        return principal.client_id if principal else None

    def role(self, role_definition_id: str) -> RoleDefinition | None:
        """The role that an assignment names."""
        return self._roles.get(guid(role_definition_id))

    def groups_of(self, object_id: str) -> tuple[Principal, ...]:
        """The groups that are known to contain a principal, directly or through others."""
        return self._groups.get(object_id.lower(), ())

    def is_outside(self, group_id: str, object_id: str) -> bool:
        """Whether a principal is known not to be in a group whose members could not all be read."""
        group = self.principal(group_id)
        return group is not None and object_id.lower() in map(str.lower, group.known_others)

    def group_ids_of(self, object_id: str) -> frozenset[str]:
        """The folded object ids of those groups."""
        return self._group_ids.get(object_id.lower(), frozenset())

    def scopes_above(self, scope: str) -> tuple[str, ...]:
        """The scope itself and all above it, folded, nearest first, management groups as far as known, then ``/``."""
        return self._above(fold(scope))

    def _above(self, folded: str) -> tuple[str, ...]:
        known = self._scopes.get(folded)
        if known is None:
            known = self._scopes[folded] = (folded, *self._over(folded))
        return known

    def _over(self, folded: str) -> tuple[str, ...]:
        """What stands above a scope. Prefixes that only name a provider are among it: they hold no assignments."""
        if folded == "/":
            return ()
        parent = folded.rpartition("/")[0]
        if parent == "/subscriptions":
            return (*self.management_groups_of(folded), "/")
        return self._above(parent) if parent else ("/",)

    def management_groups_of(self, resource_id: str) -> tuple[str, ...]:
        """The folded management groups above the subscription of a resource, as far as known."""
        subscription_id = subscription_of(resource_id)
        subscription = self.subscription(subscription_id) if subscription_id else None
        return tuple(fold(group) for group in (subscription.management_groups if subscription else None) or ())

    def assignments_at(self, scope: str) -> tuple[RoleAssignment, ...]:
        """The role assignments made at exactly this scope."""
        return self._assignments.get(fold(scope), ())

    def assignments_over(self, scope: str) -> tuple[RoleAssignment, ...]:
        """The role assignments at this scope and all above it, nearest first."""
        folded = fold(scope)
        return self._assignments.get(folded, ()) + self._inherited(folded)

    def _inherited(self, folded: str) -> tuple[RoleAssignment, ...]:
        """The assignments above a scope; remembered for what stands above, which many scopes share."""
        above = self._over(folded)
        if not above:
            return ()
        known = self._held_over.get(above[0])
        if known is None:
            found = tuple(one for scope in above for one in self._assignments.get(scope, ()))
            known = self._held_over[above[0]] = found
        return known

    def unread_over(self, scope: str) -> tuple[str, ...]:
        """The folded scopes, at this one and above, whose role assignments could not be read."""
        unread = self.estate.unread_assignments
        return tuple(one for one in self.scopes_above(scope) if one in unread) if unread else ()

    def eligibilities_over(self, scope: str) -> tuple[RoleEligibility, ...]:
        """The roles that may be activated at this scope by whom they name, nearest first."""
        if not self.estate.role_eligibilities:
            return ()
        return tuple(one for above in self.scopes_above(scope) for one in self._eligibilities.get(above, ()))

    def unread_eligibilities_over(self, scope: str) -> tuple[str, ...]:
        """The folded scopes, at this one and above, whose eligible roles could not be read."""
        unread = self.estate.unread_eligibilities
        return tuple(one for one in self.scopes_above(scope) if one in unread) if unread else ()

    def is_managed_identity(self, object_id: str) -> bool:
        """Whether an object id is known to be a service's own: a managed identity, or by which a service uses a key."""
        return self.identity(object_id) is not None or object_id.lower() in self._uses_by_principal

    def assignments_of(self, object_id: str) -> tuple[RoleAssignment, ...]:
        """The role assignments that name this principal itself."""
        return self._assignments_by_principal.get(object_id.lower(), ())

    def locks_over(self, scope: str) -> tuple[Lock, ...]:
        """The locks at this scope and above it: they are inherited."""
        return tuple(one for above in self.scopes_above(scope) for one in self._locks.get(above, ()))

    @cached_property
    def management_group_assignments(self) -> tuple[RoleAssignment, ...]:
        """All role assignments made at management groups."""
        return tuple(one for one in self.estate.role_assignments if is_management_group(one.scope))

    # The tables

    @cached_property
    def _vaults(self) -> dict[str, Vault]:
        return {fold(vault.id): vault for vault in self.estate.vaults}

    @cached_property
    def _vaults_by_host(self) -> dict[str, Vault]:
        return {vault.host.lower(): vault for vault in self.estate.vaults}

    @cached_property
    def _keys(self) -> dict[str, Key]:
        return {_folded_key(key.id): key for key in self.estate.keys}

    @cached_property
    def _keys_by_thumbprint(self) -> Mapping[str, tuple[Key, ...]]:
        return gather((key.thumbprint, key) for key in self.estate.keys if key.thumbprint)

    @cached_property
    def _eligibilities(self) -> Mapping[str, tuple[RoleEligibility, ...]]:
        return gather((fold(one.scope), one) for one in self.estate.role_eligibilities)

    @cached_property
    def _keys_by_vault(self) -> Mapping[str, tuple[Key, ...]]:
        spelt = gather((key.vault_id, key) for key in self.estate.keys)
        # The keys of one vault nearly always spell its id alike, so that few ids need folding
        if len({fold(vault_id) for vault_id in spelt}) == len(spelt):
            return {fold(vault_id): keys for vault_id, keys in spelt.items()}
        return gather((fold(key.vault_id), key) for key in self.estate.keys)

    @cached_property
    def _consumers(self) -> Mapping[str, tuple[Consumer, ...]]:
        return gather((fold(consumer.id), consumer) for consumer in self.estate.consumers)

    @cached_property
    def _held(self) -> Mapping[str, tuple[Consumer, ...]]:
        return gather((fold(one.holder_id), one) for one in self.estate.consumers if one.holder_id)

    @cached_property
    def _uses_by_name(self) -> Mapping[str, Mapping[str, tuple[Use, ...]]]:
        return {
            host: gather((use.slot.key_id.name.lower(), use) for use in uses)
            for host, uses in self._uses_by_host.items()
        }

    @cached_property
    def _uses_by_host(self) -> Mapping[str, tuple[Use, ...]]:
        return gather((use.slot.key_id.host, use) for use in self.uses)

    @cached_property
    def _uses_by_principal(self) -> Mapping[str, tuple[Use, ...]]:
        return gather((use.slot.principal_id.lower(), use) for use in self.uses if use.slot.principal_id)

    @cached_property
    def _slot_names(self) -> dict[str, str]:
        return {
            use.slot.principal_id.lower(): use.slot.identity_name
            for use in self.uses
            if use.slot.principal_id and use.slot.identity_name
        }

    @cached_property
    def _subscriptions(self) -> dict[str, Subscription]:
        return {one.id.lower(): one for one in self.estate.subscriptions}

    @cached_property
    def _identities(self) -> dict[str, Identity]:
        return {one.principal_id.lower(): one for one in self.estate.identities}

    @cached_property
    def _identities_by_resource(self) -> dict[str, Identity]:
        return {fold(one.resource_id): one for one in self.estate.identities if one.resource_id}

    @cached_property
    def _principals(self) -> dict[str, Principal]:
        return {one.object_id.lower(): one for one in self.estate.principals}

    @cached_property
    def _roles(self) -> dict[str, RoleDefinition]:
        return {guid(one.id): one for one in self.estate.role_definitions}

    @cached_property
    def _groups(self) -> Mapping[str, tuple[Principal, ...]]:
        return gather(
            (member.lower(), one) for one in self.estate.principals for member in one.members or one.known_members
        )

    @cached_property
    def _group_ids(self) -> Mapping[str, frozenset[str]]:
        return {member: frozenset(one.object_id.lower() for one in groups) for member, groups in self._groups.items()}

    @cached_property
    def _assignments(self) -> Mapping[str, tuple[RoleAssignment, ...]]:
        return gather((fold(one.scope), one) for one in self.estate.role_assignments)

    @cached_property
    def _assignments_by_principal(self) -> Mapping[str, tuple[RoleAssignment, ...]]:
        return gather((one.principal_id.lower(), one) for one in self.estate.role_assignments)

    @cached_property
    def _locks(self) -> Mapping[str, tuple[Lock, ...]]:
        return gather((fold(one.scope), one) for one in self.estate.locks)


def _hides_consumers(problem: CoverageProblem) -> bool:
    scope = problem.scope.lower()
    elsewhere = ("/microsoft.keyvault/vaults/", "/providers/microsoft.authorization/")
    return not (
        problem.kind is FailureKind.NOT_VISIBLE
        or scope.startswith(("directory", "management groups"))
        or any(part in scope for part in elsewhere)
    )


def _folded_key(key: KeyId) -> str:
    return f"{key.host}/{key.name}".lower()
