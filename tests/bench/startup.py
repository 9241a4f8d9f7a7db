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

ROUNDS = 7


def bare() -> None:
    """The least that a window needs; prints the time of its first paint."""
    from PySide6.QtWidgets import QApplication, QMainWindow

    application = QApplication(["bare"])
    window = QMainWindow()
    from tests.bench.watching import Painted

    watcher = Painted(lambda: [window], _say_and_leave)
    window.resize(1280, 800)
    window.show()
    application.exec()
    del watcher


def ours(file: str) -> None:
    """The program on a connection file; prints the time when its frame has been painted."""
    from PySide6.QtWidgets import QWidget

    from cmk_admin import app
    from cmk_admin.operations.interface import ConnectionChoice
    from cmk_admin.ui.application import make_application

    application = make_application()
    from tests.bench.watching import Painted

    def frame() -> list[QWidget]:
        windows = [w for w in application.topLevelWidgets() if w.objectName() == "main-window"]
        if not windows:
            return []
        parts = [windows[0].findChild(QWidget, name) for name in ("strip", "tree-panel")]
        menus = windows[0].menuBar()  # type: ignore[attr-defined]
        return [menus, *(p for p in parts if p is not None)]

    watcher = Painted(frame, _say_and_leave)
    app.open_window(ConnectionChoice(file=Path(file)))
    del watcher


def _say_and_leave() -> None:
    print(time.time(), flush=True)
    os._exit(0)


def _once(*arguments: str) -> float:
    started = time.time()
    command = [sys.executable, "-P", "-m", "tests.bench.startup", *arguments]
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
    match sys.argv[1:]:
        case ["bare"]:
            bare()
        case ["ours", name]:
            ours(name)
        case _:
            main()
