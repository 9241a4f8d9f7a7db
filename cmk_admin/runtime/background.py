"""The background: one thread that runs one asyncio loop, for everything that waits on Azure."""

import asyncio
import logging
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

_T = TypeVar("_T")
_log = logging.getLogger(__name__)


class Background:
    """One thread, one loop. `start` it once, `submit` from any thread, `stop` it before the process ends."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="background", daemon=True)
        self._stopping = False

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop; touch it from its own thread only."""
        return self._loop

    @property
    def running(self) -> bool:
        """True between `start` and `stop`."""
        return self._thread.is_alive() and not self._stopping

    def start(self) -> "Background":
        """Start the thread. Returns itself."""
        self._thread.start()
        return self

    def submit(self, work: Coroutine[Any, Any, _T]) -> Future[_T]:
        """Run a coroutine on the loop. Cancelling the future cancels the coroutine.

        Raises RuntimeError after `stop`; the coroutine is closed then and has not run.
        """
        if not self.running:
            work.close()
            raise RuntimeError("The background has been stopped.")
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def stop(self, *, within: float = 10.0) -> bool:
        """Cancel what still runs, wait at most `within` real seconds for it to end, and end the thread.

        Returns False where something did not end in time; the thread is a daemon and dies with the process then.
        """
        if not self.running:
            return not self._thread.is_alive()
        self._stopping = True
        asyncio.run_coroutine_threadsafe(self._wind_up(within), self._loop)
        self._thread.join(within + 1.0)
        return not self._thread.is_alive()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.close()

    async def _wind_up(self, within: float) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=within)
            if late:
                _log.warning("background stopped before its work had ended", extra={"count": len(late)})
        self._loop.stop()
