"""Proof: every path of a revoke read again from its provider, and each called closed, open or unknown.

What a method closed is looked at in its own terms: a grant is gone, a version is not enabled, an operation is not among
those of a version, the firewall shuts, the key is not there. What cannot be read is unknown, never closed.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from cmk_admin.domain import words
from cmk_admin.domain.access import AccessPath, PathKind, level_of
from cmk_admin.domain.copies import copy_reason
from cmk_admin.domain.errors import AzureFailure, FailureKind
from cmk_admin.domain.ids import KeyId, contains, key_scope
from cmk_admin.domain.index import Index
from cmk_admin.domain.model import Key, KeyVersion, Source
from cmk_admin.domain.plan import PathState, Plan, PlannedPath
from cmk_admin.domain.verbs.cuts import grant_of, kept_because
from cmk_admin.domain.verbs.revoke import DELETE, DISABLE, FIREWALL, GRANTS, OPERATIONS
from cmk_admin.domain.verbs.ways import again, backup, endpoints
from cmk_admin.domain.verbs.ways.operations import operations_of
from cmk_admin.domain.words import ITSELF
from cmk_admin.operations.counting import counted
from cmk_admin.operations.interface import GIVEN_BACK, PathProof
from cmk_admin.operations.inventory import Inventory
from cmk_admin.operations.namesakes import read_and_ask
from cmk_admin.operations.proof_copies import Copies, principals_of, read_copies, shut_copy
from cmk_admin.operations.proof_paths import found_paths, keys_of, shut_keys
from cmk_admin.operations.proof_rows import Named, PathRow, itself, named, rows_from_text, rows_to_text
from cmk_admin.operations.state import OperationState
from cmk_admin.runtime.clock import Clock
from cmk_admin.store.incidents import ProofRow
from cmk_admin.store.journal import OperationRow

_PAST = (again.REGRANT, backup.KIND)
"""Kinds of paths that whatever a method shut does not stand before."""
_STILL, _AGAIN = "it is still there", "it is there again"
_OPENS = frozenset({"unwrapkey", "decrypt"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gate:
    """What a method shut, other than grants."""

    state: PathProof
    reason: str
    versions: tuple[KeyVersion, ...] = ()
    """Those that are open."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One reading of all paths."""

    at: datetime
    rows: tuple[PathRow, ...]
    index: Index | None = None
    """None: nothing could be read."""
    found: Mapping[Named, AccessPath] = field(default_factory=dict)
    """What stands behind those paths that are there."""
    versions: tuple[KeyVersion, ...] = ()
    """The versions that are open, where the method is about versions."""
    away: bool = False
    """Nothing was read, because Azure could not be reached at all."""

    @property
    def text(self) -> str:
        return rows_to_text(self.rows)

    @property
    def open_paths(self) -> tuple[PlannedPath, ...]:
        """Those that are open or unknown, as an operation's report names them."""
        left = [one for one in self.rows if one.state is not PathProof.CLOSED]
        known = [one for one in left if one.path.via != ITSELF]
        states = {PathProof.OPEN: PathState.STAYS_OPEN, PathProof.UNKNOWN: PathState.UNKNOWN}
        return tuple(replace(one.path, state=states[one.state], reason=one.reason, step=None) for one in known or left)


async def prove_run(state: OperationState) -> None:
    """What a run does after its writes: read all of it again, for the estate that is shown and for the proof."""
    incident = await state.incidents.load(state.row.id)
    before = rows_before(incident.proof if incident else None)
    reading = await read_paths(state.inventory, state.plan, before, keep=True)
    if state.plan.method is None:
        return
    reading = with_counting(reading, state.row, state.plan, before, state.session.clock)
    await state.put_open_paths(reading.open_paths)
    await state.incidents.put_proof(state.row.id, reading.at, reading.text, ())
    state.show_incident(await state.incidents.load(state.row.id))


def with_counting(reading: Reading, row: OperationRow, plan: Plan, before: Sequence[PathRow], clock: Clock) -> Reading:
    """The reading; each path that a step closed with when that counts."""
    rows = counted(reading.rows, row, plan, before, index=reading.index, clock=clock, now=reading.at)
    return replace(reading, rows=rows)


def rows_before(row: ProofRow | None) -> tuple[PathRow, ...]:
    """What the reading before found; nothing where it was the first."""
    return rows_from_text(row.paths) if row else ()


