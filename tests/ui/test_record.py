"""Records in the window: opened from a file without any connection, verified, exported; what is in them stays text."""

import stat
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from cmk_admin.domain.record import Kind, Result, to_document, to_lines, verify
from cmk_admin.ui.main_window import MainWindow
from cmk_admin.ui.record.install import Records
from cmk_admin.ui.record.page import RecordPage
from cmk_admin.ui.record.pdf import to_pdf
from tests.domain import estates
from tests.domain.recorded import a_revoke
from tests.ui.conftest import Windows


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "kept.jsonl"
    path.write_text(to_lines(a_revoke()))
    return path


def opened(window: MainWindow, path: Path, qtbot: QtBot) -> RecordPage:
    records = window.findChild(Records)
    assert records is not None
    records.open_file(str(path))
    qtbot.waitUntil(lambda: window.findChild(RecordPage) is not None, timeout=10_000)
    page = window.findChild(RecordPage)
    assert page is not None
    return page


def said(page: RecordPage, name: str) -> str:
    label = page.findChild(QLabel, name)
    assert label is not None
    return label.text()


def test_a_record_is_opened_on_the_doors_without_any_connection(windows: Windows, file: Path, qtbot: QtBot) -> None:
    window = windows.doors()
    assert window.verbs.why_not("open-record") is None
    page = opened(window, file, qtbot)
    assert page.isVisible()
    assert said(page, "record-verdict-text").startswith("The chain of ")
    text = page.text.toPlainText()
    assert text.startswith("INTERIM")
    assert said(page, "record-rest-text") == "", "the record itself says so"
    assert 'leaked <b>token</b> <img src="http://169.254.0.1/x.png">' in text
    assert "Cut dcc-mysql off mysql-encryption-key" in text
    copy = page.findChild(QToolButton, "copy-head-hash")
    assert copy is not None
    copy.click()
    assert QGuiApplication.clipboard().text() == a_revoke().head
    # By keyboard: the text has the focus and scrolls, Escape closes
    assert page.text.hasFocus()
    before = page.text.verticalScrollBar().value()
    QTest.keyClick(page.text, Qt.Key.Key_PageDown)
    assert page.text.verticalScrollBar().value() > before
    alone = page.window()
    assert isinstance(alone, QDialog)
    QTest.keyClick(page.text, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: window.findChild(RecordPage) is None, timeout=5_000)


def test_the_first_entry_that_was_altered_is_named_and_no_export_is_offered(
    windows: Windows, file: Path, qtbot: QtBot
) -> None:
    lines = file.read_text().splitlines(keepends=True)
    lines[3] = lines[3].replace("Ready", "Reedy", 1)
    file.write_text("".join(lines))
    page = opened(windows.on(estates.dcc()), file, qtbot)
    assert said(page, "record-verdict-text").startswith("Altered. Entry 4 is the first that is not as it was written.")
    assert said(page, "record-rest-text") == "Shown below: the first 3 entries, and nothing of what follows."
    assert not page.export_button.isEnabled()
    assert page.findChild(QToolButton, "copy-head-hash") is None
    assert page.record.entries == a_revoke().entries[:3]


def test_a_file_that_is_no_record_is_told_and_no_page_is_opened(windows: Windows, tmp_path: Path, qtbot: QtBot) -> None:
    window = windows.doors()
    path = tmp_path / "no.json"
    path.write_text("{}")
    records = window.findChild(Records)
    assert records is not None
    for name in (path, tmp_path / "absent.json"):
        records.open_file(str(name))
        qtbot.waitUntil(lambda: window.findChild(QDialog, "tell") is not None, timeout=10_000)
        box = window.findChild(QDialog, "tell")
        assert box is not None
        box.close()
        qtbot.waitUntil(lambda: window.findChild(QDialog, "tell") is None, timeout=5_000)
    assert window.findChild(RecordPage) is None


@pytest.mark.parametrize("ending", ["pdf", "html", "json", "jsonl"])
def test_an_export_is_for_its_owner_only_and_says_the_same(
    windows: Windows, file: Path, tmp_path: Path, qtbot: QtBot, ending: str
) -> None:
    window = windows.on(estates.dcc())
    page = opened(window, file, qtbot)
    out = tmp_path / f"out.{ending}"
    page.export_to(str(out))
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert str(out) in window.message.text.text()
    data = out.read_bytes()
    match ending:
        case "pdf":
            assert data.startswith(b"%PDF")
            assert b"/Type /Page\n" in data
        case "html":
            assert a_revoke().head in data.decode()
        case "json":
            assert data.decode() == to_document(a_revoke())
        case _:
            assert verify(data, a_revoke().head).result is Result.INTACT
    page.export_to(str(tmp_path / "absent" / "x.pdf"))
    assert "could not be written" in window.message.text.text()
    close = page.findChild(QPushButton, "record-close")
    assert close is not None
    QTest.keyClick(close, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: window.findChild(RecordPage) is None, timeout=5_000)


def test_a_long_record_goes_over_several_sheets(app: QApplication) -> None:
    noted = [(Kind.NOTE, {"text": f"Remark {number} " + "word " * 60}) for number in range(60)]
    one, several = to_pdf(a_revoke()), to_pdf(a_revoke(*noted))
    assert several.startswith(b"%PDF")
    assert sheets(several) > sheets(one) + 3


def sheets(pdf: bytes) -> int:
    return pdf.count(b"/Type /Page\n")


def test_two_copies_of_a_record_are_told_apart_on_their_tabs(windows: Windows, file: Path, qtbot: QtBot) -> None:
    window = windows.on(estates.dcc())
    altered = file.with_name("sent-later.jsonl")
    altered.write_text(file.read_text().replace("tenant-id", "another-id", 1))
    records = window.findChild(Records)
    assert records is not None
    for each in (file, altered):
        records.open_file(str(each))
    qtbot.waitUntil(lambda: len(window.findChildren(RecordPage)) == 2, timeout=10_000)
    tabs = [window.pages.tabText(at) for at in range(window.pages.count())]
    assert sorted(text for text in tabs if text.startswith("Record")) == [
        "Record: kept.jsonl",
        "Record: sent-later.jsonl",
    ]
