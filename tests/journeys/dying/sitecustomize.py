"""Loaded by Python itself where this folder is on its path: the process tells what it does, or is killed before it.

A boundary is the first time that a process of the program makes, removes or renames something under its home, locks it,
starts a process, listens or connects; Python's own audit events tell. Nothing of the program is replaced.

BOUNDARIES_TO=FILE  writes their names, a line each
KILLED_AT=NAME      SIGKILL just before that one; of the sandbox's, its parent, and with KILLED_BOTH=1 the sandbox too
"""

import os
import re
import signal
import sys

_HOME = os.environ.get("CMK_ADMIN_HOME", "")
_TO, _AT = os.environ.get("BOUNDARIES_TO"), os.environ.get("KILLED_AT")
_ROLE = "sandbox" if "serve" in sys.orig_argv else "program"
_NAMED = frozenset(
    {"os.mkdir", "os.remove", "os.rmdir", "os.rename", "os.chmod", "sqlite3.connect", "shutil.rmtree", "open"}
)
_NAMELESS = frozenset({"subprocess.Popen", "fcntl.flock", "socket.bind", "socket.connect"})
_DRAWN = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|\.[a-z0-9_]{8}(?=$|\.)"
    r"|-(?![0-9a-f]{8}-[0-9a-f]{4}-)\d+-[0-9a-f]+|\.\d+\.part$"
)
"""What differs from run to run in a file's name."""
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_crossed: set[str] = set()


def _name(event: str, args: tuple[object, ...]) -> str | None:
    if event in _NAMELESS:
        return f"{_ROLE} {event}"
    if event not in _NAMED or (event == "open" and not (isinstance(args[2], int) and args[2] & _WRITES)):
        return None
    path = args[1] if event == "os.rename" else args[0]
    text = os.fsdecode(path) if isinstance(path, (str, bytes, os.PathLike)) else ""
    return f"{_ROLE} {event} {_DRAWN.sub('*', text.removeprefix(_HOME))}" if text.startswith(_HOME) else None


def _audit(event: str, args: tuple[object, ...]) -> None:
    name = _name(event, args)
    if name is None or name in _crossed:
        return
    _crossed.add(name)
    if _file is not None:
        os.write(_file, f"{name}\n".encode())
    if name == _AT:
        if _ROLE == "sandbox":
            os.kill(os.getppid(), signal.SIGKILL)
        if _ROLE == "program" or os.environ.get("KILLED_BOTH"):
            os.kill(os.getpid(), signal.SIGKILL)


_file = os.open(_TO, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600) if _TO else None
if _TO or _AT:
    sys.addaudithook(_audit)