async def read_paths(inventory: Inventory, plan: Plan, before: Sequence[PathRow], *, keep: bool = False) -> Reading:
    """Read all paths of a plan. `keep`: what was read is the estate that everybody sees from now on.

    Raises nothing of Azure's: where the key cannot be read, every path is unknown.
    """
    keys = keys_of(plan)
    try:
        estate, asked = await read_and_ask(
            inventory, lambda: inventory.look(keys, keep=keep), keys, lambda _: principals_of(plan)
        )
    except AzureFailure as failure:
        away = failure.kind is FailureKind.UNREACHABLE and failure.status is None
        return nothing_read(plan, before, failure.message, away=away)
    estate, copies = await read_copies(inventory, plan, keys, estate, asked, keep=keep)
    return proven(Index(estate), plan, before, datetime.now(UTC), copies)


def nothing_read(plan: Plan, before: Sequence[PathRow], why: str, *, away: bool = False) -> Reading:
    """A reading that found out nothing: every path is unknown, but for what stays open by the plan. `why`: a sentence."""
    now = datetime.now(UTC)
    rows = _dated(_unread(plan, before, f"it could not be read again: {why.rstrip('.')}"), before, now)
    return Reading(at=now, rows=rows, away=away)


def proven(index: Index, plan: Plan, before: Sequence[PathRow], now: datetime, copies: Copies) -> Reading:
    """What an estate that was read just now says of a plan's paths, of those that were found before, and of new ones."""
    keys = keys_of(plan)
    gates = {key.folded: gate for key in shut_keys(plan) if (gate := _gate(index, plan, key))}
    former = {named(one.path): one for one in before}
    planned = {named(path) for path in plan.paths}
    states: dict[Named, tuple[PlannedPath, PathProof, str | None]] = {}
    for path in (*plan.paths, *(one.path for one in before)):
        if path.via == ITSELF:
            continue
        state, why = _absent(index, gates, keys, path, copies)
        known = former.get(named(path))
        # What was only ever unknown stood for what could not be read, and is no path once that can be
        if state is not PathProof.CLOSED or named(path) in planned or (known is not None and known.known is not None):
            states[named(path)] = (path, state, why)
    found: dict[Named, AccessPath] = {}
    for key in keys:
        for access, kind in found_paths(index, plan, key, copies):
            path = _planned(index, access, kind)
            name = named(path)
            earlier = states.get(name)
            gate = None if kind in _PAST else gates.get(key.folded)
            there = _there(former.get(name), planned=name in planned)
            state, why = _copied(index, access, copies) if kind == "copy" else _present(index, access, gate, there)
            if kind == again.REGRANT and why != _AGAIN:
                why = again.reason(index, access, plan.method)
            if earlier is not None and name in found and _GRAVITY[earlier[1]] >= _GRAVITY[state]:
                continue  # one grant that leads to several keys is as open as the most open of them
            found[name] = access
            states[name] = (replace(earlier[0], condition=path.condition) if earlier else path, state, why)
    for path in _past_the_firewall(index, plan):
        state = PathProof.OPEN if path.state is PathState.STAYS_OPEN else PathProof.UNKNOWN
        states[named(path)] = (path, state, path.reason)
    if gates:
        worst = max(gates.values(), key=lambda one: _GRAVITY[one.state])
        states[named(itself(plan))] = (itself(plan), worst.state, worst.reason)
    return Reading(
        at=now,
        rows=_dated(states.values(), before, now),
        index=index,
        found=found,
        versions=tuple(version for one in gates.values() for version in one.versions),
    )


def _past_the_firewall(index: Index, plan: Plan) -> Iterator[PlannedPath]:
    """The private endpoints of the vault that a plan shut by its firewall."""
    vault = index.vault_of(keys_of(plan)[0]) if plan.method == FIREWALL else None
    if vault is not None:
        yield from endpoints.ways_in(vault)


_GRAVITY = {PathProof.CLOSED: 0, PathProof.UNKNOWN: 1, PathProof.OPEN: 2}


def _there(former: PathRow | None, *, planned: bool) -> str:
    """What an open path is said to be: one that was closed came again, and one that nobody knew was not there before."""
    if former is None:
        return _STILL if planned else "it is there"
    if former.known is PathProof.CLOSED:
        return _AGAIN
    return former.reason if former.reason in (_AGAIN, "it is there") else _STILL


