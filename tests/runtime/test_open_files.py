"""The limit of open files is raised, in a process of its own."""

import subprocess
import sys

import pytest

PROGRAM = """
import resource
from cmk_admin.runtime.open_files import allow_open_files
_, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
most = 4096 if hard == resource.RLIM_INFINITY else min(4096, hard)
resource.setrlimit(resource.RLIMIT_NOFILE, (128, hard))
assert allow_open_files(64) == 64
assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 128
assert allow_open_files(4096) == most
assert resource.getrlimit(resource.RLIMIT_NOFILE) == (most, hard)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="has no such limit")
def test_the_limit_is_raised_and_never_lowered() -> None:
    subprocess.run([sys.executable, "-c", PROGRAM], check=True, timeout=60)
