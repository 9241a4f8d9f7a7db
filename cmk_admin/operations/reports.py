"""Operations as others see them: from a journal row and its plan to a report, and how often it is told."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from cmk_admin.domain import words
from cmk_admin.domain.ids import fold, last
from cmk_admin.domain.plan import PathState, Plan, PlannedPath, Watch
from cmk_admin.domain.steps import AT_REST, MAY_HAVE_ACTED, Outcome, StepState
from cmk_admin.domain.verbs.revoke import GRANTS
from cmk_admin.domain.wire_plan import path_from_json, path_json
from cmk_admin.operations.interface import (
    Alarm,
    Incident,
    OnReport,
    OperationReport,
    PathProof,
    Proof,
    StepReport,
    Unkept,
    WatchReport,
    WatchResult,
)
from cmk_admin.operations.proof_rows import itself, proof_of
from cmk_admin.operations.rollback import RestorePlaces
from cmk_admin.store.connection import StoreError
from cmk_admin.store.incidents import IncidentRow
from cmk_admin.store.journal import OperationRow, WatchRow

IN_FLIGHT = frozenset({StepState.INTENT, StepState.SENT, StepState.ACCEPTED, StepState.UNKNOWN})
"""States in which Azure may be busy with a call of the step."""
_ENDED = frozenset({Outcome.DONE, Outcome.PARTIAL, Outcome.FAILED, Outcome.CANCELLED, Outcome.REFUSED})
LOST_BEFORE = "was already lost before"
"""Why the watch of a cut says that it confirmed nothing, where there was nothing left to lose."""
_REPORT_SECONDS = 0.1


class Publisher:
    """Tells a listener about changes at most ten times a second, and always about the last one."""

    def __init__(self, listener: OnReport | None, make: Callable[[], OperationReport]) -> None:
        self._listener = listener
        self._make = make
        self._timer: asyncio.TimerHandle | None = None
        self._told_at = float("-inf")

    def changed(self) -> None:
        """Something changed: tell now, or when a tenth of a second has passed."""
        if self._listener is None or self._timer is not None:
            return
        loop = asyncio.get_running_loop()
        wait = self._told_at + _REPORT_SECONDS - loop.time()
        self._timer = loop.call_later(max(wait, 0.0), self._tell)

    def flush(self) -> None:
        """Tell how it stands now, whatever was told when."""
        if self._timer is not None:
            self._timer.cancel()
        self._tell()

    def _tell(self) -> None:
        self._timer = None
        if self._listener is not None:
            self._told_at = asyncio.get_running_loop().time()
            self._listener(self._make())


def report(
    row: OperationRow,
    plan: Plan,
    *,
    places: RestorePlaces,
    alive: bool,
    cancel_requested: bool = False,
    incident: IncidentRow | None = None,
) -> OperationReport:
    """How an operation stands. `places` is where the file that gives back may lie."""
    states = [step.state for step in row.steps]
    proof = proof_of(incident.proof) if incident and incident.proof else None
    answered = row.answered_by is not None
    unfinished = any(state not in AT_REST for state in states) or row.outcome not in _ENDED
    found = OperationReport(
        operation=row.id,
        verb=row.verb,
        title=plan.title,
        subject=plan.subject,
        outcome=row.outcome,
        steps=_steps(row, plan),
        open_paths=_open_paths(row, plan, proof),
        watch=_watches(row, plan) if row.watching else (),
        created_at=row.created_at,
        ended_at=row.ended_at,
        reason=row.reason,
        ticket=row.ticket,
        answers=row.answers,
        answered_by=row.answered_by,
        partly_given_back=row.partly_given_back,
        alive=alive,
        resumable=unfinished and not alive and not answered and row.outcome is not Outcome.REFUSED,
        undoable=not alive
        and not row.given_back
        and any(
            step.state in MAY_HAVE_ACTED and planned.undo_words is not None
            for step, planned in zip(row.steps, plan.steps, strict=True)
        ),
        sentence=sentence(row, plan, incident=incident, interrupted=True)
        if _is_interrupted(row, alive=alive)
        else row.sentence,
        plan=plan,
        restore_file=places.find(row.id),
        cancel_requested=cancel_requested,
        incident=_incident(incident, states),
        proof=proof,
        next_proof_at=incident.next_at if incident else None,
        alarms=tuple(Alarm(at=one.at, text=one.text, kind=one.kind) for one in incident.alarms) if incident else (),
        log=row.notes,
    )
    since = _since(found, row)
    return replace(found, sentence="; ".join((found.sentence.rstrip("."), *since)) + ".") if since else found


def _since(found: OperationReport, row: OperationRow) -> list[str]:
    """What the newest proof found otherwise than the sentence says, which was written at the end."""
    if row.outcome not in _ENDED or found.proof is None or found.answered_by is not None:
        return []
    if row.outcome is not Outcome.DONE:
        return ["all paths were found closed since"] if found.proof.closed and paths_from_text(row.open_paths) else []
    opened, unknown = found.left_open
    said = [f"{words.count(opened, 'path is', 'paths are')} open again"] if opened else []
    return [*said, *([f"{words.count(unknown, 'path is', 'paths are')} not known"] if unknown else [])]


def _is_interrupted(row: OperationRow, *, alive: bool) -> bool:
    return row.outcome is Outcome.RUNNING and not alive


def _open_paths(row: OperationRow, plan: Plan, proof: Proof | None) -> tuple[PlannedPath, ...]:
    """What was open when the paths were read last, unless it was given back since: then it is meant to be.

    Of what ended without any change nothing is read again: every path of its plan is as it was, and so is the key itself
    for whoever else may use it, where it was to be shut.
    """
    if proof is None and row.outcome in _ENDED and not any(s.state in MAY_HAVE_ACTED | AT_REST for s in row.steps):
        whole = plan.method is not None and (plan.method != GRANTS or not plan.paths)
        return tuple(_as_it_was(path) for path in (*plan.paths, *((itself(plan),) if whole else ())))
    if proof is None or row.answered_by is not None:
        return paths_from_text(row.open_paths)
    shown = {PathProof.OPEN: PathState.STAYS_OPEN, PathProof.UNKNOWN: PathState.UNKNOWN}
    return tuple(
        replace(one.path, state=shown[one.state], reason=one.reason or one.path.reason, step=None) for one in proof.left
    )


def _as_it_was(path: PlannedPath) -> PlannedPath:
    if path.state is not PathState.WILL_CLOSE:
        return path
    return replace(path, state=PathState.STAYS_OPEN, reason=path.reason or "nothing was changed", step=None)


def _incident(incident: IncidentRow | None, states: list[StepState]) -> Incident | None:
    """A revoke is an incident from the first change on that Azure may have seen."""
    if incident is None or not set(states) & MAY_HAVE_ACTED:
        return None
    return Incident.OPEN if incident.closed_at is None else Incident.CLOSED


def _steps(row: OperationRow, plan: Plan) -> tuple[StepReport, ...]:
    return tuple(
        StepReport(
            n=step.n,
            verb=planned.verb.value,
            target=planned.target,
            words=planned.words,
            state=step.state,
            undo=planned.undo_words,
            error=step.error,
            request_id=step.request_id,
            azure_date=step.azure_date,
            correlation_id=step.correlation_id,
            activity=step.activity,
        )
        for step, planned in zip(row.steps, plan.steps, strict=True)
    )


def _watches(row: OperationRow, plan: Plan) -> tuple[WatchReport, ...]:
    found = {(one.consumer, one.service): one for one in row.watches}
    return tuple(_watch(one, found[one.consumer_id, one.service], plan) for one in plan.watches)


def _watch(watch: Watch, row: WatchRow, plan: Plan) -> WatchReport:
    return WatchReport(
        consumer_id=watch.consumer_id,
        consumer_name=consumer_name(plan, watch.consumer_id),
        service=watch.service,
        wanted=watch.wanted,
        result=WatchResult(row.result),
        before=row.before_word,
        now=row.now_word,
        seconds=row.seconds,
        wall_seconds=row.wall_seconds,
        within_seconds=watch.within_seconds,
        reason=row.reason,
    )


def consumer_name(plan: Plan, consumer_id: str) -> str:
    """What the plan calls a consumer."""
    named = (effect.consumer_name for effect in plan.effects if fold(effect.consumer_id) == fold(consumer_id))
    return next(named, last(consumer_id))


def paths_to_text(paths: tuple[PlannedPath, ...]) -> str:
    """Open paths as the journal keeps them."""
    return json.dumps([path_json(path) for path in paths], ensure_ascii=False)


def paths_from_text(text: str | None) -> tuple[PlannedPath, ...]:
    """The inverse of `paths_to_text`; nothing where nothing was written. Raises BadInput ``bad-plan``."""
    return tuple(path_from_json(path) for path in json.loads(text or "[]"))


def sentence(
    row: OperationRow,
    plan: Plan,
    *,
    incident: IncidentRow | None = None,
    cancel_requested: bool = False,
    interrupted: bool = False,
) -> str:
    """Where it stands, in one sentence. `interrupted`: nobody runs it any more although it has not ended."""
    count = len(row.steps)
    done = sum(step.state is StepState.DONE for step in row.steps)
    skipped = sum(step.state is StepState.SKIPPED for step in row.steps)
    failed = sum(step.state is StepState.FAILED for step in row.steps)
    unsure = sum(step.state in (StepState.UNKNOWN, StepState.SENT, StepState.ACCEPTED) for step in row.steps)
    open_paths = len(paths_from_text(row.open_paths))
    parts = [f"{done} of {count} {_plural('change', count)} made"]
    if skipped:
        parts.append(f"{skipped} already so")
    if failed:
        parts.append(f"{failed} failed")
    if unsure and (interrupted or row.outcome in _ENDED):
        parts.append(f"{unsure} with unknown end")
    if open_paths:
        parts.append(f"{open_paths} {_plural('path', open_paths)} still open or unknown")
    if plan.left:
        parts.append(f"{len(plan.left)} that cannot be taken back")
    if row.watching and row.watches:
        parts += _watch_words(row, plan)
    lead = {
        Outcome.DONE: "Done",
        Outcome.PARTIAL: "Partly done",
        Outcome.FAILED: "Failed: nothing was changed" if not done else "Failed",
        Outcome.CANCELLED: "Cancelled",
        Outcome.REFUSED: "Refused",
        Outcome.PLANNED: "Planned",
        Outcome.RUNNING: "Interrupted"
        if interrupted
        else "Stopping after the call in flight"
        if cancel_requested
        else "Running",
    }[row.outcome]
    return f"{lead}: {', '.join(parts)}.{_lost_before(row, plan, incident)}"


def _lost_before(row: OperationRow, plan: Plan, incident: IncidentRow | None) -> str:
    """Why a cut of what had lost its data before cannot be confirmed, where nothing else is wanting."""
    unseen = [watch for watch in row.watches if watch.result != WatchResult.CONFIRMED]
    whole = all(step.state in AT_REST for step in row.steps) and not paths_from_text(row.open_paths) and not plan.left
    if row.outcome is not Outcome.PARTIAL or not whole or not row.watching or not unseen:
        return ""
    if any(watch.reason != LOST_BEFORE for watch in unseen):
        return ""
    names = [consumer_name(plan, watch.consumer) for watch in unseen]
    one = len(names) == 1
    proof = proof_of(incident.proof) if incident and incident.proof else None
    counting = proof.counting_words(datetime.now(UTC)) if proof is not None else ""
    return (
        f" {words.listed(names)} {'was' if one else 'were'} without {'its' if one else 'their'} data before, so that no loss"
        f" could be seen; all paths are closed{counting}, and nothing is left to be done."
    )


def _watch_words(row: OperationRow, plan: Plan) -> list[str]:
    wanted = {watch.wanted for watch in plan.watches}
    word = "confirmed back" if wanted == {"back"} else "confirmed cut off"
    if plan.goes_on:
        word = "confirmed to serve"
    unasked = {(fold(effect.consumer_id), effect.service) for effect in plan.effects if not effect.wanted}
    others = [watch for watch in row.watches if (fold(watch.consumer), watch.service) in unasked]
    if len(others) == len(row.watches):
        others = []  # nobody was asked for, so that nobody is told apart
    asked = [watch for watch in row.watches if watch not in others]
    said = [f"{_confirmed(asked)} of {len(asked)} {_plural('service', len(asked))} {word}"]
    if others:
        seen, count = _confirmed(others), len(others)
        which = str(count) if seen == count else f"{seen} of {count}"
        said.append(f"{which} {_plural('other', count)} cut as well")
    return said


def _confirmed(watches: Sequence[WatchRow]) -> int:
    return sum(watch.result == WatchResult.CONFIRMED for watch in watches)


def _plural(word: str, count: int) -> str:
    return word if count == 1 else word + "s"


def another_way(plan: Plan) -> str:
    """A sentence after the error of a step of a revoke: that it can be tried again, or else be done how; else nothing."""
    if plan.method is None:
        return ""
    others = [one.title for one in plan.methods if one.possible and one.name not in (plan.method, "expiry")]
    again = " Go on with the operation to try it again"
    return f"{again}, or revoke another way: {others[0]}." if others else f"{again}."


def unkept(report: OperationReport, error: StoreError, under_way: tuple[int, ...]) -> Unkept:
    """What to say of an operation that the journal took no more of. `under_way`: steps that were in flight then."""
    count = len(report.steps)
    made = [f"{sum(step.state is StepState.DONE for step in report.steps)} of {count} {_plural('change', count)} made"]
    skipped = sum(step.state is StepState.SKIPPED for step in report.steps)
    made += [f"{skipped} already so"] if skipped else []
    flying = [_flight(step) for step in report.steps if step.n in under_way] or ["No call was in flight."]
    said = (
        f"{error.message} Operation {report.operation} was stopped before its next write: {', '.join(made)}.",
        *flying,
    )
    room = f"Make room on the disk of {error.subject}" if error.subject else "Make room"
    return Unkept(
        " ".join(said),
        report=report,
        under_way=under_way,
        next=f"{room}, then go on with it: cmk-admin resume {report.operation}",
    )


def _flight(step: StepReport) -> str:
    known = {
        StepState.DONE: "it was done, and that is in the journal.",
        StepState.SKIPPED: "it was so already, and that is in the journal.",
        StepState.FAILED: "it failed, and that is in the journal.",
        StepState.ACCEPTED: "Azure accepted it; how it ended is not known here.",
    }
    end = known.get(step.state, "how it ended may be unknown; going on with it finds out first.")
    return f"Step {step.n} ({step.words}) was in flight: {end}"


def ended(row: OperationRow) -> bool:
    """True where nothing is running or waiting any more."""
    return row.outcome in _ENDED


def utc_text(moment: datetime) -> str:
    """A time for a log line."""
    return moment.strftime("%H:%M:%S UTC")
