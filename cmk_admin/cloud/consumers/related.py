"""What the readers of consumers share: what was read before them, and how a slot names its identity."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

from cmk_admin.cloud import parse, parse_identities
from cmk_admin.cloud.session import LongRunning, Session
from cmk_admin.cloud.signals import Signal, Switch
from cmk_admin.domain.ids import fold, last
from cmk_admin.domain.model import Consumer, CoverageProblem, Identity, KeySlot
from cmk_admin.domain.steps import Json
from cmk_admin.domain.surroundings import CarriedIdentity, Target

DISK_SETS = "disk-encryption-set"


@dataclass(slots=True, kw_only=True)
class Related:
    """What other resources say about the consumers being read."""

    identities: dict[str, Identity] = field(default_factory=dict)
    """User-assigned identities by folded resource id."""
    consumers: dict[tuple[str, str], Consumer] = field(default_factory=dict)
    """Consumers read before, by folded id and service: a cluster's disks and its etcd are two consumers of one id."""
    problems: list[CoverageProblem] = field(default_factory=list)
    """What could not be read; the readers add to it."""

    def add(self, consumer: Consumer) -> None:
        """Note a consumer, in place of what was known of it."""
        self.consumers[fold(consumer.id), consumer.service] = consumer

    def disk_set(self, set_id: str) -> Consumer | None:
        """The disk encryption set of that id: sets are read before the clusters that use them."""
        return self.consumers.get((fold(set_id), DISK_SETS))


Settings = Mapping[str, Json]
"""Encryption settings in the service's own words: the facts of `StepVerb.SET_CONSUMER_KEY`."""

Read = Callable[[Session, list[Mapping[str, Any]], Related, bool], Coroutine[Any, Any, list[Consumer]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerKind:
    """One service that can use a key: how to read it, how to see whether it lost its key, how to make it try again."""

    service: str
    resource_type: str
    api_version: str
    consumers_of: Read
    """``(session, ARM envelopes, related, urgent)`` -> the consumers among them; those that use no key are left out."""
    signal: Callable[[Session, str], Coroutine[Any, Any, Signal]]
    """``(session, consumer id)``, urgent. Raises AzureFailure."""
    revalidate: Callable[[Session, str], Coroutine[Any, Any, LongRunning | None]] | None = None
    """A write that asks the service to try its key again; None: the service has no such thing."""
    start_nodes: Callable[[Session, str], Coroutine[Any, Any, tuple[LongRunning, ...]]] | None = None
    """A write that starts the machines that lost their disks; None: the service has no machines."""
    switch: Callable[[Session, str], Coroutine[Any, Any, Switch]] | None = None
    """Whether it is switched on, urgent. Raises AzureFailure. None: it cannot be stopped by itself."""
    stop: Callable[[Session, str], Coroutine[Any, Any, tuple[LongRunning, ...]]] | None = None
    """The write that stops it at once, urgent, never retried; it goes with `switch` and `start`."""
    start: Callable[[Session, str], Coroutine[Any, Any, tuple[LongRunning, ...]]] | None = None
    target: Callable[[Session, str], Coroutine[Any, Any, Target]] | None = None
    """``(session, resource id)``, urgent: the resource as its provider shows it, with or without a key. Raises
    AzureFailure. None: the service takes no key from here."""
    set_key: Callable[[Session, str, Settings, Target | None], Coroutine[Any, Any, LongRunning | None]] | None = None
    """``(session, resource id, settings, what was read just before)``: the one write that gives the resource these
    settings, urgent, never retried; ``was`` among them is the key that it had. None: it cannot be changed."""
    shown: Callable[[Mapping[str, Any]], Target] | None = None
    """The target that an ARM envelope of the resource type shows, for lists; None: as for `target`."""


def slot_of(
    document: Mapping[str, Any], slot: str, key_url: Any, identity_id: str | None, related: Related
) -> KeySlot | None:
    """The slot of an envelope that names `key_url` and uses one of the envelope's identities. None: it names no key."""
    key_id = parse.key_id_of(key_url)
    if key_id is None:
        return None
    identity = parse_identities.identity_at(document, identity_id)
    if identity is None and identity_id is not None:
        identity = related.identities.get(fold(identity_id))
    elif identity is not None and identity_id is not None:
        # the identity's own envelope spells its id better than the consumer that refers to it
        identity = related.identities.get(fold(identity_id), identity)
    return KeySlot(
        slot=slot,
        key_id=key_id,
        principal_id=identity.principal_id if identity else None,
        identity_resource_id=identity.resource_id if identity else identity_id,
        identity_name=identity.name if identity else (last(identity_id) if identity_id else None),
    )


def carried_by(document: Mapping[str, Any]) -> tuple[CarriedIdentity, ...]:
    """The identities that a resource's envelope shows, its own one first."""
    found = parse_identities.identities_of(document)
    return tuple(
        CarriedIdentity(
            resource_id=None if one.system_assigned else one.resource_id,
            principal_id=one.principal_id,
        )
        for one in sorted(found, key=lambda one: not one.system_assigned)
    )


def carried_ids(document: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Object ids of the identities that a resource's envelope shows, its own one first; None where it hides one of them.

    An envelope without an identity block carries none.
    """
    found = [one.principal_id for one in carried_by(document)]
    named = parse.inside(document, "identity", "userAssignedIdentities")
    shown = sum(1 for one in carried_by(document) if one.resource_id)
    if isinstance(named, Mapping) and len(named) > shown:
        return None
    return tuple(one for one in found if one)


def texts(value: Json) -> tuple[str, ...]:
    """A list of ids among a step's facts."""
    return tuple(str(one) for one in value) if isinstance(value, list) else ()
