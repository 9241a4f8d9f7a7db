"""The background loop."""

import asyncio
import threading
import time
from concurrent.futures import CancelledError

import pytest

from cmk_admin.runtime.background import Background


def test_work_runs_on_the_one_background_thread() -> None:
    background = Background().start()
    try:

        async def where() -> str:
            return threading.current_thread().name

        assert {background.submit(where()).result(5) for _ in range(3)} == {"background"}
    finally:
        assert background.stop()


def test_an_error_comes_back_to_who_asked() -> None:
    background = Background().start()
    try:

        async def fail() -> None:
            raise LookupError("nothing there")

        with pytest.raises(LookupError, match="nothing there"):
            background.submit(fail()).result(5)
    finally:
        assert background.stop()


def test_cancelling_the_future_cancels_the_work() -> None:
    background = Background().start()
    cancelled = threading.Event()

    async def wait() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    try:
        future = background.submit(wait())
        time.sleep(0.02)
        future.cancel()
        assert cancelled.wait(5)
        with pytest.raises(CancelledError):
            future.result(5)
    finally:
        assert background.stop()


def test_stopping_lets_work_clean_up_and_ends_the_thread() -> None:
    background = Background().start()
    cleaned = threading.Event()
    started = threading.Event()

    async def work() -> None:
        started.set()
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0)
            cleaned.set()

    future = background.submit(work())
    assert started.wait(5)
    assert background.stop(within=5)
    assert cleaned.is_set()
    assert future.cancelled()
    assert not background.running


def test_work_that_will_not_end_does_not_hold_the_stop() -> None:
    background = Background().start()
    release = threading.Event()
    started = threading.Event()

    async def stubborn() -> None:
        started.set()
        while not release.is_set():
            try:
                await asyncio.sleep(0.05)
            except asyncio.CancelledError:
                continue

    background.submit(stubborn())
    assert started.wait(5)
    before = time.monotonic()
    background.stop(within=0.3)
    assert time.monotonic() - before < 3
    release.set()


def test_nothing_can_be_submitted_after_the_stop() -> None:
    background = Background().start()
    assert background.stop()
    assert background.stop()

    async def late() -> None:
        raise AssertionError("must not run")

    with pytest.raises(RuntimeError, match="stopped"):
        background.submit(late())
