"""How long the plan of a revoke takes to make, for a key that 200 services use among 2,000 role assignments."""

import json
import statistics
from time import perf_counter

from cmk_admin.domain.index import Index
from cmk_admin.domain.verbs import revoke
from cmk_admin.domain.verbs.revoke import RevokeDraft
from tests.domain.estates import MYSQL_KEY, busy_key

CONSUMERS, ASSIGNMENTS = 200, 2000
ROUNDS = 15


def main() -> None:
    """Print what was measured."""
    estate = busy_key(CONSUMERS, ASSIGNMENTS)
    index = Index(estate)
    everybody = tuple(one.id for one in estate.consumers)
    taken = {
        name: [_once(index, draft) for _ in range(ROUNDS)]
        for name, draft in (
            ("grants", RevokeDraft(key=MYSQL_KEY.id, method="grants", consumers=everybody)),
            ("disable", RevokeDraft(key=MYSQL_KEY.id, method="disable")),
        )
    }
    middle = {name: statistics.median(times) for name, times in taken.items()}
    told = ", ".join(f"{name} {ms:.0f} ms (first {taken[name][0]:.0f})" for name, ms in middle.items())
    note = f"preview: {told}, with every method beside it"
    print(json.dumps({"preview_ms": round(max(middle.values()), 1), "notes": [note]}))


def _once(index: Index, draft: RevokeDraft) -> float:
    """Milliseconds of one plan."""
    began = perf_counter()
    plan = revoke.plan(draft, index)
    taken = (perf_counter() - began) * 1000
    assert len(plan.effects) == CONSUMERS, "the plan is not whole"
    return taken


if __name__ == "__main__":
    main()
