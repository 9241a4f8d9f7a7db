"""Manifests as text: JSON, and of YAML the block mappings of scalars that a StorageClass is written in, and no more."""

import json
import re
from typing import Any

Node = dict[str, Any]

_LINE = re.compile(r"(?P<indent> *)(?P<key>[A-Za-z0-9._/-]+|\"[^\"]*\"|'[^']*'):(?: +(?P<value>.*))?")
_PLAIN = re.compile(r"[A-Za-z0-9_./][^#:{}\[\]&*!|>'\"%@`]*")
# A StorageClass nests twice; what nests more than this is none.
_DEEPEST = 40
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "~": None}


class BadManifest(ValueError):
    """A text that is no manifest which this sandbox can read; the message names the line."""


def parse(text: str) -> list[Node]:
    """The objects in a text, the items of a List one by one. Raises BadManifest."""
    if text.lstrip().startswith("{"):
        try:
            found = [json.loads(text)]
        except (ValueError, RecursionError) as error:
            raise BadManifest(f"invalid JSON: {error}") from error
    else:
        found = [one for part in re.split(r"(?m)^---[ \t]*$", text) if (one := _mapping(part))]
    objects: list[Node] = []
    for one in found:
        items = one.get("items") if str(one.get("kind", "")).endswith("List") else [one]
        if not isinstance(items, list) or any(not isinstance(item, dict) for item in items):
            raise BadManifest("the items of a List must be objects")
        objects += items
    return objects


def _mapping(text: str) -> Node:
    lines = [
        (number, line.rstrip())
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    node, rest = _block(lines, 0)
    if rest:
        raise BadManifest(f"line {rest[0][0]}: did not find expected key")
    return node


def _block(lines: list[tuple[int, str]], indent: int) -> tuple[Node, list[tuple[int, str]]]:
    """The mapping at this indentation, and the lines after it."""
    node: Node = {}
    while lines:
        number, line = lines[0]
        found = _LINE.fullmatch(line)
        if found is None:
            raise BadManifest(f"line {number}: only block mappings of scalars are read here")
        depth = len(found["indent"])
        if depth < indent:
            break
        if depth > indent or depth > _DEEPEST:
            raise BadManifest(f"line {number}: mapping values are not allowed in this context")
        key, value = found["key"].strip("\"'"), _without_comment(found["value"] or "")
        if key in node:
            raise BadManifest(f'line {number}: key "{key}" already set in map')
        lines = lines[1:]
        if value:
            node[key] = _scalar(value, number)
        else:
            deeper = _depth(lines[0][1]) if lines else 0
            node[key], lines = _block(lines, deeper) if deeper > indent else (None, lines)
    return node, lines


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _without_comment(value: str) -> str:
    if value[:1] in ("'", '"'):
        return value.strip()
    return re.sub(r"(^|\s)#.*", "", value).strip()


def _scalar(value: str, number: int) -> Any:
    if value[0] in ("'", '"'):
        inner = value[1:-1]
        if len(value) < 2 or value[-1] != value[0] or value[0] in inner or "\\" in inner:
            raise BadManifest(f"line {number}: a quoted value is not ended, or holds more than plain text")
        return inner
    if value == "{}":
        return {}
    if _PLAIN.fullmatch(value) is None:
        raise BadManifest(f"line {number}: only plain and quoted values are read here")
    return int(value) if value.isascii() and value.isdigit() else _WORDS.get(value, value)
