"""Revoke: cut consumers off a key by removing their grants, or disable the key's versions.

Grants above the vault and grants of groups are never removed by default: they are named as paths that stay open.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from cmk_admin.domain import words
from cmk_admin.domain.access import AccessPath, paths
from cmk_admin.domain.errors import FailureKind
from cmk_admin.domain.ids import KeyId, fold, key_scope
from cmk_admin.domain.index import Index, Use
from cmk_admin.domain.model import Consumer, Vault
from cmk_admin.domain.plan import Method, PathState, Plan, PlannedPath
from cmk_admin.domain.services import service
from cmk_admin.domain.steps import Step, StepVerb
from cmk_admin.domain.verbs import changes, cuts
from cmk_admin.domain.verbs.cuts import Lot

GRANTS, DISABLE = "grants", "disable"
OPERATIONS, FIREWALL, DELETE = "operations", "firewall", "delete"
EXPIRY = "expiry"
"""No method: a key that has expired still unwraps (KVD includes/key-attributes.md). It is named so that nobody takes it."""


class Cause(StrEnum):
    """What happened."""

    SERVICE = "service"
    """A service or an identity must lose its data now."""
    KEY_LEAKED = "key-leaked"
    """The key itself may be in foreign hands: a copy of it is not touched by what is done to it here."""
    OPERATOR = "operator"
    """An operator's account is suspect."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeDraft:
    """What somebody wants cut."""

    key: KeyId
    """Without version."""
    consumers: tuple[str, ...] = ()
    """Resource ids of the consumers to cut off; empty: the key itself."""
    method: str | None = None
    """None: what is right for the cause; grants where consumers are named, else disable."""
    cause: Cause = Cause.SERVICE
    principals: tuple[str, ...] = ()
    """Object ids of identities to cut off besides those of the consumers; for `Cause.OPERATOR` the suspect accounts."""
    choices: tuple[str, ...] = ()
    """What was chosen of what the plan offers: `plan.Choice.id`."""
    reason: str | None = None
    ticket: str | None = None
    """Both are given to whoever activates a role for this, and kept in the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Way:
    """What one method would do."""

    steps: tuple[Step, ...] = ()
    paths: tuple[PlannedPath, ...] = ()
    lots: tuple[Lot, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def others(self) -> tuple[Lot, ...]:
        return tuple(lot for lot in self.lots if not lot.wanted)

    @property
    def whole(self) -> bool:
        """True where it can be done and closes every path."""
        return not self.problems and all(path.state is PathState.WILL_CLOSE for path in self.paths)


def problems(draft: RevokeDraft, index: Index) -> tuple[str, ...]:
    """Sentences that forbid the start."""
    return plan(draft, index).problems


def plan(draft: RevokeDraft, index: Index) -> Plan:
    """What would be done, what it closes and leaves open, who stops."""
    draft = replace(draft, key=draft.key.key)
    method = draft.method or (GRANTS if draft.consumers else DISABLE)
    uses, wrong = _named(draft, index)
    ways = {GRANTS: _by_grants(draft, index, uses), DISABLE: _by_disabling(draft, index, uses)}
    way = ways.get(method, _Way(problems=(f"“{method}” is not a method of revoking: it is grants or disable.",)))
    steps = {fold(step.target): step for step in way.steps}
    vault = index.vault_of(draft.key)
    context = [("key", str(draft.key)), ("method", method)]
    context += [("vault", vault.id)] if vault else []
    context += [("principal", one) for one in _principals(uses)]
    return Plan(
        verb="revoke",
        title=_title(draft, index, method, way),
        subject=str(draft.key),
        steps=way.steps,
        paths=way.paths,
        effects=tuple(cuts.effect(index, lot, steps) for lot in way.lots),
        methods=_methods(draft, ways),
        method=method,
        watches=tuple(cuts.watch(lot, steps) for lot in way.lots),
        warnings=_warnings(draft, index, method, way),
        problems=wrong or way.problems,
        context=tuple(context),
    )


def _named(draft: RevokeDraft, index: Index) -> tuple[tuple[Use, ...], tuple[str, ...]]:
    """The uses of the key that are to be cut, and what is wrong with those that were named."""
    everybody = index.uses_of_key(draft.key)
    if not draft.consumers:
        return everybody, ()
    uses: list[Use] = []
    wrong: list[str] = []
    for consumer_id in dict.fromkeys(fold(one) for one in draft.consumers):
        found = [use for use in everybody if fold(use.consumer.id) == consumer_id]
        uses += found
        consumer = index.consumer(consumer_id)
        if consumer is None:
            wrong.append(f"No service with the id {consumer_id} was read.")
        elif not found:
            wrong.append(f"{consumer.name} does not use {draft.key.name}.")
        elif any(use.slot.principal_id is None for use in found):
            wrong.append(f"It could not be found out as which identity {consumer.name} uses {draft.key.name}.")
    return tuple(uses), tuple(wrong)


def _principals(uses: Sequence[Use]) -> dict[str, tuple[str, ...]]:
    """The identities of the uses, and the data actions by which their services get at their data."""
    found: dict[str, tuple[str, ...]] = {}
    for use in uses:
        if use.slot.principal_id:
            actions = (*found.get(use.slot.principal_id, ()), *service(use.consumer.service).data_actions)
            found[use.slot.principal_id] = tuple(dict.fromkeys(actions))
    return found


def _by_grants(draft: RevokeDraft, index: Index, uses: Sequence[Use]) -> _Way:
    vault = index.vault_of(draft.key)
    if vault is None:
        return _Way(problems=(_unseen(draft.key),))
    if not uses:
        return _Way(problems=(f"No service that uses {draft.key.name} was read, so there is no grant to remove.",))
    closed: dict[str, tuple[int, Step]] = {}
    found = [
        path for principal, actions in _principals(uses).items() for path in paths(index, draft.key, principal, actions)
    ]
    for path in found:
        grant = cuts.grant_of(path)
        if grant and grant not in closed and cuts.kept_because(index, path) is None:
            closed[grant] = (len(closed) + 1, _closing(index, vault, path))
    grants = frozenset(closed)
    named = cuts.with_dependants(index, dict.fromkeys(use.consumer for use in uses))
    also = cuts.also_cut(index, vault.host, grants, frozenset(map(cuts.named_as, named)))

    planned = []
    for path in found:
        number = closed.get(cuts.grant_of(path) or "", (None, None))[0]
        why = cuts.kept_because(index, path) if number is None else None
        others = dict.fromkeys(
            cut.use.consumer.id for cut in also if number and any(_same_grant(path, one) for one in cut.closed)
        )
        planned.append(_planned(index, path, number=number, reason=why, also=tuple(others)))

    lots = [_lot(index, draft.key, consumer, grants, found) for consumer in named]
    lots += [
        Lot(
            consumer=consumer,
            wanted=False,
            closed=tuple(p for c in also if c.use.consumer is consumer for p in c.closed),
        )
        for consumer in dict.fromkeys(cut.use.consumer for cut in also)
    ]
    steps = tuple(step for _, step in closed.values())
    wrong = list(_locked(index, vault, draft.key, steps))
    if not steps:
        whose = [words.who(index, one) for one in _principals(uses)]
        who, hold = _list(whose), "holds" if len(whose) == 1 else "hold"
        wrong.append(
            f"There is no grant that may be removed: every path of {who} is wider than the vault, a group's or unread."
            if planned
            else f"{who} {hold} no grant on {draft.key.name}: nothing is left to remove."
        )
    return _Way(steps=steps, paths=tuple(planned), lots=tuple(lots), problems=tuple(wrong))


def _by_disabling(draft: RevokeDraft, index: Index, uses: Sequence[Use]) -> _Way:
    vault, key = index.vault_of(draft.key), index.key(draft.key)
    if vault is None:
        return _Way(problems=(_unseen(draft.key),))
    if vault.problem and vault.problem.kind in (FailureKind.UNREACHABLE, FailureKind.FORBIDDEN):
        return _Way(
            problems=(f"The keys of {vault.name} cannot be changed from here: {_unended(vault.problem.message)}.",)
        )
    if key is None:
        return _Way(problems=(f"{draft.key.name} was not read in {vault.name}.",))
    if key.versions is None:
        return _Way(problems=(f"The versions of {key.id.name} were not read, so it cannot be said which to disable.",))
    everybody = index.uses_of_key(draft.key)
    used = {use.slot.key_id.version.lower() for use in everybody if use.slot.key_id.version}
    if key.current_version and any(use.slot.key_id.version is None for use in everybody):
        used.add(key.current_version.lower())
    steps = tuple(
        changes.set_enabled(version, False, known_use=(version.id.version or "").lower() in used)
        for version in key.versions
        if version.enabled
    )
    wanted = {fold(one.id) for one in cuts.with_dependants(index, [use.consumer for use in uses])}
    lots = tuple(
        Lot(consumer=one, wanted=fold(one.id) in wanted)
        for one in sorted(
            cuts.with_dependants(index, [use.consumer for use in everybody]), key=lambda one: fold(one.id) not in wanted
        )
    )
    others = {fold(lot.consumer.id) for lot in lots if not lot.wanted}
    planned = []
    for principal, actions in _principals(everybody).items():
        also = dict.fromkeys(
            use.consumer.id
            for use in everybody
            if use.slot.principal_id == principal and fold(use.consumer.id) in others
        )
        planned += [
            _planned(index, path, number=0, reason=None, also=tuple(also))
            for path in paths(index, draft.key, principal, actions)
        ]
    wrong = () if steps else (f"Every version of {key.id.name} is disabled already.",)
    return _Way(steps=steps, paths=tuple(planned), lots=lots, problems=wrong)


def _closing(index: Index, vault: Vault, path: AccessPath) -> Step:
    if path.assignment is not None:
        return changes.remove_assignment(index, path.assignment)
    if path.policy is None:
        raise ValueError("a path that is closed is an assignment's or a policy's")
    return changes.set_policy(index, vault, path.policy, changes.without_keys(path.policy))


def _lot(index: Index, key: KeyId, consumer: Consumer, grants: frozenset[str], found: Sequence[AccessPath]) -> Lot:
    """What becomes of a consumer that is to be cut: the paths of its own identities on this key."""
    mine = {
        slot.principal_id for slot in index.slots_of(consumer) if slot.principal_id and cuts.same_key(slot.key_id, key)
    }
    own = [path for path in found if path.principal_id in mine]
    return Lot(
        consumer=consumer,
        wanted=True,
        closed=tuple(path for path in own if cuts.grant_of(path) in grants),
        left=tuple(path for path in own if cuts.grant_of(path) not in grants),
    )


def _planned(
    index: Index, path: AccessPath, *, number: int | None, reason: str | None, also: tuple[str, ...]
) -> PlannedPath:
    """`number`: of the step that closes it; 0: all of them together do; None: none does."""
    state = PathState.WILL_CLOSE
    if number is None:
        state = PathState.UNKNOWN if path.unknown else PathState.STAYS_OPEN
    condition = f"; the grant has the condition {path.condition}" if path.condition and reason else ""
    return PlannedPath(
        via=words.via(index, path),
        scope=path.scope,
        principal=path.principal_id,
        principal_name=index.name_of(path.principal_id),
        state=state,
        also_cuts=also,
        reason=f"{reason}{condition}" if reason else None,
        step=number or None,
    )


def _same_grant(one: AccessPath, other: AccessPath) -> bool:
    return cuts.grant_of(one) == cuts.grant_of(other)


def _locked(index: Index, vault: Vault, key: KeyId, steps: Sequence[Step]) -> tuple[str, ...]:
    """Locks that make Azure refuse the steps: a CanNotDelete lock keeps role assignments, a ReadOnly one policies too.

    Neither touches the data plane, so that disabling still works (Azure Resource Manager's lock-resources page).
    """
    assignments = any(step.verb is StepVerb.REMOVE_ASSIGNMENT for step in steps)
    policies = any(step.verb is StepVerb.SET_POLICY for step in steps)
    return tuple(
        f"The {lock.level} lock “{lock.id.rsplit('/', 1)[-1]}” on {words.scope(index, lock.scope)} keeps the grants from "
        "being removed. Disabling the key is not held up by it."
        for lock in index.locks_over(key_scope(vault.id, key.name))
        if assignments or (policies and lock.level.lower() == "readonly")
    )


def _methods(draft: RevokeDraft, ways: dict[str, _Way]) -> tuple[Method, ...]:
    grants, disable = ways[GRANTS], ways[DISABLE]
    if draft.consumers and not grants.problems and (grants.whole or disable.problems or disable.others):
        best = GRANTS
    elif not disable.problems:
        best = DISABLE
    else:
        best = GRANTS if not grants.problems else ""
    versions = words.count(len(disable.steps), "version")
    titles = {GRANTS: f"Remove {words.count(len(grants.steps), 'grant')}", DISABLE: f"Disable {versions}"}
    return tuple(
        Method(
            name=name,
            title=titles[name]
            if not way.problems
            else titles[name].split()[0] + (" grants" if name == GRANTS else " the key"),
            possible=not way.problems,
            reason=way.problems[0] if way.problems else _because(name, way),
            recommended=name == best,
        )
        for name, way in ways.items()
    )


def _because(name: str, way: _Way) -> str:
    """What speaks for or against a method that is possible."""
    left = sum(path.state is not PathState.WILL_CLOSE for path in way.paths)
    said = []
    if left:
        said.append(f"leaves {words.count(left, 'path')} open or unknown")
    elif name == GRANTS:
        said.append("closes every path that was found")
    else:
        said.append("closes every path at once, for everybody")
    if way.others:
        said.append(f"also cuts {_list([lot.consumer.name for lot in way.others])}")
    sentence = "; ".join(said)
    return sentence[0].upper() + sentence[1:]


def _warnings(draft: RevokeDraft, index: Index, method: str, way: _Way) -> tuple[str, ...]:
    said = []
    if way.others:
        who = _list([f"{lot.consumer.name} ({service(lot.consumer.service).title})" for lot in way.others])
        why = "the same key" if method == DISABLE else "the same grant"
        said.append(f"Also cut: {who}, because of {why}.")
    left = [path for path in way.paths if path.state is not PathState.WILL_CLOSE]
    if left:
        known = sum(path.state is PathState.STAYS_OPEN for path in left)
        counts = [words.count(known, "path stays open", "paths stay open")] if known else []
        counts += [words.count(len(left) - known, "path is unknown", "paths are unknown")] if len(left) > known else []
        said.append(f"{_list(counts)}: the outcome can at best be partial.")
    elsewhere = [
        f"{lot.consumer.name} uses {slot.key_id.name} of {slot.key_id.vault_name} too ({slot.slot}); this does not touch it."
        for lot in way.lots
        for slot in index.slots_of(lot.consumer)
        if lot.wanted and not cuts.same_key(slot.key_id, draft.key)
    ]
    said += dict.fromkeys(elsewhere)
    unknown = {lot.consumer.service for lot in way.lots if service(lot.consumer.service).lost_seconds is None}
    said += [f"Azure documents no time within which {service(name).title} stops." for name in sorted(unknown)]
    if not index.consumers_read and way.steps:
        said.append("Not all services could be read: some that are not shown here may be cut as well.")
    return tuple(said)


def _title(draft: RevokeDraft, index: Index, method: str, way: _Way) -> str:
    if method == DISABLE:
        what = words.count(len(way.steps), "version") if way.steps else "the versions"
        return f"Disable {what} of {draft.key.name}"
    ids = draft.consumers or tuple(lot.consumer.id for lot in way.lots if lot.wanted)
    names = list(dict.fromkeys(found.name for one in ids if (found := index.consumer(one))))
    return f"Cut {_list(names) or 'its services'} off {draft.key.name}"


def _unseen(key: KeyId) -> str:
    return f"The vault {key.host} is not visible to this account."


def _unended(sentence: str) -> str:
    return sentence.rstrip(". ")


def _list(names: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``, ``a, b, c and 4 more``."""
    shown = list(names) if len(names) <= 4 else [*names[:3], f"{len(names) - 3} more"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else ""
