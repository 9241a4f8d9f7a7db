"""``make pictures``: copies the tour's pictures that the README shows to where it looks for them."""

import shutil
import sys
from pathlib import Path

CHOSEN = {
    "key": "estate",
    "table": "table",
    "revoke": "revoke",
    "watch": "watch",
    "stopped": "stopped",
    "proof": "proof",
    "create-refused": "create-key",
    "attach-resource": "attach",
    "repair-plan": "repair",
}
"""Stage of the tour to name of the picture."""


def main(tour: Path, folder: Path) -> int:
    """Copy them, light and dark; returns the exit status."""
    folder.mkdir(parents=True, exist_ok=True)
    for stage, name in CHOSEN.items():
        for mode in ("light", "dark"):
            found = sorted(tour.glob(f"[0-9][0-9]-{stage}-{mode}.png"))
            if len(found) != 1:
                print(f"the tour in {tour} has no one picture of {stage}, {mode}", file=sys.stderr)
                return 1
            shutil.copyfile(found[0], folder / f"{name}-{mode}.png")
    print(f"{2 * len(CHOSEN)} pictures in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
