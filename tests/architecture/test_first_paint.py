"""What the window's first paint may not wait for."""

import json
import os
import subprocess
import sys
from pathlib import Path

FIRST_PAINT = """
import json, os, sys
from PySide6.QtCore import QEvent, QObject
from cmk_admin.ui.application import make_application

class Watch(QObject):
    def eventFilter(self, watched, event):
        if event.type() is QEvent.Type.Paint and watched.objectName() == "tree-panel":
            print(json.dumps(sorted(sys.modules)), flush=True)
            os._exit(0)
        return False

application = make_application()
watch = Watch()
application.installEventFilter(watch)
from cmk_admin.__main__ import main
main(["--connection", "no-such-file.json"])
"""

LATER = (
    "aiohttp",
    "asyncio",
    "azure",
    "concurrent",
    "cryptography",
    "csv",
    "email",
    "filelock",
    "http",
    "logging.handlers",
    "socket",
    "sqlite3",
    "ssl",
    "subprocess",
    "cmk_admin.cli.commands",
    "cmk_admin.cloud",
    "cmk_admin.domain.access",
    "cmk_admin.domain.index",
    "cmk_admin.domain.model",
    "cmk_admin.domain.plan",
    "cmk_admin.domain.search",
    "cmk_admin.domain.tree",
    "cmk_admin.domain.verbs",
    "cmk_admin.opening",
    "cmk_admin.operations.interface",
    "cmk_admin.runtime.background",
    "cmk_admin.runtime.log",
    "cmk_admin.store",
    "cmk_admin.ui.actions",
    "cmk_admin.ui.activity",
    "cmk_admin.ui.bridge",
    "cmk_admin.ui.details",
    "cmk_admin.ui.dialogs",
    "cmk_admin.ui.doors",
    "cmk_admin.ui.emergency",
    "cmk_admin.ui.furnishing",
    "cmk_admin.ui.guards",
    "cmk_admin.ui.palette",
    "cmk_admin.ui.showing",
    "cmk_admin.ui.table.page",
    "cmk_admin.ui.tree.view",
    "cmk_admin.ui.verbs",
    "cmk_admin.ui.wizards",
)
"""Each takes a while to load, or loads what does; with everything that is in it."""


def loaded_by(arguments: list[str], home: Path) -> set[str]:
    environment = {**os.environ, "CMK_ADMIN_HOME": str(home), "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=True, timeout=60, env=environment
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_the_first_paint_waits_for_nothing_that_can_come_after_it(tmp_path: Path) -> None:
    loaded = loaded_by(["-c", FIRST_PAINT], tmp_path)
    assert "cmk_admin.ui.strip" in loaded
    assert {name for name in loaded if name.startswith(tuple(f"{one}." for one in LATER)) or name in LATER} == set()


def test_help_waits_for_neither_qt_nor_what_commands_need(tmp_path: Path) -> None:
    code = (
        "import atexit, json, sys; atexit.register(lambda: print(json.dumps(sorted(sys.modules))));"
        "from cmk_admin.__main__ import main; main(['--help'])"
    )
    loaded = loaded_by(["-c", code], tmp_path)
    assert "cmk_admin.cli.options" in loaded
    rooms = ("PySide6", "asyncio", "cmk_admin.cloud", "cmk_admin.domain.model", "cmk_admin.store", "cmk_admin.ui")
    assert loaded.isdisjoint(rooms)


def test_a_sandbox_loads_nothing_of_the_ways_to_sign_in_to_a_live_azure(tmp_path: Path) -> None:
    code = (
        "import asyncio, json, sys\n"
        "from cmk_admin.app import connect\n"
        "from cmk_admin.operations.interface import ConnectionChoice\n"
        "async def main():\n"
        "    await (await connect(ConnectionChoice(own_sandbox=True))).close()\n"
        "asyncio.run(main())\n"
        "print(json.dumps(sorted(sys.modules)))\n"
    )
    loaded = loaded_by(["-c", code], tmp_path)
    assert "cmk_admin.cloud.session" in loaded
    live = (
        "cmk_admin.cloud.live",
        "cmk_admin.cloud.credentials",
        "cmk_admin.cloud.in_thread",
        "cmk_admin.operations.live",
    )
    assert loaded.isdisjoint((*live, "msal_extensions"))
