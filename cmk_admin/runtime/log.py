"""The log: one JSON object per line, holding only fields that are on a list, so that no token can slip in."""

import contextlib
import json
import logging
import sys
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from cmk_admin.runtime.paths import private_folder

FIELDS = (
    "operation",
    "step",
    "event",
    "verb",
    "target",
    "method",
    "host",
    "path",
    "status",
    "kind",
    "azure_code",
    "request_id",
    "seconds",
    "count",
    "outcome",
    "connection",
)
"""What a record may carry in `extra`, besides its time, level, topic and constant message. Anything else is dropped."""

_KEEP_BYTES = 2_000_000
_KEEP_FILES = 3


class _Lines(logging.Formatter):
    """A record as one JSON line. Arguments of the message are left out: only the constant text is written."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "topic": record.name,
            "message": record.msg if isinstance(record.msg, str) else type(record.msg).__name__,
        }
        for name in FIELDS:
            value = getattr(record, name, None)
            if isinstance(value, (str, int, float, bool)):
                line[name] = value
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            line["at"] = _places(record.exc_info[2])
        return json.dumps(line, ensure_ascii=False)


class _PrivateFile(RotatingFileHandler):
    """A rotating file that nobody else can read, also after a rotation."""

    _said = False

    def _open(self):  # type: ignore[no-untyped-def]  # noqa: ANN202 - the base class's type differs by Python version
        stream = super()._open()
        Path(self.baseFilename).chmod(0o600)
        return stream

    def handleError(self, record: logging.LogRecord) -> None:
        """What cannot be written is said by its reason alone: Python's own words quote the record's arguments."""
        self._cannot(sys.exc_info()[1])

    def close(self) -> None:
        """Lines that wait for room go with it: a full disk ends no command with a defect."""
        try:
            super().close()
        except OSError as error:
            self._cannot(error)

    def _cannot(self, error: BaseException | None) -> None:
        """Say once that the log cannot be written."""
        if self._said or sys.stderr is None:
            return
        self._said = True
        why = error.strerror if isinstance(error, OSError) else type(error).__name__
        with contextlib.suppress(OSError):  # where that cannot be written either, nothing more can be said
            sys.stderr.write(f"The log {self.baseFilename} cannot be written: {why}.\n")


def open_log(folder: Path, *, level: int = logging.INFO) -> logging.Handler:
    """Write this program's own topics (``cmk_admin.*``) into ``folder/log.jsonl`` (0600); returns the handler.

    Records of the SDK and of aiohttp are not taken: they may quote headers.
    """
    private_folder(folder)
    handler = _PrivateFile(
        folder / "log.jsonl", maxBytes=_KEEP_BYTES, backupCount=_KEEP_FILES, encoding="utf-8", delay=True
    )
    handler.setFormatter(_Lines())
    topic = logging.getLogger("cmk_admin")
    topic.setLevel(level)
    topic.addHandler(handler)
    return handler


def close_log(handler: logging.Handler) -> None:
    """Take the handler off again and close its file."""
    logging.getLogger("cmk_admin").removeHandler(handler)
    handler.close()


def _places(traceback: TracebackType | None) -> list[str]:
    """Where it happened, without source lines or values."""
    places: list[str] = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        places.append(f"{Path(code.co_filename).name}:{traceback.tb_lineno} {code.co_name}")
        traceback = traceback.tb_next
    return places
