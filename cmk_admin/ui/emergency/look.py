"""How states look here: icon, word and tone of a path, a step, a watch and an outcome; never colour alone."""

from typing import NamedTuple

from cmk_admin.domain.ids import last
from cmk_admin.domain.plan import Answer, PathState, Plan
from cmk_admin.domain.steps import Outcome, StepState
from cmk_admin.domain.verbs.revoke import DELETE, DISABLE, FIREWALL, GRANTS, OPERATIONS, Cause
from cmk_admin.domain.words import closed_with
from cmk_admin.operations.interface import Incident, OperationReport, PathProof, WatchResult
from cmk_admin.ui.theme.colors import Tone


class Look(NamedTuple):
    """Icon, word and tone of a state."""

    icon: str
    word: str
    tone: Tone


_ACTS = {
    DISABLE: "disable",
    OPERATIONS: "take operations away",
    FIREWALL: "shut its firewall",
    DELETE: "delete (recoverable)",
    GRANTS: "cut off",
}
"""What a tab says of a revoke by its method."""

PATHS = {
    PathState.WILL_CLOSE: Look("lock", "will close", "text"),
    PathState.STAYS_OPEN: Look("warning", "stays open", "danger"),
    PathState.UNKNOWN: Look("unknown", "not known", "unknown"),
}
STEPS = {
    StepState.PLANNED: Look("clock", "waiting", "secondary"),
    StepState.INTENT: Look("clock", "starting", "accent"),
    StepState.SENT: Look("clock", "sent", "accent"),
    StepState.ACCEPTED: Look("clock", "accepted", "accent"),
    StepState.DONE: Look("confirmed", "done", "confirmed"),
    StepState.SKIPPED: Look("info", "already so", "secondary"),
    StepState.FAILED: Look("broken", "failed", "danger"),
    StepState.UNKNOWN: Look("unknown", "outcome not known", "unknown"),
}
OUTCOMES = {
    Outcome.PLANNED: Look("clock", "Planned", "secondary"),
    Outcome.RUNNING: Look("clock", "Running", "accent"),
    Outcome.DONE: Look("confirmed", "Done", "confirmed"),
    Outcome.PARTIAL: Look("warning", "Partial", "caution"),
    Outcome.FAILED: Look("broken", "Failed", "danger"),
    Outcome.CANCELLED: Look("stop", "Cancelled", "caution"),
    Outcome.REFUSED: Look("forbidden", "Refused", "danger"),
}
WATCHES = {
    WatchResult.WAITING: Look("watch", "watching", "accent"),
    WatchResult.CONFIRMED: Look("confirmed", "confirmed", "confirmed"),
    WatchResult.NOT_CONFIRMED: Look("unknown", "not confirmed", "unknown"),
    WatchResult.CONTRADICTED: Look("broken", "contradicted", "danger"),
}
PROOFS = {
    PathProof.CLOSED: Look("confirmed", "closed", "confirmed"),
    PathProof.OPEN: Look("warning", "open", "danger"),
    PathProof.UNKNOWN: Look("unknown", "not known", "unknown"),
}
COUNTING = Look("clock", "closed", "accent")
"""A path that is closed, and by which Azure may still let in."""
CHECKS = {
    Answer.YES: Look("step-done", "yes", "text"),
    Answer.NO: Look("forbidden", "no", "caution"),
    Answer.UNKNOWN: Look("unknown", "not known", "unknown"),
}
NOT_BEGUN = Look("clock", "waits", "secondary")
"""A service that a later stage cuts."""
NOT_DONE = Look("broken", "not done", "danger")
"""A service whose own steps are not all done."""
ALL_BACK = Look("restore", "Given back", "secondary")
PARTLY_BACK = Look("restore", "Partly given back", "secondary")
OPEN_AGAIN = Look("warning", "Open again", "danger")
NOT_PROVED = Look("unknown", "Done, not proved", "unknown")
INTERRUPTED = Look("warning", "Interrupted", "caution")
STOPPING = Look("stop", "Stopping", "caution")
_CLOSED_OVER = (Outcome.DONE, Outcome.PARTIAL, Outcome.CANCELLED)
"""Outcomes of which a closed incident says more than they do."""


def short_title(verb: str, title: str, subject: str, plan: Plan | None = None) -> str:
    """What stands on a tab, with the name first: tabs are cut at their end, and the name tells two revokes apart."""
    name = last(subject)
    if verb == "revoke" and plan is not None and plan.method in _ACTS:
        cut = {effect.consumer_name for effect in plan.effects if effect.wanted}
        if plan.method == GRANTS and len(cut) == 1:
            name = cut.pop()
        # A key that leaked is contained first: nobody is cut off it yet
        contains = plan.cause == Cause.KEY_LEAKED and not plan.effects
        return f"{name}: {'contain' if contains else _ACTS[plan.method]}"
    return {"restore": f"{name}: restore", "undo": f"{name}: undo"}.get(verb, title)


def interrupted(report: OperationReport) -> bool:
    """True where nobody runs it although it was not brought to an end."""
    return report.resumable and not report.alive and report.outcome in (Outcome.PLANNED, Outcome.RUNNING)


def outcome(report: OperationReport) -> Look:
    """How an operation stands."""
    if interrupted(report):
        return INTERRUPTED
    if report.alive and report.cancel_requested:
        return STOPPING
    back = given_back(report)
    if back is ALL_BACK:
        return back
    return _by_the_proof(report) or back or OUTCOMES[report.outcome]


def given_back(report: OperationReport) -> Look | None:
    """How a revoke stands of which something was given back; None: nothing was."""
    if report.verb != "revoke" or report.alive:
        return None
    if report.answered_by is not None and not report.undoable:
        return ALL_BACK
    return PARTLY_BACK if report.partly_given_back else None


def _by_the_proof(report: OperationReport) -> Look | None:
    """What was done once is no comfort while the paths say otherwise, and a closed incident closes none of them."""
    opened, unknown = report.left_open
    if not opened and not unknown:
        return None
    if report.incident is Incident.CLOSED and report.outcome in _CLOSED_OVER:
        looks = PROOFS[PathProof.OPEN if opened else PathProof.UNKNOWN]
        return looks._replace(word=closed_with(opened, unknown))
    if report.outcome is not Outcome.DONE:
        return None
    return OPEN_AGAIN if opened else NOT_PROVED
