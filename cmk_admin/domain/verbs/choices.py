"""What a revoke offers besides, unticked, and what becomes of its steps where it is chosen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from cmk_admin.domain import words
from cmk_admin.domain.access import AccessPath
from cmk_admin.domain.ids import fold
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Consumer, RoleEligibility
from cmk_admin.domain.plan import Choice, Gate, PlannedPath
from cmk_admin.domain.services import service
from cmk_admin.domain.steps import Step
from cmk_admin.domain.verbs import changes_revoke, changes_roles, cuts, readiness
from cmk_admin.domain.verbs.cuts import Lot
from cmk_admin.domain.verbs.revoking import RevokeDraft
from cmk_admin.domain.verbs.ways import naming
from cmk_admin.domain.verbs.ways.asked import Asked, Way

REMOVE, STOP, STAGED, ACTIVATE = "remove:", "stop:", "staged:", "activate:"
SUSPEND = "suspend-rotation"
NOBODY = "Nobody else is known to hang on it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The steps of a way with what was chosen besides."""

    steps: tuple[Step, ...]
    choices: tuple[Choice, ...]
    gates: tuple[Gate, ...] = ()
    problems: tuple[str, ...] = ()
    first: tuple[Step, ...] = field(default=())
    """Activations: steps that need a right of theirs come after them."""


def removals(choices: Sequence[str]) -> frozenset[str]:
    """The folded targets of the grants that were chosen to be removed as well."""
    return frozenset(fold(one.removeprefix(REMOVE)) for one in choices if one.startswith(REMOVE))


def activated(index: Index, draft: RevokeDraft) -> tuple[Step, ...]:
    """The activations of eligible roles that were chosen."""
    wished = {fold(one.removeprefix(ACTIVATE)) for one in draft.choices if one.startswith(ACTIVATE)}
    return tuple(_activation(index, one, draft) for one in index.estate.role_eligibilities if fold(one.id) in wished)


def activations(asked: Asked, way: Way, draft: RevokeDraft) -> tuple[tuple[Choice, Step], ...]:
    """Eligible roles of the account itself that would give it what it lacks for the way's steps."""
    index, wished = asked.index, {fold(one) for one in draft.choices}
    offered = []
    for one in readiness.activations(index, asked.around, way.steps):
        step, name = _activation(index, one, draft), ACTIVATE + one.id
        why = "This account lacks a right for it, and may activate a role that gives it; what needs it waits for that."
        offered.append((Choice(id=name, title=step.words, why=why, chosen=fold(name) in wished), step))
    return tuple(offered)


def _activation(index: Index, one: RoleEligibility, draft: RevokeDraft) -> Step:
    reason = draft.reason or f"Emergency revocation: {draft.key.name}"
    return changes_roles.activate(index, one, reason, draft.ticket or "")


def apply(asked: Asked, way: Way, choices: Sequence[str], *, first: Sequence[tuple[Choice, Step]] = ()) -> Chosen:
    """The way's steps, staged and with what else was chosen; `first`: what can be done before all else."""
    wished = {fold(one): one for one in choices}
    offered = [
        *_wide(asked, way, wished),
        *(choice for choice, _ in _stops(way, wished)),
        *(choice for choice, _ in _rotations(asked, wished)),
        *(choice for choice, _ in first),
    ]
    steps, gates, staged, wrong = _staged(asked, way, wished)
    offered += staged
    extra = [step for choice, step in (*_stops(way, wished), *_rotations(asked, wished)) if choice.chosen]
    held = _held_back(gates, way)
    extra = [replace(step, stage=1) if fold(step.target) in held else step for step in extra]
    early = tuple(step for choice, step in first if choice.chosen)
    known = {fold(one.id) for one in offered}
    wrong += [
        f"“{text}” is not among the choices of this plan."
        for one, text in wished.items()
        if one not in known and not _is_removed(one, steps)
    ]
    found = [*steps, *extra]
    if early:
        found = [_after_roles(asked, step) for step in found]
        gates = tuple(replace(gate, stage=gate.stage + 1) for gate in gates)
    return Chosen(steps=(*early, *found), choices=tuple(offered), gates=gates, problems=tuple(wrong), first=early)


