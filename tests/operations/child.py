"""A process that begins something and kills itself at a boundary, as no clean-up code could notice."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from cmk_admin.operations.backend import open_backend
from cmk_admin.operations.interface import Boundary
from cmk_admin.runtime.connection import read_connection
from tests.operations.attaching import AKS_PLANS
from tests.operations.methods import METHODS, OF_INCIDENT
from tests.operations.stories import PLANS
from tests.operations.wizard_stories import WIZARDS

BEGINNINGS = PLANS | WIZARDS | AKS_PLANS | METHODS | OF_INCIDENT


async def main(file: str, home: str, what: str, at: tuple[int, str], operation: str, principal: str | None) -> None:  # noqa: PLR0917
    def die(boundary: Boundary) -> None:
        if (boundary.step, boundary.event) == at:
            os.kill(os.getpid(), signal.SIGKILL)

    backend = await open_backend(read_connection(Path(file)), Path(home), principal=principal)
    if what in BEGINNINGS:
        await backend.run(await BEGINNINGS[what](backend), on_boundary=die)
    elif what == "restore":
        await backend.run(await backend.prepare_restore(operation), on_boundary=die)
    elif what == "undo":
        await backend.undo(operation, on_boundary=die)
    else:
        await backend.resume(operation, on_boundary=die)
    await backend.close()


file, home, what, step, event, operation, principal = sys.argv[1:]
asyncio.run(main(file, home, what, (int(step), event), operation, principal or None))
