"""Remove what lets the services in: role assignments on the key and its vault, and access-policy entries.

Grants above the vault and grants of groups are never removed by default: they are named as paths that stay open, and
offered one by one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cmk_admin.domain import words
from cmk_admin.domain.access import AccessPath, paths
from cmk_admin.domain.ids import KeyId
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Consumer
from cmk_admin.domain.plan import PlannedPath
from cmk_admin.domain.steps import Step, StepVerb
from cmk_admin.domain.verbs import changes, changes_roles, cuts
from cmk_admin.domain.verbs.cuts import Lot
from cmk_admin.domain.verbs.ways import again, backup, naming
from cmk_admin.domain.verbs.ways.asked import Asked, Way
from cmk_admin.domain.verbs.ways.blocked import blocked

NAME = "grants"

Keeps = Callable[[Index, AccessPath], str | None]
"""Why a path is not closed by default; None: it is closed."""

SURVIVES = (
    "The key and every version of it stay as they are, for everybody else; who may assign roles can grant it again."
)
REWRITTEN = (
    "Azure writes anew who made a role assignment and when: after a restore it shows the day of the restore and whoever "
    "restored."
)


@dataclass(frozen=True, slots=True)
class Removal:
    """What is removed of the paths that were found, and what is not."""

    steps: tuple[Step, ...]
    numbers: dict[str, int]
    """Of the steps, from 1, by the grant that each removes (`cuts.grant_of`)."""
    kept: tuple[AccessPath, ...]
    """Paths that are closed only where that is chosen; one for each grant."""
    gone: tuple[AccessPath, ...]
    """Paths that are closed, in the order of the steps; one for each grant."""


def removal(
    index: Index, found: Sequence[AccessPath], chosen: frozenset[str], *, kept: Keeps = cuts.kept_because
) -> Removal:
    """The steps that close paths: those that are close to the key, and the wide ones that were chosen."""
    numbers: dict[str, int] = {}
    steps: list[Step] = []
    gone: list[AccessPath] = []
    left: dict[str, AccessPath] = {}
    for path in found:
        grant = cuts.grant_of(path)
        if grant is None or grant in numbers or grant in left:
            continue
        if kept(index, path) is None or grant in chosen:
            steps.append(_closing(index, path))
            gone.append(path)
            numbers[grant] = len(steps)
        else:
            left[grant] = path
    return Removal(tuple(steps), numbers, tuple(left.values()), tuple(gone))


def way(asked: Asked) -> Way:
    """Remove the grants of whoever is to be cut, on every key that is named."""
    index, vault = asked.index, asked.vault
    if vault is None:
        return Way(verb="Remove grants", problems=(naming.unseen(asked.key),))
    if not asked.uses and not asked.principals:
        nothing = f"No service that uses {asked.key.name} was read, so there is no grant to remove."
        return Way(verb="Remove grants", problems=(nothing,))
    found = [
        (key, path)
        for key in asked.keys
        for principal, actions in asked.identities(key).items()
        for path in paths(index, key, principal, actions)
    ]
    back = again.own(asked, NAME)
    takings = backup.own(asked, NAME)
    closing = [*(path for _, path in found), *back, *(one.path for one in takings)]
    removed = removal(index, closing, asked.removals)
    grants = frozenset(removed.numbers)
    also = cuts.also_cut(
        index, tuple(key.host for key in asked.keys), [path for _, path in found], grants, asked.wanted
    )
    lots = (*_wanted(asked, found, grants), *bystanders(also))
    already = not removed.steps and not found and bool(asked.all_identities)
    none = () if removed.steps else (_cut_already(asked) if already else _nothing(asked, found),)
    return Way(
        verb="Remove grants",
        title=f"Remove {words.count(len(removed.steps), 'grant')}",
        steps=removed.steps,
        paths=(
            *planned(index, [path for _, path in found], removed.numbers, also),
            *again.planned(index, back, removed.numbers, NAME),
            *backup.planned(index, takings, removed.numbers, NAME),
        ),
        lots=lots,
        problems=(*blocked(asked, removed.steps), *none),
        others=others(index, lots, removed.gone, asked.all_identities),
        survives=SURVIVES,
        undone="The same grants are made again, under the same names.",
        within_seconds=within(removed.steps),
        not_restored=not_restored(removed.steps),
        warnings=(
            *slow(index, removed.steps),
            *_sharing(asked, also),
            *backup.warnings(asked, takings, removed.numbers),
        ),
        kept=removed.kept,
        gone=removed.gone,
        shares="the same grant",
        already=already,
    )


def planned(
    index: Index,
    found: Sequence[AccessPath],
    numbers: dict[str, int],
    also: Sequence[cuts.Cut],
    *,
    kept: Keeps = cuts.kept_because,
) -> tuple[PlannedPath, ...]:
    """The paths, each with the step that closes it and with who else hangs on it."""
    hang: dict[str, dict[str, None]] = {}
    for cut in also:
        for path in cut.closed:
            hang.setdefault(cuts.grant_of(path) or "", {})[cut.use.consumer.id] = None
    rows = []
    for path in found:
        grant = cuts.grant_of(path) or ""
        number = numbers.get(grant)
        why = kept(index, path) if number is None else None
        others = tuple(hang.get(grant, ())) if number else ()
        rows.append(naming.planned(index, path, number=number, reason=why, also=others))
    return tuple(rows)


def others(index: Index, lots: Sequence[Lot], gone: Sequence[AccessPath], wanted: Sequence[str]) -> str:
    """Who else is hit by the grants that are gone, in sentences: services, and who is in a group beside the `wanted`."""
    said = [naming.others(lots)]
    for path in gone:
        if path.group_id is None:
            continue
        group, members = f"group {words.who(index, path.group_id)}", cuts.members_of(index, path)
        rest = [words.who(index, one) for one in members or () if one.lower() not in map(str.lower, wanted)]
        if members is None:
            said.append(f"Also taken from whoever else is in {group}, whose members could not be read.")
        elif rest:
            said.append(f"Also taken from {words.count(len(rest), 'other member')} of {group}: {naming.listed(rest)}.")
        else:
            said.append(f"Nobody else is in {group}.")
    return " ".join(filter(None, dict.fromkeys(said)))


def bystanders(also: Sequence[cuts.Cut]) -> tuple[Lot, ...]:
    """The consumers that are cut as well, with the paths of them that are closed."""
    closed: dict[tuple[str, str], tuple[Consumer, list[AccessPath]]] = {}
    for cut in also:
        _, own = closed.setdefault(cuts.named_as(cut.use.consumer), (cut.use.consumer, []))
        own += cut.closed
    return tuple(Lot(consumer=one, wanted=False, closed=tuple(own)) for one, own in closed.values())


def within(steps: Sequence[Step]) -> int | None:
    """Azure's seconds within which every removal counts; None where of one of them no time is documented."""
    known = [step.effect_seconds for step in steps]
    return max((one for one in known if one is not None), default=None) if None not in known else None


