"""A plan that cannot start promises nothing: its paths and its services stay as they are."""

from dataclasses import replace

from cmk_admin.domain.plan import Effect, PathState, Plan, PlannedPath

HELD_UP = "Stays as it is, while this cannot be started"
NOTHING = "Stays as it is: this way changes nothing"


def promise_nothing(plan: Plan) -> Plan:
    """The plan with what it would close and stop as it stays now; one without problems is as it was.

    Where there are steps and Azure would refuse them, a path stays open. Where there is none to take, the way may be gone
    already (every version is disabled) or could not be read: then it is not known whether the path is open.
    """
    if not plan.problems:
        return plan
    state, why = (PathState.STAYS_OPEN, HELD_UP) if plan.steps else (PathState.UNKNOWN, NOTHING)
    return replace(
        plan,
        paths=tuple(_path(path, state, why) for path in plan.paths),
        effects=tuple(_effect(effect, why) for effect in plan.effects),
        watches=(),
    )


def _path(path: PlannedPath, state: PathState, why: str) -> PlannedPath:
    if path.state is not PathState.WILL_CLOSE:
        return path
    return replace(path, state=state, also_cuts=(), step=None, reason=f"{why}.")


def _effect(effect: Effect, why: str) -> Effect:
    """Nobody is cut who would only have been hit as well: `wanted` or not, it goes on."""
    if effect.goes_on:
        return effect
    return replace(effect, stops=why, within_seconds=None, adds_up="", goes_on=True)
