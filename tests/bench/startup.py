"""From the start of the process to menus, strip and tree frame painted, as a ratio to a bare QMainWindow."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.support import serve

ROUNDS = 11


def _once(*arguments: str) -> float:
    started = time.time()
    command = [sys.executable, "-P", "-m", "tests.bench.starting", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=60, check=True)
    return float(done.stdout.split()[-1]) - started


def main() -> None:
    """Print what was measured."""
    with tempfile.TemporaryDirectory(prefix="cmk-admin-bench-") as folder:
        os.environ["CMK_ADMIN_HOME"] = f"{folder}/home"
        sandbox = serve(Path(folder, "azure"))
        try:
            pairs = [(_once("bare"), _once("ours", str(sandbox.file))) for _ in range(ROUNDS)]
        finally:
            sandbox.stop()
    # The first of each warms the disk's cache
    least, mine = (statistics.median(times) for times in zip(*pairs[1:], strict=True))
    note = f"startup: {mine * 1000:.0f} ms, a bare QMainWindow {least * 1000:.0f} ms"
    print(json.dumps({"startup": round(mine / least, 3), "notes": [note]}))


if __name__ == "__main__":
    main()