def _present(
    index: Index, access: AccessPath, gate: _Gate | None, there: str = "it is there"
) -> tuple[PathProof, str | None]:
    """A path that is there, or may be: as open as what the method shut before it. `there`: why it is open, for want of
    anything better."""
    if gate is not None:
        return gate.state, gate.reason
    if access.unknown:
        return PathProof.UNKNOWN, kept_because(index, access) or access.unknown
    return PathProof.OPEN, kept_because(index, access) or there


def _copied(index: Index, access: AccessPath, copies: Copies) -> tuple[PathProof, str | None]:
    """A path to a copy, as its own vault says now: nothing that was done to the key touches it."""
    copy = access.copy_of
    found = index.key(copy) if copy is not None else None
    why = copies.unread.get(copy.folded) if copy is not None else None
    if why is not None:
        return PathProof.UNKNOWN, why
    shut = shut_copy(index, found, access) if found is not None else None
    if shut is not None:
        return shut
    state, reason = _present(index, access, None)
    if state is PathProof.OPEN and copy is not None:
        return state, copy_reason(index, access)
    return state, reason


def _absent(
    index: Index, gates: Mapping[str, _Gate], keys: Sequence[KeyId], path: PlannedPath, copies: Copies
) -> tuple[PathProof, str | None]:
    """A path that is not found is closed, where it would have been found."""
    if path.kind != "copy" and (why := _hidden(index, gates, keys, path)):
        return PathProof.UNKNOWN, why
    if path.kind == "copy" and (why := copies.why_unread(index, path)):
        return PathProof.UNKNOWN, why
    if path.kind == "copy" and copies.ids:
        return PathProof.CLOSED, None
    if path.kind != "copy" or any(one is not None and one.thumbprint for one in map(index.key, keys)):
        return PathProof.CLOSED, None
    if path.state is PathState.STAYS_OPEN:
        return PathProof.OPEN, path.reason
    return PathProof.UNKNOWN, "it could not be read whether the copy is still one"


def _hidden(index: Index, gates: Mapping[str, _Gate], keys: Sequence[KeyId], path: PlannedPath) -> str | None:
    """Why it is not known that a path is gone: what stands at the keys to which it led could not be read. Where a key is
    shut it does not matter, but for paths that no shutting stands before."""
    scopes = {key: key_scope(vault.id, key.name) for key in keys if (vault := index.vault_of(key)) is not None}
    led = [key for key, scope in scopes.items() if contains(path.scope, scope)]
    for key in led or keys:
        vault = index.vault_of(key)
        if vault is None:
            return "the vault is not visible to this account"
        gate = gates.get(key.folded) if path.kind not in _PAST else None
        if not vault.rbac or (gate is not None and gate.state is PathProof.CLOSED):
            continue
        by_eligible = path.kind == "eligible"
        unread = index.unread_eligibilities_over(scopes[key]) if by_eligible else index.unread_over(scopes[key])
        if unread:
            what = "eligible roles" if by_eligible else "role assignments"
            return f"the {what} of this {level_of(unread[0])} could not be read"
    return None


def _planned(index: Index, access: AccessPath, kind: str) -> PlannedPath:
    return PlannedPath(
        via=words.via(index, access),
        scope=access.scope,
        principal=access.principal_id,
        principal_name=index.name_of(access.principal_id),
        state=PathState.UNKNOWN if access.unknown else PathState.STAYS_OPEN,
        kind="eligible" if access.kind is PathKind.ELIGIBLE and kind == "use" else kind,
        condition=access.condition,
    )


def _unread(plan: Plan, before: Sequence[PathRow], why: str) -> list[tuple[PlannedPath, PathProof, str | None]]:
    """Nothing could be read: only what stays open by the plan is known to be so."""
    known = {named(path): path for path in (*plan.paths, *(one.path for one in before))}
    if not known or plan.method not in (None, GRANTS):
        known.setdefault(named(itself(plan)), itself(plan))
    return [
        (path, PathProof.OPEN, path.reason)
        if path.state is PathState.STAYS_OPEN and path.reason
        else (path, PathProof.UNKNOWN, why)
        for path in known.values()
    ]


