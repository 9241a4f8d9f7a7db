"""What was typed, understood: what of it makes no sense is refused. Nothing is opened or sent here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from cmk_admin.cli.grammar import CHANGES, CONNECTION, READS, allowed, read
from cmk_admin.cli.names import WIZARD_NAMES
from cmk_admin.domain.drill import check_name
from cmk_admin.domain.errors import BadInput
from cmk_admin.operations.connection import ConnectionChoice, LiveChoice

LONGEST_TEXT = 2000
"""Characters of a reason or a ticket: what fits on a page of the record."""

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
    anyway: bool = False
    """close: also where a path is open or not known."""
    expect: str | None = None
    """The hash of the plan as it was printed: a plan with another one is not run."""
    vault: str | None = None
    """connection: the vault to try."""
    wizard: Mapping[str, Any] = field(default_factory=dict)
    """What was typed for one of the wizards' verbs (`cli.wizards`)."""


def wants_json(argv: Sequence[str]) -> bool:
    """True where errors must be JSON too; usable when the rest of the line could not be understood."""
    return "--format=json" in argv or ("--format", "json") in pairwise(argv)


def parse(argv: Sequence[str]) -> Options:
    """Read a command line (without the program's name). Raises BadInput; ends the process for --help and --version."""
    typed = read(_text_only(argv))
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
        anyway=typed.get("anyway", False),
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


def _text_only(argv: Sequence[str]) -> list[str]:
    for word in argv:
        if any(ord(c) < 32 and c not in "\t\n" for c in word) or any(0xD800 <= ord(c) <= 0xDFFF for c in word):
            raise BadInput("bad-usage", "An argument holds characters that are no text.")
    return list(argv)


def _refuse_strays(command: str | None, typed: dict[str, Any]) -> None:
    fitting = allowed(command)
    for name in typed:
        if name == "expect" and "yes" in fitting:
            continue
        if name not in fitting and name not in CONNECTION:
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
        raise BadInput(
            "bad-out",
            f"The folder “{path.absolute().parent}” does not exist. Nothing was sent.",
            subject=str(path),
            next="Make the folder, or name a file in another one.",
        )
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
