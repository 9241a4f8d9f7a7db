"""Whether a window can be shown here. Asked before Qt is loaded: where its platform plugin finds no display, it aborts."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

_WAIT_SECONDS = 2.0
_X11_TCP = 6000
"""X11's port for display 0 (X Window System Protocol, appendix B)."""


def has_display(environment: Mapping[str, str] = os.environ) -> bool:
    """True where a display answers, or where ``QT_QPA_PLATFORM`` names a platform of its own (offscreen, vnc ...)."""
    platform = environment.get("QT_QPA_PLATFORM", "").split(":")[0].split(";")[0]
    if not sys.platform.startswith("linux") or platform not in ("", "xcb", "wayland"):
        return True
    return _wayland(environment) or _x11(environment.get("DISPLAY", ""))


def _wayland(environment: Mapping[str, str]) -> bool:
    name = environment.get("WAYLAND_DISPLAY", "")
    folder = environment.get("XDG_RUNTIME_DIR", "")
    return bool(name and (folder or name.startswith("/"))) and _answers(str(Path(folder, name)))


def _x11(display: str) -> bool:
    import socket

    host, colon, number = display.rpartition(":")
    digits = number.split(".")[0]
    if not colon or not digits.isdecimal():
        return False
    if host in ("", "unix"):
        path = f"/tmp/.X11-unix/X{digits}"  # noqa: S108 - where every X server puts its socket
        return _answers(path) or _answers("\0" + path)
    try:
        with socket.create_connection((host.strip("[]"), _X11_TCP + int(digits)), timeout=_WAIT_SECONDS):
            return True
    except OSError:
        return False


def _answers(path: str) -> bool:
    import socket  # of all platforms only these two need it

    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(_WAIT_SECONDS)
        try:
            probe.connect(path)
        except OSError:
            return False
    return True


if __name__ == "__main__":
    sys.exit(0 if has_display() else 1)
