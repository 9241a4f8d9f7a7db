"""Where the command line writes: standard output, standard error, files. One place, so that each rule holds everywhere.

With ``--format json`` standard output carries exactly one object, whatever happens; progress goes to standard error.
"""

import json
import os
import sys
from pathlib import Path
from typing import TextIO

from cmk_admin.cli.table import printable
from cmk_admin.domain.errors import BadInput, CmkError
from cmk_admin.domain.sign_in import SignInNews
from cmk_admin.domain.wire import JsonObject, boundary_json, error_json
from cmk_admin.operations.interface import Boundary
from cmk_admin.runtime.paths import write_private

DONE, NOT_DONE, BAD_INPUT, INTERRUPTED = 0, 1, 2, 3
"""Exit statuses; scripts count on them as the README tells them."""


class Output:
    """What one command says."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self._words = not as_json and sys.stderr.isatty()

    def say(self, document: JsonObject, text: str) -> None:
        """The answer: the document as JSON, or the text for people."""
        _write(sys.stdout, dump(document) if self.as_json else text + "\n")

    def content(self, content: str) -> None:
        """An answer as it would stand in a file, with the end of its last line."""
        _write(sys.stdout, content)

    def note(self, sentence: str) -> None:
        """A sentence beside the answer, for people only."""
        if not self.as_json:
            _write(sys.stderr, sentence + "\n")

    def sign_in(self, news: SignInNews) -> None:
        """What a sign-in has to say, on standard error: where only JSON is wanted, no more than what must be acted on."""
        if news.code is not None or not self.as_json:
            _write(sys.stderr, printable(news.words) + "\n")

    def error(self, error: CmkError) -> None:
        """An error, in place of the answer."""
        if self.as_json:
            _write(sys.stdout, dump(error_json(error)))
        else:
            self._error_words(error)

    def stopped(self, error: CmkError, document: JsonObject, text: str) -> None:
        """An error that stopped something half-way, with how it stands."""
        if self.as_json:
            _write(sys.stdout, dump({**document, **error_json(error)}))
        else:
            _write(sys.stdout, text + "\n")
            self._error_words(error)

    def _error_words(self, error: CmkError) -> None:
        lines = [f"cmk-admin: {printable(error.message)}"]
        if error.next:
            lines.append(f"  {printable(error.next)}")
        if isinstance(error, BadInput) and error.candidates:
            lines.append("  There is: " + ", ".join(printable(c) for c in error.candidates))
        _write(sys.stderr, "\n".join(lines) + "\n")

    def boundary(self, boundary: Boundary) -> None:
        """Progress, flushed before this returns: whoever kills us at this line finds the journal as it says."""
        if self._words:
            _write(sys.stderr, f"Step {boundary.step} of {boundary.of}: {boundary.event}\n")
        else:
            line = boundary_json(boundary.operation, boundary.step, boundary.of, boundary.event)
            _write(sys.stderr, json.dumps(line) + "\n")

    def waiting(self, operation: str, why: str) -> None:
        """Why a running operation waits, on standard error."""
        if self.as_json:
            self.line({"operation": operation, "event": "waiting", "message": why})
        else:
            self.note(printable(why))

    def line(self, document: JsonObject) -> None:
        """One line of progress that a script may read, flushed."""
        _write(sys.stderr, json.dumps(document, ensure_ascii=False) + "\n")


def write_file(path: Path, text: str) -> None:
    """Write a file whole or not at all, readable by its owner only. Raises BadInput ``bad-out``."""
    try:
        write_private(path, text.encode())
    except OSError as error:
        raise bad_out(path, error) from error


def bad_out(path: Path, error: OSError) -> BadInput:
    """A file that cannot be written, as an error of the command line."""
    return BadInput("bad-out", f"“{path}” cannot be written: {error.strerror or error}.", subject=str(path))


def dump(document: JsonObject) -> str:
    """A document as it stands in a file."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _write(stream: TextIO, text: str) -> None:
    """Write and flush. A reader that went away must not stop an operation half-way: nobody is left to tell."""
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        # Python would complain again when it flushes at exit; what is written from here on goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
