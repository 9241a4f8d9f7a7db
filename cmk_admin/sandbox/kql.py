"""A small honest evaluator of the Kusto that Resource Graph takes: what it does not know it refuses, never skips.

Operators: where, extend, project, project-away, order by, take, top, distinct, count, summarize count() by,
join kind=inner|leftouter. Source: AD governance/resource-graph/concepts/query-language.md.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .kql_expressions import Expression, Row, parse_expression, parse_path, to_string
from .kql_text import Cursor, QueryError, tokens_of

# concepts/query-language.md: "Supports up to three join operators in a single query"
MAX_JOINS = 3


@dataclass(slots=True, frozen=True)
class Table:
    """A table that a query may name: its columns, and its rows, read only when a query asks for them."""

    columns: tuple[str, ...]
    rows: Callable[[], Iterable[Row]]


@dataclass(slots=True, frozen=True)
class Result:
    """What a query yields."""

    columns: list[str]
    rows: list[Row]


Stage = Callable[[list[Row]], list[Row]]


def run(query: str, tables: Mapping[str, Table]) -> Result:
    """Answer a query over these tables (their names in lower case).

    Raises QueryError for a query that does not parse, names what does not exist, or uses what is not supported; the
    whole query is judged before the first row is read.
    """
    cursor = Cursor(tokens_of(query))
    try:
        query_plan = _Query(cursor, tables)
    except RecursionError as error:
        raise QueryError("ParserFailure", "The query is nested too deeply.") from error
    if cursor.here.kind != "end":
        raise cursor.failure()
    return Result(query_plan.columns, query_plan.rows())


class _Query:
    """One tabular expression: a table and its operators."""

    def __init__(self, cursor: Cursor, tables: Mapping[str, Table], joins: int = 0) -> None:
        self._cursor, self._tables, self.joins = cursor, tables, joins
        name = cursor.name()
        table = tables.get(name.lower())
        if table is None:
            raise QueryError("UnsupportedTable", f"Table {name} is invalid or not supported.", word=name)
        self._source = table
        self.columns = list(table.columns)
        self._stages: list[Stage] = []
        while cursor.accept("|"):
            word = cursor.name()
            parse = _OPERATORS.get(word)
            if parse is None:
                raise cursor.unsupported(word)
            self._stages.append(parse(self))

    def rows(self) -> list[Row]:
        """Read the table and put its rows through the operators."""
        rows = list(self._source.rows())
        for stage in self._stages:
            rows = stage(rows)
        return rows

    def where(self) -> Stage:
        condition = parse_expression(self._cursor, self.columns)
        return lambda rows: [row for row in rows if condition(row)]

    def extend(self) -> Stage:
        made = self._assignments()
        self.columns += [name for name, _ in made if name not in self.columns]
        return lambda rows: [{**row, **{name: value(row) for name, value in made}} for row in rows]

    def project(self) -> Stage:
        made = self._assignments()
        self.columns = [name for name, _ in made]
        return lambda rows: [{name: value(row) for name, value in made} for row in rows]

    def project_away(self) -> Stage:
        gone = set(self._names())
        self.columns = [name for name in self.columns if name not in gone]
        return lambda rows: [{k: v for k, v in row.items() if k not in gone} for row in rows]

    def order(self) -> Stage:
        self._cursor.expect("by")
        return self._sorting()

    def take(self) -> Stage:
        count = self._number()
        return lambda rows: rows[:count]

    def top(self) -> Stage:
        count = self._number()
        self._cursor.expect("by")
        sort = self._sorting()
        return lambda rows: sort(rows)[:count]

    def distinct(self) -> Stage:
        made = self._assignments()
        self.columns = [name for name, _ in made]

        def stage(rows: list[Row]) -> list[Row]:
            seen: dict[str, Row] = {}
            for row in rows:
                found = {name: value(row) for name, value in made}
                seen.setdefault(to_string(list(found.values())), found)
            return list(seen.values())

        return stage

    def count(self) -> Stage:
        self.columns = ["Count"]
        return lambda rows: [{"Count": len(rows)}]

    def summarize(self) -> Stage:
        cursor, name = self._cursor, "count_"
        word = cursor.name()
        if cursor.accept("="):
            name, word = word, cursor.name()
        if word != "count":
            raise cursor.unsupported(word)
        cursor.expect("(")
        cursor.expect(")")
        groups = self._assignments() if cursor.accept("by") else []
        self.columns = [*(group for group, _ in groups), name]

        def stage(rows: list[Row]) -> list[Row]:
            if not groups:
                return [{name: len(rows)}]
            found: dict[str, Row] = {}
            for row in rows:
                values = {group: value(row) for group, value in groups}
                line = found.setdefault(to_string(list(values.values())), {**values, name: 0})
                line[name] += 1
            return list(found.values())

        return stage

    def join(self) -> Stage:
        cursor = self._cursor
        kind = "innerunique"
        if cursor.accept("kind"):
            cursor.expect("=")
            kind = cursor.name()
        if kind not in ("inner", "leftouter"):
            # innerunique keeps any one of the left rows of a key: no honest answer to give.
            raise cursor.unsupported(f"join kind={kind}")
        self.joins += 1
        if self.joins > MAX_JOINS:
            raise QueryError("TooManyJoins", f"The query has more than {MAX_JOINS} joins.", word="join")
        cursor.expect("(")
        right = _Query(cursor, self._tables, self.joins)
        self.joins = right.joins
        cursor.expect(")")
        cursor.expect("on")
        pairs = self._join_columns(right.columns)
        renamed: dict[str, str] = {}
        for name in right.columns:
            new = name
            number = 1
            while new in self.columns or new in renamed.values():
                new, number = f"{name}{number}", number + 1
            renamed[name] = new
        self.columns = [*self.columns, *renamed.values()]
        nothing: Row = dict.fromkeys(renamed.values())

        def stage(rows: list[Row]) -> list[Row]:
            index: dict[tuple[str, ...], list[Row]] = {}
            for row in right.rows():
                line = {renamed[name]: row.get(name) for name in right.columns}
                index.setdefault(tuple(to_string(row.get(b)) for _, b in pairs), []).append(line)
            joined: list[Row] = []
            for row in rows:
                matches = index.get(tuple(to_string(row.get(a)) for a, _ in pairs), [])
                if not matches and kind == "leftouter":
                    matches = [nothing]
                joined += [{**row, **match} for match in matches]
            return joined

        return stage

    def _join_columns(self, right: list[str]) -> list[tuple[str, str]]:
        pairs: list[tuple[str, str]] = []
        while True:
            if self._cursor.accept("$left"):
                self._cursor.expect(".")
                a = self._cursor.name()
                self._cursor.expect("==")
                self._cursor.expect("$right")
                self._cursor.expect(".")
                b = self._cursor.name()
            else:
                a = b = self._cursor.name()
            for name, columns in ((a, self.columns), (b, right)):
                if name not in columns:
                    raise QueryError(
                        "UnresolvedColumn", f"'join' operator: Failed to resolve column named '{name}'", word=name
                    )
            pairs.append((a, b))
            if not self._cursor.accept(",", "and"):
                return pairs

    def _assignments(self) -> list[tuple[str, Expression]]:
        made: list[tuple[str, Expression]] = []
        while True:
            made.append(self._assignment(len(made)))
            if not self._cursor.accept(","):
                return made

    def _assignment(self, number: int) -> tuple[str, Expression]:
        cursor = self._cursor
        name = cursor.assigned_name()
        if name is not None:
            return name, parse_expression(cursor, self.columns)
        value, name = parse_path(cursor, self.columns)
        return name or f"Column{number + 1}", value

    def _names(self) -> list[str]:
        names = [self._cursor.name()]
        while self._cursor.accept(","):
            names.append(self._cursor.name())
        for name in names:
            if name not in self.columns:
                raise QueryError("UnresolvedColumn", f"Failed to resolve column named '{name}'", word=name)
        return names

    def _number(self) -> int:
        if self._cursor.here.kind != "number" or "." in self._cursor.here.text:
            raise self._cursor.failure()
        return int(self._cursor.take().text)

    def _sorting(self) -> Stage:
        keys: list[tuple[Expression, bool, bool]] = []
        while True:
            value, _ = parse_path(self._cursor, self.columns)
            ascending = self._cursor.accept("asc")
            if not ascending:
                self._cursor.accept("desc")
            nulls_first = ascending
            if self._cursor.accept("nulls"):
                nulls_first = self._cursor.sees("first")
                if not self._cursor.accept("first", "last"):
                    raise self._cursor.failure()
            keys.append((value, ascending, nulls_first))
            if not self._cursor.accept(","):
                break

        def stage(rows: list[Row]) -> list[Row]:
            for value, ascending, nulls_first in reversed(keys):
                ranked = [(value(row), row) for row in rows]
                known = [pair for pair in ranked if pair[0] is not None]
                known.sort(key=lambda pair: _rank(pair[0]), reverse=not ascending)
                ordered = [row for _, row in known]
                unknown = [row for found, row in ranked if found is None]
                rows = [*unknown, *ordered] if nulls_first else [*ordered, *unknown]
            return rows

        return stage


def _rank(value: Any) -> tuple[int, float, str]:
    if isinstance(value, bool | int | float):
        return (0, float(value), "")
    return (1, 0.0, to_string(value))


_OPERATORS: Mapping[str, Callable[[_Query], Stage]] = {
    "where": _Query.where,
    "filter": _Query.where,
    "extend": _Query.extend,
    "project": _Query.project,
    "project-away": _Query.project_away,
    "order": _Query.order,
    "sort": _Query.order,
    "take": _Query.take,
    "limit": _Query.take,
    "top": _Query.top,
    "distinct": _Query.distinct,
    "count": _Query.count,
    "summarize": _Query.summarize,
    "join": _Query.join,
}
