"""Where the restore file lies, and the command that gives back from it."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtWidgets import QLabel
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
