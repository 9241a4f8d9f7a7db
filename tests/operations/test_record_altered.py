"""Of a record that was altered the page shows what can be relied on, and claims nothing of what followed."""

import re

import pytest

from cmk_admin.domain.record import Kind, Record, Result, to_lines, verify
from cmk_admin.operations import record_parts as parts
from cmk_admin.operations.record_html import to_html
from tests.domain.recorded import a_revoke

_WHOLE = len(a_revoke().entries)
_OUTCOME = next(entry.seq for entry in a_revoke().entries if entry.kind == Kind.OUTCOME)
_CLAIMS = ("INTERIM", "has not ended", "none given", "not begun", "not been read", "not read again", "Head hash")


def _page(entries: int) -> str:
    """The page of a record of which this many entries are as they were written."""
    lines = to_lines(a_revoke()).splitlines(keepends=True)
    lines[entries] = lines[entries].replace('"kind":"', '"kind":"x', 1)
    verdict = verify("".join(lines).encode())
    assert verdict.result is Result.ALTERED
    assert verdict.record is not None
    assert len(verdict.record.entries) == entries
    return to_html(verdict.record)


@pytest.mark.parametrize("entries", range(1, _WHOLE))
def test_nothing_is_claimed_that_an_altered_entry_may_have_said(entries: int) -> None:
    page = _page(entries)
    assert not [one for one in _CLAIMS if one in page]
    assert "None" not in page
    assert parts.CUT in page or entries >= _OUTCOME
    assert "PART of a record that was altered" in page
    said = re.findall(r"<th width=\"18%\">(.*?)</th><td width=\"82%\">(.*?)</td>", page)
    assert dict(said)["Begun"] == (parts.CUT if entries == 1 else "2026-01-02 03:04:05 UTC")


def test_what_can_be_relied_on_is_said_to_be_only_that() -> None:
    assert f"In the part that can be relied on: {a_revoke().entries[10].facts['sentence']}" in _page(11)
    whole = to_html(a_revoke())
    assert "INTERIM" in whole
    assert parts.CUT not in whole


def test_what_a_record_without_its_beginning_does_not_say_is_not_known() -> None:
    first = a_revoke().entries[0]
    bare = parts.about(Record(operation="0123456789ab", entries=(first,)))
    assert {row for row in bare if row[0] in ("Begun", "Who")} == {("Begun", parts.UNKNOWN), ("Who", parts.UNKNOWN)}
    assert "None" not in str(bare)