def _dated(
    states: Iterable[tuple[PlannedPath, PathProof, str | None]], before: Sequence[PathRow], now: datetime
) -> tuple[PathRow, ...]:
    """Since when each is so: as before where it was so before."""
    former = {named(one.path): one for one in before}
    rows = []
    for path, state, reason in states:
        known = former.get(named(path))
        same = known is not None and known.state is state
        last = state if state is not PathProof.UNKNOWN else (known.known if known else None)
        rows.append(
            PathRow(path=path, state=state, reason=reason, since=known.since if known and same else now, known=last)
        )
    return tuple(rows)


# What each method shut


def _gate(index: Index, plan: Plan, key: KeyId) -> _Gate | None:
    look = _GATES.get(plan.method or "")
    if look is None:
        return None
    vault = index.vault_of(key)
    if vault is None:
        return _Gate(state=PathProof.UNKNOWN, reason="the vault is not visible to this account")
    if plan.method == FIREWALL:
        shut = (vault.default_deny or not vault.public_access) and not vault.trusted_bypass
        why = "the firewall lets in nobody but whom its own rules name"
        doubt = endpoints.doubt(vault) if shut else None
        if doubt is not None:
            return _Gate(state=PathProof.UNKNOWN, reason=f"the firewall is shut, but {doubt}")
        return (
            _Gate(state=PathProof.CLOSED, reason=why)
            if shut
            else _Gate(
                state=PathProof.OPEN,
                reason="the firewall lets trusted Azure services in"
                if vault.trusted_bypass
                else "the firewall lets everybody in",
            )
        )
    if vault.keys_from is Source.UNREAD:
        said = f": {vault.problem.message}" if vault.problem else ""
        return _Gate(state=PathProof.UNKNOWN, reason=f"the keys of {vault.name} could not be read{said}")
    found = index.key(key)
    if found is None:
        return _Gate(state=PathProof.CLOSED, reason="there is no such key in the vault")
    return look(found)


def _by_versions(key: Key) -> _Gate:
    if key.versions is None:
        return _Gate(state=PathProof.UNKNOWN, reason="the versions of the key could not be read again")
    enabled = tuple(version for version in key.versions if version.enabled)
    if not enabled:
        return _Gate(state=PathProof.CLOSED, reason="no version of the key is enabled")
    names = ", ".join(version.id.version or "" for version in enabled)
    why = f"{words.count(len(enabled), 'version')} of the key still enabled: {names}"
    return _Gate(state=PathProof.OPEN, reason=why, versions=enabled)


def _by_operations(key: Key) -> _Gate:
    if key.versions is None:
        return _Gate(state=PathProof.UNKNOWN, reason="the versions of the key could not be read again")
    enabled = [version for version in key.versions if version.enabled]
    known = [(one, operations_of(key, one)) for one in enabled]
    opened = tuple(one for one, found in known if found and _OPENS & {word.lower() for word in found})
    if opened:
        names = ", ".join(version.id.version or "" for version in opened)
        return _Gate(
            state=PathProof.OPEN, reason=f"unwrapKey or decrypt is among the operations of {names}", versions=opened
        )
    if any(found is None for _, found in known):
        return _Gate(state=PathProof.UNKNOWN, reason="the operations of a version could not be read")
    return _Gate(state=PathProof.CLOSED, reason="no enabled version of the key has unwrapKey or decrypt")


def _by_deletion(key: Key) -> _Gate:
    return _Gate(state=PathProof.OPEN, reason="the key is there")


_GATES: dict[str, Callable[[Key], _Gate]] = {
    DISABLE: _by_versions,
    OPERATIONS: _by_operations,
    DELETE: _by_deletion,
    FIREWALL: _by_deletion,
}


def grants_behind(reading: Reading, row: PathRow) -> str | None:
    """The folded id of the grant by which a path that is there is open."""
    access = reading.found.get(named(row.path))
    return grant_of(access) if access else None


def with_given_back(reading: Reading, targets: Collection[str]) -> Reading:
    """The reading; a path that is open because a restore gave its grant back says so. `targets`: folded ids."""
    rows = tuple(
        replace(row, reason=GIVEN_BACK)
        if row.state is PathProof.OPEN and row.reason in (_AGAIN, _STILL) and grants_behind(reading, row) in targets
        else row
        for row in reading.rows
    )
    return replace(reading, rows=rows)