def _after_roles(asked: Asked, step: Step) -> Step:
    """What the account may do already begins at once, and not only after a role that may have to be approved."""
    if step.stage == 0 and not readiness.waits_for_role(asked.index, asked.around, step):
        return step
    return replace(step, stage=step.stage + 1)


def arranged(
    steps: Sequence[Step], paths: Sequence[PlannedPath], way: Way
) -> tuple[tuple[Step, ...], tuple[PlannedPath, ...]]:
    """The steps in the order of their stages; the paths with the numbers that their steps have then."""
    ordered = sorted(steps, key=lambda step: step.stage)
    number = {(step.verb, fold(step.target)): n for n, step in enumerate(ordered, 1)}
    before = {n: number[step.verb, fold(step.target)] for n, step in enumerate(way.steps, 1)}
    return tuple(ordered), tuple(replace(p, step=before[p.step]) if p.step else p for p in paths)


def _wide(asked: Asked, way: Way, wished: Mapping[str, str]) -> list[Choice]:
    """Grants that reach further, or more people: removed only where that is wished."""
    offered = []
    for path in way.kept:
        if path.unread or (target := cuts.grant_of(path)) is None:
            continue
        offered.append(_remove(asked, path, target, chosen=False))
    for path in way.gone:
        target = cuts.grant_of(path)
        if target is not None and REMOVE + target in wished:
            offered.append(_remove(asked, path, target, chosen=True))
    return offered


def _remove(asked: Asked, path: AccessPath, target: str, *, chosen: bool) -> Choice:
    index = asked.index
    members, holders = cuts.members_of(index, path), cuts.holders_of(index, path)
    cut = [
        use
        for one in holders
        for use in index.uses_of_principal(one)
        if cuts.named_as(use.consumer) not in asked.wanted and _reaches(asked, path, use.slot.key_id.host)
    ]
    said = []
    if members:
        who = naming.listed([words.who(index, one) for one in members])
        said.append(f"{words.count(len(members), 'member')}: {who}")
    if cut:
        said.append(f"it concerns {naming.listed([use.consumer.name for use in cut])} too")
    elif members:
        said.append("no other service is known to use it")
    if members is None:
        said.append("the members of the group could not be read")
    elif path.group_id is not None:
        known = {one.lower() for one in asked.all_identities}
        known |= {use.slot.principal_id.lower() for use in cut if use.slot.principal_id}
        rest = sum(one.lower() not in known for one in members)
        lose = "loses" if rest == 1 else "lose"
        said += [f"{words.count(rest, 'other member')} of the group {lose} it too"] if rest else []
    if path.above_vault:
        said.append(f"it reaches all that {words.scope(index, path.scope)} holds")
    why = "; ".join(said) or NOBODY
    what = f"Remove {words.via(index, path)} on {words.scope(index, path.scope)} as well"
    return Choice(id=REMOVE + target, title=what, why=f"{why[0].upper()}{why[1:].rstrip('.')}.", chosen=chosen)


def _reaches(asked: Asked, path: AccessPath, host: str) -> bool:
    vault = asked.index.vault_at(host)
    return vault is None or fold(path.scope) in asked.index.scopes_above(vault.id) or not path.above_vault


def _stops(way: Way, wished: Mapping[str, str]) -> list[tuple[Choice, Step]]:
    """Services that Azure can stop at once, whatever their key."""
    offered = []
    for lot in way.lots:
        one = lot.consumer
        document = service(one.service).stops_at_once
        if not (lot.wanted and document) or (one.state or "").lower() == "stopped":
            continue
        step = changes_revoke.stop_consumer(one)
        why = (
            f"It stops at once ({document}), and not only when it notices that its key is gone; what it holds in memory "
            "is lost. A service that stands still shows nothing of its key, so that the loss itself is not confirmed."
        )
        choice = Choice(id=STOP + one.id, title=step.words, why=why, chosen=fold(STOP + one.id) in wished)
        offered.append((choice, step))
    return offered


