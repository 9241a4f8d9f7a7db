"""What is still open after the writes: the key's paths read again from their providers, never from the graph."""

from cmk_admin.domain import words
from cmk_admin.domain.access import AccessPath, paths
from cmk_admin.domain.errors import AzureFailure
from cmk_admin.domain.ids import KeyId, parse_key_id
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Estate
from cmk_admin.domain.plan import PathState, Plan, PlannedPath
from cmk_admin.domain.verbs.cuts import kept_because
from cmk_admin.domain.verbs.revoke import DISABLE
from cmk_admin.operations.inventory import Inventory


async def still_open(inventory: Inventory, plan: Plan) -> tuple[PlannedPath, ...]:
    """Read the plan's key again: every path that is open or not known. Raises nothing of Azure's.

    Where it cannot be read, every path that the plan meant to close is unknown.
    """
    key = parse_key_id(_context(plan, "key")[0])
    try:
        estate = await inventory.refresh(key)
    except AzureFailure as failure:
        return _unread(plan, f"it could not be read again: {failure.message}")
    return open_paths(Index(estate), plan, key) if plan.method is not None else ()


async def read_keys_of(inventory: Inventory, plan: Plan, *, everywhere: bool = False) -> Estate:
    """The estate with every key that a plan is about as it stands now; `everywhere`: see `cloud.refresh`.

    Raises AzureFailure.
    """
    first, *others = [parse_key_id(value) for value in _context(plan, "key")]
    estate = await inventory.refresh(first, everywhere=everywhere)
    for key in others:
        estate = await inventory.refresh(key, everywhere=everywhere)
    return estate


def open_paths(index: Index, plan: Plan, key: KeyId) -> tuple[PlannedPath, ...]:
    """The paths of the plan's principals that the estate still shows, and those that it cannot rule out."""
    why = None
    if plan.method == DISABLE:
        found = index.key(key)
        if found is None or found.versions is None:
            return _unread(plan, "the versions of the key could not be read again")
        enabled = [version.id.version or "" for version in found.versions if version.enabled]
        if not enabled:
            return ()
        why = f"{words.count(len(enabled), 'version')} of the key still enabled: {', '.join(enabled)}"
    found_paths = tuple(
        _planned(index, path, why) for principal in _context(plan, "principal") for path in paths(index, key, principal)
    )
    # a version that is enabled is open to whoever gets at it, also where nobody in particular is known
    return found_paths or ((_anybody(plan, PathState.STAYS_OPEN, why),) if why else ())


def _planned(index: Index, path: AccessPath, why: str | None) -> PlannedPath:
    return PlannedPath(
        via=words.via(index, path),
        scope=path.scope,
        principal=path.principal_id,
        principal_name=index.name_of(path.principal_id),
        state=PathState.UNKNOWN if path.unknown else PathState.STAYS_OPEN,
        reason=why or kept_because(index, path) or "it is still there",
    )


def _anybody(plan: Plan, state: PathState, reason: str) -> PlannedPath:
    return PlannedPath(
        via="the key itself", scope=plan.subject, principal="", principal_name=None, state=state, reason=reason
    )


def _unread(plan: Plan, reason: str) -> tuple[PlannedPath, ...]:
    if not plan.paths:
        return (_anybody(plan, PathState.UNKNOWN, reason),)
    return tuple(
        PlannedPath(
            via=path.via,
            scope=path.scope,
            principal=path.principal,
            principal_name=path.principal_name,
            state=path.state if path.state is PathState.STAYS_OPEN else PathState.UNKNOWN,
            also_cuts=path.also_cuts,
            reason=path.reason if path.state is PathState.STAYS_OPEN else reason,
        )
        for path in plan.paths
    )


def _context(plan: Plan, name: str) -> tuple[str, ...]:
    return tuple(value for key, value in plan.context if key == name)
