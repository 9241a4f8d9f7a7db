"""``make tour``: drives the real window through the main job without a display and takes pictures, light and dark.

See, select, revoke, watch, prove, restore; then every wizard and a drill. On a fresh embedded sandbox, with the bundled font.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.tour.driver import Hand

TOUR_SPEED = 120.0
"""Azure's seconds in one of ours: MySQL's ten minutes are five seconds, long enough for a picture of the watch."""

KEY = "https://dcc-premium.vault.azure.net/keys/mysql-encryption-key"
CONSUMER = "dcc-mysql"
DRILL = "expiry"


def main() -> int:
    """Take the tour; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.tour", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/tour"), help="folder of the pictures")
    parser.add_argument("--scale", choices=("1", "1.5", "2"), default="1", help="how many pixels for one")
    parser.add_argument("--scenario", default="dcc", help="another estate of the sandbox: only its first pictures")
    options = parser.parse_args()
    # Read when Qt starts, so before it is imported
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    os.environ["QT_SCALE_FACTOR"] = options.scale
    options.out.mkdir(parents=True, exist_ok=True)
    for old in (*options.out.glob("*-light.png"), *options.out.glob("*-dark.png")):
        old.unlink()
    with tempfile.TemporaryDirectory(prefix="cmk-admin-tour-") as home:
        os.environ["CMK_ADMIN_HOME"] = home
        written = take(Path(home), options.out, options.scenario)
    print(f"{len(written)} pictures in {options.out}:")
    print(*(f"  {file.name}" for file in written), sep="\n")
    return 0


def take(home: Path, out: Path, scenario: str) -> list[Path]:
    """The tour itself; the pictures."""
    from PySide6.QtWidgets import QLineEdit

    from cmk_admin.operations.interface import ConnectionChoice
    from tests.tour import wizards
    from tests.tour.driver import hand

    with hand(home, out) as driver:
        window = driver.window
        driver.picture("doors")
        driver.click("door-azure-open")
        driver.picture("connect")
        driver.click("connect-cancel")
        driver.open(ConnectionChoice(own_sandbox=True, fresh=True, scenario=scenario, speed=TOUR_SPEED))
        driver.picture("estate")
        if scenario != "dcc":
            window.verbs.action("table").trigger()
            driver.picture("table")
            return driver.written
        driver.show(KEY)
        driver.picture("key")
        window.details.show_tab("access")
        driver.picture("access")
        driver.type(driver.find(QLineEdit, "filter"), "mysql")
        driver.until("the filter shows what it found", lambda: window.tree.tree.tree_model().rowCount() > 0)
        driver.picture("filter")
        window.tree.filter.clear()
        window.verbs.action("table").trigger()
        driver.picture("table")
        window.verbs.action("estate").trigger()

        _revoke(driver)
        wizards.take(driver, TOUR_SPEED)
        _drill(driver)
        return driver.written


def _revoke(driver: "Hand") -> None:
    """Cut the server off, see that it is so, give the key back."""
    from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton, QWidget

    from cmk_admin.operations.interface import WatchResult

    window = driver.window
    assert window.index is not None
    server = next(c.id for c in window.index.estate.consumers if c.name == CONSUMER)
    driver.show(server)
    driver.picture("service")
    driver.click("details-action-revoke")
    driver.until("the plan is checked", driver.find(QPushButton, "revoke-start").isEnabled)
    driver.picture("revoke")
    driver.press("revoke-cause-key-leaked")
    driver.until("the other plan is checked", lambda: driver.find(QLabel, "revoke-state").text().startswith("Checked"))
    driver.picture("revoke-leaked")
    driver.press("revoke-cause-service")
    driver.type(driver.find(QLineEdit, "revoke-reason"), "Drill: the server may be in foreign hands")
    driver.until("the plan is checked", driver.find(QPushButton, "revoke-start").isEnabled)
    driver.click("revoke-start")
    driver.until("the write is accepted", lambda: driver.operation().steps[0].state.value in ("accepted", "done"))
    driver.picture("watch")
    driver.until(
        "the server is seen to stop",
        lambda: all(w.result is not WatchResult.WAITING for w in driver.operation().watch),
    )
    driver.until("the operation has ended", lambda: driver.operation().ended_at is not None)
    driver.picture("stopped")
    driver.until("the paths are read again", lambda: driver.operation().proof is not None)
    driver.reveal("operation-file")
    driver.picture("proof")
    driver.click("operation-record")
    driver.find(QWidget, "record-text")
    driver.picture("record")
    driver.click("record-close")
    driver.click("operation-restore")
    driver.press("answer-clean-clean")
    driver.until("the plan is checked", driver.find(QPushButton, "answer-start").isEnabled)
    driver.picture("restore")
    driver.click("answer-start")
    driver.until(
        "the restore has ended",
        lambda: driver.operation().verb == "restore" and driver.operation().ended_at is not None,
    )
    driver.picture("restored")


def _drill(driver: "Hand") -> None:
    """Begin a drill and see how it would be scored."""
    from PySide6.QtWidgets import QWidget

    from cmk_admin.operations.interface import ConnectionChoice

    driver.open(ConnectionChoice(own_sandbox=True, drill=DRILL))
    driver.window.verbs.action("end-drill").trigger()
    driver.find(QWidget, "debrief")
    driver.picture("debrief")


if __name__ == "__main__":
    sys.exit(main())
