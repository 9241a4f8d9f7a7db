"""A plan: what will be done, in which order, with which undo, what it closes and what it leaves open."""

import hashlib
import json
from dataclasses import dataclass, field
from enum import StrEnum

from cmk_admin.domain.steps import Step


class PathState(StrEnum):
    WILL_CLOSE = "will_close"
    STAYS_OPEN = "stays_open"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPath:
    """One way by which somebody can use the key, and what the plan does about it."""

    via: str
    """In words: ``role Key Vault Crypto User``, ``group Payments-Ops → role ...``, ``access policy``."""
    scope: str
    principal: str
    """Object id of the identity that uses the path."""
    principal_name: str | None
    state: PathState
    also_cuts: tuple[str, ...] = ()
    """Consumer ids that are cut as well."""
    reason: str | None = None
    """Why it stays open or is not known."""
    step: int | None = None
    """Number (from 1) of the step that closes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What happens to one consumer."""

    consumer_id: str
    consumer_name: str
    service: str
    stops: str
    within_seconds: int | None
    """After the last write, by documentation; None: Azure documents no time."""
    lost: str
    comes_back: str
    source: str | None = None
    wanted: bool = True
    """False: it is cut as well, although nobody asked for it."""
    goes_on: bool = False
    """True: it does not stop, because a path that is not closed is known to let it in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    name: str
    """grants, disable ..."""
    title: str
    possible: bool
    reason: str | None
    recommended: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """A consumer to follow after the writes."""

    consumer_id: str
    service: str
    wanted: str
    """``lost`` or ``back``."""
    within_seconds: int | None
    """Azure's seconds from the last write by when the signal should have changed, by documentation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    verb: str
    """revoke, restore, undo ..."""
    title: str
    """What it does in one line: ``Cut dcc-mysql off mysql-encryption-key``."""
    subject: str
    """The key id, or the operation that is answered."""
    steps: tuple[Step, ...]
    paths: tuple[PlannedPath, ...] = ()
    effects: tuple[Effect, ...] = ()
    methods: tuple[Method, ...] = ()
    method: str | None = None
    watches: tuple[Watch, ...] = ()
    findings: tuple[str, ...] = ()
    """Sentences: what was found out before anything was planned."""
    documents: tuple[tuple[str, str], ...] = ()
    """Texts that belong to the plan, by file name: what a person may save and apply elsewhere."""
    warnings: tuple[str, ...] = ()
    """Sentences that must be read before the start."""
    problems: tuple[str, ...] = ()
    """Sentences that forbid the start."""
    left: tuple[str, ...] = ()
    """Sentences: what stays as it is although it was to be taken back. The outcome can at best be partial."""
    answers: str | None = None
    """The operation that this one restores or undoes."""
    context: tuple[tuple[str, str], ...] = field(default=())
    """What is needed to read the paths again afterwards: key id, principals."""

    @property
    def hash(self) -> str:
        """SHA-256 over what would be done and in which order (verb, subject, steps with their stages).

        So a plan as printed can be told from another. Documents, findings and other words change nothing in Azure, so
        that they do not count.
        """
        return _digest(self.verb, self.subject, [[s.verb, s.target, s.before, s.after, s.stage] for s in self.steps])

    def is_hashed(self, written: str) -> bool:
        """Whether `written` is this plan's hash, or the one that an earlier version wrote, which left the stages out."""
        former = _digest(self.verb, self.subject, [[s.verb, s.target, s.before, s.after] for s in self.steps])
        return written in (self.hash, former)

    @property
    def open_paths(self) -> tuple[PlannedPath, ...]:
        """Paths that the plan does not close or does not know."""
        return tuple(p for p in self.paths if p.state is not PathState.WILL_CLOSE)


def _digest(*facts: object) -> str:
    text = json.dumps(facts, sort_keys=True, default=dict, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