def not_restored(steps: Sequence[Step]) -> tuple[str, ...]:
    return (REWRITTEN,) if any(step.verb is StepVerb.REMOVE_ASSIGNMENT for step in steps) else ()


def slow(index: Index, steps: Sequence[Step]) -> tuple[str, ...]:
    """Warnings: which removals Azure itself calls slow (RBACD troubleshooting.md)."""
    return tuple(
        f"“{step.words}” may take several hours to count at the vault, by Azure's own word: it is a management group's."
        for step in steps
        if step.verb is StepVerb.REMOVE_ASSIGNMENT and step.effect_seconds is None
    )


def _sharing(asked: Asked, also: Sequence[cuts.Cut]) -> tuple[str, ...]:
    """Warnings: who is cut only because it shares the identity of those that are to be cut, and what spares it."""
    mine = {one.lower(): one for one in asked.all_identities}
    sharing: dict[tuple[str, str], dict[str, None]] = {}
    for cut in also:
        who = mine.get((cut.use.slot.principal_id or "").lower())
        if who is not None:
            sharing.setdefault((who, words.who(asked.index, who)), {})[cut.use.consumer.name] = None
    found = []
    for (_, identity), names in sharing.items():
        several = len(names) > 1
        found.append(
            f"First give {naming.listed(tuple(names))} an identity and a key grant of {'their' if several else 'its'} own "
            f"(attach), then cut: {'they share' if several else 'it shares'} the identity {identity} and would be cut as "
            "well."
        )
    return tuple(found)


