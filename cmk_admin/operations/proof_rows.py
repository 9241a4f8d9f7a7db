"""A proof as it is kept: each path with its state, since when, and what it was last known to be."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cmk_admin.domain.errors import BadInput
from cmk_admin.domain.ids import fold
from cmk_admin.domain.plan import PathState, Plan, PlannedPath
from cmk_admin.domain.wire import JsonObject
from cmk_admin.domain.wire_plan import path_from_json, path_json
from cmk_admin.domain.words import HOLDERS, ITSELF
from cmk_admin.operations.proof_facts import Counting, PathProof, Proof, ProvenPath
from cmk_admin.store.incidents import ProofRow

Named = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PathRow:
    """One path as a reading found it."""

    path: PlannedPath
    state: PathProof
    reason: str | None
    since: datetime
    known: PathProof | None
    """What it was when it was last known; None: it was never."""
    counting: Counting | None = None
    """From when on it counts; None: at once, as far as is known."""


def itself(plan: Plan) -> PlannedPath:
    """The path of whoever gets at a plan's key."""
    return PlannedPath(via=ITSELF, scope=plan.subject, principal="", principal_name=HOLDERS, state=PathState.WILL_CLOSE)


def named(path: PlannedPath) -> Named:
    """What tells paths apart from one reading to the next: a grant that was made again is the same path."""
    return path.kind, path.principal.lower(), fold(path.scope), path.via


def rows_to_text(rows: Sequence[PathRow]) -> str:
    """As the store keeps them."""
    return json.dumps(
        [
            {
                "path": path_json(one.path),
                "state": one.state.value,
                "reason": one.reason,
                "since": one.since.isoformat(),
                "known": one.known.value if one.known else None,
                **(_counting_json(one.counting) if one.counting else {}),
            }
            for one in rows
        ],
        ensure_ascii=False,
    )


def rows_from_text(text: str) -> tuple[PathRow, ...]:
    """The inverse of `rows_to_text`. Raises BadInput ``bad-proof``."""
    try:
        return tuple(
            PathRow(
                path=path_from_json(one["path"]),
                state=PathProof(one["state"]),
                reason=one["reason"],
                since=datetime.fromisoformat(one["since"]),
                known=PathProof(one["known"]) if one["known"] else None,
                counting=_counting_from(one) if one.get("settled_at") else None,
            )
            for one in json.loads(text)
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput("bad-proof", "What was kept of a reading of the paths is damaged.") from error


def _counting_json(counting: Counting) -> JsonObject:
    return {
        "gone_at": counting.gone_at.isoformat(),
        "gone_there": counting.gone_there.isoformat(),
        "counts_at": counting.counts_at.isoformat() if counting.counts_at else None,
        "settled_at": counting.settled_at.isoformat(),
    }


def _counting_from(one: JsonObject) -> Counting:
    counts = one["counts_at"]
    return Counting(
        gone_at=datetime.fromisoformat(str(one["gone_at"])),
        gone_there=datetime.fromisoformat(str(one["gone_there"])),
        counts_at=datetime.fromisoformat(str(counts)) if counts else None,
        settled_at=datetime.fromisoformat(str(one["settled_at"])),
    )


def proof_of(row: ProofRow) -> Proof:
    """What others see of the newest reading."""
    return Proof(
        at=row.last_at,
        paths=tuple(
            ProvenPath(path=one.path, state=one.state, reason=one.reason, since=one.since, counting=one.counting)
            for one in rows_from_text(row.paths)
        ),
    )
