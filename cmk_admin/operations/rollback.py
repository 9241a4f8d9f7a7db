"""The self-contained file that a revoke writes: enough for anyone to give everything back, on another machine too."""

import asyncio
import json
import logging
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cmk_admin.domain.errors import BadInput
from cmk_admin.domain.ids import parse_key_id
from cmk_admin.domain.index import Index
from cmk_admin.domain.restore_file import FORMAT, about, intact, sealed
from cmk_admin.domain.script import script
from cmk_admin.domain.services import SERVICES
from cmk_admin.domain.steps import Step, StepState, StepVerb
from cmk_admin.domain.verbs import restore
from cmk_admin.domain.verbs.changes import assignment_of, parse_policy_target, policy_of
from cmk_admin.domain.verbs.restore import RestoreDraft
from cmk_admin.domain.wire import plan_from_json, plan_to_json
from cmk_admin.operations.connection import ConnectionInfo, ConnectionKind
from cmk_admin.runtime.paths import private_folder, write_private

_OPERATION = re.compile(r"[0-9a-f]{12}")
_WRITE_SECONDS = 2.0
"""Real seconds that a revoke waits for the chosen place: a share that hangs does not hold it up."""
_LARGEST = 20_000_000
"""Bytes: no file that a revoke wrote is larger."""
_KEYS = (StepVerb.SET_ENABLED, StepVerb.SET_OPERATIONS, StepVerb.SET_ROTATION, StepVerb.DELETE_KEY)
_VERSIONS = (StepVerb.SET_ENABLED, StepVerb.SET_OPERATIONS)
_ARM_ID = re.compile(r"/(subscriptions|providers)/[^\x00-\x1f?#]+", re.IGNORECASE)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RestorePlaces:
    """Where the files of one connection lie."""

    folder: Path
    """The connection's own."""
    chosen: Path | None = None
    """Where a person wants them."""

    def own(self, operation: str) -> Path:
        return self.folder / "rollback" / f"{operation}.json"

    def wanted(self, operation: str) -> Path:
        return self.chosen / f"cmk-admin-restore-{operation}.json" if self.chosen else self.own(operation)

    def find(self, operation: str) -> Path | None:
        """The file of an operation; None where there is none."""
        places = (self.wanted(operation), self.own(operation))
        return next((path for path in places if path.exists()), None)


def document_of(info: ConnectionInfo, draft: RestoreDraft, *, settled: bool, index: Index) -> str:
    """The file's text. `settled`: the draft's states will not change any more.

    It holds what the plan holds, so no secret and nothing of who is signed in; a revoke of another account of the same
    tenant is given back by it as well.
    """
    unsure = tuple(StepState.UNKNOWN for _ in draft.plan.steps)
    whole = restore.plan(replace(draft, states=unsure), index)
    where = "--live" if info.kind is ConnectionKind.LIVE else "--sandbox (or --connection and the sandbox's file)"
    document = {
        "format": FORMAT,
        "about": f"What a revoke by CMK Admin took. Give it back with: cmk-admin restore FILE {where}",
        "cloud": info.account.cloud,
        "tenant": info.account.tenant_id,
        "sandbox": info.key if info.kind is ConnectionKind.SANDBOX else None,
        "operation": draft.operation,
        "began": draft.began.isoformat() if draft.began else None,
        "written_at": datetime.now(UTC).isoformat(),
        "settled": settled,
        "states": [state.value for state in draft.states],
        "plan": plan_to_json(draft.plan),
        "restore": plan_to_json(whole),
        "script": script(whole, cloud=info.account.cloud, tenant=info.account.tenant_id).splitlines(),
    }
    return _text_of(sealed(document))


def _text_of(document: dict[str, Any]) -> str:
    """An entry a line, and of a list each element: to be read by people too. Python's own indentation is written ten times as
    slowly, and the first write to Azure waits for this file."""
    entries = (f" {json.dumps(name)}: {_value_of(value)}" for name, value in document.items())
    return "{\n" + ",\n".join(entries) + "\n}\n"


def _value_of(value: Any) -> str:
    if not isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)
    return "[\n" + ",\n".join(f"  {json.dumps(one, ensure_ascii=False)}" for one in value) + "\n ]"


