"""The pinned Qt binding is one on which a signal costs nothing (PySide6 6.12.0 loses a reference of True on each emit)."""

import sys

from PySide6.QtCore import QObject, Signal


class _Sender(QObject):
    sent = Signal(object)


def test_an_emit_keeps_the_references_of_true() -> None:
    sender = _Sender()
    heard: list[object] = []
    sender.sent.connect(heard.append)
    before = sys.getrefcount(True)
    for number in range(500):
        sender.sent.emit(number)
    assert abs(sys.getrefcount(True) - before) < 50
    assert len(heard) == 500
