"""Revoke: cut consumers or identities off a key, in the way that is right for what happened."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cmk_admin.domain import words
from cmk_admin.domain.copies import copies, copy_paths, copy_paths_of_others, copy_reason
from cmk_admin.domain.ids import fold
from cmk_admin.domain.index import Index, Use
from cmk_admin.domain.plan import Method, PathState, Plan, PlannedPath
from cmk_admin.domain.regrants import regrants
from cmk_admin.domain.services import service
from cmk_admin.domain.steps import Step
from cmk_admin.domain.surroundings import Surroundings
from cmk_admin.domain.verbs import causes, changes, choices, cuts, readiness, unstarted
from cmk_admin.domain.verbs.revoking import Cause, RevokeDraft
from cmk_admin.domain.verbs.ways import (
    METHODS,
    WAYS,
    again,
    backup,
    delete,
    disable,
    expiry,
    firewall,
    grants,
    naming,
    operations,
)
from cmk_admin.domain.verbs.ways.asked import Asked, Way

__all__ = [
    "DELETE",
    "DISABLE",
    "EXPIRY",
    "FIREWALL",
    "GRANTS",
    "OPERATIONS",
    "Cause",
    "RevokeDraft",
    "plan",
    "problems",
]

GRANTS, DISABLE = grants.NAME, disable.NAME
OPERATIONS, FIREWALL, DELETE = operations.NAME, firewall.NAME, delete.NAME
EXPIRY = expiry.NAME
"""No method: a key that has expired still unwraps (KVD includes/key-attributes.md). It is named so that nobody takes it."""


EVERYBODY = "everybody"
"""In a plan's `context`: nobody is named, so that a copy of the key counts whoever gets at it."""


def problems(draft: RevokeDraft, index: Index) -> tuple[str, ...]:
    """Sentences that forbid the start."""
    return plan(draft, index).problems


def plan(draft: RevokeDraft, index: Index, around: Surroundings | None = None) -> Plan:
    """What would be done, what it closes and leaves open, who stops; `around`: what was read besides, if anything."""
    draft = replace(draft, key=draft.key.key)
    asked, wrong = _asked(draft, index, around)
    ways = {name: backup.told(asked, name, again.told(asked, name, make(asked))) for name, make in WAYS.items()}
    if causes.people(draft):
        ways[GRANTS] = causes.contain(asked, draft)
    method = _method(draft, ways)
    unknown = f"“{method}” is not a method of revoking: it is {words.listed(METHODS, 'or')}."
    way = ways[method] if method in METHODS else Way(verb="", problems=(unknown,))
    chosen = choices.apply(asked, way, draft.choices, first=choices.activations(asked, way, draft))
    steps, paths = choices.arranged(chosen.steps, way.paths, way)
    paths = (*paths, *_copies(asked, draft, method))
    closing = {fold(step.target): step for step in way.steps}
    problems = (*(wrong or way.problems), *chosen.problems)
    found = Plan(
        verb="revoke",
        title=_title(draft, asked, method, way),
        subject=str(draft.key),
        steps=steps,
        paths=paths,
        effects=() if way.already else tuple(cuts.effect(index, lot, closing) for lot in way.lots),
        methods=_methods(draft, ways),
        method=method,
        watches=tuple(cuts.watch(lot, closing, steps) for lot in way.lots),
        findings=(
            *causes.nothing_left(asked, draft, way),
            *_findings(asked, way, method, draft.principals if causes.people(draft) else asked.all_identities),
        ),
        warnings=_warnings(asked, way, () if problems else paths),
        problems=problems,
        cause=draft.cause.value,
        why=causes.why(draft),
        next=causes.after(asked, draft),
        regrants=_regrants(asked, method),
        choices=chosen.choices,
        checks=readiness.checks(index, around, steps, draft.key, healed=_healed(way)),
        gates=chosen.gates,
        not_restored=way.not_restored,
        context=_context(asked, draft, method, way),
    )
    return unstarted.promise_nothing(found)


def _method(draft: RevokeDraft, ways: Mapping[str, Way]) -> str:
    """The method that was named, else the one of the cause; else, where that is wished, the recommended one."""
    usual = draft.method or causes.method(draft)
    if draft.method or not draft.best or causes.people(draft):
        return usual
    return _best(draft, ways) or usual


def _asked(draft: RevokeDraft, index: Index, around: Surroundings | None) -> tuple[Asked, tuple[str, ...]]:
    """Whom the draft is about, and what is wrong with those that were named."""
    everybody = index.uses_of_key(draft.key)
    people = causes.people(draft)
    identities = frozenset() if people else frozenset(one.lower() for one in draft.principals)
    uses, wrong = _named(draft, index, everybody)
    uses += [use for use in everybody if (use.slot.principal_id or "").lower() in identities and use not in uses]
    named = bool(draft.consumers or identities)
    consumers = cuts.with_dependants(index, [use.consumer for use in uses]) if draft.consumers else ()
    elsewhere = dict.fromkeys(
        Use(one, slot) for one in consumers for slot in index.slots_of(one) if not cuts.same_key(slot.key_id, draft.key)
    )
    asked = Asked(
        index=index,
        around=around,
        key=draft.key,
        uses=tuple(uses) if named else everybody,
        elsewhere=tuple(elsewhere),
        named=named,
        principals=() if people else tuple(dict.fromkeys(draft.principals)),
        removals=choices.removals(draft.choices),
        first=choices.activated(index, draft),
    )
    return asked, tuple(wrong)


