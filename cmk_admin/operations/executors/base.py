"""What every executor has in common: how a target's facts are read, told apart from the plan's, and changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from cmk_admin.cloud.session import LongRunning, Session
from cmk_admin.domain.errors import AzureFailure
from cmk_admin.domain.steps import Json, Step
from cmk_admin.domain.verbs.changes import differences

Facts = Mapping[str, Json] | None

LATE_SECONDS = 10.0
"""Real seconds for which a request whose answer nobody has may still take effect: as long as an answer is waited for
(`cloud.session.Timeouts`)."""


class Seen(StrEnum):
    """How a step's target stands."""

    BEFORE = "before"
    """As the plan found it: the step is to be done."""
    AFTER = "after"
    """As the step would leave it: already so, or the step's own effect."""
    CHANGED = "changed"
    """Neither: somebody else changed it."""
    UNSEEN = "unseen"
    """It could not be read."""
    BUSY = "busy"
    """It is being changed just now: how it stands is known when that has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a look at a step's target found."""

    seen: Seen
    difference: str | None = None
    """CHANGED: in what it differs from the plan; UNSEEN: why it could not be read; BUSY: with what."""
    failure: AzureFailure | None = None
    foreign: str | None = None
    """AFTER: what to say where nothing was tried yet, so that what is there is somebody else's and not to be claimed."""
    busy: str | None = None
    """UNSEEN: with what it was busy until it was looked at no longer; it could be read then."""
    refused: str | None = None
    """CHANGED: a sentence where Azure decided against what was asked for; it says all that there is to say."""
    broken: str | None = None
    """AFTER: a sentence where the target says what it should, but Azure could not finish it."""
    late: float = 0.0
    """BEFORE: real seconds for which a request whose answer nobody has may still take effect, where to send it again would
    do it twice; 0: it may be sent again at once."""
    silent: bool = False
    """BEFORE: the target does not show that it is being changed: what nobody heard of may come long after `late`."""
    found: object = None
    """What was read, where the write can use it instead of reading it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """Azure's yes to a write."""

    long_running: tuple[LongRunning, ...] = ()
    """What it goes on doing; none: it is done."""
    request_id: str | None = None
    azure_date: str | None = None
    """The ``Date`` of Azure's answer to the write."""
    correlation_id: str | None = None
    already: str | None = None
    """A sentence where Azure refused what was sent since the same is there by somebody else's doing: nothing of this
    step's own was made, and nothing is to be taken back."""
    was_gone: bool = False
    """What was to be removed was not there any more: somebody else, or an earlier request of the step, was faster."""


class Executor(Protocol):
    """One step verb against Azure. Every method raises AzureFailure and nothing else."""

    verifies: bool
    """True where Azure's yes is not enough: the target is looked at again, and must be as the step says."""

    async def look(self, session: Session, step: Step) -> Look:
        """How the target stands now, read from its own provider."""

    async def do(self, session: Session, step: Step, look: Look) -> Accepted:
        """Send the one write; `look` is the newest look at the target. Never sent twice from here."""

    def passes(self, failure: AzureFailure) -> bool:
        """True where Azure's no may turn into a yes by waiting for what was changed a moment ago to count everywhere."""


class AtOnce:
    """Executors whose refusals do not pass by waiting, and whose accepted writes are done."""

    verifies = False

    def passes(self, failure: AzureFailure) -> bool:
        return False


def compare(step: Step, facts: Facts, *, found: object = None) -> Look:
    """Tell the target's facts, worded as the plan words them (None: it is not there), from its `before` and `after`."""
    now = None if facts is None else dict(facts)
    if not differences(step.verb, None if step.after is None else dict(step.after), now):
        return Look(seen=Seen.AFTER, found=found)
    changed = differences(step.verb, None if step.before is None else dict(step.before), now)
    if not changed:
        return Look(seen=Seen.BEFORE, found=found)
    return Look(seen=Seen.CHANGED, difference="; ".join(changed), found=found)
