"""Kusto's scalar expressions over one row: parsed once, then a plain function of the row.

Source of the meanings: Kusto's language reference for string operators, null values and the named scalar functions.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from .kql_text import Cursor, QueryError

Row = dict[str, Any]
Expression = Callable[[Row], Any]


def parse_expression(cursor: Cursor, columns: list[str]) -> Expression:
    """Parse an expression over these columns. Raises QueryError for unknown columns, functions and operators."""
    left = _conjunction(cursor, columns)
    while cursor.accept("or"):
        left = _either(left, _conjunction(cursor, columns))
    return left


def parse_path(cursor: Cursor, columns: list[str]) -> tuple[Expression, str]:
    """Parse an operand and the column name that Kusto gives it where the query gives none ("" when it gives none)."""
    return _operand(cursor, columns)


def to_string(value: object) -> str:
    """tostring(): null becomes the empty string, dynamic values their JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return json.dumps(value, separators=(",", ":"))
    return str(value)


def _either(a: Expression, b: Expression) -> Expression:
    return lambda row: bool(a(row)) or bool(b(row))


def _both(a: Expression, b: Expression) -> Expression:
    return lambda row: bool(a(row)) and bool(b(row))


def _conjunction(cursor: Cursor, columns: list[str]) -> Expression:
    left = _comparison(cursor, columns)
    while cursor.accept("and"):
        left = _both(left, _comparison(cursor, columns))
    return left


def _comparison(cursor: Cursor, columns: list[str]) -> Expression:
    left, _ = _operand(cursor, columns)
    word = cursor.here.text if cursor.here.kind in ("name", "mark") else ""
    if word in _COMPARE:
        cursor.take()
        compare = _COMPARE[word]
        right, _ = _operand(cursor, columns)
        return lambda row: compare(left(row), right(row))
    if word in ("in", "in~", "!in", "!in~"):
        cursor.take()
        choices = _arguments(cursor, columns)
        if not choices:
            raise cursor.failure()
        same = _same_text if word.endswith("~") else _equal
        wanted = not word.startswith("!")
        return lambda row: any(same(left(row), choice(row)) for choice in choices) is wanted
    return left


def _operand(cursor: Cursor, columns: list[str]) -> tuple[Expression, str]:
    token = cursor.take()
    if token.kind == "string":
        return _constant(token.text), ""
    if token.kind == "number":
        return _constant(float(token.text) if "." in token.text else int(token.text)), ""
    if token.kind == "mark" and token.text == "(":
        inner = parse_expression(cursor, columns)
        cursor.expect(")")
        return _path(cursor, inner, "")
    if token.kind != "name":
        raise QueryError("ParserFailure", "ParserFailure", word=token.text, line=token.line, position=token.position)
    if token.text in ("true", "false"):
        return _constant(token.text == "true"), ""
    if cursor.sees("("):
        return _path(cursor, _call(cursor, token.text, columns), "")
    if token.text not in columns:
        raise QueryError(
            "UnresolvedColumn",
            f"Failed to resolve column or scalar expression named '{token.text}'",
            word=token.text,
            line=token.line,
            position=token.position,
        )
    return _path(cursor, _column(token.text), token.text)


def _path(cursor: Cursor, value: Expression, name: str) -> tuple[Expression, str]:
    while True:
        if cursor.accept("."):
            step: str | int = cursor.name()
        elif cursor.accept("["):
            token = cursor.take()
            if token.kind not in ("string", "number") or ("." in token.text and token.kind == "number"):
                raise cursor.failure()
            step = int(token.text) if token.kind == "number" else token.text
            cursor.expect("]")
        else:
            return value, name
        value = _member(value, step)
        name = f"{name}_{step}" if name else ""


def _constant(value: object) -> Expression:
    return lambda row: value


def _column(name: str) -> Expression:
    return lambda row: row.get(name)


def _member(value: Expression, step: str | int) -> Expression:
    def member(row: Row) -> Any:
        whole = value(row)
        if isinstance(step, str):
            return whole.get(step) if isinstance(whole, dict) else None
        return whole[step] if isinstance(whole, list) and step < len(whole) else None

    return member


def _arguments(cursor: Cursor, columns: list[str]) -> list[Expression]:
    cursor.expect("(")
    found: list[Expression] = []
    while not cursor.accept(")"):
        if found:
            cursor.expect(",")
        found.append(parse_expression(cursor, columns))
    return found


