"""Aligned tables that no name can break out of."""

from hypothesis import given
from hypothesis import strategies as st

from cmk_admin.cli.table import printable, table, width


def test_columns_stand_under_their_heads() -> None:
    drawn = table(("Vault", "Key"), [["dcc-premium", "mysql-encryption-key"], ["v", None]], empty="-")
    assert drawn.splitlines() == [
        "Vault        Key",
        "───────────  ────────────────────",
        "dcc-premium  mysql-encryption-key",
        "v            unknown",
    ]


def test_wide_characters_keep_the_alignment() -> None:
    lines = table(("A", "B"), [["鍵鍵", "X"], ["key", "Y"]], empty="-").splitlines()
    assert width(lines[2][: lines[2].index("X")]) == width(lines[3][: lines[3].index("Y")])


def test_without_rows_the_reason_is_said() -> None:
    assert table(("A",), [], empty="Nothing here.") == "Nothing here."


@given(st.text())
def test_no_control_character_reaches_the_terminal(text: str) -> None:
    assert all(c.isprintable() or c in "\N{REPLACEMENT CHARACTER}" or c.isspace() for c in printable(text))
    assert not any(ord(c) < 32 or 0x7F <= ord(c) < 0xA0 for c in printable(text))
