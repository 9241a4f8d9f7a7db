import asyncio
import threading
from typing import Any

from PySide6.QtCore import QObject, QThread
from pytestqt.qtbot import QtBot

from cmk_admin.domain.errors import BadInput
from cmk_admin.runtime.background import Background
from cmk_admin.ui.bridge import Bridge, Publish


def _never(error: Exception) -> None:
    raise AssertionError("it failed, or ended where it must not") from error


async def _answer(value: Any, seconds: float = 0.0) -> Any:
    await asyncio.sleep(seconds)
    return value


def test_results_arrive_on_the_qt_thread_and_work_runs_elsewhere(bridge: Bridge, qtbot: QtBot) -> None:
    owner = QObject()
    seen: list[object] = []

    async def where() -> int:
        return threading.get_ident()

    def done(ident: int) -> None:
        seen.extend([ident, threading.get_ident(), QThread.currentThread()])

    bridge.start(owner, where(), done, _never)
    qtbot.waitUntil(lambda: bool(seen))
    assert seen[0] != threading.get_ident()
    assert seen[1] == threading.get_ident()
    assert seen[2] is QThread.currentThread() or seen[2] == owner.thread()


def test_an_error_is_handed_over_as_it_is(bridge: Bridge, qtbot: QtBot) -> None:
    owner = QObject()
    errors: list[Exception] = []
    error = BadInput("bad", "It makes no sense.")

    async def fail() -> None:
        raise error

    bridge.start(owner, fail(), _never, errors.append)
    qtbot.waitUntil(lambda: bool(errors))
    assert errors == [error]
    assert bridge.busy == 0


def test_nothing_is_delivered_after_the_owner_is_gone_and_its_work_is_cancelled(bridge: Bridge, qtbot: QtBot) -> None:
    owner = QObject()
    cancelled = threading.Event()
    heard: list[object] = []

    async def long() -> None:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    bridge.start(owner, long(), heard.append, heard.append)
    qtbot.wait(20)
    owner.deleteLater()
    qtbot.waitUntil(cancelled.is_set)
    qtbot.wait(20)
    assert heard == []
    assert bridge.busy == 0


def test_a_cancelled_job_delivers_nothing_and_says_that_it_ended(bridge: Bridge, qtbot: QtBot) -> None:
    owner = QObject()
    heard: list[object] = []
    job = bridge.start(owner, _answer(1, 0.05), heard.append, heard.append)
    with qtbot.waitSignal(job.ended):
        job.cancel()
    qtbot.wait(120)
    assert heard == []


def test_progress_is_the_newest_and_not_more_than_ten_a_second_and_the_last_comes_before_the_result(
    bridge: Bridge, qtbot: QtBot
) -> None:
    owner = QObject()
    seen: list[object] = []

    def work(publish: Publish) -> Any:
        async def run() -> str:
            for number in range(200):
                publish(number)
                await asyncio.sleep(0.001)
            return "done"

        return run()

    bridge.start(owner, work, seen.append, _never, seen.append)
    qtbot.waitUntil(lambda: "done" in seen, timeout=5000)
    assert seen[-2:] == [199, "done"]
    assert len(seen) < 12


def test_a_plain_function_leaves_the_loop_free(bridge: Bridge, background: Background, qtbot: QtBot) -> None:
    owner = QObject()
    order: list[object] = []
    gate = threading.Event()
    bridge.compute(owner, lambda: gate.wait(5) and "computed", order.append, _never)
    bridge.start(owner, _answer("urgent"), order.append, _never)
    qtbot.waitUntil(lambda: order == ["urgent"])
    gate.set()
    qtbot.waitUntil(lambda: order == ["urgent", "computed"])


def test_stopping_delivers_nothing_more(bridge: Bridge, qtbot: QtBot) -> None:
    owner = QObject()
    heard: list[object] = []
    bridge.start(owner, _answer(1, 0.02), heard.append, heard.append)
    bridge.stop()
    qtbot.wait(80)
    assert heard == []
