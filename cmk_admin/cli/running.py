"""Runs one command: signals, log, and how each error is told and ends."""

import asyncio
import logging
import re
import signal
import sys

from cmk_admin.cli.commands import Commands
from cmk_admin.cli.options import Options
from cmk_admin.cli.output import BAD_INPUT, INTERRUPTED, NOT_DONE, Output
from cmk_admin.cli.record import PrintRecord
from cmk_admin.domain.errors import BadInput, CmkError
from cmk_admin.domain.ids import parse_key_id
from cmk_admin.operations.interface import Connector
from cmk_admin.runtime.log import close_log, open_log
from cmk_admin.runtime.paths import home

_NAMED_KEY = re.compile(r"([0-9A-Za-z.-]{1,255}/)?[0-9A-Za-z-]{1,127}")
_KEY_SCOPE = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.KeyVault/vaults/[^/]+/keys/[^/]+", re.IGNORECASE
)

_log = logging.getLogger(__name__)


def run(
    options: Options,
    output: Output,
    connect: Connector,
    vault_suffixes: tuple[str, ...],
    print_record: PrintRecord,
) -> int:
    """Do what was asked; returns the exit status.

    `vault_suffixes` are those of the configured cloud: a key id of any other host is refused before anything is sent.
    """
    try:
        _check_target(options.target, vault_suffixes)
        for name in ("target", "geo_key"):
            named = str(options.wizard.get(name, ""))
            if "://" in named:
                parse_key_id(named, vault_suffixes=vault_suffixes)
        log = open_log(home() / "log")
    except BadInput as error:
        output.error(error)
        return BAD_INPUT
    try:
        return _run(options, output, connect, print_record)
    finally:
        close_log(log)


def _run(options: Options, output: Output, connect: Connector, print_record: PrintRecord) -> int:
    try:
        return asyncio.run(_with_signals(options, output, connect, print_record))
    except BadInput as error:
        output.error(error)
        return BAD_INPUT
    except CmkError as error:
        output.error(error)
        return INTERRUPTED if error.code == "interrupted" else NOT_DONE
    except Exception as error:
        # A defect of ours: its places go into the log, without values; the person gets a sentence instead of a traceback.
        _log.exception("the command ended in a defect")
        sentence = f"The program has a defect here ({type(error).__name__})."
        output.error(
            CmkError("internal", sentence, next=f"Where it happened stands in {home() / 'log' / 'log.jsonl'}.")
        )
        return NOT_DONE


async def _with_signals(options: Options, output: Output, connect: Connector, print_record: PrintRecord) -> int:
    """The first Ctrl+C (or SIGTERM) asks to stop; a second one ends the process as any death does: resumable."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def interrupted() -> None:
        if stop.is_set():
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            signal.raise_signal(signal.SIGINT)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        if sys.platform == "win32":
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(interrupted))
        else:
            loop.add_signal_handler(number, interrupted)
    return await Commands(options, output, stop, print_record=print_record).run(connect)


def _check_target(text: str, vault_suffixes: tuple[str, ...]) -> None:
    """What can be said about a key's name without asking anybody. Raises BadInput."""
    if "://" in text:
        parse_key_id(text, vault_suffixes=vault_suffixes)
    elif text and not _KEY_SCOPE.fullmatch(text) and not _NAMED_KEY.fullmatch(text):
        raise BadInput(
            "bad-key-id",
            f"“{text}” does not name a key; nothing was sent.",
            subject=text,
            next="Name it as VAULT/KEY, or by its id (https://VAULT.vault.azure.net/keys/KEY).",
        )
