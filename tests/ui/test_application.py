import gc
import sys
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QPlainTextEdit

from cmk_admin.operations.interface import Backend, ConnectionChoice
from cmk_admin.runtime.background import Background
from cmk_admin.ui import application
from cmk_admin.ui.guards import Collector, Uncaught
from cmk_admin.ui.main_window import MainWindow
from tests.domain import estates
from tests.ui.conftest import Windows
from tests.ui.shown import Shown


def test_garbage_is_collected_on_the_qt_thread_only(app: QApplication) -> None:
    gc.enable()
    owner = QObject()
    collector = Collector(owner)
    seen: set[int] = set()

    def watch(phase: str, _: dict[str, int]) -> None:
        seen.add(threading.get_ident())

    def allocate() -> None:
        kept = []
        for _ in range(20_000):
            cycle: list[object] = []
            cycle.append(cycle)
            kept.append(cycle)

    gc.callbacks.append(watch)
    try:
        worker = threading.Thread(target=allocate)
        worker.start()
        worker.join()
        assert seen == set()
        collector.collect()
        assert seen == {threading.get_ident()}
    finally:
        gc.callbacks.remove(watch)
        collector.deleteLater()
        app.processEvents()
        gc.enable()


def test_an_error_that_nobody_caught_is_told_once_and_stops_nothing(
    windows: Windows, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    window = windows.on(estates.dcc())
    uncaught = Uncaught(window)
    uncaught.attach(window)
    try:
        for _ in range(2):
            try:
                raise ZeroDivisionError("our own mistake")
            except ZeroDivisionError as error:
                sys.excepthook(type(error), error, error.__traceback__)
        windows.qtbot.waitUntil(lambda: window.findChild(QDialog, "tell") is not None)
        windows.qtbot.wait(20)
        dialogs = window.findChildren(QDialog, "tell")
        assert len(dialogs) == 1
        details = dialogs[0].findChild(QPlainTextEdit, "tell-details")
        assert details is not None
        assert details.toPlainText() == "ZeroDivisionError: our own mistake"
        QTest.keyClick(dialogs[0], Qt.Key.Key_Escape)
    finally:
        uncaught.detach()
    assert "our own mistake" in capsys.readouterr().err


def test_the_window_opens_what_was_chosen_and_ends_with_its_last_close(
    app: QApplication, background: Background, tmp_path: Path
) -> None:
    backend = Shown(estates.dcc(), tmp_path)

    async def connector(choice: ConnectionChoice, _: object = None, /) -> Backend:
        return backend

    def close_when_shown() -> None:
        for widget in QApplication.topLevelWidgets():
            if isinstance(widget, MainWindow) and widget.estate is not None:
                timer.stop()
                widget.close()

    timer = QTimer()
    timer.timeout.connect(close_when_shown)
    timer.start(20)
    before = sys.getswitchinterval()
    try:
        code = application.open_window(
            start_background=lambda: background,
            connector=connector,
            home=tmp_path,
            choice=ConnectionChoice(own_sandbox=True),
        )
    finally:
        sys.setswitchinterval(before)
        gc.enable()
        gc.unfreeze()
    assert code == 0
    assert backend.closed
    assert (tmp_path / "window.json").exists()
