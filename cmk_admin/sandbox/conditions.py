"""Conditions of role assignments and role definitions, as far as they can be evaluated honestly.

The part of Azure's condition language (RBACD conditions-format.md) that constrains who may be given which role: actions,
the role, principal and principal type of an assignment to be made or removed, and, or, not. Anything else is unknown.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

# An attribute's name (``Microsoft.Authorization/roleAssignments:RoleDefinitionId``) in lower case -> its value
Attributes = Mapping[str, str]
_Verdict = bool | None
_Node = Callable[[str, Attributes], _Verdict]

_TOKEN = re.compile(
    r"\s*(?:(?P<mark>[()!])|(?P<word>AND|OR|&&|\|\|)(?![a-z])"
    r"|ActionMatches\s*\{\s*'(?P<action>[^']*)'\s*\}"
    r"|@(?:Request|Resource)\[(?P<name>[^\]]+)\]\s*(?P<operator>[A-Za-z:]+)\s*\{(?P<values>[^}]*)\})",
    re.IGNORECASE,
)


class _Token(NamedTuple):
    kind: str
    node: _Node | None = None


class _Unknown(Exception):
    """The text holds something that is not evaluated here."""


def holds(condition: str, action: str, attributes: Attributes) -> bool:
    """Whether the condition is certain to hold for an action with these attributes; False too where it cannot be said."""
    node = _parsed(condition)
    return node is not None and node(action, attributes) is True


def understood(condition: str) -> bool:
    """Whether the condition can be evaluated here at all."""
    return _parsed(condition) is not None


@lru_cache(maxsize=256)
def _parsed(condition: str) -> _Node | None:
    try:
        tokens = _tokens(condition)
        node, rest = _any_of(tokens)
        return node if not rest else None
    except _Unknown:
        return None


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    at = 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise _Unknown
        at = match.end()
        if match["mark"]:
            found.append(_Token(match["mark"]))
        elif match["word"]:
            found.append(_Token("and" if match["word"].upper() in ("AND", "&&") else "or"))
        elif match["action"] is not None:
            found.append(_Token("leaf", _action_matches(match["action"])))
        else:
            found.append(_Token("leaf", _compares(match["name"], match["operator"], match["values"])))
    return found


def _any_of(tokens: list[_Token]) -> tuple[_Node, list[_Token]]:
    node, rest = _all_of(tokens)
    while rest and rest[0].kind == "or":
        other, rest = _all_of(rest[1:])
        node = _either(node, other)
    return node, rest


def _all_of(tokens: list[_Token]) -> tuple[_Node, list[_Token]]:
    node, rest = _one(tokens)
    while rest and rest[0].kind == "and":
        other, rest = _one(rest[1:])
        node = _both(node, other)
    return node, rest


def _one(tokens: list[_Token]) -> tuple[_Node, list[_Token]]:
    if not tokens:
        raise _Unknown
    first, rest = tokens[0], tokens[1:]
    if first.kind == "!":
        node, rest = _one(rest)
        return _not(node), rest
    if first.kind == "(":
        node, rest = _any_of(rest)
        if not rest or rest[0].kind != ")":
            raise _Unknown
        return node, rest[1:]
    if first.node is None:
        raise _Unknown
    return first.node, rest


def _either(one: _Node, other: _Node) -> _Node:
    def node(action: str, attributes: Attributes) -> _Verdict:
        verdicts = (one(action, attributes), other(action, attributes))
        return True if True in verdicts else None if None in verdicts else False

    return node


def _both(one: _Node, other: _Node) -> _Node:
    def node(action: str, attributes: Attributes) -> _Verdict:
        verdicts = (one(action, attributes), other(action, attributes))
        return False if False in verdicts else None if None in verdicts else True

    return node


def _not(one: _Node) -> _Node:
    def node(action: str, attributes: Attributes) -> _Verdict:
        verdict = one(action, attributes)
        return None if verdict is None else not verdict

    return node


def _action_matches(wildcard: str) -> _Node:
    pattern = re.compile(".*".join(re.escape(part) for part in wildcard.split("*")), re.IGNORECASE)
    return lambda action, _: pattern.fullmatch(action) is not None


def _compares(name: str, operator: str, listed: str) -> _Node:
    values = {value.strip().strip("'").lower() for value in listed.split(",") if value.strip()}
    kind = operator.lower()
    if kind in ("foranyofanyvalues:guidequals", "foranyofanyvalues:stringequalsignorecase"):
        wanted = True
    elif kind in ("foranyofallvalues:guidnotequals", "foranyofallvalues:stringnotequalsignorecase"):
        wanted = False
    else:
        raise _Unknown

    def node(_: str, attributes: Attributes) -> _Verdict:
        value = attributes.get(name.lower())
        return None if value is None else (value.lower() in values) is wanted

    return node
