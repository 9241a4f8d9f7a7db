"""Frozen dataclasses to JSON values and back, by their type hints: lists of values in the order of the fields.

Compact and quick rather than tolerant: `fingerprint` names the shape, and what was written in another shape is not
read. Good for what can be read anew (the estate); not for what must outlive a change of the program.
"""

import dataclasses
import hashlib
import types
import typing
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any

Encode = Callable[[Any], Any]
Decode = Callable[[Any], Any]


class UnknownShape(TypeError):
    """A type that this codec cannot carry: a bug in the domain types or here."""


def fingerprint(of: type) -> str:
    """A word that changes when a field of `of`, or of anything in it, is added, removed, renamed or retyped."""
    seen: dict[str, list[str]] = {}
    _describe(of, seen)
    return hashlib.sha256(repr(sorted(seen.items())).encode()).hexdigest()[:16]


@cache
def encoder(of: Any) -> Encode | None:
    """A function from a value of that type to a JSON value; None where the value is one already."""
    base, arguments = typing.get_origin(of), typing.get_args(of)
    if of in (str, int, float, bool, types.NoneType):
        return None
    if of is datetime:
        return datetime.isoformat
    if isinstance(of, type) and issubclass(of, Enum):
        return lambda value: value.value
    if dataclasses.is_dataclass(of):
        return _fields_encoder(of)
    if base in (typing.Union, types.UnionType) and len(arguments) == 2 and types.NoneType in arguments:
        return _optional(encoder(next(a for a in arguments if a is not types.NoneType)))
    if base is frozenset:
        return sorted
    if base is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        inner = encoder(arguments[0])
        return list if inner is None else lambda value: [inner(each) for each in value]
    if base is tuple and all(encoder(a) is None for a in arguments):
        return list
    raise UnknownShape(str(of))


@cache
def decoder(of: Any) -> Decode | None:
    """The inverse of `encoder`; raises ValueError, TypeError, KeyError or IndexError on what it did not write."""
    base, arguments = typing.get_origin(of), typing.get_args(of)
    if of in (str, int, float, bool, types.NoneType):
        return None
    if of is datetime:
        return datetime.fromisoformat
    if isinstance(of, type) and issubclass(of, Enum):
        return of
    if dataclasses.is_dataclass(of):
        return _fields_decoder(of)
    if base in (typing.Union, types.UnionType) and len(arguments) == 2 and types.NoneType in arguments:
        return _optional(decoder(next(a for a in arguments if a is not types.NoneType)))
    if base is frozenset:
        return frozenset
    if base is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        inner = decoder(arguments[0])
        return tuple if inner is None else lambda value: tuple([inner(each) for each in value])
    if base is tuple and all(decoder(a) is None for a in arguments):
        return tuple
    raise UnknownShape(str(of))


def _optional(inner: Callable[[Any], Any] | None) -> Callable[[Any], Any] | None:
    return None if inner is None else lambda value: None if value is None else inner(value)


def _fields_encoder(of: Any) -> Encode:
    hints = typing.get_type_hints(of)
    plan = [(field.name, encoder(hints[field.name])) for field in dataclasses.fields(of)]
    return lambda value: [
        getattr(value, name) if encode is None else encode(getattr(value, name)) for name, encode in plan
    ]


def _fields_decoder(of: Any) -> Decode:
    hints = typing.get_type_hints(of)
    fields = dataclasses.fields(of)
    names = [field.name for field in fields]
    converted = [(at, d) for at, field in enumerate(fields) if (d := decoder(hints[field.name])) is not None]

    def decode(values: list[Any]) -> Any:
        for at, inner in converted:
            values[at] = inner(values[at])
        return of(**dict(zip(names, values, strict=True)))

    return decode


def _describe(of: Any, seen: dict[str, list[str]]) -> None:
    for argument in typing.get_args(of):
        _describe(argument, seen)
    if not isinstance(of, type):
        return
    name = f"{of.__module__}.{of.__qualname__}"
    if dataclasses.is_dataclass(of) and name not in seen:
        hints = typing.get_type_hints(of)
        seen[name] = [f"{field.name}: {hints[field.name]}" for field in dataclasses.fields(of)]
        for field in dataclasses.fields(of):
            _describe(hints[field.name], seen)
    elif issubclass(of, Enum):
        seen[name] = [str(member.value) for member in of]
