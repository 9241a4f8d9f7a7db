"""What the page of an operation says of it in sentences."""

from datetime import UTC

from cmk_admin.domain import words
from cmk_admin.domain.ids import last
from cmk_admin.domain.steps import AT_REST, MAY_HAVE_ACTED, Outcome, StepState
from cmk_admin.domain.unfinished import unfinished
from cmk_admin.domain.verbs.causes import CONTAINS
from cmk_admin.domain.verbs.restore import QUESTION
from cmk_admin.domain.verbs.revoke import GRANTS
from cmk_admin.operations.interface import (
    AWAY,
    Alarm,
    Incident,
    OperationReport,
    PathProof,
    WatchReport,
    WatchResult,
)
from cmk_admin.ui.emergency.look import interrupted, outcome

OVER = AT_REST | {StepState.FAILED}


def sentence(report: OperationReport) -> str:
    """The report's sentence without the word that the badge says already."""
    lead, _, rest = report.sentence.partition(": ")
    told = (outcome(report).word, "Partly done", "Running", "Cancelled", "Done", "Failed", "Refused")
    return f"{rest[:1].upper()}{rest[1:]}" if rest and lead in told else report.sentence


def notices(report: OperationReport, *, here: bool) -> tuple[str, ...]:
    """What must be known of how it stands. `here`: this window runs it."""
    paused = (report.paused,) if report.paused and away(report) else ()
    if report.alive and not here:
        return (*paused, "Another window or command runs it; it can only be stopped there.")
    if interrupted(report):
        acted = any(step.state in MAY_HAVE_ACTED for step in report.steps)
        back = "restore access" if report.verb == "revoke" else "take back what was done"
        return (
            *paused,
            f"It was interrupted. Go on with it, or {back}: what is so already is found out first."
            if acted
            else "It was interrupted before anything was changed. Go on with it, or discard it.",
        )
    if report.answered_by is not None and not report.undoable:
        return (f"What it did was taken back by operation {report.answered_by}; this is how it stood before.",)
    if waits_for_the_rest(report) and report.outcome is Outcome.PARTIAL:
        return (
            "The first stage was not seen to show its effect, so that the rest was not begun. Look why, then go on.",
        )
    if report.outcome is Outcome.PARTIAL and report.open_paths:
        left = words.count(len(report.open_paths), "path")
        are = "is" if len(report.open_paths) == 1 else "are"
        every = " To close every path in one act, disable the key." if _by_grants(report) else ""
        return (*paused, f"Not wholly cut off: {left} to the key {are} still open or not known.{every}")
    return (*paused, *(report.plan.left if report.plan is not None else ()))


def away(report: OperationReport) -> bool:
    """True while it waits because nothing of Azure answers."""
    return (report.paused or "").startswith(AWAY)


def goes_on(report: OperationReport) -> bool:
    """Whether whom it follows was to serve all the while."""
    return report.plan is not None and report.plan.goes_on


def planned_wait(report: OperationReport) -> tuple[str, ...]:
    """What it waits for as its plan says; nothing is wrong then."""
    return (report.paused,) if report.paused and not away(report) else ()


def waits_for(report: OperationReport, watch: WatchReport) -> str:
    """Whom a staged plan must see cut before it cuts this service: ``dcc-mysql``; empty where its cut has begun."""
    gates = report.plan.gates if report.plan is not None else ()
    first = {gate.consumer_id.lower() for gate in gates}
    if not first or watch.result is not WatchResult.WAITING or watch.consumer_id.lower() in first:
        return ""
    stages = zip(report.steps, report.plan.steps if report.plan is not None else (), strict=False)
    later = [step.state for step, planned in stages if planned.stage >= min(gate.stage for gate in gates)]
    if any(state is not StepState.PLANNED for state in later):
        return ""
    names = dict.fromkeys(one.consumer_name for one in report.watch if one.consumer_id.lower() in first)
    return " and ".join(names or dict.fromkeys(last(gate.consumer_id) for gate in gates))


