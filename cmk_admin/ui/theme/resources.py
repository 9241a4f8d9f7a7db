"""Where icons and fonts lie: in the installed package, or beside it in a checkout."""

from functools import cache
from pathlib import Path


@cache
def folder() -> Path:
    """The folder ``resources``. Raises FileNotFoundError where the installation is incomplete."""
    package = Path(__file__).resolve().parents[2]
    for place in (package / "_resources", package.parent / "resources"):
        if (place / "icons").is_dir():
            return place
    raise FileNotFoundError("the program's resources (icons, fonts) are missing from this installation")