def _named(draft: RevokeDraft, index: Index, everybody: Sequence[Use]) -> tuple[list[Use], list[str]]:
    """The uses of the key by the consumers that were named, and what is wrong with these."""
    by_consumer: dict[str, list[Use]] = {}
    for use in everybody:
        by_consumer.setdefault(fold(use.consumer.id), []).append(use)
    uses: list[Use] = []
    wrong: list[str] = []
    for consumer_id in dict.fromkeys(fold(one) for one in draft.consumers):
        found = by_consumer.get(consumer_id, [])
        uses += found
        consumer = index.consumer(consumer_id)
        if consumer is None:
            wrong.append(f"No service with the id {consumer_id} was read.")
        elif not found:
            wrong.append(f"{consumer.name} does not use {draft.key.name}.")
        elif any(use.slot.principal_id is None for use in found):
            wrong.append(f"It could not be found out as which identity {consumer.name} uses {draft.key.name}.")
    return uses, wrong


def _context(asked: Asked, draft: RevokeDraft, method: str, way: Way) -> tuple[tuple[str, str], ...]:
    """What is needed to read the paths again: every key, copies, method, vault, identities, data actions; and which
    services were lost before, for whoever restores."""
    keys = (asked.key, *(key for key in asked.keys[1:] if asked.index.vault_of(key) is not None))
    people = causes.people(draft)
    found = [("key", str(key)) for key in keys] + [("method", method)]
    found += [("vault", asked.vault.id)] if asked.vault else []
    copied = {one.id.folded: one.id for key in keys for one in copies(asked.index, key) if one.id not in keys}
    found += [("copy", str(one)) for one in copied.values()]
    found += [("principal", one) for one in (draft.principals if people else asked.all_identities)]
    found += [("action", one) for one in causes.actions(draft)] if people else []
    found += [(EVERYBODY, method)] if _cuts_everybody(asked, draft, method) else []
    lost = [lot.consumer.id for lot in way.lots if cuts.lost_before(lot.consumer)]
    return tuple(found + [(cuts.LOST_BEFORE, one) for one in lost])


def _order(draft: RevokeDraft) -> tuple[str, ...]:
    """The ways in the order in which one is recommended."""
    if draft.consumers or draft.principals or draft.cause is not Cause.SERVICE:
        return GRANTS, DISABLE, OPERATIONS, DELETE, FIREWALL
    return DISABLE, GRANTS, OPERATIONS, DELETE, FIREWALL


def _best(draft: RevokeDraft, ways: Mapping[str, Way]) -> str:
    """The first whole way that is possible, else the first that is possible; empty: none.

    Where one has done its work already, none beside the usual one is: what is reached needs nobody cut who was not named.
    """
    order = (causes.method(draft),) if any(way.already for way in ways.values()) else _order(draft)
    possible = [name for name in order if ways[name].steps and not ways[name].problems and not ways[name].never_first]
    if draft.cause is not Cause.SERVICE:
        # What others share is not shut while it is not known what happened, nor while services still use the key
        possible = [name for name in possible if name == GRANTS or not ways[name].lots]
    return next((name for name in possible if ways[name].whole), possible[0] if possible else "")


def _methods(draft: RevokeDraft, ways: Mapping[str, Way]) -> tuple[Method, ...]:

    def possible(name: str) -> bool:
        return name != EXPIRY and not ways[name].problems and bool(ways[name].steps)

    best, usual = _best(draft, ways), causes.method(draft)
    instead = f"{_instead(ways[usual])} " if best not in ("", usual) else ""
    return tuple(
        Method(
            name=name,
            title=way.title if possible(name) else way.verb,
            possible=possible(name),
            reason=_why_not(way) if not possible(name) else f"{instead if name == best else ''}{_because(name, way)}",
            recommended=name == best,
            within_seconds=way.within_seconds,
            others=way.others,
            survives=way.survives,
            undone=way.undone,
        )
        for name, way in ways.items()
    )


def _why_not(way: Way) -> str:
    return way.problems[0] if way.problems else "Nothing is left to remove here."


def _instead(usual: Way) -> str:
    """Why another method is recommended than the usual one, in a sentence."""
    if usual.problems:
        return f"Recommended, since “{usual.verb}” is held up."
    left = sum(path.state is not PathState.WILL_CLOSE for path in usual.paths)
    return f"Recommended, since “{usual.title}” leaves {words.count(left, 'path')} open or unknown."


