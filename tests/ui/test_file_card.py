"""Where the restore file lies, and the command that gives back from it."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QLabel
from pytestqt.qtbot import QtBot

from cmk_admin.domain.model import Account
from cmk_admin.operations.interface import ConnectionInfo, ConnectionKind
from cmk_admin.ui.emergency.file_card import FileCard

ACCOUNT = Account(cloud="usgov", tenant_id="t-1", object_id="o-1", name="anna")
LIVE = ConnectionInfo(kind=ConnectionKind.LIVE, key="live", account=ACCOUNT, folder=Path("/f"))
SANDBOX = replace(LIVE, kind=ConnectionKind.SANDBOX)


def words_of(qtbot: QtBot, info: ConnectionInfo | None) -> str:
    card = FileCard(info)
    qtbot.addWidget(card)
    found = card.findChild(QLabel, "operation-file-words")
    assert isinstance(found, QLabel)
    return found.text()


def test_the_command_names_the_connection(qtbot: QtBot) -> None:
    assert "cmk-admin restore FILE --live --cloud usgov --tenant t-1." in words_of(qtbot, LIVE)
    assert "cmk-admin restore FILE --sandbox;" in words_of(qtbot, SANDBOX)


def test_no_command_names_the_sandbox_of_a_drill(qtbot: QtBot) -> None:
    assert "cmk-admin" not in words_of(qtbot, replace(SANDBOX, drill="lock"))


@pytest.mark.qt_log_ignore("QPlatformServices::openDocument", extend=True)
def test_where_nothing_opens_folders_the_folder_is_said_and_can_be_copied(qtbot: QtBot, tmp_path: Path) -> None:
    card = FileCard(SANDBOX)
    qtbot.addWidget(card)
    card.show_file(tmp_path / "kept.json")
    card.show()
    said = card.findChild(QLabel, "operation-file-silent")
    open_ = card.findChild(QAbstractButton, "operation-file-open")
    assert said is not None
    assert open_ is not None
    assert not said.isVisible()
    open_.click()
    assert said.isVisible()
    assert said.text().endswith(str(tmp_path))
    assert said.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByMouse
