"""The self-contained file that a revoke writes: enough to give everything back without the journal."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

from cmk_admin.domain.errors import BadInput
from cmk_admin.domain.ids import parse_key_id
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import Step, StepState, StepVerb
from cmk_admin.domain.verbs.changes import assignment_of, parse_policy_target, policy_of
from cmk_admin.domain.verbs.restore import RestoreDraft
from cmk_admin.domain.wire import plan_from_json, plan_to_json
from cmk_admin.runtime.paths import private_folder, write_private

_OPERATION = re.compile(r"[0-9a-f]{12}")
_FORMAT = "cmk-admin rollback 1"


def rollback_path(folder: Path, operation: str) -> Path:
    """Where the file of an operation lies in its connection's folder."""
    return folder / "rollback" / f"{operation}.json"


async def write_rollback(
    folder: Path, connection: str, operation: str, plan: Plan, states: tuple[StepState, ...]
) -> None:
    """Write the file (mode 0600), or write it anew with how the steps stand now. Raises OSError."""
    document = {
        "format": _FORMAT,
        "connection": connection,
        "operation": operation,
        "states": [state.value for state in states],
        "plan": plan_to_json(plan),
    }
    text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    path = rollback_path(folder, operation)

    def write() -> None:
        private_folder(path.parent)
        write_private(path, text.encode())

    await asyncio.to_thread(write)


def looks_like_file(operation: str) -> bool:
    """True where what was named is a file and no operation's id."""
    return "/" in operation or "\\" in operation or operation.endswith(".json")


async def read_rollback(path: Path, connection: str, vault_suffixes: tuple[str, ...]) -> RestoreDraft:
    """What such a file says. Raises BadInput ``bad-rollback-file``, also for a file of another connection.

    Its steps are checked as far as they can be without asking Azure: the file may come from anywhere.
    """
    try:
        text = await asyncio.to_thread(path.read_text, encoding="utf-8")
        document: Any = json.loads(text)
    except OSError as error:
        raise _bad(path, f"cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise _bad(path, "is not JSON") from error
    if not isinstance(document, dict) or document.get("format") != _FORMAT:
        raise _bad(path, "is not a file that a revoke wrote")
    if document.get("connection") != connection:
        raise _bad(path, "belongs to another connection")
    try:
        plan = plan_from_json(document["plan"])
        states = tuple(StepState(state) for state in document["states"])
        operation = str(document["operation"])
        for step in plan.steps:
            _check(step, vault_suffixes)
    except (KeyError, TypeError, ValueError, BadInput) as error:
        raise _bad(path, "is damaged") from error
    if len(states) != len(plan.steps) or not _OPERATION.fullmatch(operation):
        raise _bad(path, "is damaged")
    return RestoreDraft(operation=operation, plan=plan, states=states)


def _check(step: Step, vault_suffixes: tuple[str, ...]) -> None:
    """Raises ValueError or BadInput where the step could not be turned round."""
    if step.verb is StepVerb.SET_ENABLED:
        if parse_key_id(step.target, vault_suffixes=vault_suffixes).version is None:
            raise ValueError("it names no version")
        return
    if not step.target.startswith("/"):
        raise ValueError("its target is no id of the resource manager")
    for facts in (step.before, step.after):
        if facts and step.verb in (StepVerb.REMOVE_ASSIGNMENT, StepVerb.CREATE_ASSIGNMENT):
            assignment_of(step.target, dict(facts))
        elif facts and step.verb is StepVerb.SET_POLICY:
            parse_policy_target(step.target)
            policy_of(dict(facts))


def _bad(path: Path, what: str) -> BadInput:
    return BadInput("bad-rollback-file", f"“{path}” {what}.", subject=str(path))
