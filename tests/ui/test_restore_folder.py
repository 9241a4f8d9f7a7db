"""The small dialog that says where restore files go."""

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

from cmk_admin.runtime.settings import RESTORE_VARIABLE, restore_folder
from cmk_admin.ui.emergency.restore_folder import folder_problem
from tests.ui.conftest import Windows


def field() -> QLineEdit:
    found = [w for w in QApplication.allWidgets() if w.objectName() == "ask-field" and w.isVisible()]
    assert isinstance(found[0], QLineEdit)
    return found[0]


def test_a_folder_that_is_named_is_kept_and_what_else_is_set_stays(
    windows: Windows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(RESTORE_VARIABLE, raising=False)
    settings = windows.home / "settings.json"
    settings.write_text('{"other": 1}')
    window = windows.doors()
    share = tmp_path / "share"
    share.mkdir()
    window.verbs.run("restore-folder")
    line = field()
    line.setText(str(share / "missing"))
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert line.isVisible(), "a folder that is not there is not kept"
    line.setText(str(share))
    QTest.keyClick(line, Qt.Key.Key_Return)
    windows.qtbot.waitUntil(lambda: restore_folder(windows.home) == share)
    assert json.loads(settings.read_text())["other"] == 1
    assert str(share) in window.message.text.text()
    assert settings.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["relative/folder", "/no/such/folder"])
def test_what_nothing_can_be_written_to_is_said_under_the_field(text: str) -> None:
    assert folder_problem(text)
    assert folder_problem("") is None
