"""Filter and scroll on a synthetic estate of 2,000 vaults of 50 keys, handed to the window."""

import json
import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

VAULTS, KEYS = 2000, 50
WORDS = ("vault-0042", "key-17", "rsa", "v00", "1999", "prod", "mysql", "zzz")
PAGES = 300


def main() -> None:
    """Print what was measured."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication

    from cmk_admin.operations.interface import ConnectionChoice
    from tests.bench.watching import NextPaint, percentile
    from tests.domain.estates import large
    from tests.support import serve
    from tests.tour.driver import hand

    with tempfile.TemporaryDirectory(prefix="cmk-admin-bench-") as folder:
        os.environ["CMK_ADMIN_HOME"] = f"{folder}/home"
        sandbox = serve(Path(folder, "azure"), scenario="empty")
        try:
            with hand(Path(folder, "home")) as driver:
                window = driver.window
                driver.open(ConnectionChoice(file=sandbox.file))
                window.looking.attach(None)  # else it would go back to what the sandbox holds
                estate = large(VAULTS, KEYS)
                window.looking.show(estate)
                driver.until("the estate is shown", lambda: window.estate is estate, seconds=120)
                tree, field = window.tree.tree, window.tree.filter
                paint = NextPaint(tree.viewport())

                def keyed(press: Callable[[], object]) -> float:
                    started = time.perf_counter()
                    paint.at = None
                    press()
                    tree.viewport().update()
                    while paint.at is None:
                        QApplication.processEvents()
                    return (paint.at - started) * 1000

                field.setFocus()
                filters: list[float] = []
                for _ in range(3):
                    for word in WORDS:
                        filters += [keyed(partial(QTest.keyClicks, field, c)) for c in word]
                        filters += [keyed(partial(QTest.keyClick, field, Qt.Key.Key_Backspace)) for _ in word]
                for at in range(100):
                    tree.expand(tree.tree_model().index(at, 0))
                bar = tree.verticalScrollBar()
                driver.until("the tree can be scrolled", lambda: bar.maximum() > 0)
                scrolls: list[float] = []
                for _ in range(PAGES):
                    started = time.perf_counter()
                    paint.at = None
                    bar.setValue(bar.value() + bar.pageStep() if bar.value() < bar.maximum() else 0)
                    while paint.at is None:
                        QApplication.processEvents()
                    scrolls.append((paint.at - started) * 1000)
        finally:
            sandbox.stop()
    figures = {"filter_ms": percentile(filters, 0.99), "scroll_ms": percentile(scrolls, 0.99)}
    notes = [
        f"filter: {len(filters)} key presses, median {percentile(filters, 0.5):.1f} ms, worst {max(filters):.1f} ms",
        f"scroll: {len(scrolls)} pages, median {percentile(scrolls, 0.5):.1f} ms, worst {max(scrolls):.1f} ms",
    ]
    print(json.dumps({**{name: round(value, 2) for name, value in figures.items()}, "notes": notes}))


if __name__ == "__main__":
    main()
