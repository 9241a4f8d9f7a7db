"""The self-contained file that a revoke writes: enough to give everything back without the journal."""

import asyncio
import json
from pathlib import Path
from typing import Any

from cmk_admin.domain.errors import BadInput
from cmk_admin.domain.plan import Plan
from cmk_admin.domain.steps import StepState
from cmk_admin.domain.verbs.restore import RestoreDraft
from cmk_admin.domain.wire import plan_from_json, plan_to_json
from cmk_admin.runtime.paths import private_folder, write_private

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


async def read_rollback(path: Path, connection: str) -> RestoreDraft:
    """What such a file says. Raises BadInput ``bad-rollback-file``, also for a file of another connection."""
    try:
        text = await asyncio.to_thread(path.read_text, encoding="utf-8")
        document: Any = json.loads(text)
    except OSError as error:
        raise _bad(path, f"cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise _bad(path, "is not JSON") from error
    if not isinstance(document, dict) or document.get("format") != _FORMAT:
        raise _bad(path, "is not a file that a revoke wrote")
    if document.get("connection") != connection:
        raise _bad(path, "belongs to another connection")
    try:
        plan = plan_from_json(document["plan"])
        states = tuple(StepState(state) for state in document["states"])
        operation = document["operation"]
    except (KeyError, TypeError, ValueError, BadInput) as error:
        raise _bad(path, "is damaged") from error
    if len(states) != len(plan.steps) or not isinstance(operation, str):
        raise _bad(path, "is damaged")
    return RestoreDraft(operation=operation, plan=plan, states=states)


def _bad(path: Path, what: str) -> BadInput:
    return BadInput("bad-rollback-file", f"“{path}” {what}.", subject=str(path))
