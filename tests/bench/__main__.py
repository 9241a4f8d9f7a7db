"""``make bench``: how fast it is. A table, and as the last line one JSON object with the same figures.

Each figure is measured in a process of its own, so that none warms another up. Figures are told, never asserted.
"""

import argparse
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

MEASURE_SECONDS = 900.0
"""One measurement that takes longer hangs."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: which module measures it, what it means."""

    name: str
    module: str
    unit: str
    aim: str
    meaning: str


CUTS = (
    *((f"{count}", f"{count} service{'s' * (count > 1)} of a key") for count in (1, 10, 50)),
    ("shared_50", "50 services of one identity"),
)
"""What is cut in one plan: the end of a figure's name, and who."""

FIGURES = (
    Figure(
        "startup", "startup", "×", "2", "process start to menus, strip and tree frame painted; a bare QMainWindow is 1"
    ),
    Figure(
        "discovery", "discovery", "×", "1/15", "200 vaults of 5 keys at 50 ms; a loop over the SDK's sync clients is 1"
    ),
    Figure("revoke", "revoke", "× 80 ms", "4", "confirming click to the last accepted write, warm"),
    *(
        Figure(f"{name}_{row}", "writing", "× 80 ms", aim, f"confirming click to {what}, {who}")
        for name, aim, what in (
            ("click_to_write", "3", "the last accepted write"),
            ("click_to_proof", "7", "the proof"),
        )
        for row, who in CUTS
    ),
    Figure("click_to_write_grants_50", "writing", "× 80 ms", "3", "the same for 50 grants of one identity, a key each"),
    *(
        Figure(f"depth_{row}", "writing", "requests", "3", f"one after another, click to the last write, {who}")
        for row, who in CUTS
    ),
    Figure(
        "sdk_ratio", "ratios", "×", "-", "10 grants cut and verified by a sequence of the SDK's sync calls; ours is 1"
    ),
    Figure("az_ratio", "ratios", "×", "-", "the same by a sequence of az calls; ours is 1"),
    Figure("preview_ms", "preview", "ms", "50", "the plan for a key of 200 services among 2,000 role assignments"),
    Figure("filter_ms", "scrolling", "ms", "50", "99th percentile from key press to repaint, 2,000 vaults × 50 keys"),
    Figure("scroll_ms", "scrolling", "ms", "33", "99th percentile of one page in the same tree"),
    Figure("gui_block_ms", "blocking", "ms", "50", "largest excess gap of a 5 ms timer during a full discovery"),
)


def main() -> int:
    """Measure; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("figures", nargs="*", metavar="FIGURE", help="only these")
    wanted = parser.parse_args().figures or [f.name for f in FIGURES]
    unknown = set(wanted) - {f.name for f in FIGURES}
    if unknown:
        print("there is no figure " + ", ".join(sorted(unknown)), file=sys.stderr)
        return 2
    chosen = [f for f in FIGURES if f.name in wanted]
    found: dict[str, float | None] = {}
    notes: list[str] = []
    for module in dict.fromkeys(f.module for f in chosen):
        answer = _measure(module)
        notes += [str(note) for note in answer.pop("notes", [])]
        found.update(answer)
    for figure in chosen:
        value = found.get(figure.name)
        shown = "not measured" if value is None else f"{value:.3g} {figure.unit}"
        print(f"{figure.name:<25}{shown:>16}   aim {figure.aim:<5} {figure.meaning}")
    print(*(f"  {note}" for note in notes), sep="\n")
    print(json.dumps({f.name: found.get(f.name) for f in chosen}))
    return 0 if all(f.name in found for f in chosen) else 1


def _measure(module: str) -> dict[str, Any]:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-P", "-m", f"tests.bench.{module}"],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        timeout=MEASURE_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        print(f"measuring {module} failed", file=sys.stderr)
        return {}
    measured = json.loads(done.stdout.splitlines()[-1])
    assert isinstance(measured, dict)
    return measured


if __name__ == "__main__":
    sys.exit(main())
