"""The largest excess gap of a 5 ms timer on the Qt thread during a full discovery through the window."""

import json
import os
import tempfile
import time
from itertools import pairwise
from pathlib import Path

SCENARIO = "many-200x5"
TICK_MS = 5


def main() -> None:
    """Print what was measured."""
    from PySide6.QtCore import Qt, QTimer

    from cmk_admin.operations.interface import ConnectionChoice
    from tests.bench.watching import percentile
    from tests.support import serve
    from tests.tour.driver import hand

    with tempfile.TemporaryDirectory(prefix="cmk-admin-bench-") as folder:
        os.environ["CMK_ADMIN_HOME"] = f"{folder}/home"
        sandbox = serve(Path(folder, "azure"), "--latency-ms", "50", scenario=SCENARIO, speed=1)
        try:
            with hand(Path(folder, "home")) as driver:
                ticks: list[float] = []
                timer = QTimer()
                timer.setTimerType(Qt.TimerType.PreciseTimer)
                timer.setInterval(TICK_MS)
                timer.timeout.connect(lambda: ticks.append(time.perf_counter()))
                timer.start()
                driver.open(ConnectionChoice(file=sandbox.file))
                timer.stop()
        finally:
            sandbox.stop()
    gaps = [(b - a) * 1000 - TICK_MS for a, b in pairwise(ticks)]
    note = f"blocking: {len(gaps)} ticks, 99th percentile {percentile(gaps, 0.99):.1f} ms over"
    print(json.dumps({"gui_block_ms": round(max(gaps), 2), "notes": [note]}))


if __name__ == "__main__":
    main()
