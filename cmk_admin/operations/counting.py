"""From when on a path that was closed counts as closed: a grant that is gone may let in for as long as Azure documents.

A role assignment's removal counts within ten minutes, and a management group's within "several hours" (RBACD
troubleshooting.md); a firewall's rules within fifteen minutes. Of the other steps no such time is known: the vault itself
keeps versions, operations and access policies, and none is made up here.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cmk_admin.domain.ids import fold
from cmk_admin.domain.index import Index
from cmk_admin.domain.plan import Plan, PlannedPath
from cmk_admin.domain.steps import Step, StepState, StepVerb
from cmk_admin.domain.verbs.revoke import FIREWALL
from cmk_admin.operations.interface import WatchResult
from cmk_admin.operations.proof_facts import Counting, PathProof
from cmk_admin.operations.proof_rows import PathRow, named
from cmk_admin.runtime.clock import Clock
from cmk_admin.store.journal import OperationRow

SEVERAL_HOURS = 86400
"""Azure's seconds after which a removal without a documented time is taken to count: the program's own, a day."""
_SAME = timedelta(seconds=0.5)
"""What a calendar that is read anew may differ by."""
_SURE = frozenset({StepState.ACCEPTED, StepState.DONE, StepState.SKIPPED})


def counted(
    rows: Sequence[PathRow],
    row: OperationRow,
    plan: Plan,
    before: Sequence[PathRow],
    *,
    index: Index | None,
    clock: Clock,
    now: datetime,
) -> tuple[PathRow, ...]:
    """The rows of a reading; each that a step closed with when it counts. `now`: of the reading."""
    former = {named(one.path): one for one in before}
    known = _Known(row=row, plan=plan, clock=clock, now=now, refused=_refused(row, index))
    return tuple(replace(one, counting=_counting(known, one, former.get(named(one.path)))) for one in rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What is known of an operation when its paths were read."""

    row: OperationRow
    plan: Plan
    clock: Clock
    now: datetime
    refused: frozenset[str]


def _counting(known: _Known, one: PathRow, former: PathRow | None) -> Counting | None:
    before = former.counting if former else None
    if one.state is not PathProof.CLOSED:
        # one that is not known may turn out to be closed as it was
        return before if one.state is PathProof.UNKNOWN else None
    n = _closed_by(known.plan, one.path)
    seconds = _seconds(known.plan.steps[n - 1]) if n else 0
    if not n or seconds == 0:
        return None
    counting = before or _gone(known, one, n, again=former is not None and former.known is PathProof.OPEN)
    due = _due(counting, SEVERAL_HOURS if seconds is None else seconds, known)
    if seconds is None and one.path.principal.lower() in known.refused:
        due = min(due, before.settled_at if before else due, known.now)
    if before is not None and abs(due - before.settled_at) < _SAME:
        return before
    return replace(counting, counts_at=None if seconds is None else due, settled_at=due)


def _gone(known: _Known, one: PathRow, n: int, *, again: bool) -> Counting:
    """When what closed it was accepted. `again`: it was open since, and somebody closed it after step `n`."""
    step = known.row.steps[n - 1]
    at = one.since if again or step.state not in _SURE else step.changed_at
    return Counting(gone_at=at, gone_there=at + (known.clock.now() - known.now), counts_at=None, settled_at=at)


def _closed_by(plan: Plan, path: PlannedPath) -> int | None:
    """The number of the step that closed a path, from 1."""
    if path.step is not None:
        return path.step
    if plan.method != FIREWALL or path.kind not in ("use", "eligible"):
        return None
    return next((n for n, step in enumerate(plan.steps, 1) if step.verb is StepVerb.SET_NETWORK), None)


def _seconds(step: Step) -> int | None:
    """Azure's seconds until a step counts; None: Azure says "several hours"; 0: none are known of."""
    if step.effect_seconds is None and step.verb is StepVerb.REMOVE_ASSIGNMENT:
        return None
    return step.effect_seconds or 0


def _due(counting: Counting, seconds: int, known: _Known) -> datetime:
    """When so many of Azure's seconds are over. Where somebody pushed a sandbox's calendar, that much of them is."""
    pushed = (known.clock.now() - known.now - (counting.gone_there - counting.gone_at)).total_seconds()
    left = seconds - pushed if pushed > 1 else seconds
    real = known.clock.real_seconds(left)
    return counting.gone_at + timedelta(seconds=left if math.isinf(real) else real)


def _refused(row: OperationRow, index: Index | None) -> frozenset[str]:
    """Identities, in small letters, of services that were seen to lose the key: Azure refuses them."""
    if index is None:
        return frozenset()
    lost = {fold(one.consumer) for one in row.watches if one.result == WatchResult.CONFIRMED}
    return frozenset(
        slot.principal_id.lower()
        for consumer in index.estate.consumers
        if fold(consumer.id) in lost
        for slot in consumer.slots
        if slot.principal_id
    )