def _call(cursor: Cursor, name: str, columns: list[str]) -> Expression:
    if name not in _FUNCTIONS:
        raise cursor.unsupported(name)
    least, most, function = _FUNCTIONS[name]
    arguments = _arguments(cursor, columns)
    if not least <= len(arguments) <= most:
        raise QueryError("InvalidArguments", f"{name}(): function expects {least} argument(s).", word=name)
    if len(arguments) == 1:
        only = arguments[0]
        return lambda row: function(only(row))
    return lambda row: function(*(argument(row) for argument in arguments))


def _equal(a: object, b: object) -> bool:
    if isinstance(a, str) or isinstance(b, str):
        return to_string(a) == to_string(b)
    return a is not None and b is not None and a == b


def _same_text(a: object, b: object) -> bool:
    return to_string(a).lower() == to_string(b).lower()


def _has(text: object, term: object) -> bool:
    word = re.escape(to_string(term))
    return re.search(rf"(?<![A-Za-z0-9]){word}(?![A-Za-z0-9])", to_string(text), re.IGNORECASE) is not None


def _contains(text: object, part: object) -> bool:
    return to_string(part).lower() in to_string(text).lower()


def _starts(text: object, part: object) -> bool:
    return to_string(text).lower().startswith(to_string(part).lower())


def _ends(text: object, part: object) -> bool:
    return to_string(text).lower().endswith(to_string(part).lower())


def _ordered(decide: Callable[[int], bool]) -> Callable[[Any, Any], bool]:
    def compare(a: Any, b: Any) -> bool:
        if a is None or b is None:
            return False
        if isinstance(a, str) != isinstance(b, str):
            a, b = to_string(a), to_string(b)
        if isinstance(a, dict | list) or isinstance(b, dict | list):
            return False
        return decide((a > b) - (a < b))

    return compare


def _not(decide: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda a, b: not decide(a, b)


def _unequal(a: object, b: object) -> bool:
    # A null is neither equal nor unequal to a number or a truth value; as text it is the empty string.
    if not isinstance(a, str) and not isinstance(b, str) and (a is None or b is None):
        return False
    return not _equal(a, b)


_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": _equal,
    "!=": _unequal,
    "=~": _same_text,
    "!~": _not(_same_text),
    "has": _has,
    "!has": _not(_has),
    "contains": _contains,
    "!contains": _not(_contains),
    "startswith": _starts,
    "!startswith": _not(_starts),
    "endswith": _ends,
    "!endswith": _not(_ends),
    "<": _ordered(lambda sign: sign < 0),
    "<=": _ordered(lambda sign: sign <= 0),
    ">": _ordered(lambda sign: sign > 0),
    ">=": _ordered(lambda sign: sign >= 0),
}


def _to_long(value: object) -> int | None:
    if isinstance(value, bool | int | float):
        return int(value)
    try:
        return int(to_string(value))
    except ValueError:
        return None


def _to_int(value: object) -> int | None:
    number = _to_long(value)
    return number if number is not None and -(2**31) <= number < 2**31 else None


def _to_bool(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value != 0
    return {"true": True, "1": True, "false": False, "0": False}.get(to_string(value).lower())


def _coalesce(*values: object) -> object:
    return next((value for value in values if value is not None and value != ""), None)


def _split(text: object, delimiter: object) -> list[str]:
    return to_string(text).split(to_string(delimiter)) if to_string(delimiter) else [to_string(text)]


_FUNCTIONS: Mapping[str, tuple[int, int, Callable[..., Any]]] = {
    "tostring": (1, 1, to_string),
    "tolower": (1, 1, lambda value: to_string(value).lower()),
    "toupper": (1, 1, lambda value: to_string(value).upper()),
    "toint": (1, 1, _to_int),
    "tolong": (1, 1, _to_long),
    "tobool": (1, 1, _to_bool),
    "isempty": (1, 1, lambda value: to_string(value) == ""),
    "isnotempty": (1, 1, lambda value: to_string(value) != ""),
    "isnull": (1, 1, lambda value: value is None),
    "isnotnull": (1, 1, lambda value: value is not None),
    "not": (1, 1, lambda value: not value),
    "strcat": (1, 64, lambda *values: "".join(to_string(value) for value in values)),
    "coalesce": (2, 64, _coalesce),
    "iff": (3, 3, lambda condition, yes, no: yes if condition else no),
    "iif": (3, 3, lambda condition, yes, no: yes if condition else no),
    "split": (2, 2, _split),
    "array_length": (1, 1, lambda value: len(value) if isinstance(value, list) else None),
}
