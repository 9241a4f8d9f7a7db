"""The few command lines that the clusters' run command knows, and what they print."""

import json
import re
import shlex
from dataclasses import dataclass, field
from typing import Any

from cmk_admin.sandbox.state import World

from . import manifest, model

_HEREDOC = re.compile(
    r"(?P<line>[^\n]*?)\s*<<-?\s*(?P<quote>['\"]?)(?P<mark>\w+)(?P=quote)\s*\n(?P<text>.*)", re.DOTALL
)
_STORAGE = ("storageclass", "storageclasses", "sc", "storageclass.storage.k8s.io", "storageclasses.storage.k8s.io")
_SECRETS = ("secret", "secrets")
_FLAGS = {"-f": "-f", "--filename": "-f", "-o": "-o", "--output": "-o"}
_SWITCHES = {"-A": "-A", "--all-namespaces": "-A"}


@dataclass(slots=True)
class Outcome:
    """What a command printed, on both streams, and its exit code."""

    logs: str
    exit_code: int = 0
    output: str = ""
    """Standard output alone: what a pipe hands on."""


@dataclass(slots=True)
class _Line:
    """One kubectl call."""

    words: list[str] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)


def run(world: World, cluster_id: str, command: str, files: dict[str, str]) -> Outcome:
    """Run a command line in a cluster, with the files that came with it by their names."""
    found = _HEREDOC.fullmatch(command.strip())
    piped = ""
    if found is not None:
        body, mark, rest = found["text"].rpartition(found["mark"])
        if not mark or rest.strip() or (body and not body.endswith("\n")):
            return _failed("syntax error: here-document is not ended")
        command, piped = found["line"], body
    logs = ""
    outcome = Outcome("")
    for part in _pipe(command):
        outcome = _one(world, cluster_id, part, files, piped)
        piped, logs = outcome.output, logs + outcome.logs[len(outcome.output) :]
    return Outcome(logs + outcome.output, outcome.exit_code, outcome.output)


def _pipe(command: str) -> list[str]:
    return [part.strip() for part in command.split("|")]


def _one(world: World, cluster_id: str, command: str, files: dict[str, str], piped: str) -> Outcome:
    try:
        words = shlex.split(command)
    except ValueError as error:
        return _failed(f"syntax error: {error}")
    if not words or words[0] != "kubectl":
        return _failed(f"error: unknown command: {command}")
    line = _Line()
    try:
        line = _read(words[1:])
        match line.words:
            case ["apply"] if set(line.options) == {"-f"}:
                return _printed(_apply(world, cluster_id, _text(line, files, piped)))
            case ["replace"] if set(line.options) == {"-f"}:
                return _printed(_replace(world, cluster_id, _text(line, files, piped)))
            case ["delete", kind, name] if kind in _STORAGE and not line.options:
                model.delete_storage_class(world, cluster_id, name)
                return _printed(f'storageclass.storage.k8s.io "{name}" deleted\n')
            case ["get", kind, *names] if kind in _STORAGE and len(names) < 2 and _is_get(line, everywhere=False):
                return _printed(_get_classes(world, cluster_id, names, line.options.get("-o")))
            case ["get", kind] if kind in _SECRETS and "-A" in line.options and _is_get(line, everywhere=True):
                return _printed(_get_secrets(world, cluster_id, line.options.get("-o")))
    except manifest.BadManifest as bad:
        return _failed(f"error: error parsing {line.options['-f']}: {bad}")
    except model.Refused as refused:
        return _failed(str(refused))
    return _failed(f"error: unknown command: {command}")


def _read(words: list[str]) -> _Line:
    line, rest = _Line(), list(words)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        if word in _SWITCHES:
            line.options[_SWITCHES[word]] = ""
        elif name in _FLAGS:
            line.options[_FLAGS[name]] = value if equals else rest.pop(0) if rest else ""
        elif word.startswith("-") and word != "-":
            raise model.Refused(f"error: unknown flag: {word}")
        else:
            line.words.append(word)
    return line


def _is_get(line: _Line, *, everywhere: bool) -> bool:
    known = {"-o", "-A"} if everywhere else {"-o"}
    return set(line.options) <= known and line.options.get("-o") in (None, "json")


def _text(line: _Line, files: dict[str, str], piped: str) -> str:
    name = line.options["-f"]
    if name == "-":
        return piped
    text = files.get(name.removeprefix("./"))
    if text is None:
        raise model.Refused(f'error: the path "{name}" does not exist')
    return text


def _apply(world: World, cluster_id: str, text: str) -> str:
    objects = manifest.parse(text)
    if not objects:
        raise model.Refused("error: no objects passed to apply")
    for one in objects:
        if one.get("kind") != "StorageClass":
            raise model.Refused(f'error: no matches for kind "{one.get("kind")}" that is applied here')
    done = [(model.apply_storage_class(world, cluster_id, one), one["metadata"]["name"]) for one in objects]
    return "".join(f"storageclass.storage.k8s.io/{name} {what}\n" for what, name in done)


def _replace(world: World, cluster_id: str, text: str) -> str:
    objects = manifest.parse(text) if text.strip() else []
    if not objects:
        raise model.Refused("error: no objects passed to replace")
    for one in objects:
        if one.get("kind") != "Secret":
            raise model.Refused(f'error: no matches for kind "{one.get("kind")}" that is replaced here')
    return "".join(f"secret/{model.replace_secret(world, cluster_id, one)} replaced\n" for one in objects)


def _get_classes(world: World, cluster_id: str, names: list[str], output: str | None) -> str:
    if names:
        found = [model.storage_class(world, cluster_id, names[0])]
    else:
        found = [one for _, one in sorted(model.state_of(world, cluster_id)["storageClasses"].items())]
    if output == "json":
        return _json(found[0] if names else _list(found))
    rows = [
        (one["metadata"]["name"], one["provisioner"], one["reclaimPolicy"], one["volumeBindingMode"]) for one in found
    ]
    return _table([("NAME", "PROVISIONER", "RECLAIMPOLICY", "VOLUMEBINDINGMODE"), *rows])


def _get_secrets(world: World, cluster_id: str, output: str | None) -> str:
    found = model.read_secrets(world, cluster_id)
    if output == "json":
        return _json(_list(found))
    rows = [
        (one["metadata"]["namespace"], one["metadata"]["name"], one["type"], str(len(one["data"]))) for one in found
    ]
    return _table([("NAMESPACE", "NAME", "TYPE", "DATA"), *rows])


def _list(items: list[dict[str, Any]]) -> dict[str, Any]:
    return {"apiVersion": "v1", "items": items, "kind": "List", "metadata": {"resourceVersion": ""}}


def _json(value: Any) -> str:
    return json.dumps(value, indent=4) + "\n"


def _table(rows: list[tuple[str, ...]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "".join(
        "   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n" for row in rows
    )


def _printed(text: str) -> Outcome:
    return Outcome(text, 0, text)


def _failed(text: str) -> Outcome:
    return Outcome(text + "\n", 1)
