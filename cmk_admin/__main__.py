"""Where the program starts: the sandbox, the command line or the window. Each loads only what it needs."""

import sys
from collections.abc import Sequence
from itertools import pairwise

_SANDBOX_USAGE = """usage: cmk-admin sandbox serve --connection-file FILE [...]
       cmk-admin sandbox from-estate FILE --connection-file FILE [...]
       cmk-admin sandbox shell [--connection-file FILE] -- COMMAND

A small Azure on this machine. “serve” runs it, “from-estate” runs one made from a saved estate,
“shell” runs a command that talks to it. See the --help of each."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit status (`cli.output`)."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["sandbox"]:
        return _sandbox(arguments[1:])
    try:
        from cmk_admin import app
        from cmk_admin.cli.main import prepare

        run = prepare(
            arguments,
            connect=app.connect,
            open_window=app.open_window,
            vault_suffixes=app.vault_suffixes,
            print_record=app.print_record,
        )
    except KeyboardInterrupt:
        return _interrupted(arguments)
    return run()


def _sandbox(arguments: list[str]) -> int:
    # The sandbox is a stranger to the rest of the program: neither Qt nor the SDK is loaded for it.
    if arguments[:1] == ["serve"]:
        from cmk_admin.sandbox.serve import main as serve

        return serve(arguments[1:])
    if arguments[:1] == ["from-estate"]:
        from cmk_admin.sandbox.from_estate_command import main as from_estate

        return from_estate(arguments[1:])
    if arguments[:1] == ["shell"]:
        from cmk_admin.sandbox.shell import main as shell

        return shell(arguments[1:])
    asked = arguments[:1] in (["--help"], ["-h"])
    print(_SANDBOX_USAGE, file=sys.stdout if asked else sys.stderr)
    return 0 if asked else 2


def _interrupted(arguments: list[str]) -> int:
    """Ctrl+C while the program was still being loaded: nobody listened for it yet, and nothing was begun."""
    sentence = "Interrupted; nothing was changed."
    if "--format=json" in arguments or ("--format", "json") in pairwise(arguments):
        import json

        error = {"code": "interrupted", "message": sentence, "subject": None, "next": None}
        print(json.dumps({"error": error}, indent=2))
    else:
        print(f"cmk-admin: {sentence}", file=sys.stderr)
    return 3


if __name__ == "__main__":
    sys.exit(main())
