"""``cmk-admin sandbox serve``: one sandbox in a process of its own, until it is told to end."""

import argparse
import asyncio
import logging
import math
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from . import connection, faults
from .key_pairs import make_ahead
from .state import STATE_FILE, forget
from .state_lock import StateLock

BAD_INPUT = 2
DEFAULT_SCENARIO = "dcc"
DEFAULT_SEED = 1
# How many key pairs a scenario that is often started anew takes: they are made while the rest is loaded.
PAIRS = {DEFAULT_SCENARIO: 11, "workshop": 12}
MAX_SPEED = 1_000_000.0
MAX_LATENCY_MS = 600_000.0
_DESCRIPTION = (
    "Serve a small Azure on this machine until told to end. Whoever has the connection file can reach it through its"
    " proxy under Azure's own host names, and push its clock or plan faults through its control."
)


Estate = tuple[str, Callable[[Any], None]]
"""A scenario of its own: what to call it, and what lays it into an empty world."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


def main(argv: Sequence[str], *, estate: Estate | None = None) -> int:
    """Serve until SIGTERM, SIGINT or, as a child, the end of standard input. Exit 2 and one sentence for bad input.

    estate is served in the place of a scenario.
    """
    try:
        options = _options(argv)
        if estate is not None and (options.scenario is not None or options.seed is not None):
            raise ValueError("--scenario and --seed do not go with a saved estate")
        return _serve(options, estate)
    except ValueError as error:
        print(f"cmk-admin sandbox serve: {error}", file=sys.stderr)
        return BAD_INPUT


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = _Parser(prog="cmk-admin sandbox serve", description=_DESCRIPTION, allow_abbrev=False)
    parser.add_argument(
        "--connection-file",
        type=Path,
        required=True,
        metavar="FILE",
        help="written when ready, readable by its owner only",
    )
    parser.add_argument("--port", type=_whole(0, 65535), default=0, help="the proxy's port; 0: any free one")
    parser.add_argument(
        "--scenario",
        metavar="NAME",
        help="the estate of a new state: dcc, empty, forbidden, incident, workshop, many-VxK (V vaults of K keys) or a "
        "drill's (drill-lock, drill-storm, drill-inherited, drill-shared, drill-blind, drill-expiry); "
        f"default: {DEFAULT_SCENARIO}",
    )
    parser.add_argument("--seed", type=_whole(0, 2**63 - 1), metavar="N", help="what its names and ids are drawn from")
    parser.add_argument(
        "--speed", type=_number(MAX_SPEED), default=1.0, metavar="N", help="divides Azure's delays; 0 stops the clock"
    )
    parser.add_argument("--state-dir", type=Path, metavar="DIR", help="keeps the state over restarts")
    parser.add_argument("--fresh", action="store_true", help="forget what --state-dir keeps")
    parser.add_argument(
        "--latency-ms", type=_number(MAX_LATENCY_MS), default=0.0, metavar="MS", help="added to each answer"
    )
    parser.add_argument("--fault", action="append", default=[], metavar="SPEC", help=faults.GRAMMAR)
    parser.add_argument("--exit-with-stdin", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    for spec in options.fault:
        faults.parse(spec)
    return options


def _whole(low: int, high: int) -> "_Number":
    return _Number(low, high, whole=True)


def _number(high: float) -> "_Number":
    return _Number(0, high, whole=False)


class _Number:
    """An option's type: a number in a range, refused in one sentence."""

    def __init__(self, low: float, high: float, *, whole: bool) -> None:
        self._low, self._high, self._whole = low, high, whole

    def __call__(self, text: str) -> float:
        try:
            value = int(text) if self._whole else float(text)
        except ValueError:
            value = math.nan
        if not self._low <= value <= self._high:
            kind = "a whole number" if self._whole else "a number"
            raise argparse.ArgumentTypeError(f"{text!r} is not {kind} from {int(self._low)} to {int(self._high)}")
        return value


def _serve(options: argparse.Namespace, estate: Estate | None) -> int:
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    file: Path = options.connection_file.absolute()
    if not file.parent.is_dir():
        raise ValueError(f"there is no folder {file.parent} for the connection file")
    try:
        if options.state_dir is not None:
            folder: Path = options.state_dir.absolute()
            lock = StateLock(folder)
            try:
                if options.fresh:
                    forget(folder)
                connection.remove_stale(file)
                return asyncio.run(_run(options, folder, file, estate, keep=True))
            finally:
                lock.release()
        with tempfile.TemporaryDirectory(prefix="cmk-admin-sandbox-") as temporary:
            connection.remove_stale(file)
            return asyncio.run(_run(options, Path(temporary), file, estate, keep=False))
    except OSError as error:
        raise ValueError(f"{error.filename or 'the sandbox'}: {error.strerror or error}") from error


async def _run(options: argparse.Namespace, folder: Path, file: Path, estate: Estate | None, *, keep: bool) -> int:
    ended = asyncio.Event()
    _end_with_signals(ended)
    if options.exit_with_stdin:
        _end_with_stdin(ended)
    if estate is None and not (keep and (folder / STATE_FILE).exists()):
        make_ahead(PAIRS.get(options.scenario or DEFAULT_SCENARIO, 0))
    # The rest is imported here, so that bad input is refused without waiting for it.
    from .running import Sandbox, open_world
    from .scenarios import lay

    world = open_world(folder if keep else None, options.speed)
    meta = world.get("meta", "world") or {}
    for name in ("scenario", "seed"):
        wanted = getattr(options, name)
        if estate is not None:
            wanted = estate[0] if name == "scenario" else None
        if meta and wanted is not None and wanted != meta[name]:
            raise ValueError(
                f"{folder} keeps a state of {name} {meta[name]}, not {wanted}; give it a folder of its own"
            )
    scenario = options.scenario or meta.get("scenario") or DEFAULT_SCENARIO
    seed = options.seed if options.seed is not None else meta.get("seed", DEFAULT_SEED)
    sandbox = Sandbox(
        world,
        folder,
        estate[1] if estate is not None else lambda empty: lay(empty, scenario, seed=seed),
        latency_ms=options.latency_ms,
        faults=options.fault,
        changed=lambda changed: connection.write(file, changed.connection()),
    )
    try:
        await sandbox.start(options.port)
        if ended.is_set():
            return 0  # whoever wanted it is gone already, and another may wait for its own in this place
        described = sandbox.connection()
        connection.write(file, described)
        assert sandbox.failed is not None
        ending = asyncio.ensure_future(ended.wait())
        await asyncio.wait((ending, sandbox.failed), return_when=asyncio.FIRST_COMPLETED)
        ending.cancel()
        connection.remove_own(file, described["control"])
        return 1 if sandbox.failed.done() and sandbox.failed.exception() is not None else 0
    finally:
        await sandbox.stop()


def _end_with_signals(ended: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        if sys.platform == "win32":
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(ended.set))
        else:
            loop.add_signal_handler(number, ended.set)


def _end_with_stdin(ended: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()

    def watch() -> None:
        # os.read, not sys.stdin: a daemon thread inside a buffered read would stop the interpreter from ending.
        while os.read(0, 4096):
            continue
        if not loop.is_closed():
            loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=watch, name="stdin", daemon=True).start()
