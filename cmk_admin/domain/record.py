"""The record of an operation: who did what, when, and what came of it, as a chain in which each entry seals the one before.

One entry a line, as JSON in one form only (`canonical`: sorted names, no spaces, ASCII). An entry's hash is the SHA-256
of that form of the entry without its ``hash``; the hash of the entry before stands in it as ``previous``. So whoever
changes an entry must recompute all that follow, and the last hash, the *head*, comes out different.

What that proves, and what it does not: a change that does not recompute the chain is found from the file alone. Who
appends entries, cuts off the last ones or recomputes the chain leaves a file that is right in itself; that is found only
against the head that was kept elsewhere. `Verdict.proven` says so in words.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from cmk_admin.domain.steps import Json

FORMAT = "cmk-admin-record"
VERSION = 1
BEFORE_FIRST = "0" * 64
"""What stands as ``previous`` in the first entry."""
_NAMES = {"seq", "at", "kind", "facts", "previous", "hash"}
_MAY_HAVE_ACTED = frozenset({"intent", "sent", "accepted", "done", "unknown"})


class Kind(StrEnum):
    """What an entry tells. Readers pass over kinds that they do not know; the chain holds them all the same."""

    RECORD = "record"
    """The first one: format, operation, connection, program."""
    PLANNED = "planned"
    """Who wants it and why, and the whole plan with each step's facts before and after."""
    GONE_ON = "gone-on-with"
    """Somebody went on with it after an interruption."""
    STEP = "step"
    """A step crossed a boundary, with what Azure answered."""
    ACTIVITY = "activity"
    """What Azure's Activity Log says of a step."""
    SIGNAL = "signal"
    """A consumer's signal before the first write."""
    WATCH = "watch"
    """What a consumer was seen to do, with the measured time."""
    PATHS = "paths"
    """What was still open when the paths were read again."""
    PROOF = "proof"
    """All paths, read again from their providers."""
    ALARM = "alarm"
    NOTE = "note"
    OUTCOME = "outcome"
    INCIDENT_OPENED = "incident-opened"
    """Its paths are watched over from now on; or again, after it was closed."""
    INCIDENT_CLOSED = "incident-closed"
    ANSWERED = "answered"
    """Another operation began to give it back."""
    GIVEN_BACK = "given-back"
    """That operation ended: with what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One link of the chain. Make it with `seal`."""

    seq: int
    """From 1."""
    at: datetime
    """UTC, by the clock of the machine that wrote it."""
    kind: str
    facts: Mapping[str, Json]
    previous: str
    hash: str

    @property
    def line(self) -> str:
        """The entry as it stands in a file, without the end of the line."""
        return canonical({**_sealed(self.seq, self.at, self.kind, self.facts, self.previous), "hash": self.hash})


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """All entries of one operation, oldest first; never empty."""

    operation: str
    entries: tuple[Entry, ...]
    cut: bool = False
    """These are only those before the first that was altered: what followed is not known, and not that nothing did."""

    @property
    def head(self) -> str:
        """The hash that seals all of it: to be kept elsewhere."""
        return self.entries[-1].hash

    @property
    def complete(self) -> bool:
        """False: interim. The operation still runs or waits, or the incident has not been closed."""
        return is_complete(self.entries)


class Result(StrEnum):
    INTACT = "intact"
    ALTERED = "altered"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What looking at a record showed."""

    result: Result
    message: str
    """What was found, in a sentence or two."""
    proven: str
    """What that proves and what it does not."""
    first_bad: int | None = None
    """Number (from 1) of the first entry that is not as it was written; None where none can be named."""
    record: Record | None = None
    """What can be trusted of it: all entries, or those before the first bad one; None where there are none."""


def canonical(value: Mapping[str, Json]) -> str:
    """JSON in the one form that is hashed: sorted names, no spaces, ASCII. Raises ValueError, TypeError (no JSON)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def seal(seq: int, at: datetime, kind: str, facts: Mapping[str, Json], previous: str) -> Entry:
    """The entry that follows the one whose hash is `previous`. Raises ValueError, TypeError where `facts` is no JSON."""
    plain = json.loads(canonical(facts))
    text = canonical(_sealed(seq, at, kind, plain, previous))
    return Entry(seq=seq, at=at, kind=kind, facts=plain, previous=previous, hash=_sha256(text))


