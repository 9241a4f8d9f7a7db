"""Work that waits for a person stops nothing else."""

import asyncio
import subprocess
import sys
import threading

import pytest

from cmk_admin.runtime.own_thread import in_own_thread


def test_the_result_and_the_error_arrive_on_the_loop() -> None:
    def refuse() -> None:
        raise ValueError("no")

    async def both() -> str:
        with pytest.raises(ValueError, match="no"):
            await in_own_thread(refuse, "test")
        return await in_own_thread(lambda: threading.current_thread().name, "test")

    assert asyncio.run(both()) == "test"


def test_a_cancel_stops_the_waiting() -> None:
    asked_to_end = threading.Event()

    async def cancelled() -> None:
        waiting = asyncio.create_task(in_own_thread(asked_to_end.wait, "test"))
        await asyncio.sleep(0.05)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(asyncio.wait_for(cancelled(), 5))
    asked_to_end.set()


def test_a_program_ends_while_somebody_is_still_being_waited_for() -> None:
    code = (
        "import asyncio, time\n"
        "from cmk_admin.runtime.own_thread import in_own_thread\n"
        "async def main():\n"
        "    waiting = asyncio.create_task(in_own_thread(lambda: time.sleep(60), 'test'))\n"
        "    await asyncio.sleep(0.05)\n"
        "    waiting.cancel()\n"
        "asyncio.run(main())\n"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=20, check=False).returncode == 0