async def write_rollback(places: RestorePlaces, operation: str, text: str) -> str | None:
    """Write the file (mode 0600) where it is wanted, else into the connection's folder; then a sentence says so.

    Raises OSError where neither takes it.
    """

    def write(path: Path) -> None:
        if path.parent != places.chosen or not path.parent.is_dir():
            private_folder(path.parent)  # a folder that somebody chose keeps the mode that it has
        write_private(path, text.encode())

    wanted, own = places.wanted(operation), places.own(operation)
    if wanted == own:
        await asyncio.to_thread(write, own)
        return None
    try:
        await asyncio.wait_for(asyncio.to_thread(write, wanted), _WRITE_SECONDS)
    except (OSError, TimeoutError) as error:
        _log.warning("the restore file could not be written where it is wanted", exc_info=True)
        await asyncio.to_thread(write, own)
        why = (error.strerror if isinstance(error, OSError) else None) or "it did not answer in time"
        return f"The file that gives back could not be written to {wanted.parent} ({why}); it is {own}."
    return None


def looks_like_file(operation: str) -> bool:
    """True where what was named is a file and no operation's id."""
    return "/" in operation or "\\" in operation or operation.endswith(".json")


async def read_rollback(path: Path, info: ConnectionInfo) -> RestoreDraft:
    """What such a file says. Raises BadInput ``bad-rollback-file``, also for a file of another tenant or sandbox.

    Its steps are checked as far as they can be without asking Azure: the file may come from anywhere. Its states may lag
    behind what was done: what it does not know for certain is looked at first.
    """
    try:
        document: Any = json.loads(await asyncio.to_thread(_text, path))
    except OSError as error:
        raise _bad(path, f"cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise _bad(path, "is not JSON") from error
    found = about(document)
    if found is None:
        raise _bad(path, "is not a file that a revoke wrote")
    if not intact(document):
        raise _bad(path, "is damaged: it is not as the revoke wrote it")
    if not info.takes(found):
        raise _bad(path, f"belongs to another connection: {found.whose}")
    try:
        plan = plan_from_json(document["plan"])
        states = tuple(StepState(state) for state in document["states"])
        operation = document["operation"]
        for step in plan.steps:
            check_step(step, info.vault_suffixes)
        for watch in plan.watches:
            if watch.service not in SERVICES or not _ARM_ID.fullmatch(watch.consumer_id):
                raise ValueError("it names a service that is not known")
        began = _moment(document["began"]) if document.get("began") else None
        for name, value in plan.context:
            if name == "key":
                parse_key_id(value, vault_suffixes=info.vault_suffixes)
    except (KeyError, TypeError, ValueError, BadInput) as error:
        raise _bad(path, "is damaged") from error
    if len(states) != len(plan.steps) or not isinstance(operation, str) or not _OPERATION.fullmatch(operation):
        raise _bad(path, "is damaged")
    if plan.verb != "revoke":
        raise _bad(path, "is not a file that a revoke wrote")
    if document["format"] == FORMAT and document.get("settled") is not True:
        lagging = (StepState.PLANNED, StepState.INTENT, StepState.SENT, StepState.FAILED)
        states = tuple(StepState.UNKNOWN if state in lagging else state for state in states)
    return RestoreDraft(operation=operation, plan=plan, states=states, began=began)


def _moment(text: str) -> datetime:
    """Raises ValueError, also where no time zone says which moment it is, and TypeError."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("it says a time without its zone")
    return found


def _text(path: Path) -> str:
    with path.open("rb") as file:
        raw = file.read(_LARGEST + 1)
    if len(raw) > _LARGEST:
        raise ValueError("it is larger than any file that a revoke wrote")
    return raw.decode("utf-8")


def check_step(step: Step, vault_suffixes: tuple[str, ...]) -> None:
    """Raises ValueError or BadInput where a step could not be turned round, or names what is not of this cloud."""
    if step.verb in _KEYS:
        key = parse_key_id(step.target, vault_suffixes=vault_suffixes)
        if (key.version is None) is (step.verb in _VERSIONS):
            raise ValueError("it names a version where it must not, or none where it must")
        return
    if not _ARM_ID.fullmatch(step.target):
        raise ValueError("its target is no id of the resource manager")
    for facts in (step.before, step.after):
        if facts and step.verb in (StepVerb.REMOVE_ASSIGNMENT, StepVerb.CREATE_ASSIGNMENT):
            assignment = assignment_of(step.target, dict(facts))
            if not assignment.scope.startswith("/") or not assignment.role_definition_id.startswith("/"):
                raise ValueError("it names no scope or role of the resource manager")
        elif facts and step.verb is StepVerb.SET_POLICY:
            parse_policy_target(step.target)
            policy_of(dict(facts))


def _bad(path: Path, what: str) -> BadInput:
    return BadInput(
        "bad-rollback-file",
        f"“{path}” {what}. Nothing was sent.",
        subject=str(path),
        next="Take the file that the revoke named as its restore file, or name the operation; see “cmk-admin operations”.",
    )
