"""How many files and connections this process may have open."""

import sys


def allow_open_files(wanted: int) -> int:
    """Raise the soft limit to `wanted`, as far as the system lets everybody; returns what is allowed now.

    The usual soft limit is 1024 on Linux and 256 on macOS. Windows has none that matters; there it returns `wanted`.
    """
    if sys.platform == "win32":
        return wanted
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
    except (OSError, ValueError):
        return soft  # macOS caps it lower than it says; the limit stays what it was
    return allowed
