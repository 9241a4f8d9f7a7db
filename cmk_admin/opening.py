"""Opens a connection for the window and the command line, with our own sandbox where that is asked for.

The room that talks to Azure takes most of a second to load, so it is loaded when a connection is opened, not before.
"""

import asyncio
import gc
import shutil
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from cmk_admin.domain.drill import check_name
from cmk_admin.domain.errors import BadInput, Refused
from cmk_admin.operations.interface import Backend, ConnectionChoice, LiveChoice, OnSignIn
from cmk_admin.runtime.connection import SandboxConnection, read_connection
from cmk_admin.runtime.locks import ProcessLock
from cmk_admin.runtime.paths import home, own_sandbox_folder, private_folder
from cmk_admin.runtime.sandbox_process import START_SECONDS, SandboxFailed, SandboxProcess, start_sandbox_async

OWN_SPEED = 60.0
"""A sandbox of one's own runs so many times as fast as Azure."""

_HANDOVER_SECONDS = 10.0
"""How long a sandbox whose program was killed may take to end, before a new one can have its state."""
_PAUSE = 0.05


async def connect(choice: ConnectionChoice, on_sign_in: OnSignIn | None = None, /) -> Backend:
    """Open a connection: to a live Azure, to the sandbox of a connection file, or to our own, which ends when the backend
    is closed.

    `on_sign_in` is told what a live sign-in has to say. Raises BadInput (file unreadable, no such principal, no such
    tenant), Refused (our own sandbox cannot be made fresh while another process uses it), SandboxFailed, AzureFailure.
    """
    if choice.drill is not None:
        if choice.live is not None or choice.file is not None:
            raise BadInput("bad-usage", "A drill is held on a sandbox of its own and on nothing else.")
        check_name(choice.drill)
        choice = replace(choice, own_sandbox=True, fresh=True, scenario=f"drill-{choice.drill}")
    if choice.live is not None:
        return await _open_live(choice.live, on_sign_in)
    if choice.file is not None:
        return await _open(await asyncio.to_thread(read_connection, choice.file), choice.principal, home())
    folder = own_sandbox_folder() if choice.drill is None else private_folder(home() / "drill")
    owner = ProcessLock(folder, "owner")
    if not owner.take():
        return await _open(await _shared(folder, choice), choice.principal, home())
    try:
        if choice.drill is not None:
            await _forget_drill(folder)
        sandbox = await _start(folder, choice)
    except BaseException:
        owner.free()
        raise
    end = partial(_end, sandbox, owner) if choice.drill is None else partial(_end_drill, sandbox, owner, folder)
    kept = home() if choice.drill is None else folder
    try:
        return await _open(sandbox.connection, choice.principal, kept, drill=choice.drill, after_close=end)
    except BaseException:
        await end()
        raise


async def _open(
    connection: SandboxConnection,
    principal: str | None,
    kept: Path,
    *,
    drill: str | None = None,
    after_close: Callable[[], Awaitable[None]] | None = None,
) -> Backend:
    """`kept`: under which folder its operations are remembered."""
    from cmk_admin.operations.backend import open_backend

    # What was loaded stays: the window's collector need never walk it
    gc.freeze()
    return await open_backend(connection, kept, principal=principal, drill=drill, after_close=after_close)


async def _open_live(choice: LiveChoice, on_sign_in: OnSignIn | None) -> Backend:
    from cmk_admin.operations.live import open_live_backend

    gc.freeze()
    return await open_live_backend(choice, home(), on_sign_in)


async def _start(folder: Path, choice: ConnectionChoice) -> SandboxProcess:
    """Start our own sandbox. One that a killed program left behind is ending: wait until it has let go of its state."""
    until = time.monotonic() + _HANDOVER_SECONDS
    while True:
        try:
            return await start_sandbox_async(
                folder, scenario=choice.scenario, speed=choice.speed or OWN_SPEED, fresh=choice.fresh
            )
        except SandboxFailed as failure:
            if "in use by another sandbox" not in (failure.subject or "") or time.monotonic() > until:
                raise
        await asyncio.sleep(_PAUSE)


async def _shared(folder: Path, choice: ConnectionChoice) -> SandboxConnection:
    """Our own sandbox, which another process of ours runs already (the window beside a command line)."""
    if choice.drill is not None:
        raise Refused(
            "drill-in-use", "Another cmk-admin holds a drill already.", next="End that one first, then start this one."
        )
    if choice.fresh:
        raise Refused(
            "sandbox-in-use",
            "The sandbox cannot be made fresh while another cmk-admin uses it.",
            next="Close that one first.",
        )
    file = folder / "connection.json"
    for _ in range(round(START_SECONDS / _PAUSE)):
        if file.exists():
            break
        await asyncio.sleep(_PAUSE)
    return await asyncio.to_thread(read_connection, file)


async def _end(sandbox: SandboxProcess, owner: ProcessLock) -> None:
    await asyncio.to_thread(sandbox.stop)
    owner.free()


async def _end_drill(sandbox: SandboxProcess, owner: ProcessLock, folder: Path) -> None:
    """A drill is over when it is closed: neither its Azure nor what was done there is kept."""
    await asyncio.to_thread(sandbox.stop)
    await _forget_drill(folder)
    await _remove(folder / "state")
    owner.free()


async def _forget_drill(folder: Path) -> None:
    """What was done in a drill: that of one whose program was killed is still there when the next one begins.

    Its Azure is the sandbox's own to forget, since the one that was left behind may not have ended yet.
    """
    await _remove(folder / "connections")


async def _remove(folder: Path) -> None:
    if folder.exists():
        await asyncio.to_thread(shutil.rmtree, folder)
