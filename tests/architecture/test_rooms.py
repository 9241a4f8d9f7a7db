"""The rules of the house, as tests: who may import whom, and what no room may do."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "cmk_admin"


def sources(folder: str = "") -> list[Path]:
    return sorted((PACKAGE / folder).rglob("*.py"))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def calls(path: Path) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Call))


def loaded_by(module: str) -> set[str]:
    """Everything that a fresh interpreter has loaded after importing one module."""
    code = f"import json, sys; import {module}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return set(json.loads(done.stdout))


def test_rooms_import_only_what_stands_below_them() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "module", ["cmk_admin.cli.main", "cmk_admin.app", "cmk_admin.ui.application", "cmk_admin.ui.main_window"]
)
def test_neither_the_command_line_nor_the_window_waits_for_the_sdk_to_load(module: str) -> None:
    assert not {m for m in loaded_by(module) if m.split(".")[0] in ("azure", "msal", "aiohttp")}


def test_the_sandbox_loads_nothing_of_the_program() -> None:
    loaded = loaded_by("cmk_admin.sandbox.serve")
    ours = {m for m in loaded if m.startswith("cmk_admin.") and not m.startswith("cmk_admin.sandbox")}
    assert not ours
    assert not {m for m in loaded if m.split(".")[0] in ("azure", "PySide6", "msal")}


def test_no_dialog_blocks_the_window() -> None:
    blocking = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path in sources("ui")
        for call in calls(path)
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in ("exec", "exec_")
        # the application's own event loop is the one exec there is
        and not (path.name == "application.py" and call.func.attr == "exec")
    ]
    assert not blocking


def test_no_error_is_swallowed() -> None:
    silent = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sources()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or all(isinstance(s, ast.Pass) for s in node.body))
    ]
    assert not silent


def test_only_the_bridge_and_the_runtime_know_of_threads() -> None:
    allowed = {"background.py", "bridge.py", "own_thread.py", "serve.py"}
    threaded = [
        str(path.relative_to(ROOT))
        for path in sources()
        for node in ast.walk(tree_of(path))
        if path.name not in allowed
        and isinstance(node, ast.Import)
        and any(alias.name == "threading" for alias in node.names)
    ]
    assert not threaded


def test_log_messages_are_constant_text() -> None:
    """The log keeps a record's text but not its arguments, so a value put into the text would escape the whitelist."""
    levels = ("debug", "info", "warning", "error", "exception", "critical")
    mixed = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path in sources()
        if "sandbox" not in path.parts
        for call in calls(path)
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in levels
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id in ("log", "_log", "logger", "_logger")
        and not (call.args and isinstance(call.args[0], ast.Constant))
    ]
    assert not mixed


def test_every_module_says_what_it_is_for() -> None:
    mute = [str(p.relative_to(ROOT)) for p in sources() if p.stat().st_size and not ast.get_docstring(tree_of(p))]
    assert not mute


def test_every_test_runs_without_a_display() -> None:
    conftest = (ROOT / "tests" / "conftest.py").read_text(encoding="utf-8")
    assert conftest.index("QT_QPA_PLATFORM") < conftest.index("import pytest")
