"""The command line's grammar: what may be typed, and what of it makes no sense. Nothing is opened or sent here."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, NoReturn

from cmk_admin import __version__
from cmk_admin.cli import revoking
from cmk_admin.cli.names import WIZARD_NAMES
from cmk_admin.domain.drill import DRILLS, check_name
from cmk_admin.domain.errors import BadInput
from cmk_admin.domain.sign_in import CLOUD_WORDS, WAY_WORDS
from cmk_admin.operations.connection import ConnectionChoice, LiveChoice

_PROGRAM = "cmk-admin"
READS = ("estate", "mapping", "operations", "connection", "proof", "close", "record")
CHANGES = ("revoke", "restore", "resume", "undo", *WIZARD_NAMES)
OFFLINE = ("verify",)
"""Commands that need no connection and no account."""
COMMANDS = READS + CHANGES + OFFLINE
LONGEST_TEXT = 2000
"""Characters of a reason or a ticket: what fits on a page of the record."""

_CONNECTION = ("sandbox", "drill", "fresh", "connection", "live", "cloud", "tenant", "auth", "principal")
_CUTTING = ("consumer", "method", "cause", "also", "identity")
_ALLOWED = {
    "estate": ("format", "out"),
    "mapping": ("format", "out"),
    "operations": ("format",),
    "connection": ("format", "vault"),
    "revoke": ("format", "plan", "script", "yes", "reason", "ticket", "watch", "target", *_CUTTING),
    "restore": ("format", "plan", "script", "yes", "reason", "ticket", "watch", "operation", "consumer", "clean"),
    "proof": ("format", "follow", "operation"),
    "close": ("format", "operation"),
    "record": ("format", "out", "operation"),
    "verify": ("format", "file", "head"),
    "resume": ("format", "plan", "yes", "watch", "operation"),
    "undo": ("format", "plan", "script", "yes", "reason", "ticket", "watch", "operation"),
}
_CHANGING = ("format", "plan", "yes", "reason", "ticket", "watch")
_AS_LISTED = "as “operations” lists it, or the beginning of that"
_SEVERAL = ("--tag",)
"""Options of the wizards' verbs that may be given several times."""
_CALLED = {"target": "key's name", "consumer": "service's name", "ops": "list of operations"}
_FORMATS = {
    "estate": ("table", "json", "csv"),
    "mapping": ("table", "json", "csv"),
    "record": ("table", "json", "jsonl", "html", "pdf"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What was typed, understood and checked as far as that is possible without a connection."""

    command: str | None
    """None: open the window."""
    choice: ConnectionChoice | None = None
    """None: no connection was named."""
    format: str = "table"
    out: Path | None = None
    plan: bool = False
    script: Path | None = None
    """Where the plan is written as an az script."""
    yes: bool = False
    reason: str | None = None
    ticket: str | None = None
    watch: bool = False
    target: str = ""
    """revoke: the key, by id or by VAULT/KEY."""
    consumers: tuple[str, ...] = ()
    method: str | None = None
    cause: str | None = None
    """revoke: what happened (`domain.verbs.revoking.Cause`)."""
    also: tuple[str, ...] = ()
    """revoke: what was chosen of what the plan offers."""
    identities: tuple[str, ...] = ()
    operation: str = ""
    file: Path | None = None
    """verify: the record's file."""
    head: str | None = None
    """verify: the hash that was kept elsewhere."""
    clean: bool = False
    """restore: the identity that gets the key back is clean, somebody says."""
    follow: bool = False
    """proof: on a schedule."""
    expect: str | None = None
    """The hash of the plan as it was printed: a plan with another one is not run."""
    vault: str | None = None
    """connection: the vault to try."""
    wizard: Mapping[str, Any] = field(default_factory=dict)
    """What was typed for one of the wizards' verbs (`cli.wizards`)."""


class _Parser(argparse.ArgumentParser):
    """Raises BadInput where argparse would print and leave, so that every error has one shape."""

    def error(self, message: str) -> NoReturn:
        sentence = message[:1].upper() + message[1:].rstrip(".") + "."
        raise BadInput("bad-usage", sentence, next=f"See “{self.prog} --help”.")


def wants_json(argv: Sequence[str]) -> bool:
    """True where errors must be JSON too; usable when the rest of the line could not be understood."""
    return "--format=json" in argv or ("--format", "json") in pairwise(argv)


def parse(argv: Sequence[str]) -> Options:
    """Read a command line (without the program's name). Raises BadInput; ends the process for --help and --version."""
    typed = _typed(_text_only(argv))
    command = typed.pop("command", None)
    _refuse_strays(command, typed)
    _refuse_twice(command, argv)
    choice = _choice(command, typed)
    if command in CHANGES and choice is None:
        raise _no_connection(f"“{command}” changes things, so it needs to be told where.")
    if command in READS and choice is None:
        raise _no_connection(f"“{command}” needs to be told which Azure to read.")
    for name in ("reason", "ticket"):
        _check_text(name, typed.get(name))
    _check_expected(choice, typed)
    wizard = _wizard(command, typed)
    return Options(
        command=command,
        choice=choice,
        format=_format(command, typed),
        out=_out(typed),
        plan=typed.get("plan", False),
        script=_file(typed, "script"),
        yes=typed.get("yes", False),
        reason=typed.get("reason"),
        ticket=typed.get("ticket"),
        watch=typed.get("watch", False),
        target="" if wizard else _named("key", typed.get("target")),
        consumers=() if wizard else tuple(_named("consumer", c) for c in typed.get("consumer", ())),
        method=typed.get("method"),
        cause=typed.get("cause"),
        also=() if wizard else tuple(_named("choice", c) for c in typed.get("also", ())),
        identities=() if wizard else tuple(_named("identity", c) for c in typed.get("identity", ())),
        follow=typed.get("follow", False),
        clean=typed.get("clean", False),
        operation=_named("operation", typed.get("operation")),
        file=Path(_named("file", typed["file"])) if "file" in typed else None,
        head=_named("head hash", typed.get("head")).lower() or None,
        expect=_named("hash", typed.get("expect")).lower() or None,
        vault=_named("vault", typed.get("vault")) or None,
        wizard=wizard,
    )


def _wizard(command: str | None, typed: dict[str, Any]) -> dict[str, Any]:
    """What was typed for a wizard's verb, checked; nothing for other commands. Raises BadInput."""
    if command not in WIZARD_NAMES:
        return {}
    from cmk_admin.cli.wizards import WIZARDS

    wizard = WIZARDS[command]
    found = {name: typed[name] for name in wizard.options if name in typed}
    for name, value in found.items():
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and not text.strip():
                raise BadInput("bad-usage", f"The {_CALLED.get(name, name.replace('_', ' '))} is empty.")
    wizard.check(found)
    return found


def _typed(argv: list[str]) -> dict[str, Any]:
    """What was typed, by name. The grammar of the commands takes a while to make: the window does not wait for it."""
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
            parents=[_shared(_allowed(name))] if name in argv else [],
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


def _shared(allowed: Sequence[str] | None) -> _Parser:
    """The options that stand before a command or after it. Those it has no use for are known, so that they can be refused
    by name, and left out of its help."""
    shared = _Parser(add_help=False, argument_default=argparse.SUPPRESS)
    _add_connection(shared.add_argument_group("which Azure"))
    output, changing = shared.add_argument_group("output"), shared.add_argument_group("changing")
    _add_output(output)
    _add_doing(changing)
    for option in (*output._group_actions, *changing._group_actions):
        if allowed is not None and option.dest not in allowed and not (option.dest == "expect" and "yes" in allowed):
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


def _text_only(argv: Sequence[str]) -> list[str]:
    for word in argv:
        if any(ord(c) < 32 and c not in "\t\n" for c in word) or any(0xD800 <= ord(c) <= 0xDFFF for c in word):
            raise BadInput("bad-usage", "An argument holds characters that are no text.")
    return list(argv)


def _allowed(command: str | None) -> tuple[str, ...]:
    """The names of what may be typed for a command."""
    if command in WIZARD_NAMES:
        from cmk_admin.cli.wizards import WIZARDS

        return (*_CHANGING, *WIZARDS[command].options)
    return _ALLOWED[command] if command else ()


def _refuse_strays(command: str | None, typed: dict[str, Any]) -> None:
    allowed = _allowed(command)
    for name in typed:
        if name == "expect" and "yes" in allowed:
            continue
        if name not in allowed and name not in _CONNECTION:
            where = f"“{command}”" if command else "opening the window"
            raise BadInput("bad-usage", f"--{name} does not go with {where}.", subject=f"--{name}")


def _refuse_twice(command: str | None, argv: Sequence[str]) -> None:
    """An option of a wizard's verb that counts once is not silently taken from the last time that it was written."""
    if command not in WIZARD_NAMES:
        return
    written = [word.partition("=")[0] for word in argv if word.startswith("--")]
    for flag in dict.fromkeys(written):
        if written.count(flag) > 1 and flag not in _SEVERAL:
            raise BadInput("bad-usage", f"{flag} can be given once only.", subject=flag)


def _choice(command: str | None, typed: dict[str, Any]) -> ConnectionChoice | None:
    named = [name for name in ("sandbox", "drill", "connection", "live") if typed.get(name)]
    if len(named) > 1:
        raise BadInput("bad-usage", "Name one connection, not several: " + " and ".join(f"--{n}" for n in named) + ".")
    if "connection" in typed and not named:
        raise BadInput("bad-usage", "--connection needs the name of a file.", subject="--connection")
    for name in ("cloud", "tenant", "auth"):
        if name in typed and "live" not in named:
            raise BadInput("bad-usage", f"--{name} goes with --live only.", subject=f"--{name}")
    if typed.get("fresh") and not {"sandbox", "live"} & set(named):
        raise BadInput("bad-usage", "--fresh goes with --sandbox or --live only.", subject="--fresh")
    if "live" in named:
        return ConnectionChoice(live=_live(typed))
    if "principal" in typed and not named:
        raise BadInput("bad-usage", "--principal goes with --sandbox, --drill or --connection.", subject="--principal")
    if not named:
        return None
    principal = _named("principal", typed["principal"]) if "principal" in typed else None
    if "drill" in named:
        return ConnectionChoice(own_sandbox=True, drill=check_name(typed["drill"]), principal=principal)
    if "sandbox" in named:
        return ConnectionChoice(own_sandbox=True, fresh=typed.get("fresh", False), principal=principal)
    return ConnectionChoice(file=Path(typed["connection"]), principal=principal)


def _live(typed: dict[str, Any]) -> LiveChoice:
    if "principal" in typed:
        raise BadInput(
            "bad-usage",
            "--principal names one of the sandbox's principals; a real Azure is entered as oneself.",
            subject="--principal",
            next="See --auth for the ways to sign in.",
        )
    tenant = _named("tenant", typed["tenant"]) if "tenant" in typed else None
    return LiveChoice(
        cloud=typed.get("cloud", "public"), tenant=tenant, way=typed.get("auth"), anew=typed.get("fresh", False)
    )


def _check_expected(choice: ConnectionChoice | None, typed: dict[str, Any]) -> None:
    """On a real Azure nothing is done that was not seen: the plan that was printed has to be named."""
    if "expect" in typed and not typed.get("yes"):
        raise BadInput("bad-usage", "--expect goes with --yes only.", subject="--expect")
    if choice is not None and choice.live is not None and typed.get("yes") and "expect" not in typed:
        raise BadInput(
            "no-expect",
            "On a real Azure --yes also needs --expect with the hash of the plan that you have seen; nothing was sent.",
            subject="--expect",
            next="Run the same command with --plan, read the plan, and give its hash.",
        )


def _no_connection(sentence: str) -> BadInput:
    return BadInput(
        "no-connection", f"{sentence} Nothing was sent.", next="Add --sandbox, --connection FILE or --live."
    )


def _format(command: str | None, typed: dict[str, Any]) -> str:
    chosen = str(typed.get("format", "table"))
    known = _FORMATS.get(command or "", ("table", "json"))
    if chosen not in known:
        raise BadInput("bad-usage", f"“{command}” has no format {chosen}; it has {' and '.join(known)}.")
    if chosen == "pdf" and typed.get("out") is None:
        raise BadInput("bad-usage", "A PDF needs --out FILE.", subject="--out")
    return chosen


def _out(typed: dict[str, Any]) -> Path | None:
    return _file(typed, "out")


def _file(typed: dict[str, Any], name: str) -> Path | None:
    """A file that is to be written. Raises BadInput ``bad-out`` where it cannot be."""
    if name not in typed:
        return None
    path = Path(_named("output file", typed[name]))
    if path.exists() and not path.is_file():
        raise BadInput("bad-out", f"“{path}” is not a file that can be written anew.", subject=str(path))
    if not path.absolute().parent.is_dir():
        raise BadInput("bad-out", f"The folder “{path.absolute().parent}” does not exist.", subject=str(path))
    return path


def _named(what: str, text: str | None) -> str:
    if text is None:
        return ""
    if not text.strip():
        raise BadInput("bad-usage", f"The {what} has no name.")
    return text.strip()


def _check_text(name: str, text: str | None) -> None:
    if text is not None and len(text) > LONGEST_TEXT:
        raise BadInput("bad-usage", f"--{name} is longer than {LONGEST_TEXT:,} characters.", subject=f"--{name}")