def is_complete(entries: Sequence[Entry]) -> bool:
    """Whether nothing of the operation is still to come: it ended, and where a revoke changed something the incident was
    closed."""
    turns = [e for e in entries if e.kind in (Kind.PLANNED, Kind.GONE_ON, Kind.OUTCOME)]
    if not turns or turns[-1].kind != Kind.OUTCOME or turns[-1].facts.get("ended_at") is None:
        return False
    revoke = any(e.kind == Kind.PLANNED and e.facts.get("verb") == "revoke" for e in entries)
    acted = any(e.kind == Kind.STEP and e.facts.get("state") in _MAY_HAVE_ACTED for e in entries)
    incident = [e.kind for e in entries if e.kind in (Kind.INCIDENT_OPENED, Kind.INCIDENT_CLOSED)]
    return not (revoke and acted) or incident[-1:] == [Kind.INCIDENT_CLOSED]


# Files


def to_lines(record: Record) -> str:
    """The record as JSON lines: the evidence itself."""
    return "".join(f"{entry.line}\n" for entry in record.entries)


def to_document(record: Record) -> str:
    """The record as one JSON object, in which each entry still has a line of its own."""
    entries = ",\n".join(entry.line for entry in record.entries)
    return f"{_frame(record)}{entries}\n]}}\n"


def _frame(record: Record) -> str:
    about: dict[str, Json] = {
        "format": FORMAT,
        "version": VERSION,
        "operation": record.operation,
        "state": "complete" if record.complete else "interim",
        "head": record.head,
    }
    return f'{json.dumps(about)[:-1]}, "entries": [\n'


# Verifying


def verify(data: bytes, head: str | None = None) -> Verdict:
    """Look at a record as a file holds it (JSON lines or the JSON export). `head`: the hash that was kept elsewhere.

    Every byte counts: a file that holds the same in another form is not as it was written.
    """
    text = data.decode("ascii", "replace")
    if not _is_record(text):
        return _unreadable(text)
    if _is_document(text):
        return _verify_document(text, head)
    lines = text.split("\n")
    if lines[-1] == "":
        return verify_lines(lines[:-1], head)
    verdict = verify_lines(lines, head)
    if verdict.result is Result.INTACT:
        return _altered(len(lines), "Its line has no end.", verdict.record)
    return verdict


def verify_lines(lines: Iterable[str], head: str | None = None) -> Verdict:
    """Look at a record's lines, without their ends."""
    good: list[Entry] = []
    for number, line in enumerate(lines, start=1):
        entry = _entry(line)
        why = _why_bad(entry, line, number, good[-1].hash if good else BEFORE_FIRST)
        if entry is None or why is not None:
            return _altered(number, why or "It is no entry.", _record(good, cut=True))
        good.append(entry)
    record = _record(good)
    if record is None:
        return _unreadable("")
    if good[0].facts.get("version") != VERSION:
        return Verdict(
            result=Result.UNREADABLE,
            message="The record was written by a newer version of the program.",
            proven="Nothing was verified. Use the newer version.",
        )
    return _judge_head(record, head)


def _judge_head(record: Record, head: str | None) -> Verdict:
    """A chain that is right in itself, against the head that was kept elsewhere."""
    count = len(record.entries)
    if head is None:
        return Verdict(
            result=Result.INTACT,
            message=f"The chain of {_entries(count)} is intact.",
            proven="No entry was changed, removed from within or put in between, unless the chain was recomputed. "
            "Whether entries were appended, the last ones cut off or the whole chain recomputed cannot be told from the "
            "file alone: compare its head with the one that was kept elsewhere (--head).",
            record=record,
        )
    wanted = head.strip().lower()
    if wanted == record.head:
        return Verdict(
            result=Result.INTACT,
            message=f"The chain of {_entries(count)} is intact, and its head is the one that was kept.",
            proven="The record is what it was when that head was taken: nothing was changed, appended, cut off or "
            "recomputed since.",
            record=record,
        )
    known = next((entry.seq for entry in record.entries if entry.hash == wanted), None)
    if known is not None:
        kept = Record(operation=record.operation, entries=record.entries[:known])
        return Verdict(
            result=Result.ALTERED,
            message=f"The head that was kept is that of entry {known}. Entry {known + 1} and all after it were appended "
            "since.",
            proven=f"Up to entry {known} the record is what it was when that head was taken. An interim record grows, so "
            "that this may be right: then a head was kept for the later one too.",
            first_bad=known + 1,
            record=kept,
        )
    return Verdict(
        result=Result.ALTERED,
        message=f"The head that was kept is none of this record, whose {_entries(count)} end in {record.head}.",
        proven="The last entries were cut off, or entries were changed and the chain recomputed, or the head is that of "
        "another record. Which entry it is cannot be told from the file.",
        record=record,
    )


