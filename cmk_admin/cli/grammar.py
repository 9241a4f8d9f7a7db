"""The grammar of the command line: its commands, their options, and which option goes with which command."""

import argparse
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from cmk_admin import __version__
from cmk_admin.cli import revoking
from cmk_admin.cli.names import WIZARD_NAMES
from cmk_admin.domain.drill import DRILLS
from cmk_admin.domain.errors import BadInput
from cmk_admin.domain.sign_in import CLOUD_WORDS, WAY_WORDS

_PROGRAM = "cmk-admin"
READS = ("estate", "mapping", "operations", "connection", "proof", "close", "record")
CHANGES = ("revoke", "restore", "resume", "undo", *WIZARD_NAMES)
OFFLINE = ("verify",)
"""Commands that need no connection and no account."""
COMMANDS = READS + CHANGES + OFFLINE
CONNECTION = ("sandbox", "drill", "fresh", "connection", "live", "cloud", "tenant", "auth", "principal")
_CUTTING = ("consumer", "method", "cause", "also", "identity")
_ALLOWED = {
    "estate": ("format", "out"),
    "mapping": ("format", "out"),
    "operations": ("format",),
    "connection": ("format", "vault"),
    "revoke": ("format", "plan", "script", "yes", "reason", "ticket", "watch", "target", *_CUTTING),
    "restore": ("format", "plan", "script", "yes", "reason", "ticket", "watch", "operation", "consumer", "clean"),
    "proof": ("format", "follow", "operation"),
    "close": ("format", "anyway", "operation"),
    "record": ("format", "out", "operation"),
    "verify": ("format", "file", "head"),
    "resume": ("format", "plan", "yes", "watch", "operation"),
    "undo": ("format", "plan", "script", "yes", "reason", "ticket", "watch", "operation"),
}
_CHANGING = ("format", "plan", "yes", "reason", "ticket", "watch")
_AS_LISTED = "as “operations” lists it, or the beginning of that"


class _Parser(argparse.ArgumentParser):
    """Raises BadInput where argparse would print and leave, so that every error has one shape."""

    def error(self, message: str) -> NoReturn:
        sentence = message[:1].upper() + message[1:].rstrip(".") + "."
        raise BadInput("bad-usage", sentence, next=f"See “{self.prog} --help”.")


def read(argv: Sequence[str]) -> dict[str, Any]:
    """What was typed, by name. Raises BadInput; ends the process for --help and --version.

    The grammar of the commands takes a while to make: the window does not wait for it.
    """
    if not any(word in COMMANDS for word in argv):
        window = _Parser(
            prog=_PROGRAM,
            parents=[_shared(None)],
            argument_default=argparse.SUPPRESS,
            allow_abbrev=False,
            add_help=False,
        )
        typed, rest = window.parse_known_args(argv)
        if not rest:
            return vars(typed)
    return vars(_parser(argv).parse_args(argv))


def _parser(argv: Sequence[str]) -> _Parser:
    """The whole grammar, but only those commands with all their options that may be meant."""
    # SUPPRESS everywhere: a subparser's default would overwrite what was written before the command.
    parser = _Parser(
        prog=_PROGRAM,
        description="See, revoke and restore the customer-managed keys of an Azure estate. Alone, it opens the window.",
        epilog="Also: “cmk-admin sandbox serve” and “cmk-admin sandbox shell -- COMMAND” (see their --help).",
        parents=[_shared(None)],
        argument_default=argparse.SUPPRESS,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"cmk-admin {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands", parser_class=_Parser)

    def add(name: str, summary: str) -> argparse.ArgumentParser:
        return commands.add_parser(
            name,
            help=summary,
            description=summary[:1].upper() + summary[1:] + ".",
            parents=[_shared(allowed(name))] if name in argv else [],
            argument_default=argparse.SUPPRESS,
            allow_abbrev=False,
        )

    add("estate", "vaults, keys, consumers and identities, with what could not be read")
    add("mapping", "which service uses which key, through which identity")
    revoke = add("revoke", "cut services off a key (grants), or disable the key")
    revoking.add(revoke)
    restore = add("restore", "give back what a revoke took")
    restore.add_argument(
        "operation", metavar="OPERATION|FILE", help=f"the revoke, {_AS_LISTED}; or the file that it wrote"
    )
    restore.add_argument(
        "--consumer",
        action="append",
        metavar="NAME|ID",
        help="only what this service needs; may be given several times",
    )
    restore.add_argument(
        "--clean",
        action="store_true",
        help="the identity that gets the key back is clean; kept in the record (without it: not answered)",
    )
    proof = add("proof", "read every path of a revoke again: closed, open or unknown")
    proof.add_argument("operation", metavar="OPERATION", help=_AS_LISTED)
    proof.add_argument("--follow", action="store_true", help="read them on a schedule, until the incident is closed")
    close = add("close", "close the incident of a revoke: its paths are read no more")
    close.add_argument("operation", metavar="OPERATION", help=_AS_LISTED)
    close.add_argument("--anyway", action="store_true", help="also where a path is open or could not be read")
    add("operations", "what was done here, and what is unfinished")
    connection = add("connection", "whether sign-in, resource manager, a vault and Microsoft Graph answer")
    connection.add_argument("--vault", metavar="NAME|HOST", help="the vault to try (default: the first that is seen)")
    resume = add("resume", "go on with an interrupted operation")
    resume.add_argument("operation", metavar="OPERATION", help=_AS_LISTED)
    undo = add("undo", "take back what an operation did")
    undo.add_argument("operation", metavar="OPERATION", help=_AS_LISTED)
    record = add("record", "the record of an operation, hash-chained, as JSON or JSON lines, or to read")
    record.add_argument("operation", metavar="OPERATION", help=_AS_LISTED)
    verify = add("verify", "whether a record's file is as it was written; needs no connection")
    verify.add_argument("file", metavar="FILE", help="what “record” wrote, as JSON or JSON lines")
    verify.add_argument("--head", metavar="HASH", help="the head hash that was kept elsewhere")
    _add_wizards(add, argv)
    return parser


