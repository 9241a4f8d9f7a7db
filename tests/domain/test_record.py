"""The record: whatever is done to its file without recomputing the chain is found, and what cannot be found is said."""

import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from cmk_admin.domain.record import (
    BEFORE_FIRST,
    FORMAT,
    Entry,
    Kind,
    Record,
    Result,
    seal,
    to_document,
    to_lines,
    verify,
)
from cmk_admin.domain.steps import Json

_AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def record_of(texts: list[str]) -> Record:
    entries: list[Entry] = []
    first: dict[str, Json] = {"format": FORMAT, "version": 1, "operation": "abc"}
    said: list[dict[str, Json]] = [{"text": text, "seconds": 1.5} for text in texts]
    for facts in (first, *said):
        kind = Kind.NOTE if entries else Kind.RECORD
        previous = entries[-1].hash if entries else BEFORE_FIRST
        entries.append(seal(len(entries) + 1, _AT, kind, facts, previous))
    return Record(operation="abc", entries=tuple(entries))


RECORDS = st.builds(record_of, st.lists(st.text(max_size=12), min_size=2, max_size=6))


@given(RECORDS, st.booleans())
def test_a_record_is_intact_as_it_was_written(record: Record, document: bool) -> None:
    data = (to_document if document else to_lines)(record).encode()
    assert verify(data).result is Result.INTACT
    assert verify(data).record == record
    assert verify(data, record.head).result is Result.INTACT


@given(RECORDS, st.booleans(), st.data())
def test_any_changed_byte_is_found(record: Record, document: bool, data: st.DataObject) -> None:
    whole = (to_document if document else to_lines)(record).encode()
    at = data.draw(st.integers(0, len(whole) - 1))
    mask = data.draw(st.integers(1, 255))
    changed = whole[:at] + bytes([whole[at] ^ mask]) + whole[at + 1 :]
    assert verify(changed).result is Result.ALTERED


@given(RECORDS, st.data())
def test_the_first_entry_that_was_dropped_doubled_or_exchanged_is_named(record: Record, data: st.DataObject) -> None:
    lines = to_lines(record).splitlines(keepends=True)
    at = data.draw(st.integers(0, len(lines) - 2))
    dropped = lines[:at] + lines[at + 1 :]
    doubled = lines[: at + 1] + lines[at:]
    exchanged = [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]]
    for changed, bad in ((dropped, at + 1), (doubled, at + 2), (exchanged, at + 1)):
        verdict = verify("".join(changed).encode())
        assert (verdict.result, verdict.first_bad) == (Result.ALTERED, bad)


@given(RECORDS, st.data())
def test_an_entry_that_was_sealed_anew_is_found_at_the_one_after_it(record: Record, data: st.DataObject) -> None:
    at = data.draw(st.integers(1, len(record.entries) - 2))
    was = record.entries[at]
    other = seal(was.seq, was.at, was.kind, {"text": "another story"}, was.previous)
    changed = Record(operation="abc", entries=(*record.entries[:at], other, *record.entries[at + 1 :]))
    verdict = verify(to_lines(changed).encode())
    assert (verdict.result, verdict.first_bad) == (Result.ALTERED, at + 2)


@given(RECORDS)
def test_an_entry_that_skips_a_number_is_found_although_its_hash_is_right(record: Record) -> None:
    later = seal(len(record.entries) + 2, _AT, Kind.NOTE, {"text": "later"}, record.head)
    verdict = verify(to_lines(Record(operation="abc", entries=(*record.entries, later))).encode())
    assert (verdict.result, verdict.first_bad) == (Result.ALTERED, len(record.entries) + 1)


@given(RECORDS, st.data())
def test_an_entry_that_says_the_same_in_another_form_is_found(record: Record, data: st.DataObject) -> None:
    lines = to_lines(record).splitlines()
    at = data.draw(st.integers(0, len(lines) - 1))
    spaced = [*lines[:at], json.dumps(json.loads(lines[at])), *lines[at + 1 :]]
    verdict = verify("".join(f"{line}\n" for line in spaced).encode())
    assert (verdict.result, verdict.first_bad) == (Result.ALTERED, at + 1)


@given(RECORDS, st.data())
def test_a_tail_that_was_cut_off_is_found_against_the_head_only_and_that_is_said(
    record: Record, data: st.DataObject
) -> None:
    kept = data.draw(st.integers(1, len(record.entries) - 1))
    short = to_lines(Record(operation="abc", entries=record.entries[:kept])).encode()
    alone = verify(short)
    assert alone.result is Result.INTACT
    assert "cannot be told from the file alone" in alone.proven
    assert verify(short, record.head).result is Result.ALTERED


@given(RECORDS)
def test_an_appended_entry_is_found_against_the_head_and_named(record: Record) -> None:
    more = seal(len(record.entries) + 1, _AT, Kind.NOTE, {"text": "later"}, record.head)
    longer = Record(operation="abc", entries=(*record.entries, more))
    verdict = verify(to_lines(longer).encode(), record.head)
    assert (verdict.result, verdict.first_bad) == (Result.ALTERED, len(record.entries) + 1)
    assert verdict.record == record


@given(RECORDS, st.data())
def test_a_file_that_was_cut_anywhere_is_never_taken_for_the_whole(record: Record, data: st.DataObject) -> None:
    whole = to_lines(record).encode()
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    assert verify(cut, record.head).result is not Result.INTACT


def test_a_report_for_reading_and_anything_else_is_unreadable() -> None:
    for data in (b"", b"%PDF-1.4 cmk-admin-record", b"<!DOCTYPE html><p>cmk-admin-record", b"{}", b"\xff\x00"):
        assert verify(data).result is Result.UNREADABLE
