"""The $filter of the generic resource lists: comparisons with eq and ne, joined by ``and`` and ``or``."""

import re
from collections.abc import Callable

from cmk_admin.sandbox.state import Document
from cmk_admin.sandbox.wire import AzureError

Test = Callable[[Document], bool]

_CLAUSE = re.compile(r"\s*([A-Za-z/]+)\s+(eq|ne)\s+'((?:[^']|'')*)'\s*", re.IGNORECASE)
_JOIN = re.compile(r"(and|or)(?=\s)", re.IGNORECASE)


def parse(text: str | None) -> Test:
    """What a $filter lets through; everything where there is none. Raises AzureError 400 for what ARM does not know."""
    if text is None or not text.strip():
        return lambda resource: True
    # ``and`` binds tighter: a list of alternatives, each a list of comparisons that must all hold.
    alternatives: list[list[Test]] = [[]]
    at = 0
    while True:
        clause = _CLAUSE.match(text, at)
        if clause is None:
            raise _invalid(text)
        alternatives[-1].append(_comparison(text, clause[1], clause[2].lower() == "eq", clause[3].replace("''", "'")))
        at = clause.end()
        if at == len(text):
            return lambda resource: any(all(test(resource) for test in tests) for tests in alternatives)
        join = _JOIN.match(text, at)
        if join is None:
            raise _invalid(text)
        if join[1].lower() == "or":
            alternatives.append([])
        at = join.end()


def _comparison(text: str, name: str, equal: bool, value: str) -> Test:
    read = _READERS.get(name.lower())
    if read is None:
        raise _invalid(text)
    wanted = value.lower().replace(" ", "") if name.lower() == "location" else value.lower()
    return lambda resource: (read(resource) == wanted) is equal


_READERS: dict[str, Callable[[Document], str]] = {
    "resourcetype": lambda resource: str(resource["type"]).lower(),
    "name": lambda resource: str(resource["name"]).lower(),
    "location": lambda resource: str(resource.get("location") or "").lower().replace(" ", ""),
    "resourcegroup": lambda resource: (resource["id"].split("/") + [""] * 5)[4].lower(),
}


def _invalid(text: str) -> AzureError:
    return AzureError(400, "InvalidFilterInQueryString", f"Invalid $filter '{text}' specified in the query string.")
