"""Which paths a proof looks for: those that the plan was about, of everybody and to every key and copy that it names."""

from collections.abc import Iterator

from cmk_admin.domain.access import AccessPath, holders, paths
from cmk_admin.domain.copies import copy_paths, copy_paths_of_others
from cmk_admin.domain.ids import KeyId, fold, parse_key_id, same
from cmk_admin.domain.index import Index
from cmk_admin.domain.permissions import GETS_AT_DATA
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.regrants import regrants
from cmk_admin.domain.steps import StepVerb
from cmk_admin.domain.verbs.revoke import DISABLE, EVERYBODY, FIREWALL, GRANTS, OPERATIONS, Cause
from cmk_admin.domain.verbs.ways import again, backup
from cmk_admin.operations.proof_copies import Copies

_OF_KEYS = (StepVerb.SET_ENABLED, StepVerb.SET_OPERATIONS, StepVerb.DELETE_KEY)


def keys_of(plan: Plan) -> tuple[KeyId, ...]:
    """The keys that a plan is about."""
    return tuple(parse_key_id(value) for name, value in plan.context if name == "key")


def shut_keys(plan: Plan) -> tuple[KeyId, ...]:
    """Those that the plan shut as a whole: the first, and what its steps name. Others are somebody else's too."""
    first, *others = keys_of(plan)
    if plan.method == FIREWALL:
        return (first, *(key for key in others if key.host == first.host))
    touched = {parse_key_id(step.target).key.folded for step in plan.steps if step.verb in _OF_KEYS}
    return (first, *(key for key in others if key.folded in touched))


def found_paths(index: Index, plan: Plan, key: KeyId, known: Copies) -> Iterator[tuple[AccessPath, str]]:
    """The paths that there are to a key and to its copies, each with its `PlannedPath.kind`."""
    actions = tuple(value for name, value in plan.context if name == "action") or GETS_AT_DATA
    principals = [value for name, value in plan.context if name == "principal"]
    undoing = again.undoing(plan.method) if key in shut_keys(plan) else ()
    if plan.cause == Cause.KEY_LEAKED and not principals:
        yield from ((path, "use") for path in _takers(index, plan, key, actions))
        return
    for principal in principals:
        yield from ((path, "use") for path in paths(index, key, principal, actions))
        kind = "use" if plan.cause == Cause.OPERATOR else again.REGRANT
        yield from ((path, kind) for path in regrants(index, key, undoing) if same(path.principal_id, principal))
        yield from ((path, backup.KIND) for path in _takings(index, plan, key, principal))
        there = copy_paths(index, key, known.of(index, key), (principal,), actions)
        yield from ((path, "copy") for path in there)
    yield from ((path, "use") for path in _along(index, plan, key, actions))
    if any(name == EVERYBODY for name, _ in plan.context):
        others = copy_paths_of_others(index, known.of(index, key), principals, actions)
        yield from ((path, "copy") for path in others)


def _along(index: Index, plan: Plan, key: KeyId, actions: tuple[str, ...]) -> Iterator[AccessPath]:
    """The paths that a plan names of whoever is cut along with those that were meant."""
    meant = {value.lower() for name, value in plan.context if name == "principal"}
    planned = {(path.principal.lower(), fold(path.scope)) for path in plan.paths if path.kind == "use"}
    for who in dict.fromkeys(who for who, _ in planned if who and who not in meant):
        for path in paths(index, key, who, actions):
            if (who, fold(path.scope)) in planned:
                yield path


def _takings(index: Index, plan: Plan, key: KeyId, principal: str) -> Iterator[AccessPath]:
    """By which a principal could take a backup of the key: where that leads somewhere, or the plan was about it.

    Of a plan that names its data actions, taking the key out is one of them.
    """
    if plan.method not in (GRANTS, DISABLE, OPERATIONS) or any(name == "action" for name, _ in plan.context):
        return
    planned = {(path.principal.lower(), fold(path.scope)) for path in plan.paths if path.kind == backup.KIND}
    for one in backup.takings(index, key, principal, plan.method):
        if one.into or (principal.lower(), fold(one.path.scope)) in planned:
            yield one.path


def _takers(index: Index, plan: Plan, key: KeyId, actions: tuple[str, ...]) -> Iterator[AccessPath]:
    """Whoever can take the key out, besides the account that looks and the services that use it."""
    me = index.estate.account.object_id
    serving = {use.slot.principal_id.lower() for use in index.uses_of_key(key) if use.slot.principal_id}
    planned = {(path.principal.lower(), fold(path.scope)) for path in plan.paths}
    for path in holders(index, key, actions):
        grant = path.assignment or path.eligibility
        mine = same(path.principal_id, me) or (grant is not None and same(grant.principal_id, me))
        known = (path.principal_id.lower(), fold(path.scope)) in planned
        if known or not (mine or path.principal_id.lower() in serving):
            yield path