def _because(name: str, way: Way) -> str:
    """What speaks for or against a method that is possible."""
    left = sum(path.state is not PathState.WILL_CLOSE for path in way.paths)
    said = []
    if left:
        said.append(f"leaves {words.count(left, 'path')} open or unknown")
    elif name == GRANTS:
        said.append("closes every path that was found")
    else:
        said.append(f"closes every path in one act{f', but for {way.lets_in}' if way.lets_in else ''}")
    if way.bystanders:
        said.append(f"also cuts {naming.listed([lot.consumer.name for lot in way.bystanders])}")
    sentence = "; ".join(said)
    return sentence[0].upper() + sentence[1:]


def _findings(asked: Asked, way: Way, method: str, identities: Sequence[str]) -> tuple[str, ...]:
    """What else the identities hold that lose their grants, and is not touched."""
    if method != GRANTS:
        return ()
    index, gone = asked.index, {fold(step.target) for step in way.steps}
    said = []
    for one in identities:
        others = sum(fold(assignment.id) not in gone for assignment in index.assignments_of(one))
        if others:
            count = words.count(others, "other assignment")
            said.append(f"The identity {words.who(index, one)} also holds {count}, not touched.")
    return tuple(said)


def _healed(way: Way) -> tuple[Step, ...]:
    """The steps that bring those who are cut back, once all was given back."""
    cut = (lot.consumer for lot in way.lots if not cuts.lost_before(lot.consumer))
    found = (changes.heal(one.id, one.name, one.service, stage=1) for one in cut)
    return tuple(step for step in found if step is not None)


def _cuts_everybody(asked: Asked, draft: RevokeDraft, method: str) -> bool:
    """Whether it is the key itself that is to serve nobody any more, and not somebody who is named."""
    return method != GRANTS and not asked.named and not causes.people(draft)


def _copies(asked: Asked, draft: RevokeDraft, method: str) -> tuple[PlannedPath, ...]:
    """The ways to the same key material elsewhere: what is done to this key does not touch them."""
    index = asked.index
    wanted = causes.actions(draft)
    who = asked.all_identities or tuple(draft.principals)
    known = copies(index, asked.key)
    others = copy_paths_of_others(index, known, who, wanted) if _cuts_everybody(asked, draft, method) else ()
    return tuple(
        replace(
            naming.planned(index, path, number=None, kind="copy"),
            reason=path.unknown or copy_reason(index, path),
        )
        for path in (*copy_paths(index, asked.key, known, who, wanted), *others)
    )


def _regrants(asked: Asked, method: str) -> tuple[PlannedPath, ...]:
    """Who could open again what is closed."""
    found = regrants(asked.index, asked.key, again.undoing(method))
    return tuple(
        naming.planned(asked.index, path, number=None, reason=path.unknown, kind=again.REGRANT) for path in found
    )


def _warnings(asked: Asked, way: Way, paths: Sequence[PlannedPath]) -> tuple[str, ...]:
    said = []
    if way.bystanders and paths:
        who = [f"{lot.consumer.name} ({service(lot.consumer.service).title})" for lot in way.bystanders]
        said.append(f"Also cut: {naming.listed(who)}, because of {way.shares}.")
    left = [path for path in paths if path.state is not PathState.WILL_CLOSE]
    if left:
        known = sum(path.state is PathState.STAYS_OPEN for path in left)
        counts = [words.count(known, "path stays open", "paths stay open")] if known else []
        counts += [words.count(len(left) - known, "path is unknown", "paths are unknown")] if len(left) > known else []
        said.append(f"{words.listed(counts)}: the outcome can at best be partial.")
    said += way.warnings
    hit = {lot.consumer.service: service(lot.consumer.service) for lot in way.lots}
    timeless = [facts for _, facts in sorted(hit.items()) if facts.lost_seconds is None]
    said += [f"Azure documents no time within which {one.title} stops." for one in timeless if one.known]
    said += [f"What becomes of {one.title}, and when, is not known here." for one in timeless if not one.known]
    if not asked.index.consumers_read and way.steps:
        said.append("Not all services could be read: some that are not shown here may be cut as well.")
    return (*said, *(asked.around.unread if asked.around else ()))


def _title(draft: RevokeDraft, asked: Asked, method: str, way: Way) -> str:
    key, several = draft.key, len(asked.own_keys) > 1
    versions = words.count(len(way.steps), "version") if way.steps else "the versions"
    named = f"{key.name} and {words.count(len(asked.own_keys) - 1, 'other key')}" if several else key.name
    if method == DISABLE:
        return f"Disable {versions} of {named}"
    if method == OPERATIONS:
        return f"Take unwrapKey and decrypt from {versions} of {named}"
    if method == FIREWALL:
        return f"Shut the firewall of {key.vault_name}"
    if method == DELETE:
        return f"Delete {named} (recoverable)"
    if causes.people(draft) and draft.cause is Cause.KEY_LEAKED:
        return causes.title(asked, way)
    if causes.people(draft):
        who = naming.listed([words.who(asked.index, one) for one in draft.principals])
        return f"Cut {who or 'suspect accounts'} off {key.name}"
    ids = draft.consumers or tuple(lot.consumer.id for lot in way.lots if lot.wanted)
    names = [found.name for one in ids if (found := asked.index.consumer(one))]
    names += [words.who(asked.index, one) for one in asked.principals]
    return f"Cut {naming.listed(names) or 'its services'} off {key.name}"
