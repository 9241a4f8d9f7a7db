"""A restore file in the window: on another machine it gives back; without its connection, or damaged, it is told."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QPlainTextEdit

from cmk_admin.domain.steps import Outcome
from cmk_admin.ui.emergency.answer_page import AnswerPage
from tests.journeys.clients import Clients
from tests.journeys.driver import Driver
from tests.journeys.test_window_incident import revoked
from tests.support import Sandbox


@pytest.fixture
def elsewhere(tmp_path: Path, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Driver]]:
    """Opens a window on another machine, once the first is closed: with a memory of its own, and no connection yet."""
    opened: list[Driver] = []

    def make() -> Driver:
        driver.close()
        monkeypatch.setenv("CMK_ADMIN_HOME", str(tmp_path / "elsewhere"))
        opened.append(Driver(tmp_path / "elsewhere"))
        return opened[0]

    yield make
    for one in opened:
        one.close()


DIALOGS = {"restore-file": "restore-open", "open-record": "record-open"}
"""Both doors take such a file: the verb, and the dialog that asks."""


def choose(driver: Driver, verb: str, file: Path) -> None:
    """Choose a file as the menu's dialog asks for it."""
    driver.menu("file", verb)
    asked = driver.dialog(DIALOGS[verb])
    assert isinstance(asked, QFileDialog)
    name = driver.find(QLineEdit, "fileNameEdit", asked)
    name.setText(str(file))
    QTest.keyClick(name, Qt.Key.Key_Return)


def file_of(driver: Driver, tmp_path: Path) -> tuple[str, Path]:
    report = revoked(driver).report
    assert report.restore_file is not None
    kept = tmp_path / "kept.json"
    kept.write_bytes(report.restore_file.read_bytes())
    return report.operation, kept


@pytest.mark.parametrize("verb", DIALOGS)
def test_a_restore_file_gives_back_on_another_machine(
    driver: Driver, elsewhere: Callable[[], Driver], sandbox: Sandbox, tmp_path: Path, verb: str
) -> None:
    server = Clients(sandbox, "dcc-mysql-id")
    wrapped = server.wrap()
    operation, kept = file_of(driver, tmp_path)
    server.await_unwraps(wrapped, wanted=False)
    there = elsewhere().connect(sandbox)
    choose(there, verb, kept)
    there.answer_page()
    assert there.window.message.text.text().startswith(f"This is a restore file of operation {operation}")
    there.say_clean()
    assert there.ended(there.start()).report.outcome is Outcome.DONE
    server.await_unwraps(wrapped, wanted=True)


def test_without_its_connection_the_command_is_named_and_can_be_copied(
    driver: Driver, elsewhere: Callable[[], Driver], tmp_path: Path
) -> None:
    operation, kept = file_of(driver, tmp_path)
    there = elsewhere()
    assert there.window.verbs.why_not("restore-file") is not None
    choose(there, "open-record", kept)
    box = there.dialog("tell")
    assert f"is a restore file of operation {operation}. No connection is open." in there.text("tell-text", box)
    command = f"cmk-admin restore {kept} --sandbox"
    assert there.find(QPlainTextEdit, "tell-details", box).toPlainText() == command
    there.click("tell-copy", box)
    assert QApplication.clipboard().text() == command


def test_a_damaged_restore_file_is_told_in_one_sentence_and_nothing_is_sent(
    driver: Driver, sandbox: Sandbox, tmp_path: Path
) -> None:
    _, kept = file_of(driver, tmp_path)
    before = sandbox.last_request()
    text = kept.read_text()
    for damaged in (text.replace("dcc-mysql-id", "dcc-mysql-jd", 1), text[: len(text) // 2]):
        kept.write_text(damaged)
        for verb in DIALOGS:
            choose(driver, verb, kept)
            box = driver.dialog("tell")
            wanted = f"“{kept}” is damaged: it is not as the revoke wrote it. Nothing was sent."
            assert driver.text("tell-text", box) == wanted
            box.close()
            driver.live(0.05)
    assert not driver.window.findChildren(AnswerPage)
    assert sandbox.writes(before) == []
