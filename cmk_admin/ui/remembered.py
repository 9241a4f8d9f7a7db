"""What the window remembers of itself, as JSON: geometry, columns, look, what was open last."""

import json
import logging
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from cmk_admin.operations.connection import ConnectionChoice, LiveChoice
from cmk_admin.runtime.paths import write_private
from cmk_admin.ui.table.layout import Layout

FILE = "window.json"
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Remembered:
    geometry: str = ""
    """Base64 of Qt's own."""
    tree_width: int = 0
    dock_height: int = 0
    mode: str = "system"
    grouping: str = "vault"
    table: Layout = field(default_factory=Layout)
    last_file: str = ""
    last_own_sandbox: bool = False
    last_principal: str = ""
    last_scenario: str = ""
    last_cloud: str = ""
    """Not empty where it was a real Azure."""
    last_tenant: str = ""
    last_way: str = ""

    @property
    def last(self) -> ConnectionChoice | None:
        """What was open last; None: nothing, or its file is gone."""
        principal = self.last_principal or None
        if self.last_cloud:
            live = LiveChoice(cloud=self.last_cloud, tenant=self.last_tenant or None, way=self.last_way or None)
            return ConnectionChoice(live=live)
        if self.last_file and Path(self.last_file).is_file():
            return ConnectionChoice(file=Path(self.last_file), principal=principal)
        if self.last_own_sandbox:
            return ConnectionChoice(own_sandbox=True, principal=principal, scenario=self.last_scenario or "dcc")
        return None

    def remember(self, choice: ConnectionChoice) -> None:
        """Keep what was opened; a drill is over when it is closed, and is not gone on with."""
        if choice.drill is not None:
            return
        self.last_file = str(choice.file.absolute()) if choice.file else ""
        self.last_own_sandbox = choice.own_sandbox
        self.last_principal = choice.principal or ""
        self.last_scenario = choice.scenario
        live = choice.live
        self.last_cloud, self.last_tenant, self.last_way = (
            (live.cloud, live.tenant or "", live.way or "") if live is not None else ("", "", "")
        )


def load(home: Path) -> Remembered:
    """What was remembered; a file that is missing, broken or of another version gives the defaults for what it lacks."""
    try:
        data = json.loads((home / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Remembered()
    except (OSError, ValueError):
        _log.warning("what the window remembered cannot be read; it starts afresh")
        return Remembered()
    if not isinstance(data, dict):
        return Remembered()
    layout = data.pop("table", None)
    made: Remembered = _made(Remembered, data, table=_made(Layout, layout if isinstance(layout, dict) else {}))
    return made


def save(home: Path, remembered: Remembered) -> None:
    """Write it; where that fails the window forgets, and says so in the log."""
    try:
        write_private(home / FILE, json.dumps(asdict(remembered), indent=2).encode())
    except OSError:
        _log.warning("what the window remembers cannot be written")


def _made(kind: Any, data: dict[str, Any], **more: Any) -> Any:
    """An object of the fields whose values have the type of their default."""
    blank = kind()
    good = {
        one.name: data[one.name]
        for one in fields(kind)
        if one.name in data and type(data[one.name]) is type(getattr(blank, one.name))
    }
    return kind(**good, **more)
