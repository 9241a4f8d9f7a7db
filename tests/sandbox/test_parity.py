"""The list of what is real, emulated and absent keeps its word: every line names a test that exists."""

import ast
import re
from pathlib import Path

import pytest

import cmk_admin.sandbox

PARITY = Path(cmk_admin.sandbox.__file__).parent / "PARITY.md"
HERE = Path(__file__).parent
LINES = [line for line in PARITY.read_text().splitlines() if line.startswith("- ")]


def names_in(file: Path) -> set[str]:
    """The names of a file's tests, those in classes too."""
    nodes = ast.walk(ast.parse(file.read_text()))
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize("line", LINES)
def test_a_line_names_a_test_that_exists(line: str) -> None:
    witness = re.fullmatch(r"- .+ `(test_\w+\.py)::(test_\w+)`", line)
    assert witness is not None
    assert witness[2] in names_in(HERE / witness[1])


def test_each_part_has_lines() -> None:
    parts = re.split(r"^## ", PARITY.read_text(), flags=re.MULTILINE)
    assert [part.split("\n", 1)[0] for part in parts[1:]] == ["Real", "Emulated as documented", "Absent"]
    assert all("\n- " in part for part in parts[1:])
