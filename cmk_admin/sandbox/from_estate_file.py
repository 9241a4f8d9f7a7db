"""A saved estate as this room reads it: the JSON that ``cmk-admin estate --format json --out FILE`` writes.

Read by itself, without the program that wrote it. What is not of the right kind is told in one sentence.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

Node = dict[str, Any]

_LISTS = (
    "subscriptions", "vaults", "consumers", "identities", "principals", "role_definitions", "role_assignments",
    "role_eligibilities", "locks",
)  # fmt: skip
# What an entry of each list must have to be laid in at all.
_NEEDED = {
    "subscriptions": ("id", "name"),
    "vaults": ("id", "name", "location"),
    "consumers": ("id", "service", "name"),
    "identities": ("principal_id", "name"),
    "principals": ("object_id",),
    "role_definitions": ("id", "name"),
    "role_assignments": ("id", "scope", "role_definition_id", "principal_id"),
    "role_eligibilities": ("scope", "role_definition_id", "principal_id"),
    "locks": ("id", "scope", "level"),
}
# From before a saved estate held who may do what: such a file names keys, and nobody who may use them.
_ACCESS = ("account", "role_assignments", "principals")


def read(path: Path) -> Node:
    """The file's estate, checked. Raises ValueError with one sentence."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is not JSON") from error
    try:
        return checked(content)
    except ValueError as error:
        raise ValueError(f"{path} is not a saved estate: {error}") from error


def checked(content: Any) -> Node:
    """The estate, if that is what it is. Raises ValueError with the reason."""
    if not isinstance(content, dict) or "vaults" not in content or "consumers" not in content:
        raise ValueError("it names no vaults and consumers; “cmk-admin estate --format json --out FILE” writes one")
    missing = [name for name in _ACCESS if name not in content]
    if missing:
        raise ValueError(f"it does not say who may do what ({', '.join(missing)}); save it anew")
    if not isinstance(content["account"], dict) or not _text(content["account"].get("object_id")):
        raise ValueError("it does not say which account read it")
    for name in _LISTS:
        for entry in entries(content, name):
            for field in _NEEDED[name]:
                if not _text(entry.get(field)):
                    raise ValueError(f"an entry of “{name}” has no {field}")
    for vault in entries(content, "vaults"):
        _check_vault(vault)
    for consumer in entries(content, "consumers"):
        _check_arm_id(consumer["id"])
        for slot in entries(consumer, "slots"):
            if not _text(slot.get("key_id")) or key_parts(slot["key_id"]) is None:
                raise ValueError(f"{consumer['name']} names no key by its id")
    return content


def entries(node: Node, name: str) -> list[Node]:
    """A list of objects in it; empty where there is none or it is null. Raises ValueError where it is something else."""
    found = node.get(name) or []
    if not isinstance(found, list) or any(not isinstance(one, dict) for one in found):
        raise ValueError(f"“{name}” is not a list of objects")
    return found


def texts(node: Node, name: str) -> list[str]:
    """A list of texts in it; empty where there is none or it is null. Raises ValueError where it is something else."""
    found = node.get(name) or []
    if not isinstance(found, list) or any(not isinstance(one, str) for one in found):
        raise ValueError(f"“{name}” is not a list of texts")
    return found


def key_parts(key_id: str) -> tuple[str, str, str | None] | None:
    """(vault's name, key's name, version or None) of a key's id in normal form; None where it is none."""
    parts = key_id.rstrip("/").split("/")
    if len(parts) not in (5, 6) or parts[0] != "https:" or parts[3].lower() != "keys" or not parts[2]:
        return None
    return parts[2].split(".", 1)[0].lower(), parts[4], parts[5].lower() if len(parts) == 6 else None


def seconds(node: Node, name: str) -> int | None:
    """A moment in it as Unix seconds. Raises ValueError where it is none."""
    text = node.get(name)
    return None if text is None else int(datetime.fromisoformat(str(text)).timestamp())


def path_of(resource_id: str) -> tuple[str, str, str]:
    """(subscription in lower case, group, name) of a resource's id."""
    parts = resource_id.strip("/").split("/")
    return parts[1].lower(), parts[3], parts[-1]


def is_resource(resource_id: str | None) -> bool:
    """Whether it is the id of a resource in a group."""
    parts = (resource_id or "").strip("/").lower().split("/")
    return len(parts) >= 8 and parts[0] == "subscriptions" and parts[2] == "resourcegroups" and all(parts)


def resource_ids(estate: Node) -> Iterator[str]:
    """The ids of all resources that it names."""
    for name in ("vaults", "consumers"):
        yield from (one["id"] for one in entries(estate, name))
    for identity in entries(estate, "identities"):
        if is_resource(identity.get("resource_id")):
            yield identity["resource_id"]


def _check_vault(vault: Node) -> None:
    _check_arm_id(vault["id"])
    entries(vault, "access_policies")
    for key in entries(vault, "keys"):
        if not _text(key.get("name")):
            raise ValueError(f"a key of {vault['name']} has no name")
        texts(key, "key_options")
        for holder in (key, *entries(key, "versions")):
            for moment in ("created", "not_before", "expires"):
                seconds(holder, moment)


def _check_arm_id(resource_id: str) -> None:
    if not is_resource(resource_id):
        raise ValueError(f"“{resource_id}” is not a resource's id")


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)
