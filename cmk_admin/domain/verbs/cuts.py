"""Who is cut when grants go: which uses hang on the paths that a plan closes, and on nothing else."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cmk_admin.domain import words
from cmk_admin.domain.access import AccessPath, PathKind, paths
from cmk_admin.domain.ids import KeyId, fold
from cmk_admin.domain.index import Index, Use
from cmk_admin.domain.model import Consumer
from cmk_admin.domain.permissions import DATA_ACTIONS, GETS_AT_DATA
from cmk_admin.domain.plan import Effect, Watch
from cmk_admin.domain.services import service
from cmk_admin.domain.steps import Step, StepVerb
from cmk_admin.domain.verbs.changes import policy_target

LOST_BEFORE = "lost-before"
"""In a plan's `context`: the id of a consumer that was without its data already (`lost_before`)."""


class Cut(NamedTuple):
    """A use that loses its key, with the paths of it that are closed."""

    use: Use
    closed: tuple[AccessPath, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """What becomes of one consumer."""

    consumer: Consumer
    wanted: bool
    closed: tuple[AccessPath, ...] = ()
    left: tuple[AccessPath, ...] = ()
    """Paths on the key of the plan that are not closed."""
    doubt: str | None = None
    """Why it is not certain that it is cut, although nothing is known to be left to it; None: it is."""
    whole: bool = False
    """Its key is shut as a whole: every step of the way is its own."""


def grant_of(path: AccessPath) -> str | None:
    """The target of the step that closes a path: the assignment's id, or the policy's; folded."""
    if path.assignment is not None:
        return fold(path.assignment.id)
    if path.policy is not None:
        return fold(policy_target(path.scope, path.policy))
    if path.eligibility is not None:
        return fold(path.eligibility.id)
    return None


def kept_because(index: Index, path: AccessPath) -> str | None:
    """Why a plan does not close this path by default; None where it does."""
    if path.kind is PathKind.UNREAD:
        return path.unknown
    if path.group_id is not None:
        group = words.who(index, path.group_id)
        why = f"it is the grant of group {group}: removing it would cut every member"
        return f"{path.unknown}; {why}" if path.unknown else why
    if path.above_vault:
        why = f"it was granted on {words.scope(index, path.scope)}, above the vault, and reaches further than this key"
        return f"{path.unknown}; {why}" if path.unknown else why
    return path.unknown


def named_as(consumer: Consumer) -> tuple[str, str]:
    """What tells consumers apart: a cluster's disks and its etcd are two of one id."""
    return fold(consumer.id), consumer.service


def also_cut(
    index: Index,
    hosts: Iterable[str],
    found: Iterable[AccessPath],
    grants: frozenset[str],
    wanted: frozenset[tuple[str, str]],
) -> tuple[Cut, ...]:
    """The uses, besides those of the `wanted` consumers (`named_as`), that lose their last known path with the grants.

    Looked at are the keys of the vaults at `hosts` and, where one of the `found` paths that are closed reaches further,
    whatever its holders use. A use that has another path which is not sure to let it in is counted as cut: better a
    warning too many.
    """
    closing = [path for path in found if grant_of(path) in grants]
    holders = frozenset(one for path in closing for one in holders_of(index, path))
    vague = any(path.group_id is not None and members_of(index, path) is None for path in closing)
    uses = [use for host in dict.fromkeys(hosts) for use in index.uses_of_host(host)]
    if any(path.above_vault for path in closing):
        uses += [use for one in holders for use in index.uses_of_principal(one)]
    cut = []
    for use in dict.fromkeys(uses):
        who = use.slot.principal_id
        if who is None or named_as(use.consumer) in wanted or not (vague or who.lower() in holders):
            continue
        all_paths = use_paths(index, use)
        closed = tuple(path for path in all_paths if grant_of(path) in grants)
        if closed and not any(lets_in(path, use.consumer) for path in all_paths if path not in closed):
            cut.append(Cut(use, closed))
    return tuple(cut)


def holders_of(index: Index, path: AccessPath) -> tuple[str, ...]:
    """The folded object ids of all who are known to have a path's grant."""
    members = members_of(index, path)
    own = (path.group_id or path.principal_id, path.principal_id)
    return tuple(dict.fromkeys(one.lower() for one in (*own, *(members or ()))))


def members_of(index: Index, path: AccessPath) -> tuple[str, ...] | None:
    """The members of the group that a path goes through; none for another path; None: not read."""
    if path.group_id is None:
        return ()
    group = index.principal(path.group_id)
    return group.members if group else None


def use_paths(index: Index, use: Use) -> tuple[AccessPath, ...]:
    """The paths by which a use gets at its data."""
    if use.slot.principal_id is None:
        return ()
    return paths(index, use.slot.key_id, use.slot.principal_id, service(use.consumer.service).data_actions)


def lets_in(path: AccessPath, consumer: Consumer) -> bool:
    """Whether a path is sure to let a service go on: it is known, counts without a condition and without another
    application, and allows what the service itself asks its key for.

    A revoke closes any path that opens its data; this is about what it lives on where one is left.
    """
    if path.unknown or path.condition or path.kind in (PathKind.ELIGIBLE, PathKind.POLICY_COMPOUND):
        return False
    if path.policy is not None and path.policy.application_id:
        return False
    asks = [one for one in service(consumer.service).needs.permissions if DATA_ACTIONS.get(one) in GETS_AT_DATA]
    return all(one in path.allows for one in asks)


def lost_before(consumer: Consumer) -> bool:
    """True where a service shows that it is without its data already."""
    return (consumer.state or "").lower() in service(consumer.service).lost_words


def with_dependants(index: Index, consumers: Iterable[Consumer]) -> tuple[Consumer, ...]:
    """The consumers, each followed by what hangs under it and led by the set that holds its key; each once."""
    found: dict[tuple[str, str], Consumer] = {}
    for consumer in consumers:
        holder = index.holder_of(consumer)
        for one in (*((holder,) if holder else ()), consumer, *index.held_by(consumer.id)):
            found.setdefault((fold(one.id), one.service), one)
    return tuple(found.values())


def effect(index: Index, lot: Lot, steps: Mapping[str, Step]) -> Effect:
    """What happens to a consumer; `steps` by folded target, for their documented times."""
    facts = service(lot.consumer.service)
    stops, within = facts.stops, bound(lot, steps)
    sure = _lives_on(lot)
    read = [path for path in lot.left if path.unknown is None]
    if sure:
        stops, within = f"Goes on working: {words.path(index, sure[0])} stays open", None
    elif read:
        stops = f"{facts.stops}, unless it can live on what stays open: {words.path(index, read[0])}"
    elif lot.left:
        stops = f"{facts.stops}, unless a path that could not be read stays open"
    elif lot.doubt:
        stops = f"{facts.stops}, unless it goes on: {lot.doubt}"
    if not sure and within is None:
        stops = f"{stops}; how long it stays up meanwhile is not {'documented' if facts.known else 'known'}"
    return Effect(
        consumer_id=lot.consumer.id,
        consumer_name=lot.consumer.name,
        service=lot.consumer.service,
        stops=stops,
        within_seconds=within,
        lost=facts.lost,
        comes_back=facts.comes_back,
        source=facts.source or None,
        wanted=lot.wanted,
        goes_on=bool(sure),
        adds_up=_adds_up(lot, steps, within),
    )


def _lives_on(lot: Lot) -> list[AccessPath]:
    """The paths by which a consumer is sure to go on: where it needs several identities, one is left to each of them."""
    sure = [path for path in lot.left if lets_in(path, lot.consumer)]
    needed = {path.principal_id.lower() for path in (*lot.closed, *lot.left)}
    return sure if needed <= {path.principal_id.lower() for path in sure} else []


def _adds_up(lot: Lot, steps: Mapping[str, Step], within: int | None) -> str:
    """``10 minutes for the grant, then up to 10 minutes for the service``; empty where it is only one of the two."""
    lost = service(lot.consumer.service).lost_seconds
    if within is None or not lost or within == lost:
        return ""
    closing = _closing(lot, steps)
    verbs = {step.verb for step in closing if step.effect_seconds}
    what = "the firewall" if StepVerb.SET_NETWORK in verbs else "the grant"
    return f"{words.duration(within - lost)} for {what}, then up to {words.duration(lost)} for the service"


def watch(lot: Lot, steps: Mapping[str, Step], arranged: Sequence[Step]) -> Watch:
    """The consumer's signal is followed whether it should change or not: a guess is no proof.

    `arranged`: all steps of the plan, in their order.
    """
    own = {_same(step) for step in _closing(lot, steps)}
    return Watch(
        consumer_id=lot.consumer.id,
        service=lot.consumer.service,
        wanted="lost",
        within_seconds=bound(lot, steps),
        steps=tuple(n for n, step in enumerate(arranged, 1) if _same(step) in own),
    )


def bound(lot: Lot, steps: Mapping[str, Step]) -> int | None:
    """Azure's seconds after the last write by which the consumer should have lost its data, by documentation."""
    lost = service(lot.consumer.service).lost_seconds
    if lost is None:
        return None
    # Where nothing of its own is closed, a grant that went a moment ago may still count: the longest time holds
    closing = _closing(lot, steps) or list(steps.values())
    if lot.closed and any(s.verb is StepVerb.REMOVE_ASSIGNMENT and s.effect_seconds is None for s in closing):
        return None
    return lost + max((step.effect_seconds or 0 for step in closing), default=0)


def _closing(lot: Lot, steps: Mapping[str, Step]) -> list[Step]:
    """The steps that close a lot's paths; where its key is shut as a whole, whatever shuts it counts for everybody."""
    if lot.whole:
        return list(steps.values())
    return [step for path in lot.closed if (step := steps.get(grant_of(path) or ""))]


def _same(step: Step) -> tuple[StepVerb, str]:
    """What stays of a step wherever it is put: its stage may change."""
    return step.verb, fold(step.target)


def same_key(one: KeyId, other: KeyId) -> bool:
    """True where two ids name the same key, whatever the version."""
    return one.key.folded == other.key.folded
