"""A plan: what will be done, in which order, with which undo, what it closes and what it leaves open."""

import hashlib
import json
from dataclasses import dataclass, field
from enum import StrEnum

from cmk_admin.domain.steps import Step, StepVerb


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
    kind: str = "use"
    """``use``: it is open now; ``eligible``: the principal may open it by itself (privileged identity management);
    ``copy``: to the same key material in another vault; ``regrant``: who could grant it again; ``backup``: who could take
    a backup of it and restore that into another vault."""
    condition: str | None = None
    """Of the grant; it is not evaluated, so that the path counts as open."""


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
    """True: it does not stop, because a path that is not closed is known to let it in, or because nothing is started."""
    adds_up: str = ""
    """What `within_seconds` is made of, in words, where it is more than one thing; empty: it is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    name: str
    """grants, disable, operations, firewall, delete; ``expiry`` stands there as what is no revocation."""
    title: str
    possible: bool
    reason: str | None
    """Why not, or what speaks for or against it."""
    recommended: bool
    within_seconds: int | None = None
    """Azure's seconds within which the vault refuses, by documentation; None: not documented."""
    others: str = ""
    """Who else is hit, in a sentence; empty: nobody."""
    survives: str = ""
    """What still works afterwards, in a sentence."""
    undone: str = ""
    """How it is taken back, in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Something that a plan offers besides, and does only where it is asked for."""

    id: str
    """``remove:GRANT``, ``stop:CONSUMER``, ``suspend-rotation``, ``staged:CONSUMER``, ``activate:ELIGIBILITY``: what the
    draft's `choices` name."""
    title: str
    why: str
    """What it does and whom else it concerns, in a sentence."""
    chosen: bool
    possible: bool = True
    """False: it cannot be chosen, and `why` says why not."""


class Answer(StrEnum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that must hold so that this account can do the plan, or take it back."""

    name: str
    """``data-plane``, ``assignments``, ``locks``, ``reach``, ``token``, ``own-access``, ``give-back``, ``vault`` ..."""
    answer: Answer
    sentence: str
    next: str = ""
    """What to do where the answer is not yes."""
    said: str = ""
    """What a person answered, in words, where only a person can; empty: nobody did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Where a plan waits: the stage begins only after these consumers were seen as they should be."""

    stage: int
    consumer_id: str
    service: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """A consumer to follow after the writes."""

    consumer_id: str
    service: str
    wanted: str
    """``lost`` or ``back``."""
    within_seconds: int | None
    """Azure's seconds from the last write by when the signal should have changed, by documentation."""
    steps: tuple[int, ...] = ()
    """Numbers (from 1) of the steps that must all be done for it to be cut, or given back; none: the plan names none."""


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
    cause: str | None = None
    """What happened, as `verbs.revoke.Cause` words it."""
    why: str = ""
    """Why this is the plan for it, in a sentence."""
    next: tuple[str, ...] = ()
    """Sentences: what is to be done after it, in order; no step of this plan."""
    regrants: tuple[PlannedPath, ...] = ()
    """Who could open again what is closed. They are shown, and count for no outcome."""
    choices: tuple[Choice, ...] = ()
    checks: tuple[Check, ...] = ()
    """Can I, and can I give back?"""
    gates: tuple[Gate, ...] = ()
    not_restored: tuple[str, ...] = ()
    """Sentences: what a restore cannot make as it was, since Azure cannot."""
    left: tuple[str, ...] = ()
    """Sentences: what stays as it is although it was to be taken back. The outcome can at best be partial."""
    answers: str | None = None
    """The operation that this one restores or undoes."""
    context: tuple[tuple[str, str], ...] = field(default=())
    """What is needed to read the paths again afterwards: key id, principals."""

    @property
    def hash(self) -> str:
        """SHA-256 over what would be done and in which order (verb, subject, steps with their stages), and who is cut by it.

        So a plan as printed can be told from another, also where the same steps would cut a service that came meanwhile.
        Documents, findings, paths that stay open and other words change nothing in Azure, so that they do not count.
        """
        cut = sorted([one.consumer_id.lower(), one.service, one.wanted, one.goes_on] for one in self.effects)
        return _digest(*self._done, *([{"cut": cut}] if cut else []))

    def is_hashed(self, written: str) -> bool:
        """Whether `written` is this plan's hash, or one that an earlier version wrote: without whom it cuts, or without the
        stages."""
        former = _digest(self.verb, self.subject, [[s.verb, s.target, s.before, s.after] for s in self.steps])
        return written in (self.hash, _digest(*self._done), former)

    @property
    def _done(self) -> tuple[object, ...]:
        """What would be done, as it is hashed."""
        gates = [[g.stage, g.consumer_id, g.service] for g in self.gates]
        steps = [[s.verb, s.target, s.before, s.after, s.stage] for s in self.steps]
        return (self.verb, self.subject, steps, *([gates] if gates else []))

    @property
    def goes_on(self) -> bool:
        """Whether whom it follows serves all the while: their key is changed, and is not to be lost in between."""
        return self.verb in ("attach", "detach") or any(one.verb is StepVerb.SET_CONSUMER_KEY for one in self.steps)

    @property
    def open_paths(self) -> tuple[PlannedPath, ...]:
        """Paths that the plan does not close or does not know."""
        return tuple(p for p in self.paths if p.state is not PathState.WILL_CLOSE)


def _digest(*facts: object) -> str:
    text = json.dumps(facts, sort_keys=True, default=dict, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
