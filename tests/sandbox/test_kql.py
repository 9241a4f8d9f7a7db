"""The evaluator of Resource Graph's query language, without a server."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmk_admin.sandbox.kql import Table, run
from cmk_admin.sandbox.kql_text import QueryError

VAULTS = [
    {
        "id": "/a",
        "name": "Alpha",
        "type": "microsoft.keyvault/vaults",
        "properties": {"sku": {"name": "premium"}, "n": 3},
    },
    {
        "id": "/b",
        "name": "beta",
        "type": "microsoft.keyvault/vaults",
        "properties": {"rbac": True, "list": [{"x": "y"}]},
    },
    {"id": "/c", "name": "gamma", "type": "microsoft.compute/disks", "properties": {"n": 1}},
]
ROLES = [{"id": "/R1", "role": "reader"}, {"id": "/r2", "role": "owner"}]
TABLES = {
    "resources": Table(("id", "name", "type", "properties"), lambda: VAULTS),
    "roles": Table(("id", "role"), lambda: ROLES),
    "links": Table(("id", "target"), lambda: [{"id": "/a", "target": "/r1"}, {"id": "/b", "target": "/none"}]),
}


def names(query: str) -> list[str]:
    return [str(row["name"]) for row in run(query, TABLES).rows]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("type =~ 'Microsoft.KeyVault/Vaults'", ["Alpha", "beta"]),
        ("type == 'Microsoft.KeyVault/Vaults'", []),
        ("type in~ ('MICROSOFT.COMPUTE/disks', 'x')", ["gamma"]),
        ("type !in~ ('microsoft.compute/DISKS')", ["Alpha", "beta"]),
        ("name in ('Alpha', \"beta\")", ["Alpha", "beta"]),
        ("name !~ 'ALPHA' and type has 'keyvault'", ["beta"]),
        ("type has 'key'", []),
        ("type contains 'KEY' or name startswith 'G'", ["Alpha", "beta", "gamma"]),
        ("not(type contains 'key')", ["gamma"]),
        ("properties.sku.name == 'premium'", ["Alpha"]),
        ("properties['sku']['name'] == 'premium'", ["Alpha"]),
        ("properties.list[0].x == 'y'", ["beta"]),
        ("properties.rbac == true", ["beta"]),
        ("tobool(properties.rbac)", ["beta"]),
        ("isempty(properties.sku.name)", ["beta", "gamma"]),
        ("isnotempty(properties.sku)", ["Alpha"]),
        ("toint(properties.n) > 1", ["Alpha"]),
        ("tolong(properties.n) <= 1", ["gamma"]),
        ("properties.n != 3", ["gamma"]),
        ("(name == 'beta' or name == 'gamma') and name != 'beta'", ["gamma"]),
    ],
)
def test_a_condition_selects_the_rows_that_kusto_selects(condition: str, expected: list[str]) -> None:
    assert names(f"resources | where {condition}") == expected


def test_projection_names_columns_as_kusto_does() -> None:
    result = run(
        "Resources | where name == 'Alpha' | project id, sku=tostring(properties.sku.name), properties.n", TABLES
    )
    assert result.columns == ["id", "sku", "properties_n"]
    assert result.rows == [{"id": "/a", "sku": "premium", "properties_n": 3}]


def test_extend_adds_and_project_away_removes_columns() -> None:
    result = run("resources | extend low=tolower(name), name='x' | project-away properties, type | take 1", TABLES)
    assert result.rows == [{"id": "/a", "name": "x", "low": "alpha"}]


def test_order_puts_nulls_last_when_descending_and_first_when_ascending() -> None:
    assert names("resources | order by properties.n") == ["Alpha", "gamma", "beta"]
    assert names("resources | order by properties.n asc") == ["beta", "gamma", "Alpha"]
    assert names("resources | sort by type asc, name desc") == ["gamma", "beta", "Alpha"]
    assert names("resources | top 1 by toint(properties.n) asc nulls last") == ["gamma"]


def test_counting_with_and_without_groups() -> None:
    assert run("resources | count", TABLES).rows == [{"Count": 3}]
    assert run("resources | summarize count()", TABLES).rows == [{"count_": 3}]
    assert run("resources | summarize n = count() by type | order by n asc", TABLES).rows == [
        {"type": "microsoft.compute/disks", "n": 1},
        {"type": "microsoft.keyvault/vaults", "n": 2},
    ]
    assert run("resources | distinct type | count", TABLES).rows == [{"Count": 2}]


def test_left_outer_join_keeps_rows_without_a_match_and_renames_columns() -> None:
    query = """links | extend key=tolower(target)
        | join kind=leftouter (roles | project key=tolower(id), role) on key // roles of the targets
        | project id, role, key1"""
    assert run(query, TABLES).rows == [
        {"id": "/a", "role": "reader", "key1": "/r1"},
        {"id": "/b", "role": None, "key1": None},
    ]
    assert len(run(query.replace("leftouter", "inner"), TABLES).rows) == 1


def test_join_on_differently_named_columns() -> None:
    query = "roles | extend k=tolower(id) | join kind=inner (links) on $left.k == $right.target | project id1"
    assert run(query, TABLES).rows == [{"id1": "/a"}]


@pytest.mark.parametrize(
    ("query", "code", "token"),
    [
        ("nothing", "UnsupportedTable", "nothing"),
        ("resources | where colour == 'red'", "UnresolvedColumn", "colour"),
        ("resources | parse id with * '/'", "InvalidQueryLanguage", "parse"),
        ("resources | where strlen(name) > 3", "InvalidQueryLanguage", "strlen"),
        ("resources | where name ==", "ParserFailure", "<EOF>"),
        ("resources | where name == 'a", "ParserFailure", "'"),
        ("resources | project name | where type == 'x'", "UnresolvedColumn", "type"),
        ("resources | summarize max(name)", "InvalidQueryLanguage", "max"),
        ("resources | join (roles) on id", "InvalidQueryLanguage", "join kind=innerunique"),
        ("resources | take 3 3", "ParserFailure", "3"),
        ("resources | project-away colour", "UnresolvedColumn", "colour"),
        ("", "ParserFailure", "<EOF>"),
        ("resources | where " + "(" * 9999, "ParserFailure", ""),
        ("resources | where " + "not(" * 9999, "ParserFailure", ""),
    ],
)
def test_what_is_not_understood_is_refused_by_name(query: str, code: str, token: str) -> None:
    with pytest.raises(QueryError) as refused:
        run(query, TABLES)
    assert (refused.value.code, refused.value.word) == (code, token)


def test_a_query_is_judged_before_a_row_is_read() -> None:
    def unread() -> list[dict[str, object]]:
        raise AssertionError("read")

    with pytest.raises(QueryError):
        run("resources | where nope == 1", {"resources": Table(("id",), unread)})


def test_a_fourth_join_is_refused() -> None:
    join = " | join kind=inner (roles) on id"
    run("roles" + join * 3, TABLES)
    with pytest.raises(QueryError) as refused:
        run("roles" + join * 4, TABLES)
    assert refused.value.code == "TooManyJoins"


@given(st.text())
def test_any_text_is_answered_or_refused(text: str) -> None:
    with contextlib.suppress(QueryError):
        run("resources | where name == " + text, TABLES)


@given(st.text(alphabet=st.characters(exclude_characters="\\\n'", exclude_categories=["Cs"])))
def test_a_string_literal_means_itself(text: str) -> None:
    assert run(f"roles | project x='{text}' | take 1", TABLES).rows == [{"x": text}]
