"""“Can I, and can I give back?”: what stands in the way of planned steps, told before anything is tried.

What is known to be impossible blocks; what is not known never does, and is told as not known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from cmk_admin.domain import words
from cmk_admin.domain.errors import FailureKind
from cmk_admin.domain.every_path import all_paths
from cmk_admin.domain.ids import KeyId, fold, key_scope, last
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import RoleEligibility, Vault
from cmk_admin.domain.permissions import permits
from cmk_admin.domain.plan import Answer, Check
from cmk_admin.domain.problems import Problem
from cmk_admin.domain.steps import Step, StepVerb
from cmk_admin.domain.surroundings import Surroundings
from cmk_admin.domain.verbs import changes, step_rights
from cmk_admin.domain.verbs.revoking import RevokeDraft
from cmk_admin.domain.verbs.step_rights import Need

LEAST_TOKEN = timedelta(minutes=10)
"""A sign-in that ends sooner may end in the middle of the steps: role changes alone take so long to count."""

_IN_FAILOVER = (StepVerb.SET_POLICY, StepVerb.SET_NETWORK)
"""Writes to a vault by the resource manager that a failover refuses besides those to its data plane (KVD
general/disaster-recovery-guidance.md)."""


def scopes(index: Index, draft: RevokeDraft) -> tuple[str, ...]:
    """Where a revoke must know what the account may do, whatever its method: the key, its vault, each scope of a grant by
    which it is used, the copies, and the services that might be stopped. Each once; never wider than the grants."""
    vault = index.vault_of(draft.key)
    found = [key_scope(vault.id, draft.key.name), vault.id] if vault else []
    uses = index.uses_of_key(draft.key)
    named = {fold(one) for one in draft.consumers}
    if named:
        uses = tuple(use for use in uses if fold(use.consumer.id) in named)
    for path in all_paths(index, draft.key, uses):
        if path.copy_of is not None and (other := index.vault_of(path.copy_of)):
            found.append(key_scope(other.id, path.copy_of.name))
        if path.assignment is not None or path.eligibility is not None or path.policy is not None:
            found.append(path.scope)
    found += [use.consumer.id for use in uses if named]
    stopped = [one.removeprefix("stop:") for one in draft.choices if one.startswith("stop:")]
    found += [step_rights.switch_scope(each.service, each.id) for one in stopped for each in index.consumers(one)]
    return tuple({fold(scope): scope for scope in found}.values())


def blocked(index: Index, around: Surroundings | None, steps: Sequence[Step], key: KeyId) -> tuple[str, ...]:
    """Sentences that make a way impossible; none where nothing is known to be in its way.

    A right that is missing (with the eligible role that would give it), unless a role that gives it is activated by one of
    `steps`; a lock, where it stops just this write; a data plane out of reach; a vault in failover, which refuses writes to
    its data plane, its policies and its firewall, but not the removal of role assignments.
    """
    said = [*_out_of_reach(index, around, steps, key), *_failed_over(index, around, steps)]
    said += [one.sentence for one in step_rights.locked(index, steps)]
    if around is not None:
        said += [problem.sentence + _offer(index, need) for problem, need in _missing(index, around, steps)]
    return tuple(dict.fromkeys(said))


def checks(
    index: Index, around: Surroundings | None, steps: Sequence[Step], key: KeyId, *, healed: Sequence[Step] = ()
) -> tuple[Check, ...]:
    """Each thing that must hold so that this account can do `steps`, and take them back. `healed`: the steps that bring the
    services back once all was taken back.

    Without `around` only what the estate tells is answered; all else was not asked yet.
    """
    back = _back(steps)
    own = [step for step in steps if step.verb is not StepVerb.ACTIVATE_ROLE]
    data = [step for step in own if step_rights.on_data_plane(step)]
    arm = [step for step in own if not step_rights.on_data_plane(step)]
    roles = [step for step in steps if step.verb is StepVerb.ACTIVATE_ROLE]
    found = [
        _right(index, around, "data-plane", [*roles, *data], "change this key in its vault") if data else None,
        _right(index, around, "assignments", [*roles, *arm], "do what the plan does at the resource manager")
        if arm
        else None,
        _locks(index, steps, [*back, *healed]),
        _reach(index, around, data, key),
        _region(index, around, steps, key),
        _token(around),
        _own_access(index, steps),
        _kept(index, steps),
        _right(index, around, "give-back", [*back, *steps], "give back what the plan takes") if back else None,
    ]
    return tuple(one for one in found if one is not None)


def activations(index: Index, around: Surroundings | None, steps: Sequence[Step]) -> tuple[RoleEligibility, ...]:
    """Eligible roles of the signed-in account, its own or a group's, that give a right which is missing for the steps or
    for taking them back. The nearest to what it is missing for comes first."""
    if around is None:
        return ()
    wanted = [need for _, need in _missing(index, around, [*steps, *_back(steps)]) if need is not None]
    mine = [one for one in index.estate.role_eligibilities if _is_mine(index, one)]
    found = [one for need in wanted for one in sorted(mine, key=_depth) if _gives(index, one, need)]
    return tuple({fold(one.id): one for one in found}.values())


def waits_for_role(index: Index, around: Surroundings | None, step: Step) -> bool:
    """Whether a step must wait for a role that is activated: the account is not known to have the right that it needs."""
    return around is None or bool(step_rights.missing(index, around, [step]))


def _missing(index: Index, around: Surroundings, steps: Sequence[Step]) -> Iterator[tuple[Problem, Need | None]]:
    """What the account may not do of the steps, and the right for it (None: an access policy's)."""
    activated = [_of(index, step) for step in steps if step.verb is StepVerb.ACTIVATE_ROLE]
    for step in steps:
        need = step_rights.need(index, step)
        for problem in step_rights.missing(index, around, [step]):
            given = need is not None and any(one is not None and _gives(index, one, need) for one in activated)
            if problem.blocks and not given:
                yield problem, need


def _unsure(index: Index, around: Surroundings, steps: Sequence[Step]) -> tuple[str, ...]:
    return tuple(one.sentence for one in step_rights.missing(index, around, steps) if not one.blocks)


def _of(index: Index, step: Step) -> RoleEligibility | None:
    """The eligibility that a step activates."""
    wanted = fold(str((step.after or {}).get("eligibility")))
    return next((one for one in index.estate.role_eligibilities if fold(one.id) == wanted), None)


def _is_mine(index: Index, one: RoleEligibility) -> bool:
    me, holder = index.estate.account.object_id.lower(), one.principal_id.lower()
    return holder == me or holder in index.group_ids_of(me)


def _gives(index: Index, one: RoleEligibility, need: Need) -> bool:
    role = index.role(one.role_definition_id)
    reaches = fold(one.scope) in index.scopes_above(need.scope)
    return reaches and role is not None and permits(role, need.action, data=need.data)


def _offer(index: Index, need: Need | None) -> str:
    """Which role of one's own can be activated for what is missing, as a sentence; empty: none is known."""
    if need is None:
        return ""
    giving = [one for one in index.estate.role_eligibilities if _is_mine(index, one) and _gives(index, one, need)]
    names = [role.name for one in giving if (role := index.role(one.role_definition_id))]
    return f" You may activate the role {words.listed(list(dict.fromkeys(names)), 'or')} for it." if names else ""


def _depth(one: RoleEligibility) -> int:
    return -fold(one.scope).count("/")


def _back(steps: Sequence[Step]) -> list[Step]:
    return [back for step in steps if (back := changes.inverse(step)) is not None]


# What is in the way


def _out_of_reach(index: Index, around: Surroundings | None, steps: Sequence[Step], key: KeyId) -> Iterator[str]:
    """Vaults whose data plane does not answer from here, of the steps that write to it."""
    hosts = dict.fromkeys(changes.key_of(step).host for step in steps if step_rights.on_data_plane(step))
    for host in hosts:
        why = _unreachable(index, around, host)
        if why is not None:
            yield f"The keys of {KeyId(host, key.name).vault_name} cannot be changed from here: {why.rstrip('. ')}."


def _unreachable(index: Index, around: Surroundings | None, host: str) -> str | None:
    """Why a vault's data plane is out of reach; None: it answers, or nobody knows. What was tried just now comes first."""
    if around is not None and host in around.answering:
        return around.answering[host]
    vault = index.vault_at(host)
    problem = vault.problem if vault else None
    return problem.message if problem and problem.kind in (FailureKind.UNREACHABLE, FailureKind.FORBIDDEN) else None


def _failed_over(index: Index, around: Surroundings | None, steps: Sequence[Step]) -> Iterator[str]:
    for step in steps:
        vault = _vault_of(index, step)
        if vault is not None and (where := _elsewhere(around, vault)):
            yield (
                f"The vault {vault.name} is in failover: {where} answers for {vault.location}, and there it takes no change of "
                "its keys, its access policies and its firewall. Role assignments can still be removed."
            )


def _vault_of(index: Index, step: Step) -> Vault | None:
    """The vault that a failover would keep from taking this step."""
    if step_rights.on_data_plane(step):
        return index.vault_of(changes.key_of(step))
    if step.verb in _IN_FAILOVER:
        return index.vault(changes.parse_policy_target(step.target)[0] if "|" in step.target else step.target)
    return None


def _elsewhere(around: Surroundings | None, vault: Vault) -> str | None:
    """The region that answers for a vault where it is not its own."""
    region = around.regions.get(vault.host) if around is not None else None
    plain = region.replace(" ", "").lower() if region else None
    return plain if plain and plain != vault.location.replace(" ", "").lower() else None


# The checks


def _right(index: Index, around: Surroundings | None, name: str, steps: Sequence[Step], what: str) -> Check:
    if around is None:
        return _not_asked(name, what)
    missing = next((problem for problem, _ in _missing(index, around, steps)), None)
    if missing is not None:
        offered = activations(index, around, steps)
        roles = [role.name for one in offered if (role := index.role(one.role_definition_id))]
        then = f"Activate the role {words.listed(list(dict.fromkeys(roles)), 'or')}." if roles else missing.advice
        return Check(name=name, answer=Answer.NO, sentence=missing.fact, next=then)
    if _by_activation(index, around, steps):
        said = f"This account may {what}, once the role that the plan activates counts."
        return Check(name=name, answer=Answer.YES, sentence=said)
    unsure = _unsure(index, around, steps)
    if unsure:
        return Check(name=name, answer=Answer.UNKNOWN, sentence=unsure[0], next="The first write will tell.")
    if conditions := _conditions(index, steps):
        said = f"This account may {what}, by a role with a condition that is not evaluated here: {conditions}"
        return Check(name=name, answer=Answer.UNKNOWN, sentence=said, next="Read whether the condition lets it.")
    return Check(name=name, answer=Answer.YES, sentence=f"This account may {what}.")


def _by_activation(index: Index, around: Surroundings, steps: Sequence[Step]) -> bool:
    """Whether a role that one of the steps activates gives what was missing, and nothing else is unsure."""
    own = [step for step in steps if step.verb is not StepVerb.ACTIVATE_ROLE]
    if len(own) == len(steps) or _unsure(index, around, own):
        return False
    return any(waits_for_role(index, around, step) for step in own)


def _conditions(index: Index, steps: Sequence[Step]) -> str | None:
    """The condition by which alone the account holds a right that the steps need; the permissions API leaves it out."""
    account = index.estate.account.object_id.lower()
    holders = {account} | index.group_ids_of(account)
    for step in steps:
        need = step_rights.need(index, step)
        if need is None:
            continue
        giving = [
            one
            for one in index.assignments_over(need.scope)
            if one.principal_id.lower() in holders
            and (role := index.role(one.role_definition_id)) is not None
            and permits(role, need.action, data=need.data)
        ]
        if giving and all(one.condition for one in giving):
            return giving[0].condition
    return None


def _locks(index: Index, steps: Sequence[Step], back: Sequence[Step]) -> Check:
    doing, undoing = step_rights.locked(index, steps), step_rights.locked(index, back)
    if doing:
        return Check(
            name="locks", answer=Answer.NO, sentence=doing[0].sentence, next="Disabling a key is not held up by it."
        )
    if undoing:
        said = f"It can be done, but not taken back: {undoing[0].sentence}"
        return Check(name="locks", answer=Answer.NO, sentence=said, next="Whoever restores must remove the lock first.")
    problems = index.estate.coverage.problems
    if any(one.scope.lower().endswith("/providers/microsoft.authorization/locks") for one in problems):
        said = "Not all locks could be read, so one may be in the way."
        return Check(name="locks", answer=Answer.UNKNOWN, sentence=said)
    return Check(
        name="locks", answer=Answer.YES, sentence="No lock is in the way of these steps or of taking them back."
    )


def _reach(index: Index, around: Surroundings | None, data: Sequence[Step], key: KeyId) -> Check:
    hosts = list(dict.fromkeys([key.host, *(changes.key_of(step).host for step in data)]))
    name = key.vault_name
    for host in hosts:
        why = _unreachable(index, around, host)
        if why is not None:
            said = (
                f"The data plane of {KeyId(host, key.name).vault_name} is out of reach from here: {why.rstrip('. ')}."
            )
            then = (
                "Go on from a machine that it lets in." if data else "This plan does not need it; the proof reads less."
            )
            return Check(name="reach", answer=Answer.NO, sentence=said, next=then)
    if around is None or any(host not in around.answering for host in hosts):
        return _not_asked("reach", f"reach the data plane of {name}", asks="whether it can")
    return Check(name="reach", answer=Answer.YES, sentence=f"The data plane of {name} answers from here.")


def _region(index: Index, around: Surroundings | None, steps: Sequence[Step], key: KeyId) -> Check | None:
    """Only a failover is told: what is as always needs no line."""
    vault = index.vault_of(key)
    where = _elsewhere(around, vault) if vault else None
    if vault is None or where is None:
        return None
    stopped = next(_failed_over(index, around, steps), None)
    said = (
        stopped
        or f"{vault.name} is in failover: {where} answers for {vault.location}. These steps are taken all the same."
    )
    then = "Remove role assignments, or wait until the region is back." if stopped else ""
    return Check(name="vault", answer=Answer.NO if stopped else Answer.YES, sentence=said, next=then)


def _token(around: Surroundings | None) -> Check:
    if around is None or around.token_until is None:
        return Check(name="token", answer=Answer.UNKNOWN, sentence="How long the sign-in counts is not known.")
    left = around.token_until - around.now
    said = f"The sign-in counts for another {words.duration(max(left.total_seconds(), 0.0))}"
    if left < LEAST_TOKEN:
        then = "It is renewed by itself where that is allowed; sign in again to be sure."
        return Check(name="token", answer=Answer.NO, sentence=f"{said}.", next=then)
    return Check(name="token", answer=Answer.YES, sentence=f"{said}, and is renewed by itself.")


def _own_access(index: Index, steps: Sequence[Step]) -> Check:
    """Whether a step takes a grant of the account itself or of a group of it, or may shut it out of a vault."""
    me = index.estate.account.object_id.lower()
    groups = index.group_ids_of(me)
    for number, step in enumerate(steps, 1):
        who = (changes.principal_of(step) or "").lower()
        taking = step.verb is not StepVerb.CREATE_ASSIGNMENT
        if taking and who and (who == me or who in groups):
            whose = "your own grant" if who == me else f"the grant of {words.who(index, who)}, which you belong to"
            said = f"Step {number} takes {whose}: {step.words}."
            return Check(
                name="own-access", answer=Answer.NO, sentence=said, next="See to it that somebody else can restore."
            )
    for number, step in enumerate(steps, 1):
        shuts = step.verb is StepVerb.SET_NETWORK and str((step.after or {}).get("default_action")).lower() == "deny"
        if shuts and (step.before or {}).get("default_action") != "Deny":
            said = f"Step {number} closes the firewall of {last(step.target)}: only addresses in its rules still reach its keys."
            then = "It is opened again by the resource manager, which no firewall of the vault stops."
            return Check(name="own-access", answer=Answer.UNKNOWN, sentence=said, next=then)
    return Check(name="own-access", answer=Answer.YES, sentence="The plan takes nothing from this account.")


def _kept(index: Index, steps: Sequence[Step]) -> Check | None:
    """Whether a key that is deleted can be recovered: only where one is."""
    for step in steps:
        if step.verb is not StepVerb.DELETE_KEY:
            continue
        vault = index.vault_of(changes.key_of(step))
        if vault is None or vault.soft_delete_days is None:
            said = "It is not known how long the vault keeps a deleted key."
            return Check(name="kept", answer=Answer.UNKNOWN, sentence=said)
        days = words.count(vault.soft_delete_days, "day")
        if vault.purge_protection:
            said = f"{vault.name} keeps the deleted key for {days}, and nobody can purge it before."
            return Check(name="kept", answer=Answer.YES, sentence=said)
        said = f"{vault.name} keeps the deleted key for {days}, but whoever may purge can end it for good before."
        return Check(
            name="kept", answer=Answer.NO, sentence=said, next="Disable the versions instead, or back the key up first."
        )
    return None


def _not_asked(name: str, what: str, *, asks: str = "whether this account may") -> Check:
    return Check(name=name, answer=Answer.UNKNOWN, sentence=f"Not asked yet: {asks} {what}.")
