"""The command line: parse, call operations, print. app.py hands in how to connect and how to open the window."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from io import TextIOWrapper
from typing import TYPE_CHECKING

from cmk_admin.cli.options import parse, wants_json
from cmk_admin.domain.errors import BadInput

if TYPE_CHECKING:
    from cmk_admin.cli.record import PrintRecord
    from cmk_admin.operations.interface import ConnectionChoice, Connector

    OpenWindow = Callable[[ConnectionChoice | None], int]


def prepare(
    argv: Sequence[str],
    *,
    connect: Connector,
    open_window: OpenWindow,
    vault_suffixes: Callable[[ConnectionChoice | None], tuple[str, ...]],
    print_record: PrintRecord,
) -> Callable[[], int]:
    """Read a command line and load what it needs, and no more; nothing is done yet.

    Returns what carries it out and gives the exit status (`cli.output`).
    """
    _speak_utf8()
    try:
        options = parse(argv)
    except BadInput as error:
        return partial(_refuse, error, wants_json(argv))
    if options.command is None:
        return partial(_open, open_window, options.choice)
    from cmk_admin.cli.output import Output

    if options.file is not None:
        from cmk_admin.cli.record import verify_file

        return partial(verify_file, options.file, options.head, Output(as_json=wants_json(argv)))
    from cmk_admin.cli.running import run

    return partial(
        run, options, Output(as_json=wants_json(argv)), connect, vault_suffixes(options.choice), print_record
    )


def _open(open_window: OpenWindow, choice: ConnectionChoice | None) -> int:
    try:
        return open_window(choice)
    except BadInput as error:
        return _refuse(error, as_json=False)


def _refuse(error: BadInput, as_json: bool) -> int:
    from cmk_admin.cli.output import BAD_INPUT, Output

    Output(as_json=as_json).error(error)
    return BAD_INPUT


def _speak_utf8() -> None:
    """Names may hold any character, whatever the locale says."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
