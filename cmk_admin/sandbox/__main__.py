"""``python -m cmk_admin.sandbox serve|from-estate|shell``: the sandbox without the program around it."""

import sys

from . import from_estate_command, serve, shell


def main(argv: list[str]) -> int:
    """Hand the arguments to the command that they name."""
    commands = {"serve": serve.main, "from-estate": from_estate_command.main, "shell": shell.main}
    if not argv or argv[0] not in commands:
        print("cmk-admin sandbox: the commands are serve, from-estate and shell", file=sys.stderr)
        return serve.BAD_INPUT
    return commands[argv[0]](argv[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
