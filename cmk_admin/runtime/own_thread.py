"""Work that waits for a person, in a thread that the program does not wait for when it ends."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def in_own_thread(work: Callable[[], T], name: str) -> T:
    """The result of `work`, done in a thread of its own; raises what it raises.

    A cancel stops the waiting, not the thread: whoever cancels has a way of his own to end the work. asyncio's own
    threads would be waited for at the end of the process, here for as long as the person takes.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def deliver(result: T | None, error: BaseException | None) -> None:
        if answer.done():
            return
        if error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(result)  # type: ignore[arg-type]  # without an error there is a result

    def run() -> None:
        result, failed = None, None
        try:
            result = work()
        except BaseException as error:
            failed = error
        # A loop that has ended meanwhile: nobody waits any more
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(deliver, result, failed)

    threading.Thread(target=run, name=name, daemon=True).start()
    return await answer