def alarms(report: OperationReport) -> tuple[tuple[Alarm, ...], tuple[Alarm, ...]]:
    """Those that hold, and those that are over: found closed again by a later reading, or given back.

    Whoever closes an incident closes no path: what was open then is open still.
    """
    proof = report.proof
    if report.incident is Incident.CLOSED and (proof is None or report.answered_by is not None):
        return (), report.alarms
    if proof is None or proof.left:
        return report.alarms, ()
    held = tuple(alarm for alarm in report.alarms if alarm.at > proof.at)
    return held, tuple(alarm for alarm in report.alarms if alarm not in held)


def alarm_words(alarm: Alarm) -> str:
    """``12 Mar, 14:03:11 UTC  dcc-mysql-id was granted it again by ...``."""
    return f"{alarm.at.astimezone(UTC):%d %b, %H:%M:%S} UTC  {alarm.text}"


def not_done(report: OperationReport, watch: WatchReport) -> str:
    """Why a service is as it was, where a step of its own was not done: ``not cut: step 2 failed``; empty: none is known."""
    if report.plan is None or watch.result in (WatchResult.WAITING, WatchResult.CONFIRMED):
        return ""
    named = (watch.consumer_id, watch.service)
    own = [one for one in report.plan.watches if (one.consumer_id, one.service) == named]
    left = unfinished(report.plan, own[0], [step.state for step in report.steps]) if own else None
    return left.words if left is not None and left.sure else ""


def alternative(report: OperationReport) -> tuple[str, str] | None:
    """Another method where a step of a revoke failed: its name and title; None where the plan knows none."""
    plan = report.plan
    failed = any(step.state is StepState.FAILED for step in report.steps)
    if report.verb != "revoke" or plan is None or not failed or report.alive:
        return None
    others = [one for one in plan.methods if one.possible and one.name != plan.method]
    best = next((one for one in others if one.recommended), others[0] if others else None)
    return (best.name, best.title) if best is not None else None


def again(report: OperationReport) -> str | None:
    """The method by which a path that opened again is closed once more; None where none is to be."""
    proof, plan = report.proof, report.plan
    opened = proof is not None and any(path.state is PathProof.OPEN for path in proof.paths)
    if not opened or not alarms(report)[0] or plan is None or report.alive or report.answered_by is not None:
        return None
    return plan.method


def waits_for_the_rest(report: OperationReport) -> bool:
    """True where a staged revoke has done its first stage and waits before the others."""
    gates = report.plan.gates if report.plan is not None else ()
    return bool(gates) and any(step.state is StepState.PLANNED for step in report.steps) and not report.alive


def facts(report: OperationReport, speed: float) -> str:
    """When, why, at which speed, and its number."""
    said = []
    if report.created_at:
        started = report.created_at.astimezone(UTC)
        said.append(f"Started {words.date(started)}, {started:%H:%M:%S} UTC")
    if report.ended_at and report.created_at:
        said.append(f"ended after {words.duration((report.ended_at - report.created_at).total_seconds())}")
    checks = report.plan.checks if report.plan is not None else ()
    said += [f"{QUESTION} {check.said}" for check in checks if check.said]
    if report.reason:
        said.append(f"Reason: {report.reason}")
    if report.ticket:
        said.append(f"Ticket: {report.ticket}")
    if speed != 1 and report.watch:
        said.append(f"Azure's time runs {speed:g} times as fast here")
    said.append(f"Operation {report.operation}")
    return "  ·  ".join(said)


def next_steps(report: OperationReport) -> tuple[str, ...]:
    """What its plan says comes after it; nothing more once it was given back."""
    return report.plan.next if report.plan is not None and report.answered_by is None else ()


def _by_grants(report: OperationReport) -> bool:
    """Whether it cut services by their grants: where it was about people, disabling the key would stop the services."""
    plan = report.plan
    return plan is not None and plan.method == GRANTS and plan.cause not in CONTAINS
