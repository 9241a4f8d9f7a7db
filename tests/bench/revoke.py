"""From the confirming click to the last accepted write, in a warm session at 80 ms, in units of those."""

import json
import os
import statistics
import tempfile
from datetime import UTC, datetime
from pathlib import Path

LATENCY_MS = "80"
UNIT_MS = 80.0
CONSUMERS = ("dcc-mysql", "dcc-mysql-single", "dcc-stage-mysql", "dcc-des-partner", "dcc-aks")


def main() -> None:
    """Print what was measured."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QPushButton

    from cmk_admin.operations.interface import ConnectionChoice
    from cmk_admin.runtime.log import close_log, open_log
    from tests.support import serve
    from tests.tour.driver import hand, pause

    with tempfile.TemporaryDirectory(prefix="cmk-admin-bench-") as folder:
        home = Path(folder, "home")
        os.environ["CMK_ADMIN_HOME"] = str(home)
        log = open_log(home / "log")
        sandbox = serve(Path(folder, "azure"), "--latency-ms", LATENCY_MS)
        taken: list[float] = []
        try:
            with hand(home) as driver:
                driver.open(ConnectionChoice(file=sandbox.file))
                for name in CONSUMERS:
                    assert driver.window.index is not None
                    consumer = next(c.id for c in driver.window.index.estate.consumers if c.name == name)
                    driver.show(consumer)
                    driver.click("details-action-revoke")
                    button = driver.find(QPushButton, "revoke-start")
                    driver.until("the plan is checked", button.isEnabled)
                    pause(300)
                    clicked = datetime.now(UTC)
                    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
                    # Looking for widgets meanwhile would take the interpreter from what is measured
                    pause(1500)
                    driver.until(
                        "every write is accepted",
                        lambda: all(s.state.value in ("accepted", "done") for s in driver.operation().steps),
                    )
                    taken.append((last_accepted(home / "log" / "log.jsonl") - clicked).total_seconds() * 1000)
                    driver.click("operation-stop")
                    driver.until("nobody runs it any more", lambda: not driver.operation().alive)
                    driver.click("operation-close")
        finally:
            sandbox.stop()
            close_log(log)
    middle = statistics.median(taken)
    each = ", ".join(f"{t:.0f}" for t in taken)
    note = f"revoke: {middle:.0f} ms at {LATENCY_MS} ms latency (of {each}); looking and writing are two round trips"
    print(json.dumps({"revoke": round(middle / UNIT_MS, 3), "notes": [note]}))


def last_accepted(log: Path) -> datetime:
    """When the newest step was accepted, as the log noted it."""
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    return datetime.fromisoformat([line["time"] for line in lines if line.get("event") == "accepted"][-1])


if __name__ == "__main__":
    main()
