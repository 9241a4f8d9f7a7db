import os
import signal

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from cmk_admin.ui.interrupts import Interrupts


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_closes_the_window_and_a_second_one_ends_the_process(
    number: signal.Signals, app: QApplication, qtbot: QtBot
) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    before = signal.getsignal(number)
    interrupts = Interrupts(window)
    try:
        os.kill(os.getpid(), number)
        qtbot.waitUntil(lambda: not window.isVisible())
        assert signal.getsignal(number) is signal.SIG_DFL
    finally:
        interrupts.stop()
    assert signal.getsignal(number) is before
