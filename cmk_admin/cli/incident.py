"""Proofs on the command line: every path of a revoke as it was read again, once or on a schedule."""

import asyncio
from datetime import UTC, datetime

from cmk_admin.cli.output import DONE, INTERRUPTED, NOT_DONE, Output
from cmk_admin.cli.reports import incident_json, printable_lines
from cmk_admin.cli.table import table
from cmk_admin.domain import words
from cmk_admin.domain.wire import JsonObject, time_json
from cmk_admin.operations.interface import Backend, Incident, OperationReport, PathProof

_STATES = {PathProof.CLOSED: "closed", PathProof.OPEN: "OPEN", PathProof.UNKNOWN: "UNKNOWN"}


def proof_document(report: OperationReport) -> JsonObject:
    """``proof --format json``."""
    return {"operation": report.operation, "title": report.title, **incident_json(report)}


def proof_text(report: OperationReport) -> str:
    """The same as a table."""
    lines = [report.title, f"Operation {report.operation}"]
    if report.incident is not None:
        lines[-1] += f": incident {report.incident.value}"
    proof = report.proof
    if proof is None:
        return printable_lines([*lines, "Its paths have not been read again yet."])
    now = datetime.now(UTC)
    closed = sum(one.state is PathProof.CLOSED for one in proof.paths)
    count = words.count(len(proof.paths), "path")
    lines += [f"Read again at {words.exact(proof.at)}: {closed} of {count} closed.", ""]
    rows = [
        [
            _STATES[one.state],
            words.path_holder(one.path),
            ", ".join(filter(None, (one.path.via, words.PATH_KINDS.get(one.path.kind)))),
            words.scope_in_full(None, one.path.scope),
            words.exact(one.since),
            one.counting_words(now) or one.reason or "",
        ]
        for one in proof.paths
    ]
    lines += table(("State", "Who", "By", "At", "Since", "Why"), rows, empty="It has no paths.").splitlines()
    if report.alarms:
        lines += ["", "Alarms:", *(f"  {words.exact(one.at)}: {one.text}" for one in report.alarms)]
    return printable_lines(lines)


async def follow(backend: Backend, operation: str, output: Output, stop: asyncio.Event) -> int:
    """Read on a schedule until the incident is closed, or somebody presses Ctrl+C. Raises BadInput."""
    wanted = await backend.prove(operation)
    over = asyncio.Event()

    def told(report: OperationReport) -> None:
        if report.operation != wanted.operation:
            return
        _progress(output, report)
        if report.incident is not Incident.OPEN:
            over.set()

    _progress(output, wanted)
    if wanted.incident is Incident.OPEN:
        guarding = asyncio.ensure_future(backend.guard(told))
        ends = [asyncio.ensure_future(event.wait()) for event in (over, stop)]
        await asyncio.wait((guarding, *ends), return_when=asyncio.FIRST_COMPLETED)
        for task in (guarding, *ends):
            task.cancel()
        results = await asyncio.gather(guarding, *ends, return_exceptions=True)
        failed = [one for one in results if isinstance(one, Exception)]
        if failed:
            raise failed[0]
    report = await backend.operation(wanted.operation)
    output.say(proof_document(report), proof_text(report))
    if stop.is_set():
        return INTERRUPTED
    return DONE if report.proof is not None and report.proof.closed else NOT_DONE


def _progress(output: Output, report: OperationReport) -> None:
    """One line for each reading, on standard error."""
    proof = report.proof
    left = sum(one.state is not PathProof.CLOSED for one in proof.paths) if proof else 0
    output.line(
        {
            "operation": report.operation,
            "event": "proof",
            "at": time_json(proof.at) if proof else None,
            "closed": bool(proof and proof.closed),
            "not_closed": left,
            "alarms": len(report.alarms),
        }
    )
