"""What the readers of consumers share: what was read before them, and how a slot names its identity."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

from cmk_admin.cloud import parse
from cmk_admin.cloud.session import LongRunning, Session
from cmk_admin.cloud.signals import Signal
from cmk_admin.domain.ids import fold, last
from cmk_admin.domain.model import Consumer, CoverageProblem, Identity, KeySlot


@dataclass(slots=True, kw_only=True)
class Related:
    """What other resources say about the consumers being read."""

    identities: dict[str, Identity] = field(default_factory=dict)
    """User-assigned identities by folded resource id."""
    consumers: dict[str, Consumer] = field(default_factory=dict)
    """Consumers read before, by folded id: disk encryption sets come before the clusters that use them."""
    problems: list[CoverageProblem] = field(default_factory=list)
    """What could not be read; the readers add to it."""


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


def slot_of(
    document: Mapping[str, Any], slot: str, key_url: Any, identity_id: str | None, related: Related
) -> KeySlot | None:
    """The slot of an envelope that names `key_url` and uses one of the envelope's identities. None: it names no key."""
    key_id = parse.key_id_of(key_url)
    if key_id is None:
        return None
    identity = parse.identity_at(document, identity_id)
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
