"""Services whose own steps have not all come to rest: that such a one is as it was contradicts nothing."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from cmk_admin.domain import words
from cmk_admin.domain.plan import Plan, Watch
from cmk_admin.domain.steps import ASKS_ONLY, AT_REST, StepState, StepVerb

_NEVER_DONE = frozenset({StepState.PLANNED, StepState.FAILED})


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Why a service was not cut or given back, or not wholly, or is not known to be."""

    wanted: str
    """``lost`` or ``back``, as in `Watch`."""
    untouched: bool
    """None of its own steps can have changed anything: there is nothing that it could show."""
    sure: bool
    """A step of its own was certainly not done; else it is only not known how one ended."""
    why: str
    """``step 2 failed``, ``steps 2 and 3 were not begun``, ``how step 2 ended is not known``."""
    not_asked: bool = False
    """All that is left is to ask it to try its key again: that was tried, and never came to it."""

    @property
    def words(self) -> str:
        """``not cut: step 2 failed``, ``not wholly cut: step 2 failed``, ``how step 2 ended is not known``."""
        if self.not_asked:
            return f"it was not asked to try its key again: {self.why}"
        if not self.sure:
            return self.why
        deed = "cut" if self.wanted == "lost" else "given back"
        return f"{'not' if self.untouched else 'not wholly'} {deed}: {self.why}"


def unfinished(
    plan: Plan, watch: Watch, states: Sequence[StepState], *, unasked: Collection[int] = ()
) -> Unfinished | None:
    """What is left of a service's own steps (`Watch.steps`). `states`: of all steps of the plan, in their order.

    A service that was asked to try its key again, and refused, has all that it needs: that leaves nothing. `unasked`:
    numbers of steps that failed before their target knew of them.

    None: nothing is left, or the plan names no steps of its own for the service.
    """
    own = [(n, state) for n, state in enumerate(states, 1) if n in watch.steps]
    left = [(n, state) for n, state in own if state not in AT_REST and (n in unasked or not _refused(plan, n, state))]
    if not left:
        return None
    return Unfinished(
        wanted=watch.wanted,
        untouched=all(state in _NEVER_DONE for _, state in own),
        sure=any(state in _NEVER_DONE for _, state in left),
        why=_why(left),
        not_asked=all(n in unasked and plan.steps[n - 1].verb is StepVerb.REVALIDATE for n, _ in left),
    )


def _refused(plan: Plan, n: int, state: StepState) -> bool:
    return state is StepState.FAILED and plan.steps[n - 1].verb in ASKS_ONLY


def _why(left: Sequence[tuple[int, StepState]]) -> str:
    """The plainest reason: what failed comes before what was not begun, and that before what is not known."""
    failed = [n for n, state in left if state is StepState.FAILED]
    if failed:
        return f"{_steps(failed)} failed"
    waiting = [n for n, state in left if state is StepState.PLANNED]
    if waiting:
        return f"{_steps(waiting)} {'was' if len(waiting) == 1 else 'were'} not begun"
    return f"how {_steps([n for n, _ in left])} ended is not known"


def _steps(numbers: Sequence[int]) -> str:
    return f"{'step' if len(numbers) == 1 else 'steps'} {words.listed([str(n) for n in numbers])}"
