"""Plans and operations in words for a terminal."""

import shlex
from collections.abc import Sequence
from datetime import UTC, datetime

from cmk_admin.cli.choices import typed
from cmk_admin.cli.table import printable, table
from cmk_admin.domain import words
from cmk_admin.domain.ids import last
from cmk_admin.domain.plan import Answer, Check, Effect, PathState, Plan, PlannedPath
from cmk_admin.domain.steps import ASKS_ONLY, Outcome, Step
from cmk_admin.domain.verbs.choices import ACTIVATE
from cmk_admin.domain.verbs.restore import CLEAN
from cmk_admin.domain.verbs.revoking import CAUSES, Cause
from cmk_admin.domain.wire import JsonObject, operation_json, time_json
from cmk_admin.domain.wire_plan import path_json
from cmk_admin.operations.interface import (
    ConnectionChoice,
    Incident,
    OperationReport,
    PathProof,
    StepReport,
    WatchReport,
)

_MOST_REGRANTS = 6
"""Ways to grant a key again that are printed."""
_PATHS = {PathState.WILL_CLOSE: "will close", PathState.STAYS_OPEN: "STAYS OPEN", PathState.UNKNOWN: "unknown"}


def short_plan_text(plan: Plan) -> str:
    """The plan beside its own carrying out: what is done, what stays open, and what must be read."""
    lines = [plan.title, f"Plan {plan.hash}", "", *_steps(plan)]
    lines += _sentences("Not closed by it:", [f"{_PATHS[p.state]}: {_path(p)}" for p in plan.open_paths])
    lines += _sentences("Read this first:", plan.warnings) + _sentences("It cannot start:", plan.problems)
    return printable_lines(lines)


def plan_text(plan: Plan) -> str:
    """The plan as one reads it before saying yes."""
    lines = [plan.title, f"Plan {plan.hash}"]
    # The first thing that somebody must know who is about to say yes
    lines += _sentences("It cannot start:", plan.problems)
    lines += ["", *_steps(plan)] if plan.steps or not plan.problems else []
    lines += ["", f"What happened: {_cause(plan.cause)}. {plan.why}".rstrip()] if plan.cause else []
    if plan.paths:
        lines += ["", "Ways to use the key:"]
        lines += [f"  {_PATHS[p.state]}: {_path(p)}" for p in plan.paths]
    if plan.effects:
        lines += ["", "What happens:"]
        lines += [f"  {_effect(e)}" for e in plan.effects]
    lines += ["", rather] if (rather := rather_words(plan)) else []
    lines += _methods(plan) + _choices(plan) + _checks(plan)
    lines += _regrants(plan)
    for name, text in plan.documents:
        lines += ["", f"{name}:", *(f"  {line}" for line in text.splitlines())]
    lines += _sentences("What was found:", plan.findings) + _sentences("What stays:", plan.left)
    lines += _sentences("Read this first:", plan.warnings)
    lines += _sentences("What comes next:", plan.next)
    lines += _sentences("What a restore cannot make as it was:", plan.not_restored)
    return printable_lines(lines)


def _steps(plan: Plan) -> list[str]:
    """Each with what takes it back, or that there is none."""
    nothing = "Nothing is to be done." if plan.verb == "revoke" else "Nothing is left to do."
    return [f"  {n}. {s.words} ({_undo(s)})" for n, s in enumerate(plan.steps, 1)] or [f"  {nothing}"]


def _cause(cause: str) -> str:
    """What happened, in the words in which it is asked."""
    return CAUSES[Cause(cause)] if cause in set(Cause) else cause.replace("-", " ")


def _methods(plan: Plan) -> list[str]:
    """The other methods, each with what speaks for or against it."""
    others = [m for m in plan.methods if m.name != plan.method]
    lines = ["", "Other methods:"] if others else []
    for one in others:
        marks = [] if one.possible else ["not possible"]
        marks += ["recommended"] if one.recommended else []
        lines.append(
            f"  {one.name}: {one.title}"
            + "".join(f" [{m}]" for m in marks)
            + (f" ({one.reason})" if one.reason else "")
        )
        if one.possible:
            lines += [f"    {text}" for text in (one.others, one.survives and f"Goes on: {one.survives}") if text]
            lines += [f"    Undo: {one.undone}"] if one.undone else []
    return lines


def rather_words(plan: Plan) -> str:
    """Which other method is recommended, and how it is asked for, in a sentence; empty: none."""
    best = next((one for one in plan.methods if one.recommended and one.name != plan.method), None)
    return f"Recommended instead: {best.title[:1].lower()}{best.title[1:]} (--method {best.name})." if best else ""


def _regrants(plan: Plan) -> list[str]:
    """Who could open it again: as many as one reads, and how many more."""
    found = list(dict.fromkeys(map(_path, plan.regrants)))
    if not found:
        return []
    who = words.count(len({path.principal for path in plan.regrants}), "principal")
    more = len(found) - _MOST_REGRANTS
    lines = ["", f"{who} could open it again:", *(f"  {line}" for line in found[:_MOST_REGRANTS])]
    return [*lines, f"  and {words.count(more, 'more way', 'more ways')}: see --format json"] if more > 0 else lines