def _wanted(asked: Asked, found: Sequence[tuple[KeyId, AccessPath]], grants: frozenset[str]) -> tuple[Lot, ...]:
    """What becomes of those that are to be cut: the paths of their own identities on the key."""
    by_identity: dict[str, list[AccessPath]] = {}
    for key, path in found:
        if key.folded == asked.key.folded:
            by_identity.setdefault(path.principal_id, []).append(path)
    lots = []
    for consumer in asked.consumers:
        slots = asked.index.slots_of(consumer)
        mine = dict.fromkeys(s.principal_id for s in slots if s.principal_id and cuts.same_key(s.key_id, asked.key))
        own = [path for one in mine for path in by_identity.get(one, ())]
        lots.append(
            Lot(
                consumer=consumer,
                wanted=True,
                closed=tuple(path for path in own if cuts.grant_of(path) in grants),
                left=tuple(path for path in own if cuts.grant_of(path) not in grants),
            )
        )
    return tuple(lots)


def _closing(index: Index, path: AccessPath) -> Step:
    if path.assignment is not None:
        return changes.remove_assignment(index, path.assignment)
    if path.eligibility is not None:
        return changes_roles.remove_eligibility(index, path.eligibility)
    vault = index.vault(path.scope)
    if path.policy is None or vault is None:
        raise ValueError("a path that is closed is an assignment's, an eligibility's or a policy's")
    return changes.set_policy(index, vault, path.policy, changes.without_keys(path.policy))


def _cut_already(asked: Asked) -> str:
    """``dcc-mysql has no grant on mysql-encryption-key any more: no path of its identity is left``, and how late that counts.

    Since when the estate does not tell (RBACD troubleshooting.md: a removal counts within 10 minutes).
    """
    services = list(dict.fromkeys(use.consumer.name for use in asked.uses))
    used = {(use.slot.principal_id or "").lower() for use in asked.uses}
    alone = [words.who(asked.index, one) for one in asked.principals if one.lower() not in used]
    several = len(services) + len(alone) > 1
    whose = ("their identities" if several else "its identity") if services else ("them" if several else "it")
    who = naming.listed([*services, *alone])
    return (
        f"{who} {'have' if several else 'has'} no grant on {asked.key.name} any more: no path of {whose} is left. Azure may "
        f"let {'them' if several else 'it'} in for up to {words.duration(changes.ROLE_SECONDS)} after the last was removed."
    )


def _nothing(asked: Asked, found: Sequence[tuple[KeyId, AccessPath]]) -> str:
    whose = [words.who(asked.index, one) for one in asked.all_identities]
    who, hold = naming.listed(whose), "holds" if len(whose) == 1 else "hold"
    if not found:
        return f"It could not be found out as which identity {asked.key.name} is used, so that no grant can be removed."
    unread = [path.unknown or "not read" for _, path in found if path.unread]
    if not unread:
        return f"There is no grant that may be removed: every path of {who} is wider than the vault or a group's."
    why = "; ".join(dict.fromkeys(unread))
    if len(unread) == len(found):
        return (
            f"Whether {who} {hold} a grant on {asked.key.name} could not be read ({why}), so that none can be removed."
        )
    return (
        f"There is no grant that may be removed: what was read of {who} is wider than the vault or a group's, and the rest "
        f"could not be read ({why})."
    )