def _verify_document(text: str, head: str | None) -> Verdict:
    lines = _document_lines(text)
    if lines is None:
        return _altered(1, "The file around the entries is not as it was written, so that none can be found.", None)
    verdict = verify_lines(lines, None)
    if verdict.result is not Result.INTACT or verdict.record is None:
        return verdict
    if text != to_document(verdict.record):
        return Verdict(
            result=Result.ALTERED,
            message="The entries are as they were written, but the file around them is not: its first line, its last, or "
            "its form.",
            proven="Trust what the entries say, and not what the file says of itself. " + verdict.proven,
            record=verdict.record,
        )
    return _judge_head(verdict.record, head)


def _document_lines(text: str) -> list[str] | None:
    """The entries' lines of a JSON export, also where the file was cut or written in another form; None: there are none."""
    lines = text.split("\n")
    if lines[-1] == "" and len(lines) > 3 and lines[-2] == "]}" and lines[0].endswith('"entries": ['):
        inner = lines[1:-2]
        return [one[:-1] if one.endswith(",") else f"{one} " for one in inner[:-1]] + inner[-1:]
    try:
        document = json.loads(text)
        return [canonical(entry) if isinstance(entry, dict) else "" for entry in document["entries"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        inner = [one.removesuffix(",") for one in lines[1:]]
        return inner if any('"seq":' in one for one in inner) else None


def _why_bad(entry: Entry | None, line: str, number: int, previous: str) -> str | None:
    """What is wrong with an entry, in a sentence; None: nothing."""
    if entry is None:
        return "It is no entry as the program writes them."
    if entry.seq != number:
        return f"It carries the number {entry.seq}: entries were removed, put in or exchanged."
    if entry.previous != previous:
        return "It does not follow the entry before it."
    if _sha256(canonical(_sealed(entry.seq, entry.at, entry.kind, entry.facts, entry.previous))) != entry.hash:
        return "Its hash is not that of what it says."
    if entry.line != line:
        return "It is not written as it was."
    if number == 1 and (entry.kind != Kind.RECORD or entry.facts.get("format") != FORMAT):
        return "It does not begin a record."
    return None


def _entry(line: str) -> Entry | None:
    try:
        data: Any = json.loads(line)
        if not isinstance(data, dict) or set(data) != _NAMES or not isinstance(data["facts"], dict):
            return None
        if not all(isinstance(data[name], str) for name in ("at", "kind", "previous", "hash")):
            return None
        if not isinstance(data["seq"], int) or isinstance(data["seq"], bool):
            return None
        at = datetime.fromisoformat(data["at"])
        if at.tzinfo is None:
            return None
        canonical(data)
        return Entry(**{**data, "at": at})
    except (ValueError, TypeError, OverflowError, RecursionError):
        return None


def _record(entries: Sequence[Entry], *, cut: bool = False) -> Record | None:
    if not entries:
        return None
    operation = entries[0].facts.get("operation")
    return Record(operation=operation if isinstance(operation, str) else "", entries=tuple(entries), cut=cut)


def _is_record(text: str) -> bool:
    """Whether it is, or was, a record: no single change takes both signs away."""
    return not _is_report(text) and (FORMAT in text or '"previous":"' in text)


def _is_report(text: str) -> bool:
    return text.lstrip()[:20].lower().startswith(("%pdf", "<!doctype html", "<html"))


def _is_document(text: str) -> bool:
    first = text.split("\n", 1)[0]
    return '"entries": [' in first or text.endswith("\n]}\n") or '"seq":' not in first


def _altered(number: int, why: str, good: Record | None) -> Verdict:
    return Verdict(
        result=Result.ALTERED,
        message=f"Entry {number} is the first that is not as it was written. {why}",
        proven=f"What stands before it ({_entries(number - 1)}) can be relied on, and nothing from it on."
        if number > 1
        else "None of it can be relied on.",
        first_bad=number,
        record=good,
    )


def _unreadable(text: str) -> Verdict:
    if _is_report(text):
        message = "This is a report for reading: it carries the head hash, and not the entries."
        proven = "Nothing was verified. Verify the JSON or JSON lines of the same record, with that head hash."
    else:
        message = "This is no record of this program, or nothing is left of it."
        proven = "Nothing was verified."
    return Verdict(result=Result.UNREADABLE, message=message, proven=proven)


def _sealed(seq: int, at: datetime, kind: str, facts: Mapping[str, Json], previous: str) -> dict[str, Json]:
    return {"seq": seq, "at": time_text(at), "kind": str(kind), "facts": dict(facts), "previous": previous}


def time_text(moment: datetime) -> str:
    """A time as records have it: UTC, with microseconds."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _entries(count: int) -> str:
    return "one entry" if count == 1 else f"{count} entries"
