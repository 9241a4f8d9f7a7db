"""From an operation's page to its record by keyboard alone; what is exported is intact, and shows itself again."""

from pathlib import Path

from PySide6.QtCore import Qt

from cmk_admin.domain.record import Result, verify
from cmk_admin.ui.record.install import Records
from cmk_admin.ui.record.page import RecordPage
from tests.journeys.driver import Driver
from tests.journeys.test_window_incident import nameless, revoked


def test_a_record_is_opened_by_keyboard_exported_and_opened_again(driver: Driver, tmp_path: Path) -> None:
    operation = revoked(driver)
    driver.tab_to("operation-record")
    driver.key(Qt.Key.Key_Space)
    page = driver.page(RecordPage)
    assert not nameless(page)
    assert " is intact." in driver.text("record-verdict-text", page)
    shown = page.text.toPlainText()
    assert shown.startswith("INTERIM")
    for step in operation.report.steps:
        assert step.request_id is not None
        assert step.request_id in shown.replace("\u200b", "")
    assert "2 of 2 paths closed" in shown or "1 of 1 paths closed" in shown

    # Tab leaves the text for the buttons
    driver.tab_to("record-export")
    driver.tab_to("record-close")
    file = tmp_path / "kept.jsonl"
    page.export_to(str(file))
    assert verify(file.read_bytes(), page.record.head).result is Result.INTACT
    driver.key(Qt.Key.Key_Space)
    driver.until(lambda: driver.window.pages.currentWidget() is not page, "the record to be closed")

    file.write_text(file.read_text().replace("dcc-mysql", "dcc-mysq1", 1))
    records = driver.window.findChild(Records)
    assert records is not None
    records.open_file(str(file))
    altered = driver.page(RecordPage)
    assert driver.text("record-verdict-text", altered).startswith("Altered. Entry 2 is the first")
    driver.key(Qt.Key.Key_Escape)
    driver.until(lambda: not isinstance(driver.window.pages.currentWidget(), RecordPage), "the record to be closed")