def _rotations(asked: Asked, wished: Mapping[str, str]) -> list[tuple[Choice, Step]]:
    """The rotation that would make a fresh, enabled version meanwhile."""
    policy = asked.around.rotations.get(asked.key.folded) if asked.around else None
    actions = (policy or {}).get("lifetime_actions")
    if not policy or not isinstance(actions, list) or not any(map(changes_revoke.is_rotation, actions)):
        return []
    step = changes_revoke.suspend_rotation(asked.key, policy)
    why = "A rotation would make a new version, and that is enabled; a restore turns it on again."
    return [(Choice(id=SUSPEND, title=step.words, why=why, chosen=SUSPEND in wished), step)]


def _staged(
    asked: Asked, way: Way, wished: Mapping[str, str]
) -> tuple[list[Step], tuple[Gate, ...], list[Choice], list[str]]:
    """One consumer first, the rest when it was seen to be lost; offered where several are cut."""
    steps = list(way.steps)
    wrong: list[str] = []
    offered: list[Choice] = []
    gates: tuple[Gate, ...] = ()
    on: dict[str, set[int]] = {}
    for n, lot in enumerate(way.lots):
        for path in lot.closed:
            on.setdefault(cuts.grant_of(path) or "", set()).add(n)
    groups = [lot for lot in way.lots if lot.wanted and asked.index.holder_of(lot.consumer) is None]
    if len(groups) < 2:
        return steps, gates, offered, wrong
    for lot in groups:
        one = lot.consumer
        first = frozenset(cuts.grant_of(path) or "" for path in lot.closed)
        why_not = _inseparable(way, lot, first, on)
        chosen = fold(STAGED + one.id) in wished
        why = why_not or f"The rest waits until {one.name} was seen to have lost its data."
        title = f"Cut {one.name} first, watch it, then the rest"
        offered.append(Choice(id=STAGED + one.id, title=title, why=why, chosen=chosen, possible=why_not is None))
        if chosen and (why_not or gates):
            wrong.append(why_not or "Only one service can be cut first.")
        elif chosen:
            steps = [step if fold(step.target) in first else replace(step, stage=1) for step in way.steps]
            gates = (Gate(stage=1, consumer_id=one.id, service=one.service),)
    return steps, gates, offered, wrong


def _inseparable(way: Way, lot: Lot, first: frozenset[str], on: Mapping[str, set[int]]) -> str | None:
    """Why a consumer cannot be cut by itself; None where it can."""
    name = lot.consumer.name
    if not lot.closed:
        return f"{name} cannot be cut first: this method cuts all at once." if not lot.left else f"{name} stays open."
    sharing = {n for grant in first for n in on.get(grant, ())}
    others = [way.lots[n].consumer for n in sorted(sharing)]
    strangers = [one.name for one in others if not _together(lot.consumer, one)]
    if strangers:
        return f"{name} cannot be cut first: it shares its identity or its grant with {naming.listed(strangers)}."
    if all(fold(step.target) in first for step in way.steps):
        return f"{name} cannot be cut first: nothing else is cut."
    return None


def _together(one: Consumer, other: Consumer) -> bool:
    """Whether one is the other, or hangs under it."""
    return fold(one.id) in (fold(other.id), fold(other.holder_id or ""))


def _held_back(gates: Sequence[Gate], way: Way) -> frozenset[str]:
    """Folded ids of the consumers that wait for the first one."""
    if not gates:
        return frozenset()
    return frozenset(fold(lot.consumer.id) for lot in way.lots) - {fold(gates[0].consumer_id)}


def _is_removed(choice: str, steps: Sequence[Step]) -> bool:
    return any(choice == REMOVE + fold(step.target) for step in steps)
