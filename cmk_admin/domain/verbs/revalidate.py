"""Revalidate: ask a service to try its key again, or start the machines that lost it."""

from dataclasses import dataclass

from cmk_admin.domain.ids import KeyId, last
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Consumer
from cmk_admin.domain.plan import Plan, Watch
from cmk_admin.domain.problems import Problem, blocking, warning
from cmk_admin.domain.services import service
from cmk_admin.domain.surroundings import Surroundings, several_keys
from cmk_admin.domain.verbs import changes, rights
from cmk_admin.domain.verbs.attach_mysql import SINGLE


@dataclass(frozen=True, slots=True, kw_only=True)
class RevalidateDraft:
    """Which service shall try its key again."""

    consumer: str = ""
    """ARM id."""
    service: str = ""
    """A name of `domain.services`."""


def problems(draft: RevalidateDraft, index: Index, around: Surroundings) -> tuple[Problem, ...]:
    """What forbids it."""
    consumer = consumer_of(draft, index)
    if consumer is None:
        return (Problem(code="no-consumer", sentence="Choose a service that uses a key.", field="consumer"),)
    facts = service(draft.service)
    found: list[Problem] = []
    several = len(consumer.slots) if draft.service == SINGLE else 1
    if several > 1:
        said = several_keys(consumer.name, several)
        found.append(Problem(code="key-unclear", sentence=said, field="consumer"))
    if changes.heal(consumer.id, consumer.name, draft.service, stage=0) is None:
        said = f"{facts.title} tries its key again by itself: there is nothing to ask it for."
        found.append(Problem(code="automatic", sentence=said, field="consumer"))
    else:
        action = rights.write_of(draft.service)
        missing = rights.missing(around, action, consumer.id, f"change {consumer.name}", field="consumer")
        found += [missing] if missing else []
    found += rights.locked(index, [consumer.id], deletes=False, field="consumer")
    return tuple(found)


def plan(draft: RevalidateDraft, index: Index, around: Surroundings) -> Plan:
    """The one request, then the service's own signal."""
    said = problems(draft, index, around)
    consumer, key = consumer_of(draft, index), next(iter(keys_of(draft, index)), None)
    name = consumer.name if consumer else last(draft.consumer)
    step = changes.heal(consumer.id, consumer.name, draft.service, stage=0) if consumer else None
    seconds = service(draft.service).back_seconds
    watch = Watch(consumer_id=draft.consumer, service=draft.service, wanted="back", within_seconds=seconds)
    return Plan(
        verb="revalidate",
        title=f"Ask {name or 'a service'} to try its key again",
        subject=str(key or draft.consumer),
        steps=(step,) if step else (),
        watches=(watch,) if step else (),
        warnings=(*warning(said), *around.unread),
        problems=blocking(said),
        context=(("key", str(key)),) if key else (),
    )


def consumer_of(draft: RevalidateDraft, index: Index) -> Consumer | None:
    """The service, as the estate knows it."""
    return next((one for one in index.consumers(draft.consumer) if one.service == draft.service), None)


def keys_of(draft: RevalidateDraft, index: Index) -> tuple[KeyId, ...]:
    """The keys that the consumer uses, as the estate knows it."""
    consumer = consumer_of(draft, index)
    return tuple(dict.fromkeys(slot.key_id.key for slot in index.slots_of(consumer))) if consumer else ()
