"""The reviewer's table: the columns asked for, unknown told as unknown, and text that no spreadsheet runs."""

import csv
import io
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from cmk_admin.domain import table
from cmk_admin.domain.table import COLUMNS, Row, matching, rows, sorted_by, to_csv, to_text
from tests.domain import estates
from tests.domain.estates import MYSQL_ID, MYSQL_SCOPE

ROWS = rows(estates.index())
PLACE = {column.name: at for at, column in enumerate(COLUMNS)}


def cell(row: Row, name: str) -> str:
    return row.cells[PLACE[name]]


def of(service: str) -> Row:
    return next(row for row in ROWS if cell(row, "service").endswith(service))


def test_the_columns_come_in_the_reviewers_order() -> None:
    assert [column.title for column in COLUMNS[:6]] == [
        "Service",
        "Key name",
        "Key role assignment scope",
        "Key type",
        "Key size",
        "Key options",
    ]


def test_a_row_says_what_the_mapping_knows() -> None:
    row = of("dcc-mysql")
    assert cell(row, "service") == "MySQL flexible server: dcc-mysql"
    assert cell(row, "scope") == "key mysql-encryption-key"
    assert row.tooltips[PLACE["scope"]] == MYSQL_SCOPE
    assert cell(row, "key_type") == "RSA-HSM"
    assert cell(row, "key_size") == "2048"
    assert cell(row, "key_options") == "unwrapKey, wrapKey"
    assert cell(row, "subscription") == "Health"
    assert cell(row, "role") == "Key Vault Crypto Service Encryption User"
    assert cell(row, "path") == "direct, on the key"
    assert cell(row, "expiry") == "does not expire"
    assert cell(row, "state") == "enabled"


def test_every_row_has_every_cell() -> None:
    for row in ROWS:
        assert len(row.cells) == len(row.sort) == len(row.folded) == len(row.tooltips) == len(COLUMNS)
    assert len({row.id for row in ROWS}) == len(ROWS)


def test_unread_grants_are_not_known_and_never_none() -> None:

    unread = replace(
        estates.dcc(), role_assignments=(), unread_assignments=frozenset({f"/subscriptions/{estates.SUB}"})
    )
    assert {cell(row, "scope") for row in rows(estates.index(unread))} == {table.NOT_KNOWN}
    bare = replace(unread, unread_assignments=frozenset())
    assert {cell(row, "scope") for row in rows(estates.index(bare))} == {"no grant"}


def test_the_filter_finds_ids_that_are_not_shown() -> None:
    assert [cell(row, "identity") for row in matching(ROWS, MYSQL_ID.upper())] == ["dcc-mysql-id"]
    assert len(matching(ROWS, "dcc hsm")) == 4
    assert matching(ROWS, "", {"service": "mysql", "key_name": "aks"}) == ()
    assert len(matching(ROWS, "", {"service": "mysql flexible"})) == 1


def test_unknown_stays_last_whichever_way_a_column_is_sorted() -> None:

    estate = estates.dcc()
    unread = replace(estate.keys[1], key_type=None)
    found = rows(estates.index(replace(estate, keys=(estate.keys[0], unread))))
    for descending in (False, True):
        kinds = [cell(row, "key_type") for row in sorted_by(found, "key_type", descending=descending)]
        assert kinds == ["RSA-HSM", "RSA-HSM", "not known", "not known"]


def test_sizes_are_sorted_as_numbers() -> None:

    estate = estates.dcc()
    small = replace(estate.keys[1], size=512)
    found = sorted_by(rows(estates.index(replace(estate, keys=(estate.keys[0], small)))), "key_size")
    assert [cell(row, "key_size") for row in found] == ["512", "512", "2048", "2048"]


@given(st.lists(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x00")), min_size=2, max_size=2)))
def test_what_is_written_as_csv_is_read_as_it_was_save_for_formulas(cells: list[list[str]]) -> None:
    text = to_csv(("a", "b"), [tuple(line) for line in cells])
    read = list(csv.reader(io.StringIO(text, newline="")))
    assert read[0] == ["a", "b"]
    for before, after in zip(cells, read[1:], strict=True):
        for one, other in zip(before, after, strict=True):
            assert other in (one, f"'{one}")
            assert not other.startswith(("=", "+", "-", "@", "\t", "\r"))


def test_the_clipboard_gets_a_line_for_each_row() -> None:
    assert to_text(("a", "b"), [("1\n2", "=x")]) == "a\tb\n1 2\t'=x"
