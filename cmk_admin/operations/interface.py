"""What the window and the command line see of the program: protocols and plain types. Nothing here does anything.

Every coroutine of a `Backend` runs on the background loop. Listeners are called on that loop's thread, must return at
once and must not raise; the window's bridge carries what they hand over to the Qt thread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from cmk_admin.domain.drill import Debrief
from cmk_admin.domain.errors import CmkError
from cmk_admin.domain.model import Estate
from cmk_admin.domain.plan import Plan, PlannedPath
from cmk_admin.domain.steps import Outcome, StepState
from cmk_admin.domain.verbs.revoke import RevokeDraft
from cmk_admin.domain.words import ITSELF
from cmk_admin.operations.connection import (
    ConnectionChoice,
    ConnectionInfo,
    ConnectionKind,
    HostReach,
    LiveChoice,
    OnSignIn,
)
from cmk_admin.operations.proof_facts import GIVEN_BACK, Counting, PathProof, Proof, ProvenPath

if TYPE_CHECKING:
    # Who only looks, or revokes, loads no wizard
    from cmk_admin.domain.record import Record
    from cmk_admin.domain.surroundings import Surroundings, Target
    from cmk_admin.domain.verbs.drafts import Draft

__all__ = [
    "GIVEN_BACK",
    "Alarm",
    "Backend",
    "Boundary",
    "ConnectionChoice",
    "ConnectionInfo",
    "ConnectionKind",
    "Connector",
    "Counting",
    "HostReach",
    "Incident",
    "LiveChoice",
    "OnBoundary",
    "OnEstate",
    "OnReport",
    "OnSignIn",
    "OperationReport",
    "PathProof",
    "Proof",
    "ProvenPath",
    "StepReport",
    "Unkept",
    "WatchReport",
    "WatchResult",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReport:
    """One step as it stands."""

    n: int
    """From 1."""
    verb: str
    target: str
    words: str
    state: StepState
    undo: str | None
    error: str | None = None
    request_id: str | None = None
    azure_date: str | None = None
    """The ``Date`` of Azure's answer, as it stood there."""
    correlation_id: str | None = None
    activity: str | None = None
    """What the Activity Log says of it, in a sentence; of one that was skipped: who did it."""

    @property
    def said(self) -> str | None:
        """What is to be read beside its state: its error, or that it was so already, and by whom."""
        return self.error or (self.activity if self.state is StepState.SKIPPED else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Something that was closed, or was not there, and is open now."""

    at: datetime
    text: str
    """A sentence: what came back, by whom where Azure tells."""
    kind: str
    """``re-granted``, ``new-version``, ``enabled-again``, ``unreadable``, ``unreachable`` ..."""


class Incident(StrEnum):
    """A revoke is an incident until somebody closes it: so long its paths are read again on a schedule."""

    OPEN = "open"
    CLOSED = "closed"


class WatchResult(StrEnum):
    WAITING = "waiting"
    CONFIRMED = "confirmed"
    """The signal changed to what was wanted after the first write."""
    NOT_CONFIRMED = "not_confirmed"
    """No proof, with the reason."""
    CONTRADICTED = "contradicted"
    """Past the documented time and the signal still says the opposite."""


AWAY = "Nothing of Azure answers"
"""How `OperationReport.paused` begins while the network is away; else it waits as its plan says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchReport:
    """One consumer being followed, or the end of it."""

    consumer_id: str
    consumer_name: str
    service: str
    wanted: str
    """``lost`` or ``back``."""
    result: WatchResult
    before: str | None
    """Azure's word before the first write."""
    now: str | None
    seconds: float | None
    """Azure's seconds since the first write that is meant for it: so far, or when it was confirmed."""
    wall_seconds: float | None
    within_seconds: int | None
    """The documented bound."""
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationReport:
    """One operation as it stands; what `operations` lists and what a running one publishes after every change."""

    operation: str
    verb: str
    title: str
    subject: str
    outcome: Outcome
    steps: tuple[StepReport, ...]
    open_paths: tuple[PlannedPath, ...] = ()
    watch: tuple[WatchReport, ...] = ()
    created_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str | None = None
    ticket: str | None = None
    answers: str | None = None
    """The operation that this one restores or undoes."""
    answered_by: str | None = None
    """The operation that restored or undid this one."""
    partly_given_back: bool = False
    """Something of it was given back, by whichever operation."""
    alive: bool = False
    """A process is running it now."""
    resumable: bool = False
    undoable: bool = False
    sentence: str = ""
    """Where it stands, in one sentence."""
    plan: Plan | None = None
    restore_file: Path | None = None
    """The self-contained file from which `restore FILE` gives back what this revoke took; None where there is none."""
    cancel_requested: bool = False
    incident: Incident | None = None
    """Of a revoke; None: it changed nothing, or it is no revoke."""
    proof: Proof | None = None
    """The newest one; None: the paths have not been read again yet."""
    next_proof_at: datetime | None = None
    alarms: tuple[Alarm, ...] = ()
    """Newest first; also those that are over."""
    paused: str | None = None
    """A sentence, while it waits: for the network, an approval, a grant to count, the first consumer of a staged revoke.

    Only the process that runs it knows.
    """
    log: tuple[str, ...] = field(default=())

    @property
    def left_open(self) -> tuple[int, int]:
        """How many paths the newest proof found open, and how many not known, that nobody gave back."""
        if self.proof is None or self.incident is None or self.answered_by is not None:
            return 0, 0
        # What a part of a restore opened for one is open for whoever gets at the key
        left = [one for one in self.proof.left if not self.partly_given_back or one.path.via != ITSELF]
        opened = sum(one.state is PathProof.OPEN for one in left)
        return opened, len(left) - opened


class Unkept(CmkError):
    """The journal took no more, so that an operation was stopped: it can be gone on with when there is room. Code ``store``.

    `report` is how it stood then; `under_way` are the numbers of the steps whose calls were in flight.
    """

    def __init__(self, message: str, *, report: OperationReport, under_way: tuple[int, ...], next: str) -> None:
        super().__init__("store", message, subject=report.operation, next=next)
        self.report, self.under_way = report, under_way


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundary:
    """A step crossed a boundary. `intent` comes after the journal's commit and before the request."""

    operation: str
    step: int
    of: int
    event: str
    """intent, sent, accepted, done, failed."""


OnEstate = Callable[[Estate], None]
OnReport = Callable[[OperationReport], None]
OnBoundary = Callable[[Boundary], None]


class Backend(Protocol):
    """One open connection."""

    @property
    def info(self) -> ConnectionInfo: ...

    @property
    def estate(self) -> Estate | None:
        """The newest estate that was read or loaded in this connection."""

    async def load_last(self) -> Estate | None:
        """The estate that was saved last, at once, without the network; None where there is none."""

    async def read(self, publish: OnEstate | None = None) -> Estate:
        """Read all of it; `publish` gets growing estates (coverage not finished) as answers arrive. Saved at the end.

        Raises AzureFailure only where nothing at all could be read (sign-in, resource manager unreachable); everything
        else is told in the estate's coverage.
        """

    async def refresh_key(self, key_id: str) -> Estate:
        """Read one key anew from its providers (vault, versions, assignments, policies, the consumers that name it)."""

    async def reach(self, vault: str | None = None) -> tuple[HostReach, ...]:
        """Whether sign-in, resource manager, a vault and Microsoft Graph answer. Raises BadInput (no vault of this cloud).

        `vault` (a name or a host) is the one that is tried; without it, one that is known.
        """

    async def prepare_revoke(self, draft: RevokeDraft) -> Plan:
        """Refresh what the draft touches, then plan. Raises BadInput."""

    async def prepare_restore(self, operation: str, *, consumers: tuple[str, ...] = ()) -> Plan:
        """What gives back exactly what that operation took; `consumers` (ids): only what these need.

        Raises BadInput (unknown operation or consumer, a file that is none), Refused.
        """

    async def prove(self, operation: str) -> OperationReport:
        """Read all paths of a revoke again from their providers, now, and keep what was found. Raises BadInput.

        What cannot be read is unknown; it is no error.
        """

    async def guard(self, on_report: OnReport) -> None:
        """Read the paths of every open incident again on a schedule, until this coroutine is cancelled.

        `on_report` is told after each reading, and of each alarm.
        """

    async def close_incident(self, operation: str, *, anyway: bool = False) -> OperationReport:
        """Read its paths once more, and then no more. Raises BadInput, Refused.

        Refused ``busy``: it is still being run; ``still-open``: a path is open or not known, or what closed it does not
        count yet. `anyway`: it is closed all the same, and the record says with what.
        """

    async def record(self, operation: str) -> Record:
        """Everything that was written down about an operation, hash-chained; also while it runs. Raises BadInput."""

    async def debrief(self) -> Debrief | None:
        """How the drill of this connection stands; None where it is no drill. Raises AzureFailure."""

    async def targets(self, service: str) -> tuple[Target, ...]:
        """The resources that can take a key as this service (a name of `domain.services`), with or without one.

        Raises AzureFailure where they could not be listed, BadInput for a service that takes no key from here.
        """

    async def survey(self, draft: Draft) -> Surroundings:
        """Read what a wizard's draft must be held against besides the estate. What could not be read is told in it."""

    async def prepare(self, draft: Draft) -> Plan:
        """Read anew what the draft touches, then plan. Raises AzureFailure where the estate itself could not be read."""

    async def prepare_undo(self, operation: str) -> Plan:
        """The inverse of what was done, in reverse order; what cannot be undone is in `problems`."""

    async def run(
        self,
        plan: Plan,
        *,
        reason: str | None = None,
        ticket: str | None = None,
        watch: bool = True,
        on_report: OnReport | None = None,
        on_boundary: OnBoundary | None = None,
    ) -> OperationReport:
        """Journal the plan and run it; with `watch` until every consumer is confirmed or its time is over.

        Not cancelled by cancelling the coroutine's caller: use `cancel`. Raises Unkept where the journal took no more.
        """

    async def resume(
        self,
        operation: str,
        *,
        watch: bool = True,
        on_report: OnReport | None = None,
        on_boundary: OnBoundary | None = None,
    ) -> OperationReport:
        """Go on with an interrupted operation. Raises Refused while another process runs it, Unkept."""

    async def undo(
        self,
        operation: str,
        *,
        watch: bool = True,
        on_report: OnReport | None = None,
        on_boundary: OnBoundary | None = None,
    ) -> OperationReport:
        """`prepare_undo` and `run` in one, holding the operation's lock. Raises Unkept."""

    async def cancel(self, operation: str) -> None:
        """Do not start the next step; the call in flight is finished and journaled. While watching: stop watching."""

    async def operations(self) -> tuple[OperationReport, ...]:
        """All operations of this connection, newest first."""

    async def operation(self, operation: str) -> OperationReport:
        """One of them, by id or unambiguous beginning. Raises BadInput."""

    async def close(self) -> None:
        """Finish the calls in flight (bounded), journal, close. The operations that were running stay resumable."""


class Connector(Protocol):
    """What app.py hands to the window and the command line."""

    async def __call__(self, choice: ConnectionChoice, on_sign_in: OnSignIn | None = None, /) -> Backend:
        """Open a connection. `on_sign_in` is told what a live sign-in has to say; a cancel ends its waiting.

        Raises BadInput (file unreadable ...), AzureFailure (sign-in refused ...).
        """