def instead_words(plan: Plan) -> str:
    """What can be done where the plan cannot start: another method, a role to activate, what a check says; never empty."""
    names = typed(plan.choices)
    offered = [one for one in plan.choices if one.id.startswith(ACTIVATE) and one.possible and not one.chosen]
    said = [rather_words(plan), *(f"{one.title}: --also {names[one.id]}." for one in offered)]
    if not any(said):
        told = " ".join(plan.problems)
        said = [check.next for check in plan.checks if check.answer is Answer.NO and check.next not in told]
    found = [one for one in dict.fromkeys(said) if one]
    return " ".join(found or ["The plan tells more: see it with --plan."])


def _choices(plan: Plan) -> list[str]:
    """What is offered besides, as it is typed after --also."""
    lines = ["", "Offered besides (--also CHOICE):"] if plan.choices else []
    names = typed(plan.choices)
    for one in plan.choices:
        mark = "x" if one.chosen else " " if one.possible else "-"
        lines += [f"  [{mark}] {names[one.id]}", f"      {one.title}. {one.why}"]
    return lines


def _checks(plan: Plan) -> list[str]:
    """Can I, and can I give back?"""
    found = [f"{one.answer.value}: {one.sentence} {one.next} {_answered(one)}".strip() for one in plan.checks]
    return _sentences("Can it be done, and given back?", found)


def _answered(check: Check) -> str:
    if check.name != CLEAN:
        return ""
    return f"Answered: {check.said}." if check.said else "Not answered; add --clean where it is."


def operation_document(report: OperationReport) -> JsonObject:
    """An operation in JSON: what every command prints about one, and what else a script may want to know."""
    return {
        **operation_json(report),
        "title": report.title,
        "subject": report.subject,
        "sentence": report.sentence,
        "plan_hash": report.plan.hash if report.plan else None,
        "created_at": time_json(report.created_at),
        "ended_at": time_json(report.ended_at),
        "reason": report.reason,
        "ticket": report.ticket,
        "answers": report.answers,
        "answered_by": report.answered_by,
        "alive": report.alive,
        "paused": report.paused,
        "resumable": report.resumable,
        "undoable": report.undoable,
        "left": list(report.plan.left) if report.plan else [],
        **incident_json(report),
        "restore_file": str(report.restore_file) if report.restore_file else None,
    }


def incident_json(report: OperationReport) -> JsonObject:
    """Whether it is an incident, what its paths were found to be, and what raised an alarm."""
    proof, now = report.proof, datetime.now(UTC)
    return {
        "incident": report.incident.value if report.incident else None,
        "proof": None
        if proof is None
        else {
            "at": time_json(proof.at),
            "closed": proof.closed,
            "paths": [
                {
                    **path_json(one.path),
                    "proof": one.state.value,
                    "why": one.reason,
                    "since": time_json(one.since),
                    "counts_at": time_json(one.counts_at),
                    "counting": one.counting_words(now) or None,
                }
                for one in proof.paths
            ],
        },
        "next_proof_at": time_json(report.next_proof_at),
        "alarms": [{"at": time_json(one.at), "kind": one.kind, "text": one.text} for one in report.alarms],
    }


def operation_text(report: OperationReport, where: str = "") -> str:
    """An operation as it stands. `where`: the option that names this connection; empty: it is gone after this."""
    lines = [report.title, f"Operation {report.operation}: {_outcome(report)}"]
    if report.resumable and report.plan is not None:
        lines.append(f"Plan {report.plan.hash}")
    if report.sentence:
        lines.append(report.sentence)
    lines += _sentences("It was stopped while it waited:", (report.paused,) if report.paused else ())
    lines += ["", *(f"  {_step(s)}" for s in report.steps)]
    lines += _sentences("What stays:", report.plan.left if report.plan else ())
    if report.open_paths:
        lines += ["", "Still open:"]
        lines += [f"  {_PATHS[p.state]}: {_path(p)}" for p in report.open_paths]
    if report.incident is not None:
        lines += ["", f"Incident: {report.incident.value}", *_counting(report)]
    lines += [f"  ALARM {time_json(one.at)}: {one.text}" for one in report.alarms]
    if report.watch:
        lines += ["", "Seen:"]
        lines += [f"  {_watch(w)}" for w in report.watch]
    if where and report.restore_file and report.undoable and report.answered_by is None:
        command = shlex.join(("cmk-admin", "restore", str(report.restore_file)))
        lines += ["", f"Anyone can give it back with: {command} {where}"]
    if where and not report.alive:
        lines += _sentences("What comes next:", _next(report, where))
    return printable_lines(lines)


