"""The record of an operation as a file, and whether such a file is as it was written."""

from collections.abc import Callable
from pathlib import Path

from cmk_admin.cli.output import BAD_INPUT, DONE, NOT_DONE, Output, bad_out, write_file
from cmk_admin.domain.errors import BadInput
from cmk_admin.domain.record import Record, Result, Verdict, to_document, to_lines, verify
from cmk_admin.domain.wire import JsonObject

PrintRecord = Callable[[Record, Path], None]
"""Writes a record as a PDF file, mode 0600. Raises BadInput where it cannot print, OSError where it cannot write."""


def write_record(record: Record, chosen: str, out: Path | None, output: Output, print_record: PrintRecord) -> int:
    """Write a record as ``json``, ``jsonl``, ``html`` or ``pdf``, and say its head hash. Raises BadInput ``bad-out``.

    A PDF needs `out`: the options see to that.
    """
    if chosen == "pdf":
        assert out is not None
        try:
            print_record(record, out)
        except OSError as error:
            raise bad_out(out, error) from error
        return _written(record, out, output)
    content = _content(record, chosen)
    if out is None:
        output.content(content)
        output.note(f"Head hash: {record.head}")
        return DONE
    write_file(out, content)
    return _written(record, out, output)


def _written(record: Record, out: Path, output: Output) -> int:
    state = "complete" if record.complete else "interim"
    count = len(record.entries)
    document: JsonObject = {"written": {"file": str(out), "entries": count}, "state": state, "head": record.head}
    output.say(document, f"Wrote {out}: {count} entries, {state}.")
    output.note(f"Head hash, to be kept elsewhere: {record.head}")
    return DONE


def _content(record: Record, chosen: str) -> str:
    if chosen == "html":
        from cmk_admin.operations.record_html import to_html

        return to_html(record)
    return to_lines(record) if chosen == "jsonl" else to_document(record)


def verify_file(path: Path, head: str | None, output: Output) -> int:
    """Look at a record's file; needs no connection and no account. Returns the exit status."""
    if head is not None and (len(head) != 64 or set(head) - set("0123456789abcdef")):
        output.error(BadInput("bad-usage", "A head hash is 64 hexadecimal digits.", subject="--head"))
        return BAD_INPUT
    try:
        data = path.read_bytes()
    except OSError as error:
        words = f"“{path}” cannot be read: {error.strerror}."
        output.error(BadInput("unreadable", words, subject=str(path), next="Name a file that “record --out” wrote."))
        return BAD_INPUT
    verdict = verify(data, head)
    lines = [f"{verdict.result.value.capitalize()}: {verdict.message}", verdict.proven]
    document = _document(verdict)
    if document["head"]:
        lines.append(f"Head hash: {document['head']}")
    output.say(document, "\n".join(lines))
    return {Result.INTACT: DONE, Result.ALTERED: NOT_DONE, Result.UNREADABLE: BAD_INPUT}[verdict.result]


def _document(verdict: Verdict) -> JsonObject:
    record = verdict.record
    return {
        "verdict": verdict.result.value,
        "first_bad": verdict.first_bad,
        "message": verdict.message,
        "proven": verdict.proven,
        "operation": record.operation if record else None,
        "entries": len(record.entries) if record else 0,
        "head": record.head if record and verdict.result is Result.INTACT else None,
        "state": ("complete" if record.complete else "interim") if record else None,
    }