def _add_wizards(add: Callable[[str, str], argparse.ArgumentParser], argv: Sequence[str]) -> None:
    """The wizards' verbs; what one may type for them is read only where one of them may be meant."""
    for name, summary in WIZARD_NAMES.items():
        parser = add(name, summary)
        if name in argv:
            from cmk_admin.cli.wizards import WIZARDS

            WIZARDS[name].add(parser)


def _shared(wanted: Sequence[str] | None) -> _Parser:
    """The options that stand before a command or after it. Those it has no use for are known, so that they can be refused
    by name, and left out of its help."""
    shared = _Parser(add_help=False, argument_default=argparse.SUPPRESS)
    _add_connection(shared.add_argument_group("which Azure"))
    output, changing = shared.add_argument_group("output"), shared.add_argument_group("changing")
    _add_output(output)
    _add_doing(changing)
    for option in (*output._group_actions, *changing._group_actions):
        if wanted is not None and option.dest not in wanted and not (option.dest == "expect" and "yes" in wanted):
            option.help = argparse.SUPPRESS
    return shared


def _add_connection(group: Any) -> None:
    group.add_argument("--sandbox", action="store_true", help="a sandbox of your own, kept from run to run")
    group.add_argument(
        "--fresh", action="store_true", help="with --sandbox: forget what was kept; with --live: ask who"
    )
    group.add_argument("--drill", metavar="NAME", help=f"a drill on a fresh sandbox: {', '.join(DRILLS)}")
    group.add_argument("--connection", metavar="FILE", help="a running sandbox, by the file it wrote")
    group.add_argument("--principal", metavar="NAME", help="sign in to the sandbox as NAME (default: administrator)")
    group.add_argument("--live", action="store_true", help="a real Azure")
    group.add_argument("--cloud", choices=tuple(CLOUD_WORDS), help="with --live: which one (default: public)")
    group.add_argument("--tenant", metavar="ID", help="with --live: the tenant's id or domain (default: the account's)")
    group.add_argument(
        "--auth",
        choices=tuple(WAY_WORDS),
        help="with --live: how to sign in (default: Azure CLI, else the environment)",
    )


def _add_output(group: Any) -> None:
    group.add_argument(
        "--format",
        choices=("table", "json", "csv", "jsonl", "html", "pdf"),
        help="table for people (default), json or csv; of a record: json (default), jsonl, html or pdf",
    )
    group.add_argument("--out", metavar="FILE", help="write there instead of standard output")


def _add_doing(group: Any) -> None:
    group.add_argument("--plan", action="store_true", help="show the plan and do nothing")
    group.add_argument("--script", metavar="FILE", help="write the plan as an az script that another person can run")
    group.add_argument("--yes", action="store_true", help="do it; without this the plan is shown and nothing is done")
    group.add_argument(
        "--expect",
        metavar="HASH",
        help="with --yes: only if the plan is the one printed with this hash (--live: required)",
    )
    group.add_argument("--watch", action="store_true", help="wait until the effect is seen, or its time is over")
    group.add_argument("--reason", metavar="TEXT", help="kept in the record")
    group.add_argument("--ticket", metavar="TEXT", help="kept in the record")


def allowed(command: str | None) -> tuple[str, ...]:
    """The names of what may be typed for a command."""
    if command in WIZARD_NAMES:
        from cmk_admin.cli.wizards import WIZARDS

        return (*_CHANGING, *WIZARDS[command].options)
    return _ALLOWED[command] if command else ()
