"""The estate while it is being read: mutable, and turned into immutable estates as answers arrive."""

import time
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from cmk_admin.cloud.consumers.related import Related
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.ids import KeyId, fold
from cmk_admin.domain.model import (
    Account,
    Consumer,
    Coverage,
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

Publish = Callable[[Estate], None]

_PUBLISH_SECONDS = 0.2
# Making an estate costs time that grows with it; publishing may take this share of the whole at most.
_PUBLISH_SHARE = 0.05

COVERAGE_KINDS = frozenset(
    {
        FailureKind.FORBIDDEN,
        FailureKind.UNREACHABLE,
        FailureKind.THROTTLED,
        FailureKind.FAILED,
        FailureKind.NOT_VISIBLE,
    }
)


def problem_of(failure: AzureFailure, scope: str) -> CoverageProblem:
    """A failure as coverage tells it; kinds that coverage does not know count as failed."""
    kind = failure.kind if failure.kind in COVERAGE_KINDS else FailureKind.FAILED
    return CoverageProblem(scope=scope, kind=kind, message=failure.message)


@dataclass(slots=True)
class Collected:
    """What was read so far. Keyed by folded ids, so that nothing counts twice."""

    account: Account
    read_at: datetime
    publish: Publish | None = None
    listed: int = 0
    read: int = 0
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    vaults: dict[str, Vault] = field(default_factory=dict)
    keys: dict[str, tuple[Key, ...]] = field(default_factory=dict)
    """By folded vault id."""
    related: Related = field(default_factory=Related)
    """The consumers among others."""
    identities: dict[str, Identity] = field(default_factory=dict)
    """By principal id."""
    principals: dict[str, Principal] = field(default_factory=dict)
    definitions: dict[str, RoleDefinition] = field(default_factory=dict)
    assignments: dict[str, RoleAssignment] = field(default_factory=dict)
    locks: dict[str, Lock] = field(default_factory=dict)
    problems: list[CoverageProblem] = field(default_factory=list)
    unread_assignments: set[str] = field(default_factory=set)
    eligibilities: dict[str, RoleEligibility] = field(default_factory=dict)
    unread_eligibilities: set[str] = field(default_factory=set)
    ends: dict[str, datetime] = field(default_factory=dict)
    """By folded id of the assignment, of those that last only for a while."""
    _next_publish: float = 0.0

    @classmethod
    def of(cls, estate: Estate) -> "Collected":
        """Everything that an estate holds, to be read anew in part."""
        into = cls(estate.account, estate.read_at)
        into.listed, into.read = estate.coverage.subscriptions_listed, estate.coverage.subscriptions_read
        into.subscriptions = {one.id: one for one in estate.subscriptions}
        into.vaults = {fold(one.id): one for one in estate.vaults}
        held: dict[str, list[Key]] = {}
        for key in estate.keys:
            held.setdefault(fold(key.vault_id), []).append(key)
        into.keys = {folded: tuple(keys) for folded, keys in held.items()}
        for one in estate.consumers:
            into.related.add(one)
        into.identities = {one.principal_id.lower(): one for one in estate.identities}
        into.related.identities = {
            fold(one.resource_id): one for one in estate.identities if one.resource_id and not one.system_assigned
        }
        into.principals = {one.object_id.lower(): one for one in estate.principals}
        into.definitions = {one.id.rsplit("/", 1)[-1].lower(): one for one in estate.role_definitions}
        into.assignments = {fold(one.id): one for one in estate.role_assignments}
        into.locks = {fold(one.id): one for one in estate.locks}
        into.problems = list(estate.coverage.problems)
        into.unread_assignments = set(estate.unread_assignments)
        into.eligibilities = {fold(one.id): one for one in estate.role_eligibilities}
        into.unread_eligibilities = set(estate.unread_eligibilities)
        into.ends = {fold(one.id): one.ends for one in estate.role_assignments if one.ends}
        return into

    def grants(self) -> Iterator[RoleAssignment | RoleEligibility]:
        """Every role assignment and every eligible role."""
        yield from self.assignments.values()
        yield from self.eligibilities.values()

    def fail(self, failure: AzureFailure, scope: str) -> None:
        """Note what could not be read."""
        self.problems.append(problem_of(failure, scope))

    def add_identities(self, found: Iterable[Identity]) -> None:
        """Identities as seen; what the identity's own envelope says comes before what others say of it."""
        for identity in found:
            self.identities.setdefault(identity.principal_id.lower(), identity)

    def used_keys(self) -> dict[KeyId, list[Consumer]]:
        """The keys that consumers name, without versions, and who names them."""
        used: dict[KeyId, list[Consumer]] = {}
        for consumer in self.related.consumers.values():
            for slot in consumer.slots:
                key = slot.key_id.key
                used.setdefault(KeyId(key.host, key.name.lower()), []).append(consumer)
        return used

    def slots_in(self, hosts: Container[str]) -> list[KeySlot]:
        """The slots of consumers that name keys of these vaults."""
        return [slot for one in self.related.consumers.values() for slot in one.slots if slot.key_id.host in hosts]

    def grew(self) -> None:
        """Publish what there is, unless it was done just now."""
        if self.publish is None:
            return
        started = time.perf_counter()
        if started < self._next_publish:
            return
        self.publish(self.estate(finished=False))
        ended = time.perf_counter()
        self._next_publish = ended + max(_PUBLISH_SECONDS, (ended - started) / _PUBLISH_SHARE)

    def estate(self, *, finished: bool) -> Estate:
        """All that was read, as an estate. Ordered by names, so that two readings of the same thing are equal."""
        vaults = sorted(self.vaults.values(), key=lambda vault: (vault.name.lower(), vault.id))
        consumers = sorted(self.related.consumers.values(), key=lambda one: (one.name.lower(), one.id, one.service))
        problems = {(p.scope, p.kind, p.message): p for p in [*self.problems, *self.related.problems]}
        return Estate(
            account=self.account,
            read_at=self.read_at,
            coverage=Coverage(
                subscriptions_listed=self.listed,
                subscriptions_read=self.read,
                problems=tuple(problems[each] for each in sorted(problems)),
                finished=finished,
            ),
            subscriptions=tuple(sorted(self.subscriptions.values(), key=lambda one: (one.name.lower(), one.id))),
            vaults=tuple(vaults),
            keys=tuple(key for vault in vaults for key in self.keys.get(fold(vault.id), ())),
            consumers=tuple(consumers),
            identities=tuple(sorted(self.identities.values(), key=lambda one: (one.name.lower(), one.principal_id))),
            principals=tuple(self.principals[each] for each in sorted(self.principals)),
            role_definitions=tuple(self.definitions[each] for each in sorted(self.definitions)),
            role_assignments=tuple(self._assignment(each) for each in sorted(self.assignments)),
            locks=tuple(self.locks[each] for each in sorted(self.locks)),
            unread_assignments=frozenset(self.unread_assignments),
            role_eligibilities=tuple(self.eligibilities[each] for each in sorted(self.eligibilities)),
            unread_eligibilities=frozenset(self.unread_eligibilities),
        )

    def _assignment(self, folded: str) -> RoleAssignment:
        found, ends = self.assignments[folded], self.ends.get(folded)
        return found if found.ends == ends else replace(found, ends=ends)
