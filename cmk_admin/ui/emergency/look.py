"""How states look here: icon, word and tone of a path, a step, a watch and an outcome; never colour alone."""

from typing import NamedTuple

from cmk_admin.domain.plan import Effect, PathState
from cmk_admin.domain.services import service
from cmk_admin.domain.steps import Outcome, StepState
from cmk_admin.domain.words import duration
from cmk_admin.operations.interface import OperationReport, WatchReport, WatchResult
from cmk_admin.ui.emergency.lanes import Lane
from cmk_admin.ui.theme.colors import Tone


class Look(NamedTuple):
    """Icon, word and tone of a state."""

    icon: str
    word: str
    tone: Tone


PATHS = {
    PathState.WILL_CLOSE: Look("confirmed", "will close", "text"),
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
INTERRUPTED = Look("warning", "Interrupted", "caution")


def outcome(report: OperationReport) -> Look:
    """How an operation stands; one that nobody runs and that is not over was interrupted."""
    if report.resumable and not report.alive and report.outcome in (Outcome.PLANNED, Outcome.RUNNING):
        return INTERRUPTED
    return OUTCOMES[report.outcome]


def effect_lane(effect: Effect) -> Lane:
    """The lane of a plan: when a service should stop."""
    words = f"{effect.stops} {_within(effect.within_seconds)}"
    if not effect.wanted:
        words = f"Cut as well: {words[0].lower()}{words[1:]}"
    return Lane(
        name=effect.consumer_name,
        kind=service(effect.service).title,
        words=words,
        tone="caution" if effect.wanted else "danger",
        icon="revoke" if effect.wanted else "warning",
        within_seconds=effect.within_seconds,
        tip="\n".join(filter(None, (effect.stops, effect.lost, effect.comes_back, effect.source))),
    )


def watch_lane(watch: WatchReport) -> Lane:
    """The lane of a running or ended operation: what was measured."""
    return Lane(
        name=watch.consumer_name,
        kind=service(watch.service).title,
        words=watch_words(watch),
        tone=_WATCH[watch.result].tone,
        icon=_WATCH[watch.result].icon,
        within_seconds=watch.within_seconds,
        seconds=watch.seconds,
        running=watch.result is WatchResult.WAITING,
        tip=watch.reason or watch_words(watch),
    )


def watch_words(watch: WatchReport) -> str:
    """What is known of one consumer, in a line."""
    wanted = "inaccessible" if watch.wanted == "lost" else "back"
    now = f"Azure says {watch.now}" if watch.now else "Azure has not said"
    match watch.result:
        case WatchResult.WAITING:
            since = duration(watch.seconds) if watch.seconds is not None else "just begun"
            return f"Watching, {since}: {now}; expected {_within(watch.within_seconds)}"
        case WatchResult.CONFIRMED:
            after = f" after {duration(watch.seconds)}" if watch.seconds is not None else ""
            return f"Confirmed {wanted}{after}: {now}"
        case WatchResult.NOT_CONFIRMED:
            return f"Not confirmed: {watch.reason or now}"
        case WatchResult.CONTRADICTED:
            return f"Contradicted, still {watch.now or 'up'}: {watch.reason or 'the documented time is over'}"


_WATCH = {
    WatchResult.WAITING: Look("watch", "watching", "accent"),
    WatchResult.CONFIRMED: Look("confirmed", "confirmed", "confirmed"),
    WatchResult.NOT_CONFIRMED: Look("unknown", "not confirmed", "unknown"),
    WatchResult.CONTRADICTED: Look("broken", "contradicted", "danger"),
}


def _within(seconds: int | None) -> str:
    return f"within {duration(seconds)}" if seconds is not None else "at a time Azure does not document"