def _next(report: OperationReport, where: str) -> tuple[str, ...]:
    """What can be typed now, each with what it does."""
    if report.resumable:
        return (f"cmk-admin resume {report.operation} --yes {where}: goes on with it.",)
    if report.incident is not Incident.OPEN:
        return ()
    return (
        f"cmk-admin proof {report.operation} --follow {where}: reads the paths again until the incident is closed.",
        f"cmk-admin close {report.operation} {where}: closes the incident.",
    )


def _counting(report: OperationReport) -> list[str]:
    """Until when Azure may go on letting in by what was closed; nothing where it counts, or was given back."""
    now = datetime.now(UTC)
    counting = report.proof.counting_words(now) if report.proof and report.answered_by is None else ""
    if report.proof is None or not counting:
        return []
    closed = sum(one.state is PathProof.CLOSED for one in report.proof.paths)
    return [f"  {words.count(closed, 'path is', 'paths are')} closed{counting}. Until then Azure may still let in."]


def connection_option(choice: ConnectionChoice | None) -> str:
    """The option that names the same connection again, as it is parts; nothing where it is gone with this process."""
    if choice is None or choice.drill is not None:
        return ""
    if choice.live is not None:
        parts = ["--live"]
        parts += ["--cloud", choice.live.cloud] if choice.live.cloud != "public" else []
        parts += ["--tenant", choice.live.tenant] if choice.live.tenant else []
        parts += ["--auth", choice.live.way] if choice.live.way else []
        return shlex.join(parts)
    parts = ["--sandbox"] if choice.file is None else ["--connection", str(choice.file)]
    parts += ["--principal", choice.principal] if choice.principal else []
    return shlex.join(parts)


def operations_text(reports: Sequence[OperationReport]) -> str:
    """All operations, newest first."""
    rows = [
        [
            r.operation,
            "" if r.created_at is None else r.created_at.strftime("%Y-%m-%d %H:%M:%S"),
            r.title,
            _outcome(r),
            _possible(r),
        ]
        for r in reports
    ]
    head = ("Operation", "Started (UTC)", "What", "Outcome", "Possible")
    return table(head, rows, empty="Nothing has been changed in this connection yet.")


def printable_lines(lines: Sequence[str]) -> str:
    """Lines joined; each one cleaned of control characters."""
    return "\n".join(printable(line) for line in lines)


def _undo(step: Step) -> str:
    if step.undo_words:
        return f"undo: {step.undo_words}"
    return "nothing to undo" if step.verb in ASKS_ONLY else "cannot be undone"


def _outcome(report: OperationReport) -> str:
    """What was begun and has not ended is interrupted where nobody runs it; ``done, open again``: by the newest proof."""
    if report.alive:
        return "running"
    if report.outcome is Outcome.RUNNING:
        return "interrupted"
    opened, unknown = report.left_open
    if report.outcome is not Outcome.DONE or not (opened or unknown):
        return report.outcome.value
    return f"{report.outcome.value}, {'open again' if opened else 'not proved'}"


def _possible(report: OperationReport) -> str:
    if report.answered_by:
        return f"answered by {report.answered_by}"
    ways = (
        ("resume", report.resumable),
        ("restore", report.undoable and report.verb == "revoke"),
        ("undo", report.undoable),
    )
    return ", ".join(word for word, can in ways if can) or "–"


def _sentences(head: str, sentences: Sequence[str]) -> list[str]:
    return ["", head, *(f"  {s}" for s in sentences)] if sentences else []


def _path(path: PlannedPath) -> str:
    also = f"; also cuts {', '.join(last(c) for c in path.also_cuts)}" if path.also_cuts else ""
    reason = f" ({path.reason})" if path.reason else ""
    return f"{words.planned_path(path)}{reason}{also}"


def _effect(effect: Effect) -> str:
    bound = words.duration(effect.within_seconds)
    bound = bound if effect.within_seconds is None else f"within {bound}"
    bound = f"{bound}: {effect.adds_up}" if effect.adds_up else "not by this plan" if effect.goes_on else bound
    asked = "" if effect.wanted else "ALSO CUT, though not asked for: "
    lost, back = (text.rstrip(".") for text in (effect.lost, effect.comes_back))
    return (
        f"{asked}{effect.consumer_name}: {effect.stops.rstrip('.')} ({bound}). Lost: {lost}. To bring it back: {back}."
    )


def _step(step: StepReport) -> str:
    said = f" — {step.said}" if step.said else ""
    return f"{step.n}. {step.words}: {step.state.value}{said}"


def _watch(watch: WatchReport) -> str:
    word = watch.result.value.replace("_", " ")
    after = "" if watch.seconds is None else f" after {words.duration(watch.seconds)}"
    wall = "" if watch.wall_seconds is None else f" ({watch.wall_seconds:.1f} s on the clock)"
    reason = f" — {watch.reason}" if watch.reason else ""
    return f"{watch.consumer_name}: {word}{after}{wall}{reason}"
