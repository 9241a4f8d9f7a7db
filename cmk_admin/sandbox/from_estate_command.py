"""``cmk-admin sandbox from-estate FILE``: serve a sandbox that is made from a saved estate."""

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from . import serve
from .from_estate import lay, name_of, read
from .from_estate_file import Node
from .state import World


def main(argv: Sequence[str]) -> int:
    """Serve it until told to end. Exit 2 for bad input."""
    parser = argparse.ArgumentParser(prog="cmk-admin sandbox from-estate", add_help=False, allow_abbrev=False)
    parser.add_argument("estate", nargs="?", metavar="FILE")
    options, rest = parser.parse_known_args(argv)
    if options.estate is None or "-h" in rest or "--help" in rest:
        asked = "-h" in rest or "--help" in rest
        said = "cmk-admin sandbox from-estate FILE --connection-file FILE [...]: the other options are those of serve"
        print(said, file=sys.stdout if asked else sys.stderr)
        return 0 if asked else serve.BAD_INPUT
    try:
        estate = read(Path(options.estate))
    except ValueError as error:
        print(f"cmk-admin sandbox from-estate: {error}", file=sys.stderr)
        return serve.BAD_INPUT
    return serve.main(rest, estate=(name_of(estate), partial(_lay_and_tell, estate=estate)))


def _lay_and_tell(world: World, *, estate: Node) -> None:
    for note in lay(world, estate):
        print(note, file=sys.stderr)
